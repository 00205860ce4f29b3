/** Do probabilities mean what they say? Brier score, calibration error and the reliability curve. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { checkLevel } from "./level";
import { type Interval, isUndefined, type Statistic, undefinedBecause, undefinedError } from "./outcome";
import {
  asProbabilityQuestion,
  type BinaryScores,
  checkPredictions,
  isPredictions,
  knownPatients,
  mostProbable,
  type Predictions,
  pooledQuestion,
  type Question,
} from "./predictions";
import { wilson } from "./proportion";
import { quantileSorted } from "./quantile";
import { type WeightOptions, weigh } from "./weights";

/** How `calibration` divides patients into bins. */
export const BINNINGS = ["equal-width", "equal-count"] as const;
/** `"equal-width"`: bins of the same width over [0, 1]. `"equal-count"`: bins between quantiles of the probabilities. */
export type Binning = (typeof BINNINGS)[number];

/** Options of `calibration`. */
export interface CalibrationOptions {
  /** Number of bins, from 2 to 1000. Default 10. */
  readonly bins?: number;
  /** Default `"equal-width"`. */
  readonly binning?: Binning;
  /** Coverage of the intervals of the bins. Default 0.95. */
  readonly level?: number;
  /**
   * The class whose probability is judged. Default: class 1 of two; with more classes the most probable class of
   * each patient, judged by whether it is the true one.
   */
  readonly classIndex?: number;
  /** Name for legends. Default: model and task. */
  readonly label?: string;
}

/** The patients whose probability lies in (low, high]; the first bin holds its lower end too. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** Mean probability of these patients. */
  readonly predicted: number;
  /** The share of them for whom it came true, with Wilson's interval. */
  readonly observed: Interval;
}

/** How predicted probabilities compare with what came true. */
export interface Calibration {
  readonly label: string;
  /** Bins that hold patients, increasing. */
  readonly bins: readonly CalibrationBin[];
  /** Mean distance between predicted and observed, weighted by patients: the ECE. 0 is perfect. */
  readonly expectedError: number;
  /** The largest distance of any bin. */
  readonly maximumError: number;
  /** Mean squared distance between probability and outcome, of the probabilities judged here. */
  readonly brier: number;
  /** How patients were put into bins, in words. */
  readonly method: string;
  /** Every probability judged, increasing: for the distribution under the curve. */
  readonly probabilities: readonly number[];
  readonly n: number;
  readonly provenance?: Provenance;
}

/**
 * The Brier score: mean squared distance between the probabilities and what came true. 0 is perfect.
 *
 * For scores and for two classes it is that of class 1, in [0, 1]; for more classes the squares are summed over the
 * classes, in [0, 2] (Brier's own definition). Patients with label -1 are left out.
 *
 * @param options `weights`, one for each patient, default all 1
 * @returns a number, or the reason why it is undefined: no patient with a known label, or none with a weight
 * @throws InvalidArgument for scores outside [0, 1]; InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see Brier, Monthly Weather Review 78 (1950); for two classes scikit-learn's `brier_score_loss`.
 * @example
 * const scores = { yTrue: [0, 1, 1, 0], yScore: [0.1, 0.9, 0.8, 0.3] };
 * evaluate.brier(scores); // 0.0375
 * evaluate.brier(scores, { weights: [1, 1, 1, 3] }); // 0.055: the last patient counts three times
 */
export function brier(input: Predictions | BinaryScores, options: WeightOptions = {}): Statistic {
  if (isPredictions(input) && input.classes.length > 2) {
    const mean = meanSquareOrReason({ ...pooledQuestion(input), label: input.task }, input, options);
    // Pooled, each patient has a square for each class: their mean, times the classes, is the mean of their sums.
    return isUndefined(mean) ? mean : mean * input.classes.length;
  }
  return meanSquareOrReason(asProbabilityQuestion(input), input, options);
}

/**
 * The reliability curve: in each bin of probabilities, how often it came true; and the calibration errors.
 *
 * The calibration error depends on the binning, and of few patients it is never near 0 even for perfect
 * probabilities: compare models on the same patients and bins, and look at the intervals.
 *
 * @param options `bins`, default 10; `binning`, default `"equal-width"`; `level`, default 0.95; `classIndex`; `label`
 * @throws Undefined when no patient has a known label; InvalidArgument for scores outside [0, 1] or bins out of range
 * @see Naeini, Cooper and Hauskrecht, AAAI 2015; Guo et al., ICML 2017 (most probable class); the same bins as
 *      scikit-learn's `calibration_curve`.
 * @example
 * const { expectedError, bins } = evaluate.calibration(predictions);
 */
export function calibration(
  input: Predictions | BinaryScores,
  options: CalibrationOptions = {},
): Calibration {
  const { bins: count = 10, binning = "equal-width" } = options;
  const level = checkLevel(options.level);
  if (!Number.isInteger(count) || count < 2 || count > 1000)
    throw invalidArgument("bins", count, "a whole number from 2 to 1000", "Usual: 10.");
  if (!BINNINGS.includes(binning)) throw invalidArgument("binning", binning, `one of ${BINNINGS.join(", ")}`);
  const question = judgedQuestion(input, options.classIndex);
  const n = question.positive.length;
  if (n === 0)
    throw undefinedError("calibration", nobody(question).reason, "It needs patients with known labels.");

  const sorted = Float64Array.from(question.scores).sort();
  const bins = fillBins(question, edgesOf(sorted, count, binning), level);
  const distances = bins.map((bin) => Math.abs(bin.predicted - bin.observed.value));
  return {
    label: options.label ?? question.label,
    bins,
    expectedError: bins.reduce((sum, bin, b) => sum + (bin.n / n) * distances[b]!, 0),
    maximumError: Math.max(...distances),
    brier: meanSquare(question),
    method: `${count} bins of ${binning === "equal-width" ? "equal width" : "about equal counts"}`,
    probabilities: [...sorted],
    n,
    ...(question.provenance ? { provenance: question.provenance } : {}),
  };
}

/** With more than two classes and none chosen: did the most probable class, called with this confidence, come true? */
function judgedQuestion(input: Predictions | BinaryScores, classIndex: number | undefined): Question {
  if (!isPredictions(input) || input.classes.length === 2 || classIndex !== undefined)
    return asProbabilityQuestion(input, classIndex);
  checkPredictions(input);
  const known = knownPatients(input);
  const called = known.map((i) => mostProbable(input.probabilities[i]!));
  const named = input.model ? `${input.model}, ${input.task}` : input.task;
  return {
    positive: Uint8Array.from(known, (i, at) => (input.yTrue[i] === called[at] ? 1 : 0)),
    scores: Float64Array.from(known, (i, at) => input.probabilities[i]![called[at]!]!),
    rows: Int32Array.from(known),
    label: `${named}: most probable class`,
    ...(input.provenance ? { provenance: input.provenance } : {}),
  };
}

function edgesOf(sorted: Float64Array, count: number, binning: Binning): number[] {
  const shares = Array.from({ length: count + 1 }, (_, i) => i / count);
  return binning === "equal-width" ? shares : shares.map((share) => quantileSorted(sorted, share));
}

function fillBins({ positive, scores }: Question, edges: readonly number[], level: number): CalibrationBin[] {
  const count = edges.length - 1;
  const inner = edges.slice(1, -1);
  const patients = new Int32Array(count);
  const cameTrue = new Int32Array(count);
  const sums = new Float64Array(count);
  scores.forEach((p, i) => {
    const above = inner.findIndex((edge) => p <= edge);
    const bin = above < 0 ? count - 1 : above;
    patients[bin]!++;
    cameTrue[bin]! += positive[i]!;
    sums[bin]! += p;
  });
  return Array.from({ length: count }, (_, b) => b)
    .filter((b) => patients[b]! > 0)
    .map((b) => ({
      low: edges[b]!,
      high: edges[b + 1]!,
      n: patients[b]!,
      predicted: sums[b]! / patients[b]!,
      observed: wilson(cameTrue[b]!, patients[b]!, level),
    }));
}

function meanSquareOrReason(
  asked: Question,
  input: Predictions | BinaryScores,
  { weights }: WeightOptions,
): Statistic {
  const question = weigh([asked], input, weights)[0]!;
  if (question.positive.length === 0) return nobody(question);
  if (question.weights?.every((weight) => weight === 0))
    return undefinedBecause(`every patient of ${question.label} has weight 0`);
  return meanSquare(question);
}

function meanSquare({ positive, scores, weights }: Question): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = weights ? weights[i]! : 1;
    sum += weight * (scores[i]! - positive[i]!) ** 2;
    total += weight;
  }
  return sum / total;
}

function nobody(question: Question) {
  return undefinedBecause(`${question.label} has no patient with a known label`);
}
