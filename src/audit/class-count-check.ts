/** Do printed class counts add up, and are they those of the label file? */
import type { Finding } from "./finding";

/** Printed patients of one class, by part of the split. */
export interface ClassCountFact {
  readonly where: string;
  readonly task: string;
  /** Class index. */
  readonly label: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Counts of a label file, one row per class: a cohort's `classCounts()`. */
export type CountedClass = Readonly<
  Record<"train" | "valid" | "test", number> & { task: string; label: number }
>;

/** @param counted the label file's counts, when there is one */
export function checkClassCounts(
  facts: readonly ClassCountFact[],
  counted: readonly CountedClass[] = [],
): Finding[] {
  return [...checkTotals(facts), ...rowsOf(facts).flatMap((row) => checkAgainst(row, counted))];
}

/** The printed classes of one task in one part of the split. */
interface SplitRow {
  readonly where: string;
  readonly task: string;
  readonly split: string;
  readonly labels: readonly number[];
  readonly printed: readonly number[];
}

function rowsOf(facts: readonly ClassCountFact[]): SplitRow[] {
  const tasks = [...new Set(facts.map(({ task }) => task))];
  return tasks.flatMap((task) => {
    const classes = facts.filter((fact) => fact.task === task);
    const splits = [...new Set(classes.flatMap(({ counts }) => Object.keys(counts)))];
    return splits.map((split) => ({
      where: `${classes[0]!.where} / ${task} / ${split}`,
      task,
      split,
      labels: classes.map(({ label }) => label),
      printed: classes.map(({ counts }) => counts[split] ?? 0),
    }));
  });
}

/** The same patients are classed for every task, so the classes of each task have one sum. */
function checkTotals(facts: readonly ClassCountFact[]): Finding[] {
  const rows = rowsOf(facts);
  return [...new Set(rows.map(({ split }) => split))].flatMap((split) => {
    const ofSplit = rows.filter((row) => row.split === split);
    const usual = mostFrequent(ofSplit.map(({ printed }) => sum(printed)));
    return ofSplit
      .filter(({ printed }) => sum(printed) !== usual)
      .map(
        ({ where, task, printed }): Finding => ({
          where,
          kind: "class count",
          printed: printed.join(" + "),
          expected: `a sum of ${usual}`,
          confidence: "inconsistent",
          explanation: `The classes of ${task} sum to ${sum(printed)} in ${split}; those of the other tasks sum to ${usual}.`,
          evidence: { printed, sum: sum(printed), usual },
        }),
      );
  });
}

function checkAgainst(
  { where, task, split, labels, printed }: SplitRow,
  counted: readonly CountedClass[],
): Finding[] {
  const found = labels.map((label) => counted.find((row) => row.task === task && row.label === label));
  if (!found.every((row) => row !== undefined && split in row)) return [];
  const counts = found.map((row) => row![split as "train"]);
  if (counts.every((count, i) => count === printed[i])) return [];
  const exchanged = [...counts].sort().join() === [...printed].sort().join();
  return [
    {
      where,
      kind: "class count",
      printed: printed.join(", "),
      expected: counts.join(", "),
      confidence: "inconsistent",
      explanation: `The label file counts ${counts.join(", ")} for classes ${labels.join(", ")}.${exchanged ? " The printed numbers are the same, exchanged." : ""}`,
      evidence: { labels, printed, counts },
    },
  ];
}

function mostFrequent(values: readonly number[]): number {
  const times = (value: number) => values.filter((other) => other === value).length;
  return values.reduce((best, value) => (times(value) > times(best) ? value : best));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
