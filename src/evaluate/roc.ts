/** The ROC curve with ties handled, its AUC with a bootstrap interval, and a pointwise band. */
import type { Provenance } from "../core/provenance";
import { oneClassOnly } from "./auc";
import {
  type BootstrapOptions,
  type BootstrapSettings,
  bootstrapMethod,
  bootstrapRng,
  bootstrapSettings,
  forEachSample,
} from "./bootstrap";
import { type Interval, undefinedError } from "./outcome";
import { asQuestion, type BinaryScores, type Predictions } from "./predictions";
import { middle } from "./quantile";
import { type Counts, corners, fewestPatients, SampledAuc, total } from "./sampled-auc";

/** Bounds of the true positive rate at each of a grid of false positive rates. */
export interface RocBand {
  /** 0, 0.01, ... 1. */
  readonly fpr: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** A ROC curve. Points run from (0, 0) to (1, 1); the three arrays have the same length. */
export interface Roc {
  /** For legends. */
  readonly label: string;
  /** False positive rate = 1 - specificity. */
  readonly fpr: readonly number[];
  /** True positive rate = sensitivity. */
  readonly tpr: readonly number[];
  /** A patient is called positive when the score is at least this; the first is just above the highest score. */
  readonly thresholds: readonly number[];
  readonly auc: Interval;
  /** Pointwise, not simultaneous: at each single rate the curve lies inside with probability `auc.level`. */
  readonly band?: RocBand;
  readonly positives: number;
  readonly negatives: number;
  readonly provenance?: Provenance;
}

/** Options of `roc`. */
export interface RocOptions extends BootstrapOptions {
  /** The class that counts as positive. Default 1 for two classes; must be given for more. */
  readonly classIndex?: number;
  /** Compute the band. Default true. */
  readonly band?: boolean;
  /** Name for legends. Default: model and task. */
  readonly label?: string;
}

const BAND_POINTS = 101;

/**
 * ROC curve, AUC with bootstrap interval, and pointwise band of scores or predictions.
 *
 * Tied scores make one oblique step, so that the area under the drawn curve equals the Mann-Whitney AUC.
 *
 * @param input   predictions of a task, or `{ yTrue, yScore }`; patients with label -1 are left out
 * @param options `bootstrap` samples, default 2000; `seed`, default 7; `level`, default 0.95; `resampling`,
 *                default `"stratified"`; `classIndex` for more than two classes; `band`, default true; `label`
 * @throws Undefined        when one class has no patient
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see Fawcett, Pattern Recognition Letters 27 (2006), algorithm 1; Efron and Tibshirani (1993), chapter 13.
 * @example
 * const curve = evaluate.roc({ yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] });
 * curve.auc.value; // 0.75
 */
export function roc(input: Predictions | BinaryScores, options: RocOptions = {}): Roc {
  const settings = bootstrapSettings(options);
  const question = asQuestion(input, options.classIndex);
  const problem = oneClassOnly(question);
  if (problem)
    throw undefinedError(
      "the ROC curve",
      problem,
      "It needs positives and negatives; look at the class counts of this split.",
    );

  const sampled = new SampledAuc(question);
  const aucs = new Float64Array(settings.replicates);
  const rates = (options.band ?? true) ? bandRows(settings.replicates) : undefined;
  forEachSample(question.positive, settings, bootstrapRng(settings, "roc"), (sample, replicate) => {
    aucs[replicate] = sampled.of(sample);
    if (rates) sensitivitiesOnGrid(sampled.positives, sampled.negatives, rates, replicate);
  });

  return {
    label: options.label ?? question.label,
    ...corners(sampled),
    auc: {
      value: sampled.of(),
      ...middle(aucs, settings.level),
      level: settings.level,
      method: bootstrapMethod(settings, fewestPatients([question])),
    },
    ...(rates ? { band: bandFrom(rates, settings) } : {}),
    positives: total(sampled.positives),
    negatives: total(sampled.negatives),
    ...(question.provenance ? { provenance: question.provenance } : {}),
  };
}

/**
 * One curve for each class against the rest, by class name; for two classes, the one of class 1.
 *
 * @example
 * await plot.roc(evaluate.rocPerClass(predictions));
 */
export function rocPerClass(
  predictions: Predictions,
  options: Omit<RocOptions, "classIndex" | "label"> = {},
): Record<string, Roc> {
  const shown = predictions.classes
    .map((name, index) => ({ name, index }))
    .slice(predictions.classes.length === 2 ? 1 : 0);
  return Object.fromEntries(
    shown.map(({ name, index }) => [name, roc(predictions, { ...options, classIndex: index, label: name })]),
  );
}

/** One row of replicates for each point of the band's grid. */
function bandRows(replicates: number): Float64Array[] {
  return Array.from({ length: BAND_POINTS }, () => new Float64Array(replicates));
}

/** The sensitivity of one sample at each grid point; on a vertical step, its upper end. */
function sensitivitiesOnGrid(
  positives: Counts,
  negatives: Counts,
  rates: readonly Float64Array[],
  replicate: number,
): void {
  const positiveTotal = total(positives);
  const negativeTotal = total(negatives);
  let point = 0;
  let truePositives = 0;
  let falsePositives = 0;
  for (let g = positives.length - 1; g >= 0; g--) {
    const rise = positives[g]!;
    const run = negatives[g]!;
    // Grid points that lie strictly before the end of this step; its end may still be followed by a vertical rise.
    while (run > 0 && gridPosition(point, negativeTotal) < falsePositives + run) {
      const share = (gridPosition(point, negativeTotal) - falsePositives) / run;
      rates[point]![replicate] = (truePositives + share * rise) / positiveTotal;
      point++;
    }
    truePositives += rise;
    falsePositives += run;
  }
  for (; point < BAND_POINTS; point++) rates[point]![replicate] = 1;
}

/** A grid point in units of negatives called positive. */
function gridPosition(point: number, negativeTotal: number): number {
  return (point * negativeTotal) / (BAND_POINTS - 1);
}

function bandFrom(rates: readonly Float64Array[], settings: BootstrapSettings): RocBand {
  const bounds = rates.map((row) => middle(row, settings.level));
  return {
    fpr: rates.map((_, point) => point / (BAND_POINTS - 1)),
    low: bounds.map((b) => b.low),
    high: bounds.map((b) => b.high),
  };
}
