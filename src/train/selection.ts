/**
 * Which epoch of a run is kept: the one with the best score on the validation patients.
 *
 * A score that is not defined (an AUC where the validation patients have one class only) is never 0: such a run is
 * judged by its validation loss, and says so.
 */
import type { EpochRecord } from "./history";

/** The scores an epoch can be chosen by. */
export const SELECTION_SCORES = ["auc", "loss", "published"] as const;
/**
 * - `"auc"`: mean validation AUC over the tasks where it is defined; the paper's primary metric, the default.
 * - `"loss"`: validation loss.
 * - `"published"`: what the study's code maximises, 0.6 AUC + 0.1 macro F1 + 0.3 accuracy, summed over the tasks.
 */
export type SelectionScore = (typeof SELECTION_SCORES)[number];

/** Shares of the published score. */
const PUBLISHED = { auc: 0.6, f1: 0.1, accuracy: 0.3 } as const;

/**
 * The score of an epoch; higher is better (a loss is negated).
 *
 * @param record  one epoch of `run.history`
 * @param select  default `"auc"`
 * @returns       `undefined` where the score is not defined: no validation patients, or one class only
 * @example
 * const scores = run.history.map((record) => train.selectionScore(record, "published"));
 */
export function selectionScore(record: EpochRecord, select: SelectionScore = "auc"): number | undefined {
  if (select === "loss") return record.validLoss === undefined ? undefined : -record.validLoss;
  return select === "auc" ? meanAuc(record) : publishedScore(record);
}

/**
 * Mean of the validation AUCs that are defined; `undefined` when none is.
 *
 * @example
 * train.meanAuc(run.best)?.toFixed(3);
 */
export function meanAuc(record: EpochRecord): number | undefined {
  const known = Object.values(record.validAuc ?? {}).filter((auc): auc is number => auc !== undefined);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
}

function publishedScore({ validAuc = {}, validF1, validAccuracy }: EpochRecord): number | undefined {
  const scores = Object.entries(validAuc).flatMap(([task, auc]) => {
    const [f1, accuracy] = [validF1?.[task], validAccuracy?.[task]];
    if (auc === undefined || f1 === undefined || accuracy === undefined) return [];
    return [PUBLISHED.auc * auc + PUBLISHED.f1 * f1 + PUBLISHED.accuracy * accuracy];
  });
  return scores.length > 0 ? scores.reduce((a, b) => a + b, 0) : undefined;
}

/**
 * Is `candidate` a better model than `best`? By the score; when that is equal or not defined, by validation loss;
 * without validation patients the later epoch counts as better.
 */
export function isBetter(
  candidate: EpochRecord,
  best: EpochRecord | undefined,
  select: SelectionScore = "auc",
): boolean {
  if (!best) return true;
  const [a, b] = [selectionScore(candidate, select), selectionScore(best, select)];
  if (a !== undefined && b !== undefined && a !== b) return a > b;
  if (candidate.validLoss === undefined || best.validLoss === undefined) return true;
  return candidate.validLoss < best.validLoss;
}
