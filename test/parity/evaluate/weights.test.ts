import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { auc, averagePrecision, brier, confusion, metrics, type Predictions } from "../../../src/evaluate";
import { allClose, close } from "./close";

/** Made by generate.py beside it with scikit-learn's `sample_weight`. */
const { cases } = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/evaluate/weights.json"), "utf8"),
) as { cases: WeightedCase[] };

interface WeightedCase
  extends Record<
      "accuracy" | "balancedAccuracy" | "auc" | "ovo" | "microAuc" | "averagePrecision" | "microAp" | "brier",
      number
    >,
    Record<"yTrue" | "weights" | "precision" | "recall" | "f1" | "support" | "macro", number[]> {
  name: string;
  probabilities: number[][];
  confusion: number[][];
}

describe.each(cases)("weights as scikit-learn: $name", (c) => {
  const { yTrue, probabilities, weights } = c;
  const classes = probabilities[0]!.map((_, k) => `class ${k}`);
  const patients = yTrue.map((_, i) => `p${i}`);
  const predictions: Predictions = { task: "T", classes, patients, yTrue, probabilities };

  it("has the same AUC, by every average", () => {
    close(auc(predictions, { weights }), c.auc);
    close(auc(predictions, { weights, average: "one-vs-one" }), c.ovo);
    close(auc(predictions, { weights, average: "micro" }), c.microAuc);
  });

  it("has the same average precision and Brier score", () => {
    close(averagePrecision(predictions, { weights }), c.averagePrecision);
    close(averagePrecision(predictions, { weights, average: "micro" }), c.microAp);
    close(brier(predictions, { weights }), c.brier);
  });

  it("has the same confusion matrix and metrics", () => {
    const found = metrics(predictions, { weights, zeroDivision: 0 });
    allClose(confusion(predictions, { weights }).counts.flat(), c.confusion.flat());
    expect(found.n).toBe(yTrue.length);
    close(found.auc, c.auc);
    close(found.accuracy, c.accuracy);
    close(found.balancedAccuracy, c.balancedAccuracy);
    allClose([found.macro.precision, found.macro.recall, found.macro.f1], c.macro);
    for (const name of ["precision", "recall", "f1", "support"] as const)
      allClose(
        found.perClass.map((one) => one[name]),
        c[name],
      );
  });
});
