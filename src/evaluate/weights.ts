/** Patients that do not all count the same: another prevalence, a sampling design, several images of one patient. */
import { invalidArgument } from "../core/errors";
import { type BinaryScores, isPredictions, type Predictions, type Question, sameLength } from "./predictions";

/** The option of every statistic that can weigh patients. */
export interface WeightOptions {
  /**
   * How much each patient counts, in the order of the input: finite numbers, 0 or more. Default: each counts 1.
   *
   * Only their ratios matter, except for counts. A weight of 2 is as if the patient were listed twice, a weight of 0
   * as if not at all. Patients with label -1 need an entry too; it is not used.
   * Several images of a patient, given as scores, weigh 1 / (number of images) each, so that the patient counts once.
   *
   * @example
   * // The precision to expect where one patient in ten is positive, from data where it is one in three.
   * const yTrue = [0, 0, 1, 0, 0, 1];
   * const yScore = [0.1, 0.4, 0.35, 0.2, 0.3, 0.8];
   * const weights = yTrue.map((label) => (label === 1 ? 0.1 / (1 / 3) : 0.9 / (2 / 3)));
   * evaluate.averagePrecision({ yTrue, yScore }, { weights }); // 0.6538, and 0.8333 without weights
   */
  readonly weights?: readonly number[];
}

/** Sums and products of two sums stay far from overflow below it. */
const LARGEST_SUM = 1e300;

/**
 * Check that there is one weight for each patient of the input, and give them back.
 *
 * @throws ShapeMismatch   when there are more or fewer weights than patients
 * @throws InvalidArgument for a weight that is negative or not finite, with the patient it belongs to
 */
export function checkWeights(
  weights: readonly number[],
  input: Predictions | BinaryScores,
): readonly number[] {
  const named = isPredictions(input);
  sameLength("weights", weights.length, named ? "patients" : "yTrue", input.yTrue.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw invalidArgument(
        named ? `the weight of patient ${input.patients[i]}` : `weights[${i}]`,
        weight,
        "a finite number, 0 or more",
        "A weight of 0 leaves the patient out.",
      );
    sum += weight;
  }
  if (!(sum < LARGEST_SUM))
    throw invalidArgument(
      "the sum of the weights",
      sum,
      `less than ${LARGEST_SUM}`,
      "Divide all by the largest.",
    );
  return weights;
}

/** The same questions with the weights of their patients; without weights, as they are. */
export function weigh(
  questions: readonly Question[],
  input: Predictions | BinaryScores,
  weights: readonly number[] | undefined,
): readonly Question[] {
  if (weights === undefined) return questions;
  checkWeights(weights, input);
  return questions.map((question) => ({ ...question, weights: relativeWeights(question.rows, weights) }));
}

/** The weights of these rows in units of the largest, so that products of tiny or huge ones keep their digits. */
function relativeWeights(rows: Int32Array, weights: readonly number[]): Float64Array {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, weights[row]!);
  return Float64Array.from(rows, (row) => (largest > 0 ? weights[row]! / largest : 0));
}

/** Why weights leave nothing to be asked of one side (or of all), or `undefined` when they do not. */
export function weightlessSide({ positive, weights, label }: Question): string | undefined {
  if (!weights) return undefined;
  const counts = (side: number) => weights.some((weight, i) => positive[i] === side && weight > 0);
  const [negatives, positives] = [counts(0), counts(1)];
  if (!positives && !negatives) return `every patient of ${label} has weight 0`;
  if (!positives) return `every positive patient of ${label} has weight 0`;
  if (!negatives) return `every negative patient of ${label} has weight 0`;
  return undefined;
}
