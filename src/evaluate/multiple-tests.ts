/** p-values of several tests, adjusted for their number. */
import { invalidArgument } from "../core/errors";
import { isUndefined, type Statistic } from "./outcome";

/** How `adjustPValues` allows for the number of tests. */
export const ADJUSTMENTS = ["holm", "benjamini-hochberg"] as const;
/**
 * `"holm"`: the chance of any false finding stays below the level, whatever the dependence of the tests.
 * `"benjamini-hochberg"`: the expected share of false findings among the findings stays below it, for tests that are
 * independent or positively dependent.
 */
export type Adjustment = (typeof ADJUSTMENTS)[number];

/**
 * Adjust p-values for the number of tests: compare the results with the level, say 0.05, as if there were one test.
 *
 * Tests without a p-value stay undefined and do not count.
 *
 * @param pValues numbers in [0, 1], or undefined statistics; any order, which is kept
 * @param method  default `"holm"`
 * @throws InvalidArgument for a p-value that is NaN or outside [0, 1]
 * @see Holm, Scandinavian Journal of Statistics 6 (1979); Benjamini and Hochberg, JRSS B 57 (1995); R's `p.adjust`.
 * @example
 * evaluate.adjustPValues([0.01, 0.04, 0.03]); // [0.03, 0.06, 0.06]
 */
export function adjustPValues(pValues: readonly Statistic[], method: Adjustment = "holm"): Statistic[] {
  if (!ADJUSTMENTS.includes(method))
    throw invalidArgument("method", method, `one of ${ADJUSTMENTS.join(", ")}`);
  const tests = pValues.flatMap((p, at) => {
    if (isUndefined(p)) return [];
    if (!(p >= 0 && p <= 1)) throw invalidArgument(`p-value ${at}`, p, "a number in [0, 1]");
    return [{ at, p }];
  });
  const adjusted = [...pValues];
  tests.sort((a, b) => a.p - b.p);
  const steps =
    method === "holm" ? holm(tests.map(({ p }) => p)) : benjaminiHochberg(tests.map(({ p }) => p));
  tests.forEach(({ at }, rank) => {
    adjusted[at] = steps[rank]!;
  });
  return adjusted;
}

/** Step down: the smallest p-value times m, the next times m - 1, ..., never decreasing. */
function holm(increasing: readonly number[]): number[] {
  let largest = 0;
  return increasing.map((p, rank) => {
    largest = Math.max(largest, Math.min(1, p * (increasing.length - rank)));
    return largest;
  });
}

/** Step up: each p-value times m over its rank, never more than that of a larger one. */
function benjaminiHochberg(increasing: readonly number[]): number[] {
  const adjusted = new Array<number>(increasing.length);
  let smallest = 1;
  for (let rank = increasing.length; rank >= 1; rank--) {
    smallest = Math.min(smallest, (increasing[rank - 1]! * increasing.length) / rank);
    adjusted[rank - 1] = smallest;
  }
  return adjusted;
}
