/** Area under the ROC curve: the probability that a positive scores higher than a negative, ties counting half. */
import { invalidArgument } from "../core/errors";
import { meanStatistic, type Statistic, undefinedBecause } from "./outcome";
import {
  type BinaryScores,
  isPredictions,
  type Predictions,
  pooledQuestion,
  type Question,
  questionsAbout,
  questionsOfPairs,
} from "./predictions";
import { SampledAuc } from "./sampled-auc";
import { type WeightOptions, weigh, weightlessSide } from "./weights";

/** How one AUC is made from more than two classes. */
export const AUC_AVERAGES = ["one-vs-rest", "one-vs-one", "micro"] as const;
/**
 * `"one-vs-rest"`: mean over classes, each against all others. `"one-vs-one"`: mean over ordered pairs of classes,
 * among the patients of these two alone (Hand and Till); it does not depend on how common the classes are.
 * `"micro"`: one curve of all patients and classes pooled, "is this patient of this class?".
 */
export type AucAverage = (typeof AUC_AVERAGES)[number];

/** Options of `auc`. */
export interface AucOptions extends WeightOptions {
  /** Default `"one-vs-rest"`. Two classes have one AUC, of class 1, unless `"micro"` pools both. */
  readonly average?: AucAverage;
}

/**
 * The AUC of scores, or of predictions (two classes: of class 1; more: mean over classes, one against the rest).
 *
 * Patients with label -1 are left out; ties count half. A class without patients leaves no mean, except `"micro"`.
 *
 * Weights count pairs of patients by the product of the two weights. To weigh whole classes, as for another
 * prevalence, changes no AUC of one class against another; it does change a class against several others.
 *
 * @param options `average`: `"one-vs-rest"` (default), `"one-vs-one"` or `"micro"`; scores have one AUC whatever it
 *                is; `weights`, one for each patient, default all 1
 * @returns a number in [0, 1], or the reason why it is undefined: a class without patients, or without weight
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see Hanley and McNeil, Radiology 143 (1982); Hand and Till, Machine Learning 45 (2001); scikit-learn's
 *      `roc_auc_score` with `multi_class="ovr"`, `multi_class="ovo"`, and `average="micro"` of one-hot labels;
 *      its `sample_weight`.
 * @example
 * const scores = { yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] };
 * evaluate.auc(scores); // 0.75
 * evaluate.auc(scores, { weights: [1, 1, 2, 1] }); // 0.6667: the third patient counts twice
 */
export function auc(input: Predictions | BinaryScores, options: AucOptions = {}): Statistic {
  const questions = questionsToAverage(input, options.average ?? "one-vs-rest");
  return meanStatistic(weigh(questions, input, options.weights).map(questionAuc));
}

function questionsToAverage(input: Predictions | BinaryScores, average: AucAverage): Question[] {
  if (!AUC_AVERAGES.includes(average))
    throw invalidArgument("average", average, `one of ${AUC_AVERAGES.join(", ")}`);
  if (!isPredictions(input) || average === "one-vs-rest") return questionsAbout(input);
  if (average === "micro") return [pooledQuestion(input)];
  return input.classes.length === 2 ? questionsAbout(input) : questionsOfPairs(input);
}

/** The AUC of one yes/no question. */
export function questionAuc(question: Question): Statistic {
  const problem = oneClassOnly(question);
  if (problem) return undefinedBecause(problem);
  return new SampledAuc(question).of();
}

/** Why no AUC exists for this question, or `undefined` when one does. */
export function oneClassOnly(question: Question): string | undefined {
  const n = question.positive.length;
  const positives = question.positive.reduce((sum, p) => sum + p, 0);
  if (n === 0) return `${question.label} has no patient with a known label`;
  if (positives === 0) return `all ${n} patients of ${question.label} are negative`;
  if (positives === n) return `all ${n} patients of ${question.label} are positive`;
  return weightlessSide(question);
}
