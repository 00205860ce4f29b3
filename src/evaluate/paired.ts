/** The difference of two models' AUCs on the same patients, by a bootstrap that draws each patient for both. */

import type { Provenance } from "../core/provenance";
import { alignPair } from "./align";
import { oneClassOnly } from "./auc";
import { type BootstrapOptions, bootstrapMethod, bootstrapRng, bootstrapSettings } from "./bootstrap";
import { type Interval, undefinedError } from "./outcome";
import { type BinaryScores, type Predictions, questionsAbout } from "./predictions";
import { middle } from "./quantile";
import { fewestPatients, meanAuc, sampledMeans } from "./sampled-auc";

/** Two AUCs on the same patients and their difference. */
export interface PairedAuc {
  readonly a: Interval;
  readonly b: Interval;
  /** a - b, from samples in which both models see the same patients. */
  readonly difference: Interval;
  /**
   * Two-sided bootstrap p-value: twice the smaller share of samples on either side of no difference, counting one
   * sample more than there are, so that it is never 0.
   */
  readonly pValue: number;
  readonly patients: number;
  readonly provenance?: Provenance;
}

/** Options of `pairedAuc`. */
export interface PairedOptions extends BootstrapOptions {
  /** Ask about one class against the rest. Default: class 1 of two, the mean over classes of more. */
  readonly classIndex?: number;
}

/**
 * Do two models' AUCs differ on the same patients? Paired bootstrap; more than two classes: mean over classes.
 *
 * Predictions are matched by patient, in whatever order they stand; bare scores by position.
 *
 * @param options `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95; `resampling`,
 *                default `"stratified"`; `classIndex`
 * @throws Undefined when a class has no patient; InvalidArgument when the patients or their labels differ
 * @see Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 16.
 * @example
 * const { difference, pValue } = evaluate.pairedAuc(gated, concat);
 */
export function pairedAuc<T extends Predictions | BinaryScores>(
  a: T,
  b: T,
  options: PairedOptions = {},
): PairedAuc {
  const settings = bootstrapSettings(options);
  const [alignedA, alignedB] = alignPair(a, b);
  const questionsA = questionsAbout(alignedA, options.classIndex);
  const questionsB = questionsAbout(alignedB, options.classIndex);
  for (const question of [...questionsA, ...questionsB]) {
    const problem = oneClassOnly(question);
    if (problem) throw undefinedError("the AUC", problem, "It needs patients of every class.");
  }
  // The same stream for both: replicate k draws the same patients.
  const draws = () => bootstrapRng(settings, "paired");
  const sampledA = sampledMeans(questionsA, settings, draws());
  const sampledB = sampledMeans(questionsB, settings, draws());
  const differences = sampledA.map((value, k) => value - sampledB[k]!);

  const [valueA, valueB] = [meanAuc(questionsA), meanAuc(questionsB)];
  const interval = (value: number, sampled: Float64Array): Interval => ({
    value,
    ...middle(sampled, settings.level),
    level: settings.level,
    method: bootstrapMethod(settings, fewestPatients(questionsA)),
  });
  return {
    a: interval(valueA, sampledA),
    b: interval(valueB, sampledB),
    pValue: twoSided(differences),
    difference: interval(valueA - valueB, differences),
    patients: questionsA[0]!.positive.length,
    ...(questionsA[0]!.provenance ? { provenance: questionsA[0]!.provenance } : {}),
  };
}

function twoSided(differences: Float64Array): number {
  let below = 0;
  let above = 0;
  for (const difference of differences) {
    if (difference <= 0) below++;
    if (difference >= 0) above++;
  }
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (differences.length + 1));
}
