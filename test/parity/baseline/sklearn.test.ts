import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fitDesign, fitLogistic, logisticProbabilities } from "../../../src/baseline";
import type { ClinicalColumn, ClinicalRecord } from "../../../src/cohort";

/** Made by generate.py beside it with NumPy and scikit-learn. */
const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/baseline/values.json"), "utf8"),
) as ReferenceValues;

interface ReferenceValues {
  regressions: {
    name: string;
    classes: number;
    penalty: number;
    x: number[][];
    y: number[];
    intercepts: number[];
    weights: number[][];
    standardErrors: number[][];
    probabilities: number[][];
  }[];
  clinical: {
    rows: Record<string, number | string | null>[];
    y: number[];
    train: number;
    penalty: number;
    features: string[];
    weights: number[];
    probabilities: number[];
  };
}

/** The reference stops at a gradient of 1e-13 or where its line search can no longer tell two points apart. */
const TOLERANCE = 1e-7;

function expectClose(found: readonly number[], expected: readonly number[], tolerance = TOLERANCE): void {
  expect(found).toHaveLength(expected.length);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe("logistic regression, as scikit-learn", () => {
  it.each(reference.regressions.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const fit = fitLogistic(one.x, one.y, one.classes, { penalty: one.penalty });
    expectClose(fit.intercepts, one.intercepts);
    fit.weights.forEach((weights, e) => {
      expectClose(weights, one.weights[e]!);
      expectClose(fit.standardErrors[e]!, one.standardErrors[e]!);
    });
    one.probabilities.forEach((row, n) => {
      expectClose(logisticProbabilities(fit, one.x[n]!), row);
    });
  });
});

describe("the clinical table, as a scikit-learn pipeline", () => {
  const { clinical } = reference;
  const rows = clinical.rows.map(
    (row, n) =>
      ({
        patient: String(n),
        ageYears: row.ageYears ?? undefined,
        weightKg: row.weightKg ?? undefined,
        smokingHistory: row.smokingHistory === null ? undefined : row.smokingHistory === 1,
        surgerySite: row.surgerySite,
      }) as unknown as ClinicalRecord,
  );
  const columns: ClinicalColumn[] = ["ageYears", "weightKg", "smokingHistory", "surgerySite"];
  const design = fitDesign(rows.slice(0, clinical.train), columns);
  const x = design.transform(rows);
  const fit = fitLogistic(x.slice(0, clinical.train), clinical.y.slice(0, clinical.train), 2, {
    penalty: clinical.penalty,
  });

  /** scikit-learn names a feature `block__column`, `block__missingindicator_column` or `block__column_level`. */
  const nameOf = ({ column, kind, level }: (typeof design.features)[number]) => {
    if (kind === "missing") return `${column}__missingindicator_${column}`;
    return kind === "level" ? `${column}__${column}_${level}` : `${column}__${column}`;
  };

  it("has the same features", () => {
    expect(design.features.map(nameOf).sort()).toEqual([...clinical.features].sort());
  });

  it("has the same weights", () => {
    const weightOf = new Map(clinical.features.map((name, i) => [name, clinical.weights[i]!]));
    expectClose(
      fit.weights[0]!,
      design.features.map((feature) => weightOf.get(nameOf(feature))!),
    );
  });

  it("has the same probabilities, for patients it was not fitted on too", () => {
    expectClose(
      x.map((row) => logisticProbabilities(fit, row)[1]!),
      clinical.probabilities,
    );
  });
});
