import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  auc,
  aucInterval,
  compareWithPrinted,
  correlationMatrix,
  defined,
  type Predictions,
} from "../../../src/evaluate";

/** Real labels and printed tables are not part of the repository; these checks run where they are present. */
const shared = process.env.OSCC_SHARED_DATA ?? path.join(__dirname, "../../../../shared/data");
const REFERENCE = path.join(shared, "fixtures", "reference_values.json");
const LABELS = path.join(shared, "multi-oscc", "all_metadata.json");
const TABLES = path.join(shared, "paper", "multi-oscc-tables.json");

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

describe.skipIf(!existsSync(REFERENCE))("the study's interval rule (needs $OSCC_SHARED_DATA)", () => {
  interface Reference {
    bootstrap_auc: { labels: number[]; p1: number[]; auc: number; ci_mean: [number, number] };
  }

  function reference() {
    const { labels, p1, ...expected } = read<Reference>(REFERENCE).bootstrap_auc;
    const predictions: Predictions = {
      task: "REC",
      classes: ["no", "yes"],
      patients: labels.map((_, i) => `p${i}`),
      yTrue: labels,
      probabilities: p1.map((p) => [1 - p, p]),
    };
    return { predictions, expected };
  }

  it("gives the same AUC", () => {
    const { predictions, expected } = reference();
    expect(defined(auc(predictions), "AUC")).toBeCloseTo(expected.auc, 12);
  });

  it("gives the same bounds, up to the noise of 500 samples", () => {
    const { predictions, expected } = reference();
    const found = aucInterval(predictions, { rule: "published" });
    expect(found.method).toContain("500 samples");
    // The standard error of a 2.5 % bound from 500 samples is about 0.008 here.
    expect(Math.abs(found.low - expected.ci_mean[0])).toBeLessThan(0.025);
    expect(Math.abs(found.high - expected.ci_mean[1])).toBeLessThan(0.025);
  });
});

describe.skipIf(!existsSync(LABELS))("the 1,325 labels (needs $OSCC_SHARED_DATA)", () => {
  const TASKS = ["REC", "LNM", "TD", "TI", "CE", "PI"] as const;
  type Printed = Record<string, Record<string, { r: number; p: number }>>;

  /** The cells of Table 3 that differ from what is computed by a method. */
  function differing(method: "spearman" | "pearson", statistic: "r" | "p") {
    const rows = read<{ datainfo: Record<(typeof TASKS)[number], number>[] }>(LABELS).datainfo;
    const printed = read<{ table3_task_correlation: Printed }>(TABLES).table3_task_correlation;
    const columns = Object.fromEntries(TASKS.map((task) => [task, rows.map((row) => row[task])]));
    const matrix = correlationMatrix(columns, { method, missing: -1 });
    const values = statistic === "r" ? matrix.coefficients : matrix.pValues;
    const computed: Record<string, number> = {};
    const asPrinted: Record<string, number> = {};
    for (const [a, row] of Object.entries(printed))
      for (const [b, cell] of Object.entries(row)) {
        const i = matrix.names.indexOf(a);
        computed[`${a} ${b}`] = defined(values[i]![matrix.names.indexOf(b)]!, statistic);
        asPrinted[`${a} ${b}`] = cell[statistic];
      }
    const options = statistic === "r" ? { decimals: 4 } : {};
    return compareWithPrinted(computed, asPrinted, options).flatMap((row) => (row.agrees ? [] : [row.cell]));
  }

  it("give Table 3: Spearman p-values, and Spearman coefficients where TD is not involved", () => {
    expect(differing("spearman", "r")).toEqual(["TD REC", "TD LNM", "TI TD", "CE TD", "PI TD"]);
    // Printed as 0.00013; the labels give 0.00012.
    expect(differing("spearman", "p")).toEqual(["TD REC"]);
  });

  it("show that the printed coefficients are Pearson's, whose p-values are not the printed ones", () => {
    expect(differing("pearson", "r")).toEqual([]);
    expect(differing("pearson", "p")).toEqual(["TD REC", "TD LNM", "TI TD", "CE TD", "PI TD"]);
  });
});
