/** Early stopping (Prechelt, 1998): a run ends when its validation score has not risen for so many epochs. */
import { invalidArgument } from "../core/errors";
import type { EpochRecord } from "./history";
import { type SelectionScore, selectionScore } from "./selection";

/** When to stop early. */
export interface EarlyStopping {
  /** Epochs without progress after which the run ends, from 1. The study's code says 150, but never stops. */
  readonly patience: number;
  /** A rise of the score by no more than this is no progress, default 0. */
  readonly minDelta?: number;
}

/**
 * Epochs since the score last rose by more than `minDelta` above the best before it.
 *
 * The score is the one the epoch is chosen by; where that is not defined, the validation loss.
 *
 * @param history   `run.history`, in order
 * @param select    default `"auc"`
 * @param minDelta  default 0
 * @returns         0 when the last epoch was progress, or when nothing was validated
 * @example
 * train.epochsWithoutProgress(run.history, "auc", 0.005);
 */
export function epochsWithoutProgress(
  history: readonly EpochRecord[],
  select: SelectionScore = "auc",
  minDelta = 0,
): number {
  let best = Number.NEGATIVE_INFINITY;
  let waited = 0;
  for (const score of watchedScores(history, select)) {
    if (score > best + minDelta) {
      best = score;
      waited = 0;
    } else waited++;
  }
  return waited;
}

/** Whether a run with this history is over. A pure function of the history: a resumed run stops where it would have. */
export function stopsEarly(
  history: readonly EpochRecord[],
  select: SelectionScore,
  rule: EarlyStopping | false,
): boolean {
  return rule !== false && epochsWithoutProgress(history, select, rule.minDelta) >= rule.patience;
}

/** Checked at the public edge. */
export function checkEarlyStopping(rule: EarlyStopping | false): void {
  if (rule === false) return;
  if (typeof rule !== "object" || rule === null)
    throw invalidArgument("earlyStopping", rule, "false or { patience, minDelta }");
  const { patience, minDelta = 0 } = rule;
  if (!(Number.isInteger(patience) && patience >= 1))
    throw invalidArgument("earlyStopping.patience", patience, "a whole number of epochs from 1");
  if (!(minDelta >= 0 && Number.isFinite(minDelta)))
    throw invalidArgument("earlyStopping.minDelta", minDelta, "a number from 0");
}

/** One series throughout: the chosen score if every epoch has it, else the validation loss of those that have one. */
function watchedScores(history: readonly EpochRecord[], select: SelectionScore): number[] {
  const chosen = history.map((record) => selectionScore(record, select));
  if (chosen.every((score) => score !== undefined)) return chosen;
  return history.flatMap((record) => selectionScore(record, "loss") ?? []);
}
