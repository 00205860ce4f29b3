import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/random";
import {
  auc,
  aucInterval,
  type BinaryScores,
  correlationMatrix,
  defined,
  delongTest,
  metrics,
  type Predictions,
  pairedAuc,
  roc,
  spearman,
} from "../../../src/evaluate";

/** Scores with many ties, both classes present. */
const scores = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: -6, max: 6 })), { minLength: 4, maxLength: 40 })
  .filter((rows) => rows.some(([y]) => y) && rows.some(([y]) => !y))
  .map((rows): BinaryScores => ({ yTrue: rows.map(([y]) => y), yScore: rows.map(([, s]) => s / 4) }));

const value = (input: BinaryScores) => defined(auc(input), "AUC");

function threeClasses(seed: number, n = 45): Predictions {
  const rng = new Rng(seed);
  const yTrue = Array.from({ length: n }, (_, i) => i % 3);
  const probabilities = yTrue.map((label) => {
    const weights = [0, 1, 2].map((k) => Math.exp(rng.normal(k === label ? 1 : 0, 1)));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((w) => w / sum);
  });
  return {
    task: "TD",
    classes: ["well", "moderate", "poor"],
    patients: yTrue.map((_, i) => `${i}`),
    yTrue,
    probabilities,
  };
}

describe("AUC", () => {
  it("is the share of pairs won, ties counting half", () => {
    fc.assert(
      fc.property(scores, (input) => {
        const of = (truth: boolean) => input.yScore.filter((_, i) => input.yTrue[i] === truth);
        const [positives, negatives] = [of(true), of(false)];
        let won = 0;
        for (const p of positives) for (const q of negatives) won += p > q ? 1 : p === q ? 0.5 : 0;
        expect(value(input)).toBeCloseTo(won / (positives.length * negatives.length), 12);
      }),
    );
  });

  it("does not change under an increasing transform, and becomes 1 - AUC under negation", () => {
    fc.assert(
      fc.property(scores, (input) => {
        const transformed = { ...input, yScore: input.yScore.map((s) => Math.exp(s) * 3 - 1) };
        const negated = { ...input, yScore: input.yScore.map((s) => -s) };
        expect(value(transformed)).toBe(value(input));
        expect(value(negated)).toBeCloseTo(1 - value(input), 12);
      }),
    );
  });

  it("does not depend on the order of patients, nor on patients without a label", () => {
    fc.assert(
      fc.property(scores, fc.integer(), (input, seed) => {
        const order = new Rng(seed).shuffle(input.yScore.map((_, i) => i));
        const shuffled = {
          yTrue: [-1, ...order.map((i) => input.yTrue[i]!)],
          yScore: [99, ...order.map((i) => input.yScore[i]!)],
        };
        expect(value(shuffled)).toBe(value(input));
      }),
    );
  });
});

describe("the ROC curve", () => {
  it("rises from (0, 0) to (1, 1), and the area under it is the AUC", () => {
    fc.assert(
      fc.property(scores, (input) => {
        const { fpr, tpr, thresholds, auc: area } = roc(input, { bootstrap: 20, band: false });
        expect([fpr[0], tpr[0], fpr.at(-1), tpr.at(-1)]).toEqual([0, 0, 1, 1]);
        let sum = 0;
        for (let i = 1; i < fpr.length; i++) {
          expect(fpr[i]! >= fpr[i - 1]! && tpr[i]! >= tpr[i - 1]!).toBe(true);
          expect(thresholds[i]!).toBeLessThan(thresholds[i - 1]!);
          sum += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
        }
        expect(sum).toBeCloseTo(area.value, 12);
      }),
    );
  });

  it("has ordered bounds inside [0, 1], a rising band around it, and the same of both for the same seed", () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 1e6 }), (input, seed) => {
        const found = roc(input, { bootstrap: 60, seed });
        expect(found.auc.low).toBeGreaterThanOrEqual(0);
        expect(found.auc.low).toBeLessThanOrEqual(found.auc.high);
        expect(found.auc.high).toBeLessThanOrEqual(1);
        const { low, high } = found.band!;
        for (let i = 0; i < low.length; i++) {
          expect(low[i]!).toBeLessThanOrEqual(high[i]!);
          if (i > 0) expect(low[i]! >= low[i - 1]! && high[i]! >= high[i - 1]!).toBe(true);
        }
        expect([low.at(-1), high.at(-1)]).toEqual([1, 1]);
        expect(roc(input, { bootstrap: 60, seed })).toEqual(found);
      }),
      { numRuns: 30 },
    );
  });

  it("covers the true AUC about as often as its level says", () => {
    // Normal scores one standard deviation apart have AUC = Phi(1 / sqrt 2) = 0.7602.
    const rng = new Rng("coverage");
    let covered = 0;
    const studies = 200;
    for (let study = 0; study < studies; study++) {
      const yTrue = Array.from({ length: 120 }, (_, i) => i % 2);
      const { low, high } = roc(
        { yTrue, yScore: yTrue.map((y) => rng.normal(y, 1)) },
        { bootstrap: 400, seed: study, band: false },
      ).auc;
      if (low <= 0.76025 && 0.76025 <= high) covered++;
    }
    // Binomial standard deviation 1.5 %.
    expect(covered / studies).toBeGreaterThan(0.9);
    expect(covered / studies).toBeLessThanOrEqual(0.99);
  });
});

describe("more than two classes", () => {
  it("a permutation of the classes permutes nothing but the names", () => {
    const predictions = threeClasses(3);
    const turned: Predictions = {
      ...predictions,
      classes: ["poor", "well", "moderate"],
      yTrue: predictions.yTrue.map((label) => (label + 1) % 3),
      probabilities: predictions.probabilities.map(([a, b, c]) => [c!, a!, b!]),
    };
    const [before, after] = [metrics(predictions), metrics(turned)];
    expect(defined(after.auc, "AUC")).toBeCloseTo(defined(before.auc, "AUC"), 12);
    expect(after.accuracy).toBe(before.accuracy);
    expect(defined(after.macro.f1, "F1")).toBeCloseTo(defined(before.macro.f1, "F1"), 12);
  });

  it("the published interval is no narrower than the interval of the mean", () => {
    const predictions = threeClasses(5);
    const mean = aucInterval(predictions, { bootstrap: 1000 });
    const published = aucInterval(predictions, { rule: "published", bootstrap: 1000 });
    expect(published.value).toBe(mean.value);
    expect(published.high - published.low).toBeGreaterThan(mean.high - mean.low);
  });
});

describe("paired comparison", () => {
  const a = threeClasses(11, 90);
  const b = threeClasses(12, 90);

  it("of a model with itself is no difference", () => {
    const same = pairedAuc(a, a, { bootstrap: 200 });
    expect(same.difference).toMatchObject({ value: 0, low: 0, high: 0 });
    expect(same.pValue).toBe(1);
  });

  it("changes sign when the models change places, and matches patients by name", () => {
    const order = [...a.patients.keys()].reverse();
    const reversed: Predictions = {
      ...b,
      patients: order.map((i) => b.patients[i]!),
      yTrue: order.map((i) => b.yTrue[i]!),
      probabilities: order.map((i) => b.probabilities[i]!),
    };
    const forward = pairedAuc(a, reversed, { bootstrap: 300 });
    const backward = pairedAuc(b, a, { bootstrap: 300 });
    expect(forward.difference.value).toBeCloseTo(-backward.difference.value, 12);
    expect(forward.difference.low).toBeCloseTo(-backward.difference.high, 12);
    expect(forward.pValue).toBe(backward.pValue);
  });

  it("agrees with DeLong on the width of the interval", () => {
    const rng = new Rng("delong");
    const yTrue = Array.from({ length: 300 }, (_, i) => i % 2);
    const common = yTrue.map((y) => rng.normal(y, 1));
    const scored = (noise: number) => ({ yTrue, yScore: common.map((s) => s + rng.normal(0, noise)) });
    const [x, y] = [scored(0.5), scored(1)];
    const width = (i: { low: number; high: number }) => i.high - i.low;
    const ratio = width(pairedAuc(x, y).difference) / width(delongTest(x, y).difference);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });
});

describe("Spearman's correlation", () => {
  const column = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 12, maxLength: 12 });
  const varied = column.filter((values) => new Set(values).size > 1);

  it("is symmetric, within [-1, 1], and unchanged by an increasing transform", () => {
    fc.assert(
      fc.property(varied, varied, (x, y) => {
        const r = defined(spearman(x, y).coefficient, "r");
        expect(Math.abs(r)).toBeLessThanOrEqual(1);
        expect(spearman(y, x).coefficient).toBeCloseTo(r, 12);
        const cubed = x.map((v) => v ** 3);
        expect(spearman(cubed, y).coefficient).toBeCloseTo(r, 12);
      }),
    );
  });

  it("of a column with itself is 1 with p-value 0, in a symmetric matrix", () => {
    fc.assert(
      fc.property(varied, varied, (x, y) => {
        const { coefficients, pValues } = correlationMatrix({ x, y });
        expect(coefficients[0]![0]).toBeCloseTo(1, 12);
        expect(pValues[1]![1]).toBeLessThan(1e-12);
        expect(coefficients[0]![1]).toBe(coefficients[1]![0]);
      }),
    );
  });
});
