/** The clinical table of the Multi-OSCC study, typed. */
import { inspect } from "node:util";
import { OsccError } from "../../core/errors";

/** How the cells of a column are read: a number, a 0/1 answer, or text. */
type Kind = "number" | "flag" | "text";

/**
 * The columns, in file order. `header` is the name in the file up to its first bracket of units; `title` is for
 * axis titles and tables. Codes that the file does not explain (ASA, NNIS, neck dissection) stay numbers.
 */
export const CLINICAL_COLUMNS = {
  female: { header: "Gender", title: "female", kind: "flag" },
  ageYears: { header: "Age", title: "age (years)", kind: "number" },
  weightKg: { header: "Weight", title: "weight (kg)", kind: "number" },
  heightCm: { header: "Height", title: "height (cm)", kind: "number" },
  alcoholHistory: { header: "AlcoholHistory", title: "alcohol history", kind: "flag" },
  smokingHistory: { header: "SmokingHistory", title: "smoking history", kind: "flag" },
  betelNutHistory: { header: "BetelNutHistory", title: "betel-nut history", kind: "flag" },
  surgicalMethod: { header: "SurgicalMethod", title: "surgical method", kind: "text" },
  asaGrade: { header: "ASAGrade", title: "ASA grade", kind: "number" },
  nnisGrade: { header: "NNISGrade", title: "NNIS grade", kind: "number" },
  positiveMargin: { header: "SurgicalMargin", title: "surgical margin", kind: "flag" },
  surgerySite: { header: "Surgery Site", title: "surgery site", kind: "text" },
  flap: { header: "6-Class Flap", title: "flap", kind: "text" },
  neckDissection: { header: "NeckDissection", title: "neck dissection (0, 1, 2)", kind: "number" },
  tracheotomy: { header: "Tracheotomy", title: "tracheotomy", kind: "flag" },
  diabetes: { header: "Diabetes", title: "diabetes", kind: "flag" },
  respiratoryDisease: { header: "RespiratoryDisease", title: "respiratory disease", kind: "flag" },
  cardiovascularDisease: { header: "CardiovascularDisease", title: "cardiovascular disease", kind: "flag" },
  hypertension: {
    header: "MedControlledHypertension",
    title: "medically controlled hypertension",
    kind: "flag",
  },
  hpv: { header: "HPV", title: "HPV", kind: "flag" },
  radiotherapy: { header: "Radiotherapy", title: "radiotherapy", kind: "flag" },
  chemotherapy: { header: "Chemotherapy", title: "chemotherapy", kind: "flag" },
  recurrenceDays: {
    header: "[annotation] recurrence time",
    title: "time to recurrence (days)",
    kind: "number",
  },
  followUpDays: { header: "[annotation] last followup time", title: "last follow-up (days)", kind: "number" },
} as const satisfies Record<string, { header: string; title: string; kind: Kind }>;

/** The name of a clinical column: `"ageYears"`, `"smokingHistory"`, ... */
export type ClinicalColumn = keyof typeof CLINICAL_COLUMNS;

type Cell<K extends Kind> = K extends "number" ? number : K extends "flag" ? boolean : string;

/**
 * One patient's row. A missing cell (`/` in the file) is `undefined`. `recurrenceDays` is `null` for a patient
 * who has not recurred up to `followUpDays`: that is an answer, not a missing cell.
 */
export type ClinicalRecord = {
  readonly patient: string;
  readonly recurrenceDays: number | null | undefined;
} & {
  readonly [C in Exclude<ClinicalColumn, "recurrenceDays">]:
    | Cell<(typeof CLINICAL_COLUMNS)[C]["kind"]>
    | undefined;
};

/** The clinical data of a cohort, one row per patient. */
export class ClinicalTable {
  readonly rows: readonly ClinicalRecord[];
  private readonly byPatient: ReadonlyMap<string, ClinicalRecord>;

  constructor(rows: readonly ClinicalRecord[]) {
    this.rows = rows;
    this.byPatient = new Map(rows.map((row) => [row.patient, row]));
  }

  /** One patient's row, or `undefined` when the table has none. */
  of(patient: string | number): ClinicalRecord | undefined {
    return this.byPatient.get(String(patient));
  }

  /** One column, in row order. */
  column<C extends ClinicalColumn>(name: C): ClinicalRecord[C][] {
    if (!(name in CLINICAL_COLUMNS))
      throw new OsccError(
        "UnknownName",
        [`there is no clinical column "${name}".`, `Known: ${Object.keys(CLINICAL_COLUMNS).join(", ")}.`],
        { name, kind: "clinical column", known: Object.keys(CLINICAL_COLUMNS) },
      );
    return this.rows.map((row) => row[name]);
  }

  /**
   * How many cells of each column are missing.
   *
   * @example
   * cohort.clinical?.missingness().filter((row) => row.missing > 0);
   */
  missingness(): ClinicalMissingness[] {
    return (Object.keys(CLINICAL_COLUMNS) as ClinicalColumn[]).map((column) => ({
      column,
      title: CLINICAL_COLUMNS[column].title,
      missing: this.rows.filter((row) => row[column] === undefined).length,
      total: this.rows.length,
    }));
  }

  [inspect.custom](): string {
    const incomplete = this.missingness().filter((row) => row.missing > 0);
    const gaps = incomplete.map((row) => `${row.column} ${row.missing}`).join(", ");
    const columns = Object.keys(CLINICAL_COLUMNS).length;
    return `Clinical table · ${this.rows.length} patients × ${columns} columns · missing: ${gaps || "none"}`;
  }
}

/** One row of `ClinicalTable.missingness()`. */
export interface ClinicalMissingness {
  readonly column: ClinicalColumn;
  readonly title: string;
  readonly missing: number;
  readonly total: number;
}

/** What the file writes for a patient who has not recurred. */
const NOT_RECURRED = "not recurred";

/** A cell that could not be understood; it is taken as missing and reported. */
export const NOT_UNDERSTOOD = Symbol("not understood");

/** Read one cell: `undefined` for `/` or nothing, `NOT_UNDERSTOOD` for what does not fit the column. */
export function readCell(
  column: ClinicalColumn,
  text: string | undefined,
): number | boolean | string | null | undefined | typeof NOT_UNDERSTOOD {
  const cell = (text ?? "").trim();
  if (cell === "" || cell === "/") return undefined;
  if (column === "recurrenceDays" && cell.toLowerCase() === NOT_RECURRED) return null;
  const { kind } = CLINICAL_COLUMNS[column];
  if (kind === "text") return cell;
  const value = Number(cell);
  if (!Number.isFinite(value)) return NOT_UNDERSTOOD;
  if (kind === "number") return value;
  return value === 0 ? false : value === 1 ? true : NOT_UNDERSTOOD;
}
