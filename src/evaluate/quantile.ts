/** Quantiles of a sample, as NumPy's `percentile` computes them by default (linear, Hyndman-Fan type 7). */

/** @param sorted increasing, at least one value; @param q in [0, 1] */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  const low = sorted[below]!;
  return low + (sorted[above]! - low) * (position - below);
}

/** The two bounds that hold the middle `level` of the values. Sorts `values` in place. */
export function middle(values: Float64Array, level: number): { low: number; high: number } {
  values.sort();
  const tail = (1 - level) / 2;
  return { low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) };
}
