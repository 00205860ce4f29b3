/** Sorting once: the groups of tied values that AUC, DeLong and rank correlation all stand on. */

/** Values grouped by equality, groups in increasing order. */
export interface RankGroups {
  /** The group of each value. */
  readonly groupOf: Int32Array;
  /** The distinct values, increasing. */
  readonly values: Float64Array;
}

/** Group equal values; O(n log n), once, however many resamples follow. */
export function rankGroups(values: ArrayLike<number>): RankGroups {
  const n = values.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const groupOf = new Int32Array(n);
  const distinct: number[] = [];
  for (const i of order) {
    if (distinct.length === 0 || values[i]! !== distinct[distinct.length - 1]) distinct.push(values[i]!);
    groupOf[i] = distinct.length - 1;
  }
  return { groupOf, values: Float64Array.from(distinct) };
}

/**
 * Ranks from 1; tied values share the mean of the ranks they take up ("midranks").
 *
 * @example
 * evaluate.midranks([10, 20, 20, 30]); // [1, 2.5, 2.5, 4]
 */
export function midranks(values: ArrayLike<number>): Float64Array {
  const { groupOf, values: distinct } = rankGroups(values);
  const size = new Int32Array(distinct.length);
  for (const g of groupOf) size[g]!++;
  const rank = new Float64Array(distinct.length);
  let below = 0;
  for (let g = 0; g < size.length; g++) {
    rank[g] = below + (size[g]! + 1) / 2;
    below += size[g]!;
  }
  return Float64Array.from(groupOf, (g) => rank[g]!);
}
