/** The log-rank test: do groups of patients have the event at the same rate? */
import { invalidArgument } from "../core/errors";
import { cholesky, solve } from "./cholesky";
import { chiSquareUpperTail } from "./distributions";
import { type Statistic, undefinedBecause } from "./outcome";
import { knownTimes, type SurvivalTimes, timePoints } from "./survival-times";

/** Observed and expected events of one group. */
export interface LogRankGroup {
  readonly name: string;
  readonly n: number;
  /** Events that happened. */
  readonly observed: number;
  /** Events expected if all groups had the same rate. */
  readonly expected: number;
}

/** The log-rank test of two groups or more. */
export interface LogRank {
  /** Chi-square. */
  readonly statistic: Statistic;
  /** Groups less one. */
  readonly degreesOfFreedom: number;
  readonly pValue: Statistic;
  readonly groups: readonly LogRankGroup[];
}

/**
 * The log-rank test of two groups or more.
 *
 * @param groups survival times by name of the group
 * @returns statistic and p-value are undefined when no event happens while two groups are at risk, or when a group is
 *          never at risk beside others when an event happens
 * @throws InvalidArgument for fewer than two groups; InvalidArgument, ShapeMismatch as `kaplanMeier`
 * @see Mantel, Cancer Chemotherapy Reports 50 (1966); Peto and Peto, JRSS A 135 (1972); R's `survdiff`.
 * @example
 * evaluate.logRank({
 *   well: { time: [400, 800, 1200, 1500], event: [0, 1, 0, 0] },
 *   poor: { time: [90, 200, 500, 1300], event: [1, 1, 1, 0] },
 * }).pValue; // 0.14
 */
export function logRank(groups: Readonly<Record<string, SurvivalTimes>>): LogRank {
  const names = Object.keys(groups);
  if (names.length < 2) throw invalidArgument("groups", names.length, "two named groups or more");
  const known = names.map((name) => knownTimes(groups[name]!));
  const time = Float64Array.from(known.flatMap((group) => [...group.time]));
  const event = Uint8Array.from(known.flatMap((group) => [...group.event]));
  const expected = new Float64Array(names.length);
  const covariance = names.map(() => new Float64Array(names.length));
  const curves = known.map(atRiskLookup);
  for (const { time: now, atRisk, events } of timePoints({ time, event })) {
    if (events === 0) continue;
    const shares = curves.map((atRiskAt) => atRiskAt(now) / atRisk);
    // Of one patient at risk, nothing is left to chance.
    const variance = atRisk > 1 ? (events * (atRisk - events)) / (atRisk - 1) : 0;
    shares.forEach((share, i) => {
      expected[i]! += events * share;
      shares.forEach((other, j) => {
        covariance[i]![j]! += variance * share * ((i === j ? 1 : 0) - other);
      });
    });
  }
  const observed = known.map((group) => group.event.reduce((sum, one) => sum + one, 0));
  return {
    ...testOf(
      observed.map((count, i) => count - expected[i]!),
      covariance,
    ),
    degreesOfFreedom: names.length - 1,
    groups: names.map((name, i) => ({
      name,
      n: known[i]!.time.length,
      observed: observed[i]!,
      expected: expected[i]!,
    })),
  };
}

/** The differences add up to 0, so that one group says nothing new and is left out. */
function testOf(
  differences: readonly number[],
  covariance: readonly Float64Array[],
): { statistic: Statistic; pValue: Statistic } {
  const free = differences.length - 1;
  const score = differences.slice(0, free);
  const factor = cholesky(covariance.slice(0, free).map((row) => row.slice(0, free)));
  if (!factor.lower) {
    const reason = undefinedBecause("the groups are never at risk together when an event happens");
    return { statistic: reason, pValue: reason };
  }
  const weights = solve(factor.lower, score);
  const statistic = score.reduce((sum, difference, i) => sum + difference * weights[i]!, 0);
  return { statistic, pValue: chiSquareUpperTail(statistic, free) };
}

/** How many of a group are followed until a time or longer; times must be asked in increasing order. */
function atRiskLookup({ time }: { time: Float64Array }): (now: number) => number {
  const sorted = Float64Array.from(time).sort();
  let passed = 0;
  return (now) => {
    while (passed < sorted.length && sorted[passed]! < now) passed++;
    return sorted.length - passed;
  };
}
