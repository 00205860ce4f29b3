/**
 * The paper's tables 3 and 4 held against the label file of a cohort: the same counts and correlations, computed
 * again. On any cohort but the study's own, disagreement is expected and says nothing about the paper.
 */
import {
  type Cohort,
  type MultiOscc,
  PRINTED_CLASS_COUNTS,
  PRINTED_CORRELATIONS,
  SPLITS,
  type Task,
} from "../cohort";
import {
  compareWithPrinted,
  correlationMatrix,
  MISSING_LABEL,
  type PrintedRow,
  type PrintedTable,
  type Statistic,
} from "../evaluate";

/** Table 3 prints correlations with four decimals; some lost their trailing zero on the way into JSON. */
const CORRELATION_DECIMALS = 4;

/**
 * Table 4 of the paper, class counts by split, beside the counts of this cohort's label file.
 *
 * @returns one row for each cell: `"TD / moderate / valid"` with what is printed, what was counted, and whether
 *          they agree; a cell that was exchanged with another one says so in its note
 * @example
 * audit.publishedClassCounts(cohort).filter((cell) => !cell.agrees);
 */
export function publishedClassCounts(cohort: Cohort<MultiOscc>): PrintedRow[] {
  const key = (task: Task, label: number) => [task, cohort.task(task).classes[label]!] as const;
  const printed = nested(
    PRINTED_CLASS_COUNTS.flatMap((row) =>
      SPLITS.map((split) => [...key(row.task, row.label), split, row[split]] as const),
    ),
  );
  const counted = nested(
    cohort
      .classCounts()
      .flatMap((row) => SPLITS.map((split) => [...key(row.task, row.label), split, row[split]] as const)),
  );
  return compareWithPrinted(counted, printed);
}

/**
 * Table 3 of the paper, rank correlations of the tasks with p-values, beside those of this cohort's labels.
 *
 * @returns rows named `"TI / LNM / r"` and `"TI / LNM / p"`
 * @example
 * plot.printed(audit.publishedCorrelations(cohort), { levels: ["task", "with"] });
 */
export function publishedCorrelations(cohort: Cohort<MultiOscc>): PrintedRow[] {
  const matrix = correlationMatrix(cohort.labelColumns(), { missing: MISSING_LABEL });
  return PRINTED_CORRELATIONS.flatMap(({ tasks: [a, b], r, p }) => {
    const [i, j] = [matrix.names.indexOf(a), matrix.names.indexOf(b)];
    const cell = (kind: "r" | "p", value: Statistic | undefined) =>
      typeof value === "number" ? nested([[a, b, kind, value]]) : {};
    return [
      ...compareWithPrinted(cell("r", matrix.coefficients[i]?.[j]), nested([[a, b, "r", r]]), {
        decimals: CORRELATION_DECIMALS,
      }),
      // p-values are printed to as many digits as they happen to show.
      ...compareWithPrinted(cell("p", matrix.pValues[i]?.[j]), nested([[a, b, "p", p]])),
    ];
  });
}

type Leaf = readonly [row: string, column: string, cell: string, value: number];

function nested(leaves: readonly Leaf[]): PrintedTable {
  const table: Record<string, Record<string, Record<string, number>>> = {};
  for (const [row, column, cell, value] of leaves) {
    table[row] ??= {};
    table[row][column] ??= {};
    table[row][column][cell] = value;
  }
  return table;
}
