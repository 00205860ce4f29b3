/** A permutation test of the difference of two models' AUCs on the same patients. */
import { invalidArgument } from "../core/errors";
import { Rng } from "../core/random";
import { alignPair } from "./align";
import { oneClassOnly } from "./auc";
import { undefinedError } from "./outcome";
import { type BinaryScores, type Predictions, type Question, questionsAbout } from "./predictions";
import { midranks, rankGroups } from "./ranks";
import { aucFromCounts, meanAuc } from "./sampled-auc";

/** Options of `permutationTest`. */
export interface PermutationOptions {
  /** Number of random exchanges, 20 or more. Default 2000. */
  readonly permutations?: number;
  /** Default 7. Same seed, same p-value. */
  readonly seed?: number;
  /** Ask about one class against the rest. Default: class 1 of two, the mean over classes of more. */
  readonly classIndex?: number;
}

/** A difference in AUC and how often exchange alone makes one as large. */
export interface PermutationTest {
  readonly a: number;
  readonly b: number;
  /** a - b */
  readonly difference: number;
  /** Two-sided. Of random exchanges never 0: the exchange that was observed is counted as one of them. */
  readonly pValue: number;
  /** How the p-value was found, in words. */
  readonly method: string;
}

/** Up to so many patients whose scores differ, every exchange is tried: 2^12 = 4096. */
const EXACT_PATIENTS = 12;
/** Differences that are equal but for the order of additions. */
const SAME = 1e-12;

/**
 * Do two models' AUCs differ on the same patients? If both were equally good, each patient's two scores could be
 * exchanged; the p-value is the share of exchanges whose difference is at least as large as the one observed.
 *
 * Scores are first replaced by their midranks within each model, which changes no AUC and puts both on one scale.
 * Where at most 12 patients have different ranks, all exchanges are tried and the p-value is exact.
 *
 * @param options `permutations`, default 2000; `seed`, default 7; `classIndex`; more than two classes: mean over
 *                classes, one against the rest
 * @throws Undefined when a class has no patient; InvalidArgument when the patients or their labels differ
 * @see Bandos, Rockette and Gur, Statistics in Medicine 24 (2005).
 * @example
 * evaluate.permutationTest(gated, concat).pValue;
 */
export function permutationTest<T extends Predictions | BinaryScores>(
  a: T,
  b: T,
  options: PermutationOptions = {},
): PermutationTest {
  const { permutations = 2000, seed = 7 } = options;
  if (!Number.isInteger(permutations) || permutations < 20)
    throw invalidArgument("permutations", permutations, "a whole number, 20 or more", "Usual: 2000.");
  const [alignedA, alignedB] = alignPair(a, b);
  const questionsA = questionsAbout(alignedA, options.classIndex);
  const questionsB = questionsAbout(alignedB, options.classIndex);
  for (const question of questionsA) {
    const problem = oneClassOnly(question);
    if (problem) throw undefinedError("the AUC", problem, "It needs patients of every class.");
  }
  const [valueA, valueB] = [meanAuc(questionsA), meanAuc(questionsB)];
  const pairs = questionsA.map((question, k) => new ExchangeablePair(question, questionsB[k]!));
  const n = questionsA[0]!.positive.length;
  const differing = Array.from({ length: n }, (_, i) => i).filter((i) =>
    pairs.some((pair) => pair.differsAt(i)),
  );
  const exact = differing.length <= EXACT_PATIENTS;
  const observed = Math.abs(meanDifference(pairs, new Uint8Array(n)));
  const isAsLarge = (exchange: Uint8Array) => Math.abs(meanDifference(pairs, exchange)) >= observed - SAME;
  const pValue = exact
    ? shareOfAll(differing, n, isAsLarge)
    : shareOfRandom(n, permutations, new Rng(seed).split("permutation"), isAsLarge);
  return {
    a: valueA,
    b: valueB,
    difference: valueA - valueB,
    pValue,
    method: exact
      ? `permutation test, all ${2 ** differing.length} exchanges`
      : `permutation test, ${permutations} random exchanges, seed ${seed}`,
  };
}

function shareOfAll(differing: readonly number[], n: number, counts: (exchange: Uint8Array) => boolean) {
  const all = 2 ** differing.length;
  const exchange = new Uint8Array(n);
  let hits = 0;
  for (let code = 0; code < all; code++) {
    differing.forEach((patient, bit) => {
      exchange[patient] = (code >> bit) & 1;
    });
    if (counts(exchange)) hits++;
  }
  return hits / all;
}

function shareOfRandom(n: number, permutations: number, rng: Rng, counts: (exchange: Uint8Array) => boolean) {
  const exchange = new Uint8Array(n);
  let hits = 1;
  for (let k = 0; k < permutations; k++) {
    for (let i = 0; i < n; i++) exchange[i] = rng.uint32() >>> 31;
    if (counts(exchange)) hits++;
  }
  return hits / (permutations + 1);
}

function meanDifference(pairs: readonly ExchangeablePair[], exchange: Uint8Array): number {
  return pairs.reduce((sum, pair) => sum + pair.difference(exchange), 0) / pairs.length;
}

/** Two models' midranks for one question, sorted together once; an exchange then costs one pass over the patients. */
class ExchangeablePair {
  private readonly positive: Uint8Array;
  private readonly groupA: Int32Array;
  private readonly groupB: Int32Array;
  private readonly counts: readonly [Int32Array, Int32Array, Int32Array, Int32Array];

  constructor(a: Question, b: Question) {
    const n = a.positive.length;
    const { groupOf, values } = rankGroups([...midranks(a.scores), ...midranks(b.scores)]);
    this.positive = a.positive;
    this.groupA = groupOf.subarray(0, n);
    this.groupB = groupOf.subarray(n);
    const empty = () => new Int32Array(values.length);
    this.counts = [empty(), empty(), empty(), empty()];
  }

  differsAt(patient: number): boolean {
    return this.groupA[patient] !== this.groupB[patient];
  }

  /** AUC of the first less AUC of the second, after exchanging the scores of the patients marked 1. */
  difference(exchange: Uint8Array): number {
    const { positive, groupA, groupB, counts } = this;
    const [positivesA, negativesA, positivesB, negativesB] = counts;
    for (const one of counts) one.fill(0);
    for (let i = 0; i < exchange.length; i++) {
      const first = exchange[i] === 1 ? groupB[i]! : groupA[i]!;
      const second = exchange[i] === 1 ? groupA[i]! : groupB[i]!;
      if (positive[i] === 1) {
        positivesA[first]!++;
        positivesB[second]!++;
      } else {
        negativesA[first]!++;
        negativesB[second]!++;
      }
    }
    return aucFromCounts(positivesA, negativesA) - aucFromCounts(positivesB, negativesB);
  }
}
