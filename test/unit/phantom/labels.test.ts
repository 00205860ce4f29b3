import { describe, expect, it } from "vitest";
import {
  drawBalancedLabels,
  drawLabels,
  LABEL_CORRELATION,
  LABEL_ORDER,
  latentCorrelation,
  normalProbability,
  PREVALENCE,
} from "../../../src/cohort/phantom/labels";
import { Rng } from "../../../src/core/random";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((x, i) => (x - meanA) * (b[i]! - meanB)));
  const variance = (values: readonly number[], m: number) => mean(values.map((x) => (x - m) ** 2));
  return covariance / Math.sqrt(variance(a, meanA) * variance(b, meanB));
}

describe("labels by a Gaussian copula", () => {
  const drawn = drawLabels(new Rng("test/labels"), 20_000);

  it("have the study's class frequencies (within 4 standard errors)", () => {
    for (const task of LABEL_ORDER)
      PREVALENCE[task].forEach((wanted, label) => {
        const share = mean(drawn.map((labels) => (labels[task] === label ? 1 : 0)));
        const standardError = Math.sqrt((wanted * (1 - wanted)) / drawn.length);
        expect(Math.abs(share - wanted), `${task} ${label}`).toBeLessThan(4 * standardError);
      });
  });

  it("have the study's correlations (within 0.03, about 4 standard errors)", () => {
    for (const [first, second, wanted] of LABEL_CORRELATION) {
      const found = correlation(
        drawn.map((labels) => labels[first]),
        drawn.map((labels) => labels[second]),
      );
      expect(Math.abs(found - wanted), `${first}-${second}`).toBeLessThan(0.03);
    }
  });

  it("need a stronger latent correlation than the one to be seen", () => {
    const latent = latentCorrelation();
    for (const [first, second, wanted] of LABEL_CORRELATION)
      expect(latent[LABEL_ORDER.indexOf(first)]![LABEL_ORDER.indexOf(second)]).toBeGreaterThan(wanted);
  });

  it("can be drawn balanced and independent instead", () => {
    const balanced = drawBalancedLabels(new Rng("test/balanced"), 6000);
    expect(mean(balanced.map((labels) => labels.CE))).toBeCloseTo(0.5, 1);
    expect(mean(balanced.map((labels) => labels.TD))).toBeCloseTo(1, 1);
    const r = correlation(
      balanced.map((labels) => labels.TI),
      balanced.map((labels) => labels.PI),
    );
    expect(Math.abs(r)).toBeLessThan(0.06);
  });
});

it("the normal distribution function is right where tables have it", () => {
  expect(normalProbability(0)).toBeCloseTo(0.5, 7);
  expect(normalProbability(1.959964)).toBeCloseTo(0.975, 6);
  expect(normalProbability(-1)).toBeCloseTo(0.158655, 6);
});
