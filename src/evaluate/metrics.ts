/** Classification metrics at the most probable class, and the confusion matrix they come from. */
import type { Provenance } from "../core/provenance";
import { auc } from "./auc";
import { meanStatistic, type Statistic, undefinedBecause } from "./outcome";
import { checkPredictions, knownPatients, mostProbable, type Predictions } from "./predictions";
import { checkWeights, type WeightOptions } from "./weights";

/** Counts of patients by true and by predicted class; with weights, the sums of theirs. */
export interface Confusion {
  readonly task: string;
  readonly classes: readonly string[];
  /** `[truth, prediction]` */
  readonly counts: readonly (readonly number[])[];
  readonly total: number;
  readonly provenance?: Provenance;
}

/** The metrics of one class against the rest. */
export interface ClassMetrics {
  readonly className: string;
  /** Patients whose true class it is; with weights, the sum of theirs. */
  readonly support: number;
  /** Of the patients called this class, the share that is. */
  readonly precision: Statistic;
  /** Of the patients of this class, the share that was found (sensitivity). */
  readonly recall: Statistic;
  /** Of the patients of other classes, the share that was not called this one. */
  readonly specificity: Statistic;
  readonly f1: Statistic;
}

/** Metrics at the most probable class, over all classes and for each. */
export interface Metrics {
  readonly task: string;
  /** Patients with a known label, whatever their weights. */
  readonly n: number;
  readonly accuracy: Statistic;
  /** Mean recall over the classes that have patients. */
  readonly balancedAccuracy: Statistic;
  /** Two classes: of class 1; more: mean over classes, one against the rest. */
  readonly auc: Statistic;
  /** Unweighted means over all classes. */
  readonly macro: { readonly precision: Statistic; readonly recall: Statistic; readonly f1: Statistic };
  /**
   * Over all patients and classes pooled. Each patient has one class and is called one class, so that micro precision,
   * recall and F1 are all the accuracy; given because tables print them.
   */
  readonly micro: { readonly precision: Statistic; readonly recall: Statistic; readonly f1: Statistic };
  readonly perClass: readonly ClassMetrics[];
  readonly confusion: Confusion;
  readonly provenance?: Provenance;
}

/** Options of `metrics`. */
export interface MetricsOptions extends WeightOptions {
  /**
   * What a ratio with nothing in its denominator is: `"undefined"` (default), an outcome that gives the reason; or
   * `0`, which is what scikit-learn and the published study count it as.
   */
  readonly zeroDivision?: "undefined" | 0;
}

/**
 * The confusion matrix of predictions; a patient is called the most probable class, the first one in a tie.
 *
 * @param options `weights`, one for each patient: counts become sums of weights
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @example
 * evaluate.confusion(predictions).counts; // [[151, 3], [20, 26]]
 */
export function confusion(predictions: Predictions, options: WeightOptions = {}): Confusion {
  checkPredictions(predictions);
  const weights = options.weights && checkWeights(options.weights, predictions);
  const { task, classes, yTrue, probabilities, provenance } = predictions;
  const counts = classes.map(() => classes.map(() => 0));
  for (const i of knownPatients(predictions))
    counts[yTrue[i]!]![mostProbable(probabilities[i]!)]! += weights ? weights[i]! : 1;
  return { task, classes, counts, total: sum(counts.flat()), ...(provenance ? { provenance } : {}) };
}

/**
 * Accuracy, balanced accuracy, AUC, and precision, recall, specificity and F1 per class, macro and micro.
 *
 * Patients with label -1 are left out. A ratio without a denominator is "undefined because ...", never NaN.
 *
 * With weights every count is a sum of weights. One way to use them: precision and accuracy at another prevalence.
 *
 * @param options `zeroDivision`: `"undefined"` (default) or 0; `weights`, one for each patient, default all 1
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see scikit-learn's `accuracy_score`, `balanced_accuracy_score`, `precision_recall_fscore_support`: same numbers, with
 *      its `sample_weight` too.
 * @example
 * const { accuracy, macro } = evaluate.metrics(predictions);
 * // The same, had recurrences been a tenth as common:
 * const weights = predictions.yTrue.map((label) => (label === 1 ? 0.1 : 1));
 * evaluate.metrics(predictions, { weights }).accuracy;
 */
export function metrics(predictions: Predictions, options: MetricsOptions = {}): Metrics {
  const table = confusion(predictions, options);
  const n = knownPatients(predictions).length;
  const perClass = table.classes.map((_, k) => classMetrics(table, k, options));
  const correct = sum(table.counts.map((row, k) => row[k]!));
  const nobody = undefinedBecause(
    n > 0 ? `every patient of ${table.task} has weight 0` : "no patient has a known label",
  );
  const accuracy = table.total > 0 ? correct / table.total : nobody;
  const present = perClass.filter((c) => c.support > 0);
  return {
    task: table.task,
    n,
    accuracy,
    balancedAccuracy: present.length > 0 ? meanStatistic(present.map((c) => c.recall)) : nobody,
    auc: auc(predictions, options.weights ? { weights: options.weights } : {}),
    macro: {
      precision: meanStatistic(perClass.map((c) => c.precision)),
      recall: meanStatistic(perClass.map((c) => c.recall)),
      f1: meanStatistic(perClass.map((c) => c.f1)),
    },
    micro: { precision: accuracy, recall: accuracy, f1: accuracy },
    perClass,
    confusion: table,
    ...(table.provenance ? { provenance: table.provenance } : {}),
  };
}

function classMetrics(table: Confusion, k: number, options: MetricsOptions): ClassMetrics {
  const className = table.classes[k]!;
  const hits = table.counts[k]![k]!;
  const support = sum(table.counts[k]!);
  const called = sum(table.counts.map((row) => row[k]!));
  // Summed rather than found by subtraction: sums of weights are rounded, and a share must stay within [0, 1].
  const elsewhere = table.counts.filter((_, truth) => truth !== k);
  const others = sum(elsewhere.flat());
  const passed = sum(elsewhere.flatMap((row) => row.filter((_, call) => call !== k)));
  const patient = options.weights ? "patient with a weight above 0" : "patient";
  const ratio = (numerator: number, denominator: number, reason: string): Statistic => {
    if (denominator > 0) return numerator / denominator;
    return options.zeroDivision === 0 ? 0 : undefinedBecause(reason);
  };
  return {
    className,
    support,
    precision: ratio(hits, called, `no ${patient} was called "${className}"`),
    recall: ratio(hits, support, `no ${patient} is "${className}"`),
    specificity: ratio(passed, others, `every ${patient} is "${className}"`),
    f1: ratio(2 * hits, support + called, `no ${patient} is, and none was called, "${className}"`),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
