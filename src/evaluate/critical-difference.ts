/**
 * Ranks of several models over several tasks: Friedman's test, and Nemenyi's critical difference of mean ranks.
 *
 * @see Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006).
 */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RunComparison } from "./compare";
import { chiSquareUpperTail, normalUpperTail } from "./distributions";
import { isUndefined, type Statistic, undefinedBecause } from "./outcome";
import { midranks } from "./ranks";

/** A model's mean rank over the tasks: 1 is best. */
export interface MeanRank {
  readonly run: string;
  readonly meanRank: number;
  /** Its rank in each task, in the order of `tasks`; ties share the mean. */
  readonly ranks: readonly number[];
}

/** Mean ranks, and how far two must be apart to differ. Plain data. */
export interface CriticalDifference {
  /** The best first. */
  readonly ranks: readonly MeanRank[];
  /** The tasks in which every model has an AUC. */
  readonly tasks: readonly string[];
  /** Two mean ranks that differ by less cannot be told apart. */
  readonly criticalDifference: number;
  /** Models of one group cannot be told apart; groups may overlap. Single models are left out. */
  readonly groups: readonly (readonly string[])[];
  /** Friedman's chi-square: do the models differ at all? Undefined when all tie in every task. */
  readonly friedman: Statistic;
  readonly pValue: Statistic;
  readonly level: number;
  readonly provenance?: Provenance;
}

/**
 * Which models differ in their mean rank over tasks?
 *
 * The tests take tasks for independent samples. Tasks of one cohort share its patients, so read the result as a
 * summary; `compareRuns` tests on the patients themselves. With few tasks the critical difference is large.
 *
 * @param comparison of two models or more, with at least two tasks in which all have an AUC
 * @throws InvalidArgument when there are fewer
 * @example
 * const comparison = evaluate.compareRuns({ concat: { REC: concat, LNM: a }, gated: { REC: gated, LNM: b } });
 * evaluate.criticalDifference(comparison).groups;
 */
export function criticalDifference(comparison: RunComparison): CriticalDifference {
  const { runs, results, significance, provenance } = comparison;
  const aucOf = new Map(results.map(({ run, task, auc }) => [`${task}\n${run}`, auc]));
  const aucsByTask = comparison.tasks.flatMap((task) => {
    const aucs = runs.flatMap((run) => {
      const auc = aucOf.get(`${task}\n${run}`)!;
      return isUndefined(auc) ? [] : [auc.value];
    });
    return aucs.length === runs.length ? [{ task, aucs }] : [];
  });
  const [k, n] = [runs.length, aucsByTask.length];
  if (k < 2 || n < 2)
    throw invalidArgument(
      "comparison",
      `${k} models and ${n} tasks in which all have an AUC`,
      "two models or more, and two tasks or more",
      "Ranks over tasks need both.",
    );

  const ranksByTask = aucsByTask.map(({ aucs }) => midranks(aucs.map((auc) => -auc)));
  const ranks = runs
    .map((run, i) => {
      const own = ranksByTask.map((rank) => rank[i]!);
      return { run, meanRank: own.reduce((sum, rank) => sum + rank, 0) / n, ranks: own };
    })
    .sort((a, b) => a.meanRank - b.meanRank);
  const distance = nemenyiQuantile(1 - significance, k) * Math.sqrt((k * (k + 1)) / (6 * n));
  const friedman = friedmanStatistic(ranksByTask);
  return {
    ranks,
    tasks: aucsByTask.map(({ task }) => task),
    criticalDifference: distance,
    groups: groupsWithin(ranks, distance),
    friedman,
    pValue: isUndefined(friedman) ? friedman : chiSquareUpperTail(friedman, k - 1),
    level: 1 - significance,
    ...(provenance ? { provenance } : {}),
  };
}

/** Friedman's chi-square of ranks `[tasks][models]`, divided by its correction for ties, as SciPy and R. */
function friedmanStatistic(ranksByTask: readonly Float64Array[]): Statistic {
  const [n, k] = [ranksByTask.length, ranksByTask[0]!.length];
  let between = 0;
  for (let i = 0; i < k; i++) between += (ranksByTask.reduce((sum, rank) => sum + rank[i]!, 0) / n) ** 2;
  let ties = 0;
  for (const rank of ranksByTask) {
    const sizes = new Map<number, number>();
    for (const value of rank) sizes.set(value, (sizes.get(value) ?? 0) + 1);
    for (const t of sizes.values()) ties += t ** 3 - t;
  }
  const correction = 1 - ties / (n * k * (k * k - 1));
  if (correction < 1e-12) return undefinedBecause("all models tie in every task");
  return (((12 * n) / (k * (k + 1))) * (between - (k * (k + 1) ** 2) / 4)) / correction;
}

/** Longest runs of neighbours whose first and last are within the critical difference. */
function groupsWithin(ranks: readonly MeanRank[], distance: number): string[][] {
  const groups: string[][] = [];
  let reached = 0;
  for (let from = 0; from < ranks.length; from++) {
    let to = from;
    while (to + 1 < ranks.length && ranks[to + 1]!.meanRank - ranks[from]!.meanRank < distance) to++;
    // A run that ends where an earlier one ended lies inside it.
    if (to > from && to >= reached + (groups.length > 0 ? 1 : 0))
      groups.push(ranks.slice(from, to + 1).map(({ run }) => run));
    reached = Math.max(reached, to);
  }
  return groups;
}

/**
 * Nemenyi's q: the quantile of the range of k standard normal numbers, divided by the root of two.
 *
 * @param level coverage, 0.95
 * @param k     models
 */
export function nemenyiQuantile(level: number, k: number): number {
  let [low, high] = [0, 20];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (rangeDistribution(middle, k) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2 / Math.SQRT2;
}

/** P(range of k standard normal numbers <= q) = k ∫ φ(z) [Φ(z) - Φ(z - q)]^(k-1) dz, by Simpson's rule on [-8, 8 + q]. */
function rangeDistribution(q: number, k: number): number {
  const [from, steps] = [-8, 600];
  const width = (16 + q) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const z = from + i * width;
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const within = normalUpperTail(z - q) - normalUpperTail(z);
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * density * within ** (k - 1);
  }
  return (k * sum * width) / 3;
}
