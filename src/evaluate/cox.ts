/** Cox regression: how covariates multiply the rate of an event, whatever the rate is over time. */
import { invalidArgument, OsccError, unknownName } from "../core/errors";
import { cholesky, solve } from "./cholesky";
import { concordance } from "./concordance";
import type { Column } from "./correlation";
import { type CoxPoint, partialLikelihood, type RiskSets, riskSets } from "./cox-likelihood";
import { chiSquareUpperTail, normalQuantile, normalUpperTail } from "./distributions";
import { checkLevel } from "./level";
import { type Interval, undefinedError } from "./outcome";
import { sameLength } from "./predictions";
import { knownTimes, type SurvivalTimes } from "./survival-times";

/** How `cox` treats events at the same time. */
export const COX_TIES = ["efron", "breslow"] as const;
/** How events at the same time are ordered: `"efron"` averages over orders, `"breslow"` is cruder and older. */
export type CoxTies = (typeof COX_TIES)[number];

/** Options of `cox`. */
export interface CoxOptions {
  /** Default `"efron"`. */
  readonly ties?: CoxTies;
  /** Coverage. Default 0.95. */
  readonly level?: number;
}

/** What one covariate does, the others held fixed. */
export interface CoxCoefficient {
  readonly name: string;
  /** The logarithm of the hazard ratio per unit of the covariate. */
  readonly coefficient: number;
  readonly standardError: number;
  /** The factor on the rate of the event per unit of the covariate, with Wald's interval. */
  readonly hazardRatio: Interval;
  readonly z: number;
  /** Two-sided, Wald. */
  readonly pValue: number;
}

/** A fitted Cox regression. */
export interface Cox {
  readonly coefficients: readonly CoxCoefficient[];
  /** Harrell's C of the fitted risks on the patients of the fit: too good for new patients. */
  readonly concordance: Interval;
  /** Partial log-likelihood without covariates, and fitted. */
  readonly logLikelihood: { readonly none: number; readonly fitted: number };
  /** Do all covariates together say anything? */
  readonly likelihoodRatio: {
    readonly statistic: number;
    readonly degreesOfFreedom: number;
    readonly pValue: number;
  };
  readonly n: number;
  readonly events: number;
  /** Patients with a covariate that is not known. */
  readonly leftOut: number;
  readonly iterations: number;
  readonly ties: CoxTies;
}

const MOST_ITERATIONS = 40;
/** In standard deviations of the covariates: after this step the next one would be at rounding. */
const CLOSE_ENOUGH = 1e-8;

/**
 * Fit Cox's proportional hazards model by Newton's method on the partial likelihood.
 *
 * @param data       `{ time, event }`
 * @param covariates numbers by name, one for each patient; patients with an `undefined` are left out, and counted.
 *                   Classes become columns of 0 and 1, one fewer than classes.
 * @param options    `ties`, `"efron"` (default) or `"breslow"`; `level`, default 0.95
 * @throws Undefined       when no event happens among the patients that are left
 * @throws InvalidArgument for a covariate that is constant, or follows from those before it
 * @throws NotConverged    when a coefficient is infinite: the covariate tells all events from all others
 * @throws InvalidArgument, ShapeMismatch as `kaplanMeier`, and for covariates that are NaN, infinite or of other length
 * @see Cox, JRSS B 34 (1972); Efron, JASA 72 (1977); Breslow, Biometrics 30 (1974). Same numbers as R's `coxph`.
 * @example
 * const fit = evaluate.cox(
 *   { time: [158, 1076, 1204, 1547, 90, 700], event: [1, 0, 1, 0, 1, 1] },
 *   { age: [58, 57, 56, 35, 61, 70] },
 * );
 * fit.coefficients[0].hazardRatio; // { value: 1.10, low: 0.96, high: 1.26, level: 0.95, method: "Wald" }
 */
export function cox(
  data: SurvivalTimes,
  covariates: Readonly<Record<string, Column>>,
  options: CoxOptions = {},
): Cox {
  const { ties = "efron" } = options;
  if (!COX_TIES.includes(ties)) throw unknownName("way to treat ties", ties, COX_TIES);
  const level = checkLevel(options.level);
  const design = designOf(data, covariates);
  const sets = riskSets(design.time, design.event, design.columns);
  const fit = newton(sets, ties, design.names);
  const risk = Array.from(design.time, (_, i) =>
    design.columns.reduce((sum, column, k) => sum + column[i]! * fit.beta[k]!, 0),
  );
  const statistic = 2 * (fit.point.logLikelihood - fit.none);
  return {
    coefficients: design.names.map((name, k) =>
      coefficientOf(
        name,
        fit.beta[k]! / design.scales[k]!,
        fit.standardErrors[k]! / design.scales[k]!,
        level,
      ),
    ),
    concordance: concordance({ time: [...design.time], event: [...design.event] }, risk, { level }).c,
    logLikelihood: { none: fit.none, fitted: fit.point.logLikelihood },
    likelihoodRatio: {
      statistic,
      degreesOfFreedom: design.names.length,
      pValue: chiSquareUpperTail(statistic, design.names.length),
    },
    n: design.time.length,
    events: design.event.reduce((sum, one) => sum + one, 0),
    leftOut: design.leftOut,
    iterations: fit.iterations,
    ties,
  };
}

function coefficientOf(
  name: string,
  coefficient: number,
  standardError: number,
  level: number,
): CoxCoefficient {
  const reach = normalQuantile((1 + level) / 2) * standardError;
  const z = coefficient / standardError;
  return {
    name,
    coefficient,
    standardError,
    hazardRatio: {
      value: Math.exp(coefficient),
      low: Math.exp(coefficient - reach),
      high: Math.exp(coefficient + reach),
      level,
      method: "Wald",
    },
    z,
    pValue: 2 * normalUpperTail(Math.abs(z)),
  };
}

interface Fit {
  readonly beta: Float64Array;
  readonly standardErrors: readonly number[];
  readonly point: CoxPoint;
  /** The log-likelihood of all coefficients 0. */
  readonly none: number;
  readonly iterations: number;
}

function newton(sets: RiskSets, ties: CoxTies, names: readonly string[]): Fit {
  let beta: Float64Array = new Float64Array(names.length);
  let point = partialLikelihood(sets, beta, ties);
  const none = point.logLikelihood;
  let step: Float64Array = new Float64Array(names.length);
  for (let iterations = 1; iterations <= MOST_ITERATIONS; iterations++) {
    const { lower, dependent: at } = cholesky(point.information);
    if (!lower) throw iterations === 1 ? dependent(names, at) : infinite(names, step, iterations);
    step = solve(lower, point.gradient);
    const reached = climb(sets, ties, beta, step, point);
    ({ beta, point } = reached);
    if (!reached.halved && step.every((change) => Math.abs(change) < CLOSE_ENOUGH))
      return { beta, standardErrors: standardErrorsAt(point, names, step), point, none, iterations };
  }
  throw infinite(names, step, MOST_ITERATIONS);
}

/** The likelihood is concave: a step that lowers it overshot, and is halved until it does not. */
function climb(sets: RiskSets, ties: CoxTies, from: Float64Array, step: Float64Array, start: CoxPoint) {
  const notLower = start.logLikelihood - ROUNDING * Math.abs(start.logLikelihood);
  for (let share = 1; ; share /= 2) {
    const beta = from.map((value, k) => value + share * step[k]!);
    const point = partialLikelihood(sets, beta, ties);
    if (point.logLikelihood >= notLower || share < 1e-6) return { beta, point, halved: share < 1 };
  }
}

const ROUNDING = 1e-12;

/** From the inverse of the information. */
function standardErrorsAt({ information }: CoxPoint, names: readonly string[], step: Float64Array): number[] {
  const { lower } = cholesky(information);
  if (!lower) throw infinite(names, step, MOST_ITERATIONS);
  return names.map((_, k) => {
    const unit = new Float64Array(names.length);
    unit[k] = 1;
    return Math.sqrt(solve(lower, unit)[k]!);
  });
}

function dependent(names: readonly string[], at: number) {
  return invalidArgument(
    `covariate "${names[at]}"`,
    "a linear combination of those before it",
    "covariates that do not follow from each other",
    "Leave it out; of the columns of a class variable one is left out.",
  );
}

/** While all other coefficients settle, the infinite one keeps going. */
function infinite(names: readonly string[], step: Float64Array, iterations: number) {
  const largest = step.reduce((best, change, k) => (Math.abs(change) > Math.abs(step[best]!) ? k : best), 0);
  const reason = `the coefficient of "${names[largest]}" grows without end`;
  return new OsccError(
    "NotConverged",
    [
      `Cox regression did not converge in ${iterations} steps: ${reason}.`,
      "Expected a finite estimate; this covariate orders all events perfectly, or has no event in one of its groups.",
      "Leave it out, join small groups, or look at evaluate.logRank, which needs no estimate.",
    ],
    { computation: "Cox regression", iterations, change: Math.abs(step[largest]!) },
  );
}

interface Design {
  readonly names: readonly string[];
  readonly time: Float64Array;
  readonly event: Uint8Array;
  /** Centred, in standard deviations: estimates then do not depend on units, nor lose digits to an offset. */
  readonly columns: readonly Float64Array[];
  readonly scales: readonly number[];
  readonly leftOut: number;
}

function designOf(data: SurvivalTimes, covariates: Readonly<Record<string, Column>>): Design {
  const names = Object.keys(covariates);
  if (names.length === 0) throw invalidArgument("covariates", "empty", "one named covariate or more");
  const known = knownTimes(data);
  for (const name of names) sameLength(name, covariates[name]!.length, "time", data.time.length);
  const complete = Array.from(known.rows, (row, at) => ({ row, at })).filter(({ row }) =>
    names.every((name) => covariates[name]![row] !== undefined),
  );
  const event = Uint8Array.from(complete, ({ at }) => known.event[at]!);
  if (!event.includes(1))
    throw undefinedError(
      "Cox regression",
      complete.length === 0
        ? "no patient has all covariates"
        : `all ${complete.length} patients with all covariates are censored`,
    );
  const scaled = names.map((name) =>
    standardise(
      name,
      complete.map(({ row }) => covariates[name]![row]!),
    ),
  );
  return {
    names,
    time: Float64Array.from(complete, ({ at }) => known.time[at]!),
    event,
    columns: scaled.map(({ column }) => column),
    scales: scaled.map(({ scale }) => scale),
    leftOut: known.rows.length - complete.length,
  };
}

function standardise(name: string, values: readonly number[]): { column: Float64Array; scale: number } {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw invalidArgument(
      `a value of covariate "${name}"`,
      wrong,
      "a finite number",
      "Write undefined for not known.",
    );
  if (values.every((value) => value === values[0]))
    throw invalidArgument(`covariate "${name}"`, `${values[0]} for all patients`, "a covariate that varies");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = Float64Array.from(values, (value) => value - mean);
  const scale = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) / values.length);
  return { column: centred.map((value) => value / scale), scale };
}
