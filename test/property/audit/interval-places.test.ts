/** The rule for off-centre intervals, measured again on correct ones: two and three classes, few positives, high AUCs. */
import { expect, it } from "vitest";
import { INCONSISTENT_PLACE, UNUSUAL_PLACE } from "../../../src/audit";
import { Rng } from "../../../src/core/random";
import { aucInterval } from "../../../src/evaluate";

const TRIALS = 300;

it(`no correct interval of ${TRIALS} is inconsistent, hardly one unusual`, () => {
  const rng = new Rng("interval places");
  const away = Array.from({ length: TRIALS }, (_, i) => {
    const supports = [
      [176, 24],
      [151, 49],
      [117, 83],
      [72, 95, 33],
    ][i % 4]!;
    const yTrue = supports.flatMap((n, k) => Array<number>(n).fill(k));
    const skill = rng.range(0.2, 1.5);
    const probabilities = yTrue.map((label) => {
      const weights = supports.map((_, k) => Math.exp(rng.normal(k === label ? skill : 0, 1)));
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((weight) => weight / sum);
    });
    const patients = yTrue.map((_, k) => `${k}`);
    const classes = supports.map((_, k) => `${k}`);
    const { value, low, high } = aucInterval(
      { task: "T", classes, patients, yTrue, probabilities },
      { bootstrap: 500, seed: i, rule: i % 8 < 4 ? "published" : "percentile" },
    );
    return Math.abs((value - low) / (high - low) - 0.5);
  });
  expect(away.filter((distance) => distance > INCONSISTENT_PLACE)).toEqual([]);
  expect(away.filter((distance) => distance > UNUSUAL_PLACE).length).toBeLessThanOrEqual(2);
});
