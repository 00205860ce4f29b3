/** The precision-recall curve and the average precision: what an AUC hides when positives are rare. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { oneClassOnly } from "./auc";
import {
  type BootstrapOptions,
  bootstrapMethod,
  bootstrapRng,
  bootstrapSettings,
  forEachSample,
} from "./bootstrap";
import { type Interval, meanStatistic, type Statistic, undefinedBecause, undefinedError } from "./outcome";
import {
  asQuestion,
  type BinaryScores,
  isPredictions,
  type Predictions,
  pooledQuestion,
  type Question,
  questionsAbout,
} from "./predictions";
import { middle } from "./quantile";
import { fewestPatients, SampledAuc, total } from "./sampled-auc";
import { type WeightOptions, weigh } from "./weights";

/** A precision-recall curve. The arrays have the same length and run from the highest threshold down. */
export interface PrecisionRecall {
  /** For legends. */
  readonly label: string;
  /** Of the patients called positive, the share that is. */
  readonly precision: readonly number[];
  /** Of the positives, the share that was found (sensitivity); increasing, the last is 1. */
  readonly recall: readonly number[];
  /** A patient is called positive when the score is at least this. */
  readonly thresholds: readonly number[];
  readonly averagePrecision: Interval;
  /** The share of positives: the precision of calling everyone positive, and of calling at random. */
  readonly prevalence: number;
  readonly positives: number;
  readonly negatives: number;
  readonly provenance?: Provenance;
}

/** Options of `precisionRecall`. */
export interface PrecisionRecallOptions extends BootstrapOptions {
  /** The class that counts as positive. Default 1 for two classes; must be given for more. */
  readonly classIndex?: number;
  /** Name for legends. Default: model and task. */
  readonly label?: string;
}

/** Options of `averagePrecision`. */
export interface AveragePrecisionOptions extends WeightOptions {
  /**
   * For predictions. `"macro"` (default): of class 1 for two classes, mean over classes for more. `"micro"`: all
   * patients and classes pooled.
   */
  readonly average?: "macro" | "micro";
}

/**
 * Precision-recall curve and average precision with a bootstrap interval.
 *
 * Patients with the same score are called together: ties make one point, and the average precision does not depend
 * on the order in which patients are listed. Stratified samples keep the prevalence, on which precision depends.
 *
 * @param input   predictions of a task, or `{ yTrue, yScore }`; patients with label -1 are left out
 * @param options `bootstrap` samples, default 2000; `seed`, default 7; `level`, default 0.95; `resampling`,
 *                default `"stratified"`; `classIndex` for more than two classes; `label`
 * @throws Undefined when one class has no patient; InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see Davis and Goadrich, ICML 2006; same points as scikit-learn's `precision_recall_curve`, less its added
 *      end point at recall 0, where precision has no value.
 * @example
 * const curve = evaluate.precisionRecall({ yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] });
 * curve.averagePrecision.value; // 0.8333
 */
export function precisionRecall(
  input: Predictions | BinaryScores,
  options: PrecisionRecallOptions = {},
): PrecisionRecall {
  const settings = bootstrapSettings(options);
  const question = asQuestion(input, options.classIndex);
  const problem = oneClassOnly(question);
  if (problem)
    throw undefinedError("the precision-recall curve", problem, "It needs positives and negatives.");

  const counted = new SampledAuc(question);
  const sampled = new Float64Array(settings.replicates);
  const draws = bootstrapRng(settings, "average precision");
  forEachSample(question.positive, settings, draws, (sample, replicate) => {
    counted.of(sample);
    sampled[replicate] = areaOfSteps(counted);
  });

  counted.of();
  const points = corners(counted);
  const positives = question.positive.reduce((sum, one) => sum + one, 0);
  return {
    label: options.label ?? question.label,
    ...points,
    averagePrecision: {
      value: areaOfSteps(counted),
      ...middle(sampled, settings.level),
      level: settings.level,
      method: bootstrapMethod(settings, fewestPatients([question])),
    },
    prevalence: positives / question.positive.length,
    positives,
    negatives: question.positive.length - positives,
    ...(question.provenance ? { provenance: question.provenance } : {}),
  };
}

/**
 * The average precision: precision at each threshold, weighted by the recall gained there.
 *
 * It depends on how common positives are; weights show what it would be at another prevalence.
 *
 * @param options `average`: `"macro"` (default) or `"micro"`; `weights`, one for each patient, default all 1
 * @returns a number in (0, 1], or the reason why it is undefined: a class without patients, or without weight
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see scikit-learn's `average_precision_score`: same numbers; it has no interpolation, unlike the area by trapezia.
 * @example
 * const scores = { yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] };
 * evaluate.averagePrecision(scores); // 0.8333
 * evaluate.averagePrecision(scores, { weights: [9, 9, 1, 1] }); // 0.5909: one positive in ten
 */
export function averagePrecision(
  input: Predictions | BinaryScores,
  options: AveragePrecisionOptions = {},
): Statistic {
  const { average = "macro" } = options;
  if (average !== "macro" && average !== "micro")
    throw invalidArgument("average", average, "one of macro, micro");
  const pooled = average === "micro" && isPredictions(input);
  const questions = pooled ? [pooledQuestion(input)] : questionsAbout(input);
  return meanStatistic(weigh(questions, input, options.weights).map(ofQuestion));
}

function ofQuestion(question: Question): Statistic {
  const problem = oneClassOnly(question);
  if (problem) return undefinedBecause(problem);
  const counted = new SampledAuc(question);
  counted.of();
  return areaOfSteps(counted);
}

/** One point for each distinct score, from the highest down. */
function corners({ positives, negatives, groups }: SampledAuc) {
  const all = total(positives);
  const precision: number[] = [];
  const recall: number[] = [];
  const thresholds: number[] = [];
  let found = 0;
  let called = 0;
  for (let g = groups.values.length - 1; g >= 0; g--) {
    found += positives[g]!;
    called += positives[g]! + negatives[g]!;
    precision.push(found / called);
    recall.push(found / all);
    thresholds.push(groups.values[g]!);
  }
  return { precision, recall, thresholds };
}

function areaOfSteps({ positives, negatives }: SampledAuc): number {
  let found = 0;
  let called = 0;
  let sum = 0;
  for (let g = positives.length - 1; g >= 0; g--) {
    if (positives[g] === 0 && negatives[g] === 0) continue;
    found += positives[g]!;
    called += positives[g]! + negatives[g]!;
    sum += (positives[g]! * found) / called;
  }
  // Precision is a share; rounding of weights must not carry its mean beyond 1.
  return Math.min(1, sum / found);
}
