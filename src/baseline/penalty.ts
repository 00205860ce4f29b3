/** The strength of the penalty, chosen by cross-validation among the training patients. */
import { type ClinicalColumn, type ClinicalRecord, dealFolds } from "../cohort";
import { invalidArgument } from "../core/errors";
import { Rng } from "../core/random";
import { fitDesign } from "./design";
import { fitLogistic, type LogisticFit, logisticProbabilities } from "./logistic";

/** The penalties that are tried by default: from hardly any to one that leaves little but the class frequencies. */
export const DEFAULT_PENALTIES: readonly number[] = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000];

/** One penalty and how well it did on held-out training patients. */
export interface TriedPenalty {
  readonly penalty: number;
  /** Mean of -log p(truth) over held-out training patients: smaller is better. */
  readonly logLoss: number;
}

/** Which penalty, and why. */
export interface PenaltyChoice {
  readonly penalty: number;
  /** Empty when the penalty was given. */
  readonly tried: readonly TriedPenalty[];
  /** How it was chosen, in words. */
  readonly method: string;
}

/** What is known of the training patients. */
export interface TrainingRows {
  readonly rows: readonly ClinicalRecord[];
  /** Labels from 0. */
  readonly y: readonly number[];
  readonly classes: number;
  readonly columns: readonly ClinicalColumn[];
}

/**
 * Try penalties on held-out folds of the training patients; the smallest log-loss wins.
 *
 * Medians, levels and scales are learned anew in each fold, so that held-out patients stay unseen. A fold's training
 * part must hold every class: with few patients of a class the folds become fewer, as many as that class has patients.
 *
 * @param options `penalties`, default `DEFAULT_PENALTIES`; `folds`, default 5; `seed`, default 7
 * @throws InvalidArgument when a class has a single patient, or a penalty is not positive
 * @example
 * const rows = cohort.split("train").flatMap(({ clinical }) => clinical ?? []);
 * const y = cohort.labels("LNM", cohort.split("train"));
 * baseline.choosePenalty({ rows, y, classes: 2, columns: ["ageYears", "female"] }).penalty;
 */
export function choosePenalty(
  { rows, y, classes, columns }: TrainingRows,
  options: { penalties?: readonly number[]; folds?: number; seed?: number } = {},
): PenaltyChoice {
  const { penalties = DEFAULT_PENALTIES, folds = 5, seed = 7 } = options;
  checkChoice(penalties, folds);
  const foldOf = foldsOf(rows, y, classes, folds, seed);
  const used = Math.max(...foldOf) + 1;
  // A strong penalty is solved at once, and its solution is close to that of the next.
  const fromStrongest = penalties.map((_, k) => k).sort((a, b) => penalties[b]! - penalties[a]!);
  const totals = new Float64Array(penalties.length);
  for (let fold = 0; fold < used; fold++) {
    const inside = <T>(list: readonly T[]) => list.filter((_, i) => foldOf[i] !== fold);
    const outside = <T>(list: readonly T[]) => list.filter((_, i) => foldOf[i] === fold);
    const design = fitDesign(inside(rows), columns);
    const [train, heldOut] = [design.transform(inside(rows)), design.transform(outside(rows))];
    const truth = outside(y);
    let start: LogisticFit | undefined;
    for (const k of fromStrongest) {
      const fit = fitLogistic(train, inside(y), classes, { penalty: penalties[k]!, ...(start && { start }) });
      start = fit;
      heldOut.forEach((row, i) => {
        totals[k]! -= Math.log(logisticProbabilities(fit, row)[truth[i]!]!);
      });
    }
  }
  const tried = penalties.map((penalty, k) => ({ penalty, logLoss: totals[k]! / rows.length }));
  const best = tried.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  return {
    penalty: best.penalty,
    tried,
    method: `smallest log-loss in ${used}-fold cross-validation of ${rows.length} training patients`,
  };
}

/** The fold of each row; patients of one class are dealt out in turn. */
function foldsOf(
  rows: readonly ClinicalRecord[],
  y: readonly number[],
  classes: number,
  folds: number,
  seed: number,
): number[] {
  const strata = Object.fromEntries(
    Array.from({ length: classes }, (_, label) => [
      String(label),
      rows.flatMap(({ patient }, i) => (y[i] === label ? [patient] : [])),
    ]),
  );
  const fewest = Math.min(...Object.values(strata).map((patients) => patients.length));
  if (fewest < 2)
    throw invalidArgument(
      "the number of training patients in the smallest class",
      fewest,
      "at least 2, one to learn from and one to test on",
      "Give the penalty yourself: { penalty: 10 }.",
    );
  const fold = dealFolds(strata, Math.min(folds, fewest), new Rng(seed).split("penalty"));
  return rows.map(({ patient }) => fold.get(patient)!);
}

function checkChoice(penalties: readonly number[], folds: number): void {
  if (penalties.length === 0 || !penalties.every((penalty) => penalty > 0 && Number.isFinite(penalty)))
    throw invalidArgument(
      "penalties",
      penalties.join(", "),
      "finite numbers above 0",
      "A single penalty, 0 too, is given as a number: { penalty: 0 }.",
    );
  if (!(Number.isInteger(folds) && folds >= 2))
    throw invalidArgument("folds", folds, "a whole number of at least 2");
}
