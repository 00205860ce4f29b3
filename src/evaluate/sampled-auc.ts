/**
 * The Mann-Whitney AUC of samples of patients. Scores are sorted once, whatever the number of samples.
 */
import type { Rng } from "../core/random";
import { type BootstrapSettings, forEachSample } from "./bootstrap";
import type { Question } from "./predictions";
import { type RankGroups, rankGroups } from "./ranks";

/** Patients in each group of tied scores: how many, or the sum of their weights. */
export type Counts = Int32Array | Float64Array;

/**
 * One question, sorted once, ready to be asked of any sample of its patients.
 *
 * A bootstrap sample is, for an AUC, nothing but "how many positives and how many negatives fell into each group
 * of tied scores", so a replicate costs one pass over the sample and one over the groups. Patients with weights are
 * counted by them.
 */
export class SampledAuc {
  readonly groups: RankGroups;
  /** Positives, and negatives, of the last sample in each group of tied scores, increasing. */
  readonly positives: Counts;
  readonly negatives: Counts;
  private readonly positive: Uint8Array;
  private readonly weights: Float64Array | undefined;

  constructor(question: Question) {
    this.groups = rankGroups(question.scores);
    this.positive = question.positive;
    this.weights = question.weights;
    const Count = question.weights ? Float64Array : Int32Array;
    this.positives = new Count(this.groups.values.length);
    this.negatives = new Count(this.groups.values.length);
  }

  /** The AUC of these patients (indices, repeats allowed); of all patients once without an argument. */
  of(sample?: Int32Array): number {
    const { groups, positive, weights, positives, negatives } = this;
    positives.fill(0);
    negatives.fill(0);
    const n = sample?.length ?? positive.length;
    for (let i = 0; i < n; i++) {
      const patient = sample ? sample[i]! : i;
      const group = groups.groupOf[patient]!;
      const weight = weights ? weights[patient]! : 1;
      if (positive[patient] === 1) positives[group]! += weight;
      else negatives[group]! += weight;
    }
    return aucFromCounts(positives, negatives);
  }
}

/** AUC from counts for each group, groups in increasing order of score. Both classes must be present. */
export function aucFromCounts(positives: Counts, negatives: Counts): number {
  // Twice the Mann-Whitney count is a whole number, so that nothing is lost to rounding before the division.
  // Sums of weights are not: rounding must not carry them beyond 1.
  let twiceWins = 0;
  let positiveTotal = 0;
  let negativeTotal = 0;
  for (let g = 0; g < positives.length; g++) {
    twiceWins += positives[g]! * (2 * negativeTotal + negatives[g]!);
    positiveTotal += positives[g]!;
    negativeTotal += negatives[g]!;
  }
  return Math.min(1, twiceWins / (2 * positiveTotal * negativeTotal));
}

/** The corners of a ROC curve from (0, 0) to (1, 1), from the highest threshold down. */
export interface RocCorners {
  readonly fpr: readonly number[];
  readonly tpr: readonly number[];
  readonly thresholds: readonly number[];
}

/** The corners of the curve of all patients, each once. Leaves their counts in `sampled`. */
export function corners(sampled: SampledAuc): RocCorners {
  sampled.of();
  const { positives, negatives } = sampled;
  const { values } = sampled.groups;
  const positiveTotal = total(positives);
  const negativeTotal = total(negatives);
  const fpr = [0];
  const tpr = [0];
  const thresholds = [nextAbove(values[values.length - 1]!)];
  let truePositives = 0;
  let falsePositives = 0;
  for (let g = values.length - 1; g >= 0; g--) {
    truePositives += positives[g]!;
    falsePositives += negatives[g]!;
    tpr.push(truePositives / positiveTotal);
    fpr.push(falsePositives / negativeTotal);
    thresholds.push(values[g]!);
  }
  return { fpr, tpr, thresholds };
}

export function total(counts: Counts): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}

/** The smallest number above `x` (finite): a threshold that no score reaches, and that JSON can carry. */
function nextAbove(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0]! += x > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}

/** The mean AUC of several questions about the same patients, for each bootstrap sample of these patients. */
export function sampledMeans(
  questions: readonly Question[],
  settings: BootstrapSettings,
  rng: Rng,
): Float64Array {
  const sampled = questions.map((question) => new SampledAuc(question));
  const means = new Float64Array(settings.replicates);
  forEachSample(classOfPatients(questions), settings, rng, (sample, replicate) => {
    let sum = 0;
    for (const question of sampled) sum += question.of(sample);
    means[replicate] = sum / sampled.length;
  });
  return means;
}

/** The stratum of each patient: the question it is positive in (one question: positive or not). */
function classOfPatients(questions: readonly Question[]): Int32Array {
  const first = questions[0]!;
  if (questions.length === 1) return Int32Array.from(first.positive);
  return Int32Array.from(first.positive, (_, i) =>
    questions.findIndex((question) => question.positive[i] === 1),
  );
}

/** The mean AUC of several questions, each patient once. */
export function meanAuc(questions: readonly Question[]): number {
  return questions.reduce((sum, question) => sum + new SampledAuc(question).of(), 0) / questions.length;
}

/** The number of patients on the smaller side of the most lopsided question. */
export function fewestPatients(questions: readonly Question[]): number {
  return Math.min(
    ...questions.map(({ positive }) => {
      const positives = positive.reduce((sum, one) => sum + one, 0);
      return Math.min(positives, positive.length - positives);
    }),
  );
}
