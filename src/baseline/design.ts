/**
 * From rows of the clinical table to numbers: medians for what is missing and an indicator that says so, one column
 * for each level of a text, everything on the scale of its standard deviation. All of it is learned from the
 * training patients and then applied, unchanged, to others.
 */
import { CLINICAL_COLUMNS, type ClinicalColumn, type ClinicalRecord } from "../cohort";

/** One number that the model sees of a patient. */
export interface ClinicalFeature {
  readonly column: ClinicalColumn;
  /** In words, for tables and axes: `"age (years)"`, `"surgery site: Tongue"`, `"HPV not known"`. */
  readonly title: string;
  /** A number, a yes or no, one level of a text, or "this cell is empty". */
  readonly kind: "number" | "flag" | "level" | "missing";
  /** Which text, for a level. */
  readonly level?: string;
  /** What an empty cell is taken for; the median of the training patients. Numbers and flags only. */
  readonly median?: number;
  /** Mean and standard deviation over the training patients, after imputation: the scale of the coefficients. */
  readonly mean: number;
  readonly deviation: number;
}

/** How patients become rows of numbers. Made by `fitDesign`. */
export interface Design {
  readonly features: readonly ClinicalFeature[];
  /** The most common text of each text column: what its levels are compared with. */
  readonly references: Readonly<Record<string, string>>;
  /** Columns that are the same for every training patient, and so cannot tell them apart. */
  readonly constant: readonly ClinicalColumn[];
  /** `[patients, features]`, standardised. A text that no training patient had counts as the reference. */
  transform(rows: readonly ClinicalRecord[]): Float64Array[];
}

/** A text that fewer training patients have stands with the reference: nothing can be learned of it. */
const FEWEST_OF_A_LEVEL = 5;

/**
 * Learn medians, levels, means and standard deviations from training rows.
 *
 * Standard deviations divide by n, as scikit-learn's `StandardScaler`. A text that fewer than 5 training patients
 * have gets no column of its own.
 *
 * @param rows    of the training patients only
 * @param columns which columns of the table
 * @example
 * const rows = cohort.split("train").flatMap(({ clinical }) => clinical ?? []);
 * const design = baseline.fitDesign(rows, ["ageYears", "surgerySite"]);
 * design.transform(rows); // Float64Array[]
 */
export function fitDesign(rows: readonly ClinicalRecord[], columns: readonly ClinicalColumn[]): Design {
  const references: Record<string, string> = {};
  const constant: ClinicalColumn[] = [];
  const features = columns.flatMap((column) => {
    const raw = rawFeatures(rows, column, references);
    const useful = raw.map((feature) => standardised(feature, rows)).filter(({ deviation }) => deviation > 0);
    if (useful.length === 0) constant.push(column);
    return useful;
  });
  return {
    features,
    references,
    constant,
    transform: (others) =>
      others.map((row) =>
        Float64Array.from(features, (feature) => (numberOf(feature, row) - feature.mean) / feature.deviation),
      ),
  };
}

type RawFeature = Omit<ClinicalFeature, "mean" | "deviation">;

function rawFeatures(
  rows: readonly ClinicalRecord[],
  column: ClinicalColumn,
  references: Record<string, string>,
): RawFeature[] {
  const { title, kind } = CLINICAL_COLUMNS[column];
  const missing: RawFeature[] = rows.some((row) => isEmpty(row[column]))
    ? [{ column, title: `${title} not known`, kind: "missing" }]
    : [];
  if (kind !== "text") {
    const known = rows.flatMap((row) => (isEmpty(row[column]) ? [] : [Number(row[column])]));
    return known.length > 0 ? [{ column, title, kind, median: medianOf(known) }, ...missing] : missing;
  }
  const [reference, ...levels] = levelsOf(rows, column);
  if (reference === undefined) return missing;
  references[column] = reference;
  return [
    ...levels.map((level): RawFeature => ({ column, title: `${title}: ${level}`, kind: "level", level })),
    ...missing,
  ];
}

/** The texts of a column, the most common first; after it those that enough patients have. */
function levelsOf(rows: readonly ClinicalRecord[], column: ClinicalColumn): string[] {
  const counts = new Map<string, number>();
  for (const row of rows)
    if (!isEmpty(row[column])) {
      const text = String(row[column]);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .filter(([, patients], i) => i === 0 || patients >= FEWEST_OF_A_LEVEL)
    .map(([text]) => text);
}

function standardised(feature: RawFeature, rows: readonly ClinicalRecord[]): ClinicalFeature {
  const values = rows.map((row) => numberOf(feature, row));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = new Set(values).size > 1 ? Math.sqrt(squares / values.length) : 0;
  return { ...feature, mean, deviation };
}

function numberOf({ column, kind, level, median }: RawFeature, row: ClinicalRecord): number {
  const cell = row[column];
  if (kind === "missing") return isEmpty(cell) ? 1 : 0;
  if (kind === "level") return cell === level ? 1 : 0;
  return isEmpty(cell) ? median! : Number(cell);
}

/** `null` stands for "has not recurred": as a number it is not there either. */
const isEmpty = (cell: unknown): boolean => cell === undefined || cell === null;

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
