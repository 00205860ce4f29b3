/** The Kaplan-Meier curve: the share of patients without the event over time, when some are only followed so long. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { normalQuantile } from "./distributions";
import { checkLevel } from "./level";
import { type Statistic, undefinedBecause } from "./outcome";
import { knownTimes, type SurvivalTimes, timePoints } from "./survival-times";

/** The curve from one distinct time on, until the next. */
export interface KaplanMeierStep {
  readonly time: number;
  /** Patients without the event and still followed just before this time. */
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
  /** The share without the event just after this time. */
  readonly survival: number;
  /** Undefined before the first event and where the curve is 0: the data hold no measure of variance there. */
  readonly low: Statistic;
  readonly high: Statistic;
}

/** A survival curve as steps. */
export interface KaplanMeier {
  readonly label: string;
  /** One for each distinct time, increasing. Before the first one survival is 1. */
  readonly steps: readonly KaplanMeierStep[];
  /** The time by which half have had the event, with bounds; each undefined where its curve stays above one half. */
  readonly median: { readonly value: Statistic; readonly low: Statistic; readonly high: Statistic };
  readonly n: number;
  readonly events: number;
  readonly level: number;
  readonly method: string;
  readonly provenance?: Provenance;
}

/** Options of `kaplanMeier`. */
export interface KaplanMeierOptions {
  /** Coverage of the band, pointwise. Default 0.95. */
  readonly level?: number;
  /** Name for legends. Default: that of the times. */
  readonly label?: string;
}

/**
 * The Kaplan-Meier curve with log-log bands, median and numbers at risk.
 *
 * An event comes before a censoring at the same time. The band is pointwise, by Greenwood's variance on the scale
 * log(-log S), which keeps it inside (0, 1). If everyone is censored the curve stays at 1 and the median is undefined.
 *
 * @param data    `{ time, event }`; patients with event -1 are left out
 * @param options `level`, default 0.95; `label`
 * @throws InvalidArgument, ShapeMismatch for negative or unknown times, other events than 0, 1, -1, lengths that differ
 * @see Kaplan and Meier, JASA 53 (1958); Kalbfleisch and Prentice (1980) for the band; Brookmeyer and Crowley,
 *      Biometrics 38 (1982) for the median. Same numbers as R's `survfit(conf.type = "log-log")`.
 * @example
 * const curve = evaluate.kaplanMeier({ time: [158, 1076, 1204, 1547, 90], event: [1, 0, 0, 0, 1] });
 * evaluate.survivalAt(curve, 365).value; // 0.6
 */
export function kaplanMeier(data: SurvivalTimes, options: KaplanMeierOptions = {}): KaplanMeier {
  const level = checkLevel(options.level);
  const steps = stepsOf(data, level);
  return {
    label: options.label ?? data.label ?? "all patients",
    steps,
    median: medianOf(steps),
    n: steps[0]!.atRisk,
    events: steps.reduce((sum, step) => sum + step.events, 0),
    level,
    method: "Kaplan-Meier, pointwise log-log interval",
    ...(data.provenance ? { provenance: data.provenance } : {}),
  };
}

/** The curve at one time. */
export interface SurvivalAt {
  readonly time: number;
  readonly value: Statistic;
  readonly low: Statistic;
  readonly high: Statistic;
  /** Patients without the event and followed until this time or longer. */
  readonly atRisk: number;
}

/**
 * A Kaplan-Meier curve at one time: "the share without recurrence after five years".
 *
 * @returns undefined statistics beyond the longest follow-up, where the curve is not known (unless it has reached 0)
 * @throws InvalidArgument for a negative time
 * @example
 * const curve = evaluate.kaplanMeier({ time: [158, 1076, 1204, 1547, 90], event: [1, 0, 0, 0, 1] });
 * evaluate.survivalAt(curve, 2 * 365.25); // { value: 0.6, low: 0.13, high: 0.88, atRisk: 3, time: 730.5 }
 */
export function survivalAt(curve: KaplanMeier, time: number): SurvivalAt {
  if (!(time >= 0)) throw invalidArgument("time", time, "0 or more, in the unit of the curve");
  const next = curve.steps.findIndex((step) => step.time >= time);
  const atRisk = next < 0 ? 0 : curve.steps[next]!.atRisk;
  const passed = curve.steps.filter((step) => step.time <= time).at(-1);
  if (!passed) return { time, value: 1, low: NO_EVENT_YET, high: NO_EVENT_YET, atRisk };
  const beyond = next < 0 && passed.survival > 0;
  if (beyond) {
    const reason = undefinedBecause(
      `no patient was followed for ${time}; the longest follow-up is ${passed.time}`,
    );
    return { time, value: reason, low: reason, high: reason, atRisk };
  }
  return { time, value: passed.survival, low: passed.low, high: passed.high, atRisk };
}

const NO_EVENT_YET = undefinedBecause("no event has happened yet");
const REACHED_ZERO = undefinedBecause("the curve has reached 0");

function stepsOf(data: SurvivalTimes, level: number): KaplanMeierStep[] {
  const z = normalQuantile((1 + level) / 2);
  let survival = 1;
  let greenwood = 0;
  return timePoints(knownTimes(data)).map((point) => {
    const { atRisk, events } = point;
    survival *= (atRisk - events) / atRisk;
    greenwood += events / (atRisk * (atRisk - events));
    return { ...point, survival, ...logLogBounds(survival, Math.sqrt(greenwood), z) };
  });
}

function logLogBounds(
  survival: number,
  standardError: number,
  z: number,
): { low: Statistic; high: Statistic } {
  if (survival === 1) return { low: NO_EVENT_YET, high: NO_EVENT_YET };
  if (survival === 0) return { low: REACHED_ZERO, high: REACHED_ZERO };
  const hazard = Math.log(survival);
  const reach = (z * standardError) / hazard;
  const bound = (shift: number) => Math.exp(-Math.exp(Math.log(-hazard) + shift));
  // The logarithm is negative, and so is the reach.
  return { low: bound(-reach), high: bound(reach) };
}

function medianOf(steps: readonly KaplanMeierStep[]): KaplanMeier["median"] {
  return {
    value: halfTime(steps, ({ survival }) => survival, "the curve"),
    low: halfTime(steps, ({ low }) => low, "the lower bound"),
    high: halfTime(steps, ({ high }) => high, "the upper bound"),
  };
}

/** When a curve falls to one half; the middle of the stretch if it stays exactly there for a while. */
function halfTime(
  steps: readonly KaplanMeierStep[],
  of: (step: KaplanMeierStep) => Statistic,
  name: string,
): Statistic {
  const known = steps.flatMap((step) => {
    const value = of(step);
    return typeof value === "number" ? [{ time: step.time, value }] : [];
  });
  const reached = known.findIndex(({ value }) => value < 0.5 + ROUNDING);
  if (reached < 0) return undefinedBecause(`${name} stays above one half`);
  const { time, value } = known[reached]!;
  if (value < 0.5 - ROUNDING) return time;
  const below = known.find((step) => step.value < 0.5 - ROUNDING);
  return below ? (time + below.time) / 2 : time;
}

/** A product of shares is one half up to rounding. */
const ROUNDING = 1e-12;
