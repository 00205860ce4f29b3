import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  auc,
  averagePrecision,
  BINNINGS,
  type Binning,
  brier,
  calibration,
  decisionCurve,
  defined,
  isUndefined,
  kendall,
  mcnemar,
  metrics,
  operatingPoint,
  type Predictions,
  permutationTest,
  precisionRecall,
} from "../../../src/evaluate";
import { bcaBounds } from "../../../src/evaluate/bca";
import { chiSquareUpperTail } from "../../../src/evaluate/distributions";
import { allClose, close, closeRelative } from "./close";

/** Made by generate.py beside it with NumPy, SciPy and scikit-learn. */
const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/evaluate/values.json"), "utf8"),
) as {
  rankings: ({ name: string; yTrue: number[]; probabilities: number[][] } & Record<
    "ovo" | "microAuc" | "macroAp" | "microAp" | "brier" | "topLabelEce",
    number
  >)[];
  probabilities: ({ name: string; averagePrecision: number; brier: number } & Record<
    "yTrue" | "yScore" | "precision" | "recall" | "thresholds",
    number[]
  > & {
      calibration: Record<Binning, { observed: number[]; predicted: number[]; expectedError: number }>;
      netBenefit: [number, number][];
      operating: Record<"youden" | "sensitivity" | "specificity", [number, number]>;
    })[];
  bca: { value: number; replicates: number[]; jackknife: number[]; low: number; high: number };
  kendall: { name: string; x: number[]; y: number[]; tau: number; pValue: number }[];
  permutation: { difference: number; pValue: number } & Record<"yTrue" | "a" | "b", number[]>;
  mcnemar: Record<"onlyA" | "onlyB" | "exact" | "corrected" | "uncorrected", number>[];
  chiSquare: [number, number, number][];
};

function task(yTrue: readonly number[], probabilities: readonly (readonly number[])[]): Predictions {
  const classes = probabilities[0]!.map((_, k) => `class ${k}`);
  return { task: "T", classes, patients: yTrue.map((_, i) => `p${i}`), yTrue, probabilities };
}

describe.each(reference.rankings)("more than two classes as scikit-learn: $name", (c) => {
  const predictions = task(c.yTrue, c.probabilities);

  it("has the same one-vs-one and pooled AUC", () => {
    close(auc(predictions, { average: "one-vs-one" }), c.ovo);
    close(auc(predictions, { average: "micro" }), c.microAuc);
  });

  it("has the same average precision, macro and micro", () => {
    close(averagePrecision(predictions), c.macroAp);
    close(averagePrecision(predictions, { average: "micro" }), c.microAp);
  });

  it("has the same Brier score and calibration error", () => {
    close(brier(predictions), c.brier);
    close(calibration(predictions).expectedError, c.topLabelEce);
  });

  it("has micro precision, recall and F1 equal to the accuracy", () => {
    const { accuracy, micro } = metrics(predictions);
    expect(micro).toEqual({ precision: accuracy, recall: accuracy, f1: accuracy });
  });
});

describe.each(reference.probabilities)("probabilities as scikit-learn: $name", (c) => {
  it("has the same precision-recall curve and average precision", () => {
    const curve = precisionRecall(c, { bootstrap: 20 });
    // scikit-learn stops where the recall reaches 1 only in older versions; ours goes down to the lowest score.
    expect(curve.thresholds).toEqual(c.thresholds);
    allClose(curve.precision, c.precision);
    allClose(curve.recall, c.recall);
    close(curve.averagePrecision.value, c.averagePrecision);
    close(averagePrecision(c), c.averagePrecision);
  });

  it("has the same Brier score", () => {
    close(brier(c), c.brier);
  });

  it.each(BINNINGS)("has the same reliability curve in bins of %s", (binning) => {
    const expected = c.calibration[binning];
    const found = calibration(c, { binning });
    allClose(
      found.bins.map(({ predicted }) => predicted),
      expected.predicted,
    );
    allClose(
      found.bins.map(({ observed }) => observed.value),
      expected.observed,
    );
    close(found.expectedError, expected.expectedError);
    expect(found.bins.reduce((sum, { n }) => sum + n, 0)).toBe(c.yTrue.length);
  });

  it("has the net benefit of its confusion matrices", () => {
    const thresholds = c.netBenefit.map(([t]) => t);
    allClose(
      decisionCurve(c, { thresholds }).netBenefit,
      c.netBenefit.map(([, benefit]) => benefit),
    );
  });

  it("has the operating points found by trying every threshold", () => {
    const rules = { youden: "youden", sensitivity: { sensitivity: 0.8 }, specificity: { specificity: 0.8 } };
    for (const name of ["youden", "sensitivity", "specificity"] as const) {
      const found = operatingPoint(c, { at: rules[name] as "youden" });
      close(found.sensitivity.value, c.operating[name][0]);
      close(found.specificity.value, c.operating[name][1]);
      const applied = operatingPoint(c, { at: { threshold: found.threshold } });
      expect(applied.counts).toEqual(found.counts);
    }
  });
});

it("has the BCa bounds that SciPy makes of the same replicates", () => {
  const { value, replicates, jackknife, low, high } = reference.bca;
  const found = bcaBounds(value, Float64Array.from(replicates), jackknife, 0.95);
  close(found.low, low, 1e-11);
  close(found.high, high, 1e-11);
});

describe.each(reference.kendall)("Kendall's tau-b as SciPy: $name", (c) => {
  it("has the same coefficient and p-value", () => {
    const found = kendall(c.x, c.y);
    close(found.coefficient, c.tau);
    closeRelative(found.pValue, c.pValue, 1e-11);
  });
});

it("tries every exchange of ten patients as the definition does", () => {
  const { yTrue, a, b, difference, pValue } = reference.permutation;
  const found = permutationTest({ yTrue, yScore: a }, { yTrue, yScore: b });
  close(found.difference, difference);
  close(found.pValue, pValue);
  expect(found.method).toMatch(/all \d+ exchanges/);
});

describe.each(reference.mcnemar)("McNemar's test of $onlyA against $onlyB", (c) => {
  const right = [0.1, 0.9];
  const wrong = [0.9, 0.1];
  const yTrue = new Array<number>(c.onlyA + c.onlyB + 1).fill(1);
  const a = task(
    yTrue,
    yTrue.map((_, i) => (i < c.onlyA ? right : wrong)),
  );
  const b = task(
    yTrue,
    yTrue.map((_, i) => (i >= c.onlyA && i < c.onlyA + c.onlyB ? right : wrong)),
  );

  it.each(["exact", "corrected", "uncorrected"] as const)("has the p-value of SciPy: %s", (method) => {
    const found = mcnemar(a, b, { method });
    expect(found.counts).toEqual({ both: 0, onlyA: c.onlyA, onlyB: c.onlyB, neither: 1 });
    closeRelative(found.pValue, c[method], 1e-11);
  });
});

it.each(reference.chiSquare)("has SciPy's upper tail of chi-square at %f, %i degrees", (x, k, expected) => {
  closeRelative(chiSquareUpperTail(x, k), expected, 5e-13);
});

it("says why there is no average where scikit-learn warns", () => {
  const absent = task(
    [0, 0, 1],
    [
      [0.5, 0.3, 0.2],
      [0.4, 0.4, 0.2],
      [0.1, 0.8, 0.1],
    ],
  );
  for (const average of ["one-vs-rest", "one-vs-one"] as const) {
    const found = auc(absent, { average });
    expect(isUndefined(found) && found.reason).toMatch(/all \d patients of T: class/);
  }
  expect(defined(auc(absent, { average: "micro" }), "AUC")).toBeGreaterThan(0.5);
});
