/** Classification metrics at the most probable class, and the confusion matrix they come from. */
import type { Provenance } from "../core/provenance";
import { auc } from "./auc";
import { meanStatistic, type Statistic, undefinedBecause } from "./outcome";
import { checkPredictions, knownPatients, mostProbable, type Predictions } from "./predictions";

/** Counts of patients by true and by predicted class. */
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
  /** Patients whose true class it is. */
  readonly support: number;
  /** Of the patients called this class, the share that is. */
  readonly precision: Statistic;
  /** Of the patients of this class, the share that was found (sensitivity). */
  readonly recall: Statistic;
  /** Of the patients of other classes, the share that was not called this one. */
  readonly specificity: Statistic;
  readonly f1: Statistic;
}

export interface Metrics {
  readonly task: string;
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

export interface MetricsOptions {
  /**
   * What a ratio with nothing in its denominator is: `"undefined"` (default), an outcome that gives the reason; or
   * `0`, which is what scikit-learn and the published study count it as.
   */
  readonly zeroDivision?: "undefined" | 0;
}

/**
 * The confusion matrix of predictions; a patient is called the most probable class, the first one in a tie.
 *
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @example
 * evaluate.confusion(predictions).counts; // [[151, 3], [20, 26]]
 */
export function confusion(predictions: Predictions): Confusion {
  checkPredictions(predictions);
  const { task, classes, yTrue, probabilities, provenance } = predictions;
  const counts = classes.map(() => classes.map(() => 0));
  const known = knownPatients(predictions);
  for (const i of known) counts[yTrue[i]!]![mostProbable(probabilities[i]!)]!++;
  return { task, classes, counts, total: known.length, ...(provenance ? { provenance } : {}) };
}

/**
 * Accuracy, balanced accuracy, AUC, and precision, recall, specificity and F1 per class, macro and micro.
 *
 * Patients with label -1 are left out. A ratio without a denominator is "undefined because ...", never NaN.
 *
 * @param options `zeroDivision`: `"undefined"` (default) or 0
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see scikit-learn's `accuracy_score`, `balanced_accuracy_score`, `precision_recall_fscore_support`: same numbers.
 * @example
 * const { accuracy, macro } = evaluate.metrics(predictions);
 */
export function metrics(predictions: Predictions, options: MetricsOptions = {}): Metrics {
  const table = confusion(predictions);
  const perClass = table.classes.map((_, k) => classMetrics(table, k, options));
  const correct = table.counts.reduce((sum, row, k) => sum + row[k]!, 0);
  const accuracy = table.total > 0 ? correct / table.total : undefinedBecause("no patient has a known label");
  const present = perClass.filter((c) => c.support > 0);
  return {
    task: table.task,
    n: table.total,
    accuracy,
    balancedAccuracy:
      present.length > 0
        ? meanStatistic(present.map((c) => c.recall))
        : undefinedBecause("no patient has a known label"),
    auc: auc(predictions),
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
  const support = table.counts[k]!.reduce((sum, count) => sum + count, 0);
  const called = table.counts.reduce((sum, row) => sum + row[k]!, 0);
  const others = table.total - support;
  const ratio = (numerator: number, denominator: number, reason: string): Statistic => {
    if (denominator > 0) return numerator / denominator;
    return options.zeroDivision === 0 ? 0 : undefinedBecause(reason);
  };
  return {
    className,
    support,
    precision: ratio(hits, called, `no patient was called "${className}"`),
    recall: ratio(hits, support, `no patient is "${className}"`),
    specificity: ratio(others - (called - hits), others, `every patient is "${className}"`),
    f1: ratio(2 * hits, support + called, `no patient is, and none was called, "${className}"`),
  };
}
