/** McNemar's test: is one model right where the other is wrong more often than the reverse? */
import { invalidArgument } from "../core/errors";
import { alignPair } from "./align";
import { chiSquareUpperTail } from "./distributions";
import { type Statistic, undefinedBecause, undefinedError } from "./outcome";
import { knownPatients, mostProbable, type Predictions } from "./predictions";

/** How `mcnemar` computes its p-value. */
export const MCNEMAR_METHODS = ["exact", "corrected", "uncorrected"] as const;
/**
 * `"exact"`: binomial. `"corrected"`: chi-square with Edwards' continuity correction. `"uncorrected"`: McNemar's
 * own chi-square, too small a p-value for fewer than about 25 patients on whom the models differ.
 */
export type McnemarMethod = (typeof MCNEMAR_METHODS)[number];

/** Options of `mcnemar`. */
export interface McnemarOptions {
  /** Default `"exact"`. */
  readonly method?: McnemarMethod;
}

/** On which patients two models differ in being right, and whether by chance. */
export interface McnemarTest {
  readonly method: McnemarMethod;
  /** Patients by which model calls them rightly. Only the two in the middle decide the test. */
  readonly counts: {
    readonly both: number;
    readonly onlyA: number;
    readonly onlyB: number;
    readonly neither: number;
  };
  /** Chi-square on one degree of freedom; of the exact test, the smaller of the two counts. */
  readonly statistic: Statistic;
  /** Two-sided. */
  readonly pValue: Statistic;
}

/**
 * McNemar's test of two models' accuracy on the same patients, each called the most probable class.
 *
 * @param options `method`: `"exact"` (default), `"corrected"` or `"uncorrected"`
 * @returns the chi-square forms are undefined when the models are right on the same patients; the exact p-value is 1
 * @throws Undefined when no patient has a known label; InvalidArgument when patients, labels or classes differ
 * @see McNemar, Psychometrika 12 (1947); Edwards, Psychometrika 13 (1948); R's `mcnemar.test`.
 * @example
 * evaluate.mcnemar(gated, concat).pValue;
 */
export function mcnemar(a: Predictions, b: Predictions, options: McnemarOptions = {}): McnemarTest {
  const { method = "exact" } = options;
  if (!MCNEMAR_METHODS.includes(method))
    throw invalidArgument("method", method, `one of ${MCNEMAR_METHODS.join(", ")}`);
  const [alignedA, alignedB] = alignPair(a, b);
  const counts = { both: 0, onlyA: 0, onlyB: 0, neither: 0 };
  const known = knownPatients(alignedA);
  if (known.length === 0) throw undefinedError("McNemar's test", "no patient has a known label");
  for (const i of known) {
    const rightA = mostProbable(alignedA.probabilities[i]!) === alignedA.yTrue[i];
    const rightB = mostProbable(alignedB.probabilities[i]!) === alignedB.yTrue[i];
    counts[rightA ? (rightB ? "both" : "onlyA") : rightB ? "onlyB" : "neither"]++;
  }
  return { method, counts, ...mcnemarOfCounts(counts.onlyA, counts.onlyB, method) };
}

/** The test of two counts: patients that only the first, and only the second, called rightly. */
export function mcnemarOfCounts(
  onlyA: number,
  onlyB: number,
  method: McnemarMethod,
): { statistic: Statistic; pValue: Statistic } {
  const n = onlyA + onlyB;
  if (method === "exact") {
    const fewer = Math.min(onlyA, onlyB);
    return { statistic: fewer, pValue: Math.min(1, 2 * lowerTailOfFairCoin(fewer, n)) };
  }
  if (n === 0) {
    const reason = undefinedBecause("the models are right on the same patients");
    return { statistic: reason, pValue: reason };
  }
  const distance = Math.abs(onlyA - onlyB);
  // As R: the correction never turns the difference around.
  const corrected = method === "corrected" ? distance - Math.min(1, distance) : distance;
  const statistic = corrected ** 2 / n;
  return { statistic, pValue: chiSquareUpperTail(statistic, 1) };
}

/** P(X <= k) of n tosses, in logarithms first so that thousands of tosses do not vanish. */
function lowerTailOfFairCoin(k: number, n: number): number {
  let logTerm = -n * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i);
    sum += Math.exp(logTerm);
  }
  return sum;
}
