/** How well a risk score tells, at a given time, who has had the event from who has not. */
import { invalidArgument } from "../core/errors";
import { type Statistic, undefinedBecause } from "./outcome";
import { type KnownTimes, knownTimes, type SurvivalTimes, timePoints, valuesOf } from "./survival-times";

/** The AUC of a risk score at one time. */
export interface DynamicAuc {
  readonly time: number;
  /** Undefined when nobody has had the event by then, or nobody is followed for longer. */
  readonly auc: Statistic;
  /** Patients who have had the event by then. */
  readonly cases: number;
  /** Patients followed for longer without it. */
  readonly controls: number;
}

/**
 * The cumulative/dynamic AUC at given times: patients who have had the event by then against those still without it.
 *
 * Patients censored before are neither; in their place each case counts with the inverse of the probability not to be
 * censored before its event (Kaplan-Meier of the censoring; an event comes before a censoring at the same time). This
 * supposes that censoring has nothing to do with risk. For an interval, resample patients: `bootstrapInterval`.
 *
 * @param data  `{ time, event }`
 * @param risk  of each patient, any finite numbers: higher means earlier; equal risks count half
 * @param times 0 or more, in the unit of the data
 * @throws InvalidArgument for a negative time or no time; InvalidArgument, ShapeMismatch as `kaplanMeier`
 * @see Uno et al., JASA 102 (2007); Hung and Chiang, Canadian Journal of Statistics 38 (2010).
 * @example
 * const followUp = { time: [158, 1076, 1204, 1547, 90], event: [1, 0, 0, 0, 1] };
 * evaluate.dynamicAuc(followUp, [2, 0, 1, 1, 2], [365, 730]); // [{ time: 365, auc: 1, cases: 2, controls: 3 }, ...]
 */
export function dynamicAuc(
  data: SurvivalTimes,
  risk: readonly number[],
  times: readonly number[],
): DynamicAuc[] {
  const known = knownTimes(data);
  const risks = valuesOf("risk", risk, data, known);
  if (times.length === 0) throw invalidArgument("times", "empty", "one time or more");
  const weights = caseWeights(known);
  return times.map((time, i) => {
    if (!(time >= 0 && time < Number.POSITIVE_INFINITY))
      throw invalidArgument(`times[${i}]`, time, "a finite time, 0 or more");
    return aucAt(time, known, risks, weights);
  });
}

function aucAt(
  now: number,
  { time, event }: KnownTimes,
  risks: Float64Array,
  weights: Float64Array,
): DynamicAuc {
  const patients = Array.from(time, (_, i) => i);
  const cases = patients.filter((i) => event[i] === 1 && time[i]! <= now);
  const controls = Float64Array.from(
    patients.filter((i) => time[i]! > now),
    (i) => risks[i]!,
  ).sort();
  const counted = { time: now, cases: cases.length, controls: controls.length };
  if (cases.length === 0) return { ...counted, auc: undefinedBecause(`nobody has had the event by ${now}`) };
  if (controls.length === 0)
    return {
      ...counted,
      auc: undefinedBecause(`nobody is followed without the event for longer than ${now}`),
    };
  let won = 0;
  let total = 0;
  for (const i of cases) {
    won +=
      (weights[i]! * (countBelow(controls, risks[i]!, false) + countBelow(controls, risks[i]!, true))) / 2;
    total += weights[i]!;
  }
  return { ...counted, auc: won / (total * controls.length) };
}

/** One over the probability not to be censored before one's own event. Never infinite: the patient was there. */
function caseWeights(known: KnownTimes): Float64Array {
  const uncensored = new Map<number, number>();
  let probability = 1;
  for (const { time, atRisk, events, censored } of timePoints(known)) {
    uncensored.set(time, probability);
    if (censored > 0) probability *= 1 - censored / (atRisk - events);
  }
  return known.time.map((time) => 1 / uncensored.get(time)!);
}

/** How many of the sorted values lie below a value, or at it too. */
function countBelow(sorted: Float64Array, value: number, orAt: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orAt && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
