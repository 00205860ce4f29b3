/**
 * DeLong's variance of an AUC, and of the difference of two AUCs on the same patients, without resampling.
 *
 * @see DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); computed from midranks as in Sun and Xu,
 *      IEEE Signal Processing Letters 21 (2014).
 */
import { alignPair } from "./align";
import { oneClassOnly } from "./auc";
import { normalQuantile, normalUpperTail } from "./distributions";
import { checkLevel } from "./level";
import { type Interval, type Statistic, undefinedBecause, undefinedError } from "./outcome";
import { asQuestion, type BinaryScores, type Predictions, type Question } from "./predictions";
import { midranks } from "./ranks";

/** Options of `delong` and `delongTest`. */
export interface DelongOptions {
  /** Coverage. Default 0.95. */
  readonly level?: number;
  /** The class that counts as positive. Default 1 for two classes; must be given for more. */
  readonly classIndex?: number;
}

/** An AUC with DeLong's standard error. */
export interface DelongAuc {
  /** Symmetric about the AUC, cut at 0 and 1. */
  readonly auc: Interval;
  readonly standardError: number;
}

/** DeLong's test of two AUCs on the same patients. */
export interface DelongTest {
  readonly a: number;
  readonly b: number;
  /** a - b */
  readonly difference: Interval;
  readonly standardError: number;
  /** Undefined when both orderings of the patients are so alike that the difference has no variance. */
  readonly z: Statistic;
  /** Two-sided. */
  readonly pValue: Statistic;
}

/**
 * An AUC with DeLong's interval.
 *
 * @param options `level`, default 0.95; `classIndex`, needed with more than two classes
 * @throws Undefined when one class has fewer than two patients; InvalidArgument, ShapeMismatch as `checkPredictions`
 * @example
 * evaluate.delong(predictions).auc; // { value: 0.864, low: 0.77, high: 0.957, ... }
 */
export function delong(input: Predictions | BinaryScores, options: DelongOptions = {}): DelongAuc {
  const level = checkLevel(options.level);
  const parts = components(asQuestion(input, options.classIndex));
  const standardError = Math.sqrt(covariance(parts, parts));
  const reach = normalQuantile((1 + level) / 2) * standardError;
  return {
    auc: {
      value: parts.auc,
      low: Math.max(0, parts.auc - reach),
      high: Math.min(1, parts.auc + reach),
      level,
      method: "DeLong",
    },
    standardError,
  };
}

/**
 * Do two models' AUCs differ on the same patients? DeLong's test.
 *
 * Predictions are matched by patient; bare scores by position.
 *
 * @param options `level`, default 0.95; `classIndex`, needed with more than two classes
 * @throws Undefined when one class has fewer than two patients; InvalidArgument when the patients or labels differ
 * @example
 * const { difference, pValue } = evaluate.delongTest(gated, concat);
 */
export function delongTest<T extends Predictions | BinaryScores>(
  a: T,
  b: T,
  options: DelongOptions = {},
): DelongTest {
  const level = checkLevel(options.level);
  const [alignedA, alignedB] = alignPair(a, b);
  const partsA = components(asQuestion(alignedA, options.classIndex));
  const partsB = components(asQuestion(alignedB, options.classIndex));
  const value = partsA.auc - partsB.auc;
  const variance = covariance(partsA, partsA) + covariance(partsB, partsB) - 2 * covariance(partsA, partsB);
  const standardError = Math.sqrt(Math.max(0, variance));
  const reach = normalQuantile((1 + level) / 2) * standardError;
  // Two models that order all patients alike leave rounding noise here, not a variance.
  const hasVariance = variance > 1e-15;
  const noVariance = undefinedBecause(
    "both order the patients alike, so that their difference has no variance",
  );
  return {
    a: partsA.auc,
    b: partsB.auc,
    difference: {
      value,
      low: Math.max(-1, value - reach),
      high: Math.min(1, value + reach),
      level,
      method: "DeLong",
    },
    standardError,
    z: hasVariance ? value / standardError : noVariance,
    pValue: hasVariance ? 2 * normalUpperTail(Math.abs(value) / standardError) : noVariance,
  };
}

/** For each positive, the share of negatives it beats; for each negative, the share of positives that beat it. */
interface Components {
  readonly auc: number;
  readonly ofPositives: Float64Array;
  readonly ofNegatives: Float64Array;
}

function components(question: Question): Components {
  const problem = oneClassOnly(question) ?? fewerThanTwo(question);
  if (problem)
    throw undefinedError("DeLong's variance", problem, "A bootstrap interval may still exist: evaluate.roc.");
  const of = (value: number) => question.scores.filter((_, i) => question.positive[i] === value);
  const [positives, negatives] = [of(1), of(0)];
  const [m, n] = [positives.length, negatives.length];
  const rankAmongAll = midranks([...positives, ...negatives]);
  const rankAmongPositives = midranks(positives);
  const rankAmongNegatives = midranks(negatives);
  const ofPositives = positives.map((_, i) => (rankAmongAll[i]! - rankAmongPositives[i]!) / n);
  const ofNegatives = negatives.map((_, j) => 1 - (rankAmongAll[m + j]! - rankAmongNegatives[j]!) / m);
  return { auc: mean(ofPositives), ofPositives, ofNegatives };
}

function fewerThanTwo(question: Question): string | undefined {
  const positives = question.positive.reduce((sum, p) => sum + p, 0);
  const fewer = Math.min(positives, question.positive.length - positives);
  return fewer < 2 ? "one class has a single patient" : undefined;
}

/** Of the AUCs of two sets of scores of the same patients; with itself, the variance. */
function covariance(a: Components, b: Components): number {
  return (
    sampleCovariance(a.ofPositives, b.ofPositives) / a.ofPositives.length +
    sampleCovariance(a.ofNegatives, b.ofNegatives) / a.ofNegatives.length
  );
}

function sampleCovariance(x: Float64Array, y: Float64Array): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - meanX) * (y[i]! - meanY);
  return sum / (x.length - 1);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
