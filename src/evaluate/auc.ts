/** Area under the ROC curve: the probability that a positive scores higher than a negative, ties counting half. */
import { meanStatistic, type Statistic, undefinedBecause } from "./outcome";
import { type BinaryScores, type Predictions, type Question, questionsAbout } from "./predictions";
import { SampledAuc } from "./sampled-auc";

/**
 * The AUC of scores, or of predictions (two classes: of class 1; more: mean over classes, one against the rest).
 *
 * @returns a number in [0, 1], or the reason why it is undefined: a class without patients
 * @throws InvalidArgument, ShapeMismatch as `checkPredictions`
 * @see Hanley and McNeil, Radiology 143 (1982); for more classes scikit-learn's `roc_auc_score(multi_class="ovr")`.
 * @example
 * evaluate.auc({ yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] }); // 0.75
 */
export function auc(input: Predictions | BinaryScores): Statistic {
  return meanStatistic(questionsAbout(input).map(questionAuc));
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
  return undefined;
}
