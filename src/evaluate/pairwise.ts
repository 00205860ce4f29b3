/** How often labels of two tasks occur together. */
import { invalidArgument, OsccError } from "../core/errors";
import type { Provenance } from "../core/provenance";

/** The co-occurrence table of two columns of labels. */
export interface PairCounts {
  readonly a: string;
  readonly b: string;
  /** `[label of a, label of b]` */
  readonly counts: readonly (readonly number[])[];
  /** Patients with both labels known. */
  readonly n: number;
}

/** The co-occurrence tables of all pairs of columns. */
export interface PairwiseCounts {
  readonly names: readonly string[];
  /** Every pair of columns once, in the order of `names`. */
  readonly pairs: readonly PairCounts[];
  readonly provenance?: Provenance;
}

/** Options of `pairwiseCounts`. */
export interface PairwiseOptions {
  /** The label that means "not known". Default -1. */
  readonly missing?: number;
  readonly provenance?: Provenance;
}

/**
 * Count patients by the labels of each pair of tasks, for example "perineural invasion and metastasis".
 *
 * @param columns labels (0, 1, ...) by task, equal lengths
 * @param options `missing`, the label that means "not known", default -1; `provenance`
 * @throws ShapeMismatch when columns differ in length; InvalidArgument for a label that is no whole number
 * @example
 * const { pairs } = evaluate.pairwiseCounts({ TI: [0, 1, 1], PI: [0, 0, 1] });
 * pairs[0].counts; // [[1, 0], [1, 1]]
 */
export function pairwiseCounts(
  columns: Readonly<Record<string, readonly number[]>>,
  options: PairwiseOptions = {},
): PairwiseCounts {
  const missing = options.missing ?? -1;
  const names = Object.keys(columns);
  const levels = Object.fromEntries(names.map((name) => [name, levelCount(name, columns[name]!, missing)]));
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).map((b) => {
      const [x, y] = [columns[a]!, columns[b]!];
      if (x.length !== y.length)
        throw new OsccError(
          "ShapeMismatch",
          [
            `${a} has ${x.length} labels but ${b} has ${y.length}.`,
            "Expected one label for each patient in both.",
          ],
          { expected: [x.length], found: [y.length] },
        );
      return countPair(a, b, x, y, missing, levels[a]!, levels[b]!);
    }),
  );
  return { names, pairs, ...(options.provenance ? { provenance: options.provenance } : {}) };
}

function countPair(
  a: string,
  b: string,
  x: readonly number[],
  y: readonly number[],
  missing: number,
  levelsA: number,
  levelsB: number,
): PairCounts {
  const counts = Array.from({ length: levelsA }, () => new Array<number>(levelsB).fill(0));
  let n = 0;
  x.forEach((label, i) => {
    const other = y[i]!;
    if (label === missing || other === missing) return;
    counts[label]![other]!++;
    n++;
  });
  return { a, b, counts, n };
}

function levelCount(name: string, labels: readonly number[], missing: number): number {
  let highest = -1;
  labels.forEach((label, i) => {
    if (label === missing) return;
    if (!Number.isInteger(label) || label < 0)
      throw invalidArgument(
        `label ${i} of ${name}`,
        label,
        `a class index 0, 1, ... or ${missing} for not known`,
      );
    highest = Math.max(highest, label);
  });
  return highest + 1;
}
