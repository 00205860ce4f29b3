/** Rank and linear correlation with p-values, for two columns and for a table of columns. */
import { invalidArgument, OsccError, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { correlationPValue } from "./distributions";
import { kendallTau } from "./kendall";
import { type Statistic, undefinedBecause } from "./outcome";
import { midranks } from "./ranks";

/** A correlation coefficient in [-1, 1] with its two-sided p-value. */
export interface Correlation {
  readonly method: CorrelationMethod;
  readonly coefficient: Statistic;
  /** Two-sided: from Student's t on n - 2 degrees of freedom; of Kendall's tau as `kendall` says. */
  readonly pValue: Statistic;
  /** Pairs in which both values are known. */
  readonly n: number;
}

/** All pairs of the columns of a table. `[i][j]` concerns `names[i]` and `names[j]`; symmetric. */
export interface CorrelationMatrix {
  readonly method: CorrelationMethod;
  readonly names: readonly string[];
  readonly coefficients: readonly (readonly Statistic[])[];
  readonly pValues: readonly (readonly Statistic[])[];
  readonly counts: readonly (readonly number[])[];
  readonly provenance?: Provenance;
}

/** The kinds of correlation that `correlationMatrix` computes. */
export const CORRELATION_METHODS = ["spearman", "pearson", "kendall"] as const;
/** See `CORRELATION_METHODS`. */
export type CorrelationMethod = (typeof CORRELATION_METHODS)[number];

/** A column of a table; `undefined` where the value is not known. */
export type Column = readonly (number | undefined)[];

/** Options of `spearman`, `pearson` and `kendall`. */
export interface CorrelationOptions {
  /** A number that stands for "not known", for example -1 in label columns. Default: none. */
  readonly missing?: number;
}

/** Options of `correlationMatrix`. */
export interface CorrelationMatrixOptions extends CorrelationOptions {
  /** Default `"spearman"`. */
  readonly method?: CorrelationMethod;
  readonly provenance?: Provenance;
}

/**
 * Spearman's rank correlation with midranks for ties; pairs with a missing value are left out.
 *
 * @throws ShapeMismatch when the columns differ in length; InvalidArgument for NaN or infinite values
 * @see Spearman (1904); same numbers as SciPy's `spearmanr`.
 * @example
 * evaluate.spearman([1, 2, 3, 4], [1, 3, 2, 4]); // { coefficient: 0.8, pValue: 0.2, n: 4, ... }
 */
export function spearman(x: Column, y: Column, options: CorrelationOptions = {}): Correlation {
  return correlate("spearman", x, y, options);
}

/**
 * Pearson's linear correlation; pairs with a missing value are left out.
 *
 * @throws ShapeMismatch when the columns differ in length; InvalidArgument for NaN or infinite values
 * @see same numbers as SciPy's `pearsonr`.
 * @example
 * evaluate.pearson([1, 2, 3, 4], [1, 3, 2, 4]).coefficient; // 0.8
 */
export function pearson(x: Column, y: Column, options: CorrelationOptions = {}): Correlation {
  return correlate("pearson", x, y, options);
}

/**
 * Kendall's rank correlation, tau-b, which accounts for ties in either column; missing pairs are left out.
 *
 * The p-value is exact without ties for up to 33 pairs (and where all pairs but one agree, or disagree); otherwise from
 * the normal distribution with the variance under ties.
 *
 * @throws ShapeMismatch when the columns differ in length; InvalidArgument for NaN or infinite values
 * @see Kendall, Biometrika 33 (1945); same numbers as SciPy's `kendalltau`.
 * @example
 * evaluate.kendall([1, 2, 3, 4], [1, 3, 2, 4]); // { coefficient: 0.6667, pValue: 0.3333, n: 4, ... }
 */
export function kendall(x: Column, y: Column, options: CorrelationOptions = {}): Correlation {
  return correlate("kendall", x, y, options);
}

/**
 * The correlation of every pair of columns, with p-values; each pair uses the rows where both are known.
 *
 * @param columns by name, equal lengths; two or more
 * @param options `method`, default `"spearman"`; `missing`, a number that means "not known", default none; `provenance`
 * @throws ShapeMismatch when columns differ in length; InvalidArgument for NaN or infinite values
 * @example
 * const labels = Object.fromEntries(cohort.tasks.map((task) => [task, cohort.labels(task)]));
 * await plot.correlation(evaluate.correlationMatrix(labels, { missing: -1, provenance: cohort.provenance }));
 */
export function correlationMatrix(
  columns: Readonly<Record<string, Column>>,
  options: CorrelationMatrixOptions = {},
): CorrelationMatrix {
  const method = options.method ?? "spearman";
  if (!CORRELATION_METHODS.includes(method))
    throw unknownName("correlation method", method, CORRELATION_METHODS);
  const names = Object.keys(columns);
  if (names.length < 2) throw invalidArgument("columns", names.length, "two named columns or more");
  const pairs = names.map((a) =>
    names.map((b) => correlate(method, columns[a]!, columns[b]!, options, a, b)),
  );
  return {
    method,
    names,
    coefficients: pairs.map((row) => row.map((c) => c.coefficient)),
    pValues: pairs.map((row) => row.map((c) => c.pValue)),
    counts: pairs.map((row) => row.map((c) => c.n)),
    ...(options.provenance ? { provenance: options.provenance } : {}),
  };
}

function correlate(
  method: CorrelationMethod,
  x: Column,
  y: Column,
  options: CorrelationOptions,
  nameX = "the first column",
  nameY = "the second column",
): Correlation {
  if (x.length !== y.length)
    throw new OsccError(
      "ShapeMismatch",
      [
        `${nameX} has ${x.length} values but ${nameY} has ${y.length}.`,
        "Expected one value for each patient in both; write undefined where a value is not known.",
      ],
      { expected: [x.length], found: [y.length] },
    );
  const known: [number[], number[]] = [[], []];
  for (let i = 0; i < x.length; i++) {
    const a = x[i];
    const b = y[i];
    if (isMissing(a, options) || isMissing(b, options)) continue;
    if (!Number.isFinite(a)) throw notFinite(nameX, i, a);
    if (!Number.isFinite(b)) throw notFinite(nameY, i, b);
    known[0].push(a);
    known[1].push(b);
  }
  const n = known[0].length;
  const [left, right] = method === "spearman" ? known.map(midranks) : known;
  const problem = whyUndefined(left!, right!, nameX, nameY);
  if (problem)
    return { method, coefficient: undefinedBecause(problem), pValue: undefinedBecause(problem), n };
  if (method === "kendall") return { method, ...kendallTau(left!, right!), n };
  const coefficient = linear(left!, right!);
  const pValue =
    n < 3 ? undefinedBecause("two pairs leave no degree of freedom") : correlationPValue(coefficient, n);
  return { method, coefficient, pValue, n };
}

function isMissing(value: number | undefined, options: CorrelationOptions): value is undefined {
  return value === undefined || (options.missing !== undefined && value === options.missing);
}

function notFinite(name: string, row: number, value: number): OsccError<"InvalidArgument"> {
  return invalidArgument(`row ${row} of ${name}`, value, "a finite number", "Write undefined for not known.");
}

function whyUndefined(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  nameX: string,
  nameY: string,
): string | undefined {
  if (x.length < 2)
    return `${nameX} and ${nameY} have ${x.length} pair${x.length === 1 ? "" : "s"} of known values`;
  if (isConstant(x)) return `${nameX} has the same value in all ${x.length} pairs`;
  if (isConstant(y)) return `${nameY} has the same value in all ${x.length} pairs`;
  return undefined;
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** Pearson's coefficient from deviations scaled to length 1, so that squares neither overflow nor vanish; clipped to [-1, 1]. */
function linear(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const a = unitDeviations(x);
  const b = unitDeviations(y);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.max(-1, Math.min(1, sum));
}

function unitDeviations(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const deviations = Float64Array.from(values, (v) => v - sum / n);
  let largest = 0;
  for (const d of deviations) largest = Math.max(largest, Math.abs(d));
  let squares = 0;
  for (const d of deviations) squares += (d / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  return deviations.map((d) => d / length);
}
