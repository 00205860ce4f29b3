/**
 * What a statistic can come out as: a number, a number with its interval, or "undefined because ...".
 * There is no NaN in any result of this package.
 */
import { OsccError } from "../core/errors";

/** An estimate with its interval: `value` lies where the data say, `low` and `high` bound it at `level`. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Coverage aimed at, for example 0.95. */
  readonly level: number;
  /** How the bounds were found, in words that can stand in a caption. */
  readonly method: string;
}

/** A statistic that has no value on this input, and why. */
export interface UndefinedStatistic {
  readonly undefined: true;
  readonly reason: string;
}

/** A number, or the reason why there is none. */
export type Statistic = number | UndefinedStatistic;

/** The outcome for a statistic without a value. `reason` completes "undefined because ...". */
export function undefinedBecause(reason: string): UndefinedStatistic {
  return { undefined: true, reason };
}

/**
 * Has this statistic no value? Narrows the type, so that `reason` can be read.
 *
 * @example
 * const m = evaluate.metrics(predictions);
 * console.log(evaluate.isUndefined(m.auc) ? `no AUC: ${m.auc.reason}` : m.auc.toFixed(3));
 */
export function isUndefined(statistic: unknown): statistic is UndefinedStatistic {
  return (
    typeof statistic === "object" &&
    statistic !== null &&
    (statistic as Partial<UndefinedStatistic>).undefined === true
  );
}

/**
 * The number of a statistic, or an `Undefined` error that gives the reason.
 *
 * @param name what the statistic is called in the message
 */
export function defined(statistic: Statistic, name: string): number {
  if (isUndefined(statistic)) throw undefinedError(name, statistic.reason);
  return statistic;
}

/** The error for a result that needs a statistic which has no value here. */
export function undefinedError(statistic: string, reason: string, advice?: string): OsccError<"Undefined"> {
  return new OsccError(
    "Undefined",
    [`${statistic} is undefined because ${reason}.`, ...(advice ? [advice] : [])],
    { statistic, reason },
  );
}

/** The mean of statistics; undefined, with the first reason, as soon as one of them is. */
export function meanStatistic(statistics: readonly Statistic[]): Statistic {
  let sum = 0;
  for (const s of statistics) {
    if (isUndefined(s)) return s;
    sum += s;
  }
  return statistics.length > 0 ? sum / statistics.length : undefinedBecause("there is nothing to average");
}
