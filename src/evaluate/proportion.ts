/** A share of patients with its interval. */
import { normalQuantile } from "./distributions";
import type { Interval } from "./outcome";

/**
 * Wilson's score interval of `hits` of `n` (n > 0). It stays inside [0, 1] and has a width also at 0 and at n.
 *
 * @see Wilson, JASA 22 (1927); R's `prop.test(correct = FALSE)`.
 */
export function wilson(hits: number, n: number, level: number): Interval {
  const z = normalQuantile((1 + level) / 2);
  const share = hits / n;
  const shrink = 1 + (z * z) / n;
  const centre = (share + (z * z) / (2 * n)) / shrink;
  const reach = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / shrink;
  return {
    value: share,
    // At the ends the formula is exact in theory and off by rounding in practice.
    low: hits === 0 ? 0 : Math.max(0, centre - reach),
    high: hits === n ? 1 : Math.min(1, centre + reach),
    level,
    method: "Wilson",
  };
}
