import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import {
  auc,
  averagePrecision,
  type BinaryScores,
  brier,
  confusion,
  defined,
  isUndefined,
  metrics,
  type Predictions,
  type WeightOptions,
} from "../../../src/evaluate";

const scores: BinaryScores = { yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] };
const predictions: Predictions = {
  task: "REC",
  classes: ["no", "yes"],
  patients: ["P1", "P2", "P3", "P4"],
  yTrue: [0, 0, 1, 1],
  probabilities: scores.yScore.map((p) => [1 - p, p]),
};
const onScores = { auc, averagePrecision, brier };
const onPredictions = { ...onScores, confusion, metrics };

function thrown(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isOsccError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe.each<[string, number[], string, RegExp, RegExp]>([
  ["one too few", [1, 1, 1], "ShapeMismatch", /weights has 3 entries but yTrue has 4/, /but patients has 4/],
  ["a negative one", [1, -2, 1, 1], "InvalidArgument", /weights\[1\] is -2/, /weight of patient P2 is -2/],
  ["NaN", [1, 1, Number.NaN, 1], "InvalidArgument", /weights\[2\] is NaN/, /weight of patient P3 is NaN/],
  ["infinity", [1 / 0, 1, 1, 1], "InvalidArgument", /weights\[0\] is Inf/, /weight of patient P1 is Inf/],
  [
    "a sum beyond numbers",
    [1e308, 1e308, 1, 1],
    "InvalidArgument",
    /sum of the weights/,
    /sum of the weights/,
  ],
])("weights with %s", (_name, weights, code, ofScores, ofPredictions) => {
  it.each(Object.keys(onScores))("are refused by %s of scores", (name) => {
    const error = thrown(() => onScores[name as keyof typeof onScores](scores, { weights }));
    expect(error.message).toMatch(ofScores);
    expect(error.code).toBe(code);
  });
  it.each(Object.keys(onPredictions))("are refused by %s of predictions", (name) => {
    const error = thrown(() => onPredictions[name as keyof typeof onPredictions](predictions, { weights }));
    expect(error.message).toMatch(ofPredictions);
    expect(error.code).toBe(code);
  });
});

describe.each<[string, (options: WeightOptions) => unknown, number[], RegExp]>([
  ["AUC of no weight", (w) => auc(scores, w), [0, 0, 0, 0], /^every patient of scores has weight 0$/],
  ["AUC of weightless positives", (w) => auc(scores, w), [1, 1, 0, 0], /^every positive patient of scores/],
  ["AUC of weightless negatives", (w) => auc(predictions, w), [0, 0, 1, 2], /^every negative patient of REC/],
  ["average precision of weightless positives", (w) => averagePrecision(scores, w), [1, 1, 0, 0], /positive/],
  ["Brier score of no weight", (w) => brier(predictions, w), [0, 0, 0, 0], /^every patient of REC/],
  ["accuracy of no weight", (w) => metrics(predictions, w).accuracy, [0, 0, 0, 0], /^every patient of REC/],
  ["AUC among metrics", (w) => metrics(predictions, w).auc, [0, 0, 1, 1], /^every negative patient of REC/],
  [
    "recall of a weightless class",
    (w) => metrics(predictions, w).perClass[1]!.recall,
    [1, 1, 0, 0],
    /^no patient with a weight above 0 is "yes"$/,
  ],
])("%s", (_name, run, weights, reason) => {
  it("has no value, and says why", () => {
    const found = run({ weights });
    expect(isUndefined(found) && found.reason).toMatch(reason);
  });
});

describe("weights", () => {
  it("give the numbers of the examples", () => {
    expect(auc(scores, { weights: [1, 1, 2, 1] })).toBeCloseTo(2 / 3, 12);
    expect(averagePrecision(scores, { weights: [9, 9, 1, 1] })).toBeCloseTo((1 + 2 / 11) / 2, 12);
    expect(
      brier({ yTrue: [0, 1, 1, 0], yScore: [0.1, 0.9, 0.8, 0.3] }, { weights: [1, 1, 1, 3] }),
    ).toBeCloseTo(0.055, 12);
    const yTrue = [0, 0, 1, 0, 0, 1];
    const yScore = [0.1, 0.4, 0.35, 0.2, 0.3, 0.8];
    const weights = yTrue.map((label) => (label === 1 ? 0.1 / (1 / 3) : 0.9 / (2 / 3)));
    expect(averagePrecision({ yTrue, yScore }, { weights })).toBeCloseTo(0.6538, 4);
    expect(averagePrecision({ yTrue, yScore })).toBeCloseTo(0.8333, 4);
  });

  it("of patients without a label are not used", () => {
    const unknown = { yTrue: [-1, ...scores.yTrue], yScore: [0.9, ...scores.yScore] };
    for (const run of Object.values(onScores))
      expect(run(unknown, { weights: [5, 1, 2, 3, 4] })).toBe(run(scores, { weights: [1, 2, 3, 4] }));
  });

  it("never carry a perfect AUC beyond 1, nor a specificity out of [0, 1], by rounding", () => {
    const rng = new Rng("weights");
    const yTrue = Array.from({ length: 12 }, (_, i) => i % 2);
    const perfect = { yTrue, yScore: yTrue.map((y, i) => y + i / 100) };
    const allCalledYes: Predictions = {
      ...predictions,
      patients: yTrue.map((_, i) => `P${i}`),
      yTrue,
      probabilities: yTrue.map(() => [0.2, 0.8]),
    };
    for (let draw = 0; draw < 300; draw++) {
      const scale = draw % 2 === 0 ? 1 : 1e17;
      const weights = yTrue.map((y) => rng.uniform() * (y === 1 ? scale : 1));
      const area = defined(auc(perfect, { weights }), "AUC");
      expect(area).toBeLessThanOrEqual(1);
      expect(area).toBeCloseTo(1, 12);
      const [no, yes] = metrics(allCalledYes, { weights }).perClass;
      expect([no!.specificity, yes!.specificity]).toEqual([1, 0]);
    }
  });

  it("sum up in the confusion matrix, while n counts patients", () => {
    const { n, confusion: table, perClass } = metrics(predictions, { weights: [0.5, 1.5, 2, 0.25] });
    expect(table.counts).toEqual([
      [2, 0],
      [2, 0.25],
    ]);
    expect([n, table.total, perClass[1]!.support]).toEqual([4, 4.25, 2.25]);
  });
});
