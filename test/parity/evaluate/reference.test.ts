import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  auc,
  confusion,
  delong,
  delongTest,
  isUndefined,
  metrics,
  midranks,
  type Predictions,
  pearson,
  roc,
  spearman,
} from "../../../src/evaluate";
import { correlationPValue, normalQuantile, normalUpperTail } from "../../../src/evaluate/distributions";
import { asQuestion } from "../../../src/evaluate/predictions";
import { quantileSorted } from "../../../src/evaluate/quantile";
import { SampledAuc } from "../../../src/evaluate/sampled-auc";
import { close, closeRelative, EXACT } from "./close";

/** Made by generate.py beside it with NumPy, SciPy and scikit-learn. */
const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/evaluate/values.json"), "utf8"),
) as ReferenceValues;

interface ReferenceValues {
  binary: {
    name: string;
    yTrue: number[];
    yScore: number[];
    auc: number;
    fpr: number[];
    tpr: number[];
    thresholds: number[];
    draws: number[][];
    drawAucs: number[];
    delongVariance: number;
  }[];
  delongPair: Record<"difference" | "standardError" | "z" | "pValue", number> &
    Record<"yTrue" | "a" | "b", number[]>;
  classes: {
    name: string;
    yTrue: number[];
    probabilities: number[][];
    confusion: number[][];
    accuracy: number;
    balancedAccuracy: number;
    precision: number[];
    recall: number[];
    f1: number[];
    macro: [number, number, number];
    auc: number;
  }[];
  correlation: {
    name: string;
    x: number[];
    y: number[];
    spearman: [number, number];
    pearson: [number, number];
    midranks: number[];
  }[];
  percentiles: { values: number[]; q: number[]; expected: number[] };
  distributions: {
    upperTail: [number, number][];
    quantile: [number, number][];
    correlationP: [number, number, number][];
  };
}

describe.each(reference.binary)("ROC as scikit-learn: $name", (c) => {
  it("has the same corners, thresholds and area", () => {
    const curve = roc(c, { bootstrap: 20, band: false });
    expect(curve.fpr).toEqual(c.fpr);
    expect(curve.tpr).toEqual(c.tpr);
    expect(curve.thresholds.slice(1)).toEqual(c.thresholds);
    close(curve.auc.value, c.auc);
  });

  it("gives the same AUC for the same resample", () => {
    const sampled = new SampledAuc(asQuestion(c));
    c.draws.forEach((draw, k) => {
      close(sampled.of(Int32Array.from(draw)), c.drawAucs[k]!);
    });
  });

  it("has DeLong's variance as defined by pairwise comparison", () => {
    close(delong(c).standardError ** 2, c.delongVariance);
  });
});

it("tests a difference of AUCs as DeLong", () => {
  const { yTrue, a, b, ...expected } = reference.delongPair;
  const test = delongTest({ yTrue, yScore: a }, { yTrue, yScore: b });
  close(test.difference.value, expected.difference);
  close(test.standardError, expected.standardError);
  close(test.z, expected.z, 1e-11);
  close(test.pValue, expected.pValue, 1e-11);
});

describe.each(reference.classes)("classification metrics as scikit-learn: $name", (c) => {
  const names = c.probabilities[0]!.map((_, k) => `class ${k}`);
  const predictions: Predictions = {
    task: "T",
    classes: names,
    patients: c.yTrue.map((_, i) => `p${i}`),
    yTrue: c.yTrue,
    probabilities: c.probabilities,
  };
  const found = metrics(predictions, { zeroDivision: 0 });

  it("has the same confusion matrix", () => {
    expect(confusion(predictions).counts).toEqual(c.confusion);
  });

  it("has the same accuracy, balanced accuracy and AUC", () => {
    close(found.accuracy, c.accuracy);
    close(found.balancedAccuracy, c.balancedAccuracy);
    close(found.auc, c.auc);
    close(auc(predictions), c.auc);
  });

  it("has the same precision, recall and F1, per class and macro", () => {
    found.perClass.forEach((row, k) => {
      close(row.precision, c.precision[k]!);
      close(row.recall, c.recall[k]!);
      close(row.f1, c.f1[k]!);
    });
    close(found.macro.precision, c.macro[0]);
    close(found.macro.recall, c.macro[1]);
    close(found.macro.f1, c.macro[2]);
  });

  it("says undefined where scikit-learn fills in zero", () => {
    const strict = metrics(predictions).perClass;
    strict.forEach((row, k) => {
      const called = c.confusion.reduce((sum, counts) => sum + counts[k]!, 0);
      expect(isUndefined(row.precision)).toBe(called === 0);
    });
  });
});

describe.each(reference.correlation)("correlation as SciPy: $name", (c) => {
  it("has the same midranks", () => {
    expect([...midranks(c.x)]).toEqual(c.midranks);
  });

  it("has the same Spearman coefficient and p-value", () => {
    const found = spearman(c.x, c.y);
    close(found.coefficient, c.spearman[0]);
    // The p-value amplifies the last digit of the coefficient by about n.
    closeRelative(found.pValue, c.spearman[1], 1e-9);
  });

  it("has the same Pearson coefficient and p-value", () => {
    const found = pearson(c.x, c.y);
    // An offset of 1e8 leaves eight digits of the deviations; both sides lose the same ones to rounding.
    close(found.coefficient, c.pearson[0], c.name === "large offset" ? 1e-8 : EXACT);
    closeRelative(found.pValue, c.pearson[1], c.name === "large offset" ? 1e-6 : 1e-9);
  });
});

describe("distributions as SciPy", () => {
  it.each(reference.distributions.upperTail)("normal upper tail at %f", (z, expected) => {
    closeRelative(normalUpperTail(z), expected, 2e-13);
  });

  it.each(reference.distributions.quantile)("normal quantile of %f", (p, expected) => {
    close(normalQuantile(p), expected, 1e-12);
  });

  it.each(reference.distributions.correlationP)("p-value of r %f, n %i", (r, n, expected) => {
    closeRelative(correlationPValue(r, n), expected, 1e-11);
  });
});

it("interpolates percentiles as NumPy", () => {
  const { values, q, expected } = reference.percentiles;
  const sorted = [...values].sort((a, b) => a - b);
  q.forEach((percent, i) => {
    close(quantileSorted(sorted, percent / 100), expected[i]!);
  });
});
