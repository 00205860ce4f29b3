/** A bootstrap interval for any statistic: rows are resampled by patient, so that a patient's rows stay together. */
import { invalidArgument } from "../core/errors";
import { bcaBounds } from "./bca";
import { type BootstrapSettings, bootstrapRng, bootstrapSettings, forEachSample } from "./bootstrap";
import { type Interval, isUndefined, type Statistic, undefinedError } from "./outcome";
import { middle } from "./quantile";

/** Options of `bootstrapInterval`. */
export interface BootstrapIntervalOptions<Row> {
  /** Number of samples. Default 2000. */
  readonly bootstrap?: number;
  /** Default 7. Same seed, same interval. */
  readonly seed?: number;
  /** Coverage, between 0 and 1. Default 0.95. */
  readonly level?: number;
  /** `"percentile"` (default), or `"bca"`: corrected for bias and skewness, at one more evaluation for each patient. */
  readonly rule?: "percentile" | "bca";
  /** The patient of a row. Default: each row is a patient. */
  readonly patientOf?: (row: Row) => string | number;
  /** Draw patients within these groups, so that each sample has the group sizes of the data. Default: one group. */
  readonly stratumOf?: (row: Row) => string | number;
}

/**
 * The bootstrap interval of a statistic of rows.
 *
 * Several rows of one patient (images, sites, folds) are not independent: with `patientOf` patients are drawn, each
 * with all its rows, and the interval becomes as wide as it must be. A sample on which the statistic is undefined is
 * left out, and `method` counts them.
 *
 * @param rows      anything: one object for each patient or image
 * @param statistic of a list of rows; a row may occur several times. Returns a number or an undefined statistic
 * @param options   `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95; `rule`, default `"percentile"`;
 *                  `patientOf`; `stratumOf`
 * @throws InvalidArgument for no rows, a patient in two strata, or a statistic that is NaN or infinite;
 *         Undefined when the statistic is undefined on the rows, or on more than half of the samples
 * @see Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14; Davison and Hinkley,
 *      Bootstrap Methods and their Application (1997), section 3.8, for resampling by patient.
 * @example
 * const ages = [58, 57, 56, 35, 61, 70, 66];
 * const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
 * evaluate.bootstrapInterval(ages, mean, { rule: "bca" }); // { value: 57.6, low: 46.9, high: 63.4, level: 0.95, method }
 */
export function bootstrapInterval<Row>(
  rows: readonly Row[],
  statistic: (rows: readonly Row[]) => Statistic,
  options: BootstrapIntervalOptions<Row> = {},
): Interval {
  const { rule = "percentile" } = options;
  if (rule !== "percentile" && rule !== "bca") throw invalidArgument("rule", rule, "one of percentile, bca");
  const settings = bootstrapSettings(options);
  const patients = groupByPatient(rows, options);
  const value = finite(statistic(rows));
  if (isUndefined(value)) throw undefinedError("the statistic", value.reason);

  const sampled = sampledValues(patients, statistic, settings);
  const failed = settings.replicates - sampled.length;
  if (failed > settings.replicates / 2)
    throw undefinedError(
      "the bootstrap interval",
      `the statistic is undefined on ${failed} of ${settings.replicates} samples`,
      "Draw within groups: stratumOf.",
    );
  const bounds =
    rule === "bca"
      ? bcaBounds(value, sampled, leavingOutEach(patients, statistic), settings.level)
      : middle(sampled, settings.level);
  return { value, ...bounds, level: settings.level, method: inWords(settings, rule, options, failed) };
}

interface PatientRows<Row> {
  readonly rows: Row[];
  readonly stratum: number;
}

function groupByPatient<Row>(
  rows: readonly Row[],
  { patientOf, stratumOf }: BootstrapIntervalOptions<Row>,
): PatientRows<Row>[] {
  if (rows.length === 0) throw invalidArgument("rows", "empty", "one row or more");
  const strata = new Map<string | number, number>();
  const patients = new Map<string | number, PatientRows<Row>>();
  rows.forEach((row, i) => {
    const key = patientOf ? patientOf(row) : i;
    const named = stratumOf ? stratumOf(row) : 0;
    const stratum = strata.get(named) ?? strata.size;
    strata.set(named, stratum);
    const known = patients.get(key);
    if (known && known.stratum !== stratum)
      throw invalidArgument(
        "stratumOf",
        `two strata for patient ${key}`,
        "the same stratum for all rows of a patient",
      );
    if (known) known.rows.push(row);
    else patients.set(key, { rows: [row], stratum });
  });
  return [...patients.values()];
}

/** The statistic of each sample on which it is defined. */
function sampledValues<Row>(
  patients: readonly PatientRows<Row>[],
  statistic: (rows: readonly Row[]) => Statistic,
  settings: BootstrapSettings,
): Float64Array {
  const values: number[] = [];
  const strata = patients.map(({ stratum }) => stratum);
  const withinStrata: BootstrapSettings = { ...settings, resampling: "stratified" };
  forEachSample(strata, withinStrata, bootstrapRng(settings, "statistic"), (sample) => {
    const drawn: Row[] = [];
    for (const i of sample) drawn.push(...patients[i]!.rows);
    const value = finite(statistic(drawn));
    if (!isUndefined(value)) values.push(value);
  });
  return Float64Array.from(values);
}

/** The jackknife; a patient without whom the statistic is undefined says nothing of skewness and is passed over. */
function leavingOutEach<Row>(
  patients: readonly PatientRows<Row>[],
  statistic: (rows: readonly Row[]) => Statistic,
): number[] {
  return patients.flatMap((left) => {
    const value = finite(statistic(patients.flatMap((one) => (one === left ? [] : one.rows))));
    return isUndefined(value) ? [] : [value];
  });
}

function finite(value: Statistic): Statistic {
  if (!isUndefined(value) && !Number.isFinite(value))
    throw invalidArgument(
      "the statistic",
      value,
      "a finite number or an undefined statistic",
      'Where it has no value return { undefined: true, reason: "..." }.',
    );
  return value;
}

function inWords<Row>(
  { replicates, seed }: BootstrapSettings,
  rule: "percentile" | "bca",
  { stratumOf }: BootstrapIntervalOptions<Row>,
  failed: number,
): string {
  const drawn = stratumOf ? "samples of patients stratified by group" : "samples of patients";
  const method = `${rule === "bca" ? "BCa" : "percentile"} bootstrap, ${replicates} ${drawn}, seed ${seed}`;
  return failed === 0 ? method : `${method}; ${failed} on which it is undefined left out`;
}
