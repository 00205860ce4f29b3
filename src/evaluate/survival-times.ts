/** Times to an event, some of them only known to be longer: the input of every survival analysis. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { MISSING_LABEL, sameLength } from "./predictions";

/** When something happened to each patient, or until when it had not. Plain data. */
export interface SurvivalTimes {
  /** From the start (surgery) to the event or to the last follow-up: 0 or more, in any one unit. */
  readonly time: readonly number[];
  /** 1 or true: the event happened at `time`; 0 or false: not until then (censored); -1: not known, left out. */
  readonly event: readonly (number | boolean)[];
  /** A name for legends. */
  readonly label?: string;
  readonly provenance?: Provenance;
}

/** Checked times of the patients whose event status is known. */
export interface KnownTimes {
  readonly time: Float64Array;
  readonly event: Uint8Array;
  /** Where each of them stands in the input. */
  readonly rows: Int32Array;
}

/**
 * Check survival times; every survival function does this first.
 *
 * @throws ShapeMismatch   when `time` and `event` differ in length
 * @throws InvalidArgument when there is no patient, a time is negative or not finite, or an event is not 0, 1 or -1
 */
export function knownTimes({ time, event }: SurvivalTimes): KnownTimes {
  sameLength("time", time.length, "event", event.length);
  const rows: number[] = [];
  time.forEach((t, i) => {
    const happened = Number(event[i]);
    if (happened === MISSING_LABEL) return;
    if (happened !== 0 && happened !== 1)
      throw invalidArgument(
        `event[${i}]`,
        event[i],
        "1 (it happened), 0 (censored) or -1 (not known)",
        "Times of competing events count as censored for this one.",
      );
    if (!(t >= 0 && t < Number.POSITIVE_INFINITY))
      throw invalidArgument(
        `time[${i}]`,
        t,
        "a finite time, 0 or more",
        "Times run from the start of follow-up; a negative one is a date mixed up.",
      );
    rows.push(i);
  });
  if (rows.length === 0)
    throw invalidArgument("time", "no patient", "one patient with a known event or more");
  return {
    time: Float64Array.from(rows, (i) => time[i]!),
    event: Uint8Array.from(rows, (i) => Number(event[i])),
    rows: Int32Array.from(rows),
  };
}

/** What happens at one distinct time. */
export interface TimePoint {
  readonly time: number;
  /** Patients followed until this time or longer. */
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
}

/** The distinct times, increasing, with those at risk. An event comes before a censoring at the same time. */
export function timePoints({ time, event }: Pick<KnownTimes, "time" | "event">): TimePoint[] {
  const order = Array.from(time, (_, i) => i).sort((a, b) => time[a]! - time[b]!);
  const points: TimePoint[] = [];
  for (let start = 0; start < order.length; ) {
    const now = time[order[start]!]!;
    let end = start;
    let events = 0;
    for (; end < order.length && time[order[end]!] === now; end++) events += event[order[end]!]!;
    points.push({ time: now, atRisk: order.length - start, events, censored: end - start - events });
    start = end;
  }
  return points;
}

/** A number for each patient of the input, narrowed to the patients that are known; finite or an error. */
export function valuesOf(
  name: string,
  values: readonly number[],
  data: SurvivalTimes,
  known: KnownTimes,
): Float64Array {
  sameLength(name, values.length, "time", data.time.length);
  return Float64Array.from(known.rows, (i) => {
    const value = values[i]!;
    if (!Number.isFinite(value)) throw invalidArgument(`${name}[${i}]`, value, "a finite number");
    return value;
  });
}
