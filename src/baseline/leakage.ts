/**
 * Which columns of the clinical table are known when: a model that is to predict what surgery finds, or what happens
 * afterwards, must not be told by a column that was filled in because of it.
 */
import type { ClinicalColumn } from "../cohort";

/** When a column is known, and for one that is known too late, why. */
export interface ColumnTiming {
  readonly known: "before surgery" | "with surgery" | "after surgery" | "with the outcome";
  /** Why a model of the clinical table leaves the column out; absent for what is known before surgery. */
  readonly reason?: string;
}

const BEFORE: ColumnTiming = { known: "before surgery" };

/**
 * When each column is known. The file of the study does not say; this is clinical practice, column by column, and
 * the doubtful ones are counted as late.
 */
export const COLUMN_TIMING: Readonly<Record<ClinicalColumn, ColumnTiming>> = {
  female: BEFORE,
  ageYears: BEFORE,
  weightKg: BEFORE,
  heightCm: BEFORE,
  alcoholHistory: BEFORE,
  smokingHistory: BEFORE,
  betelNutHistory: BEFORE,
  surgicalMethod: {
    known: "with surgery",
    reason: "the report of the operation: its extent follows from what was suspected and found",
  },
  asaGrade: BEFORE,
  nnisGrade: {
    known: "with surgery",
    reason: "the NNIS index counts how long the operation took, which is known at its end",
  },
  positiveMargin: {
    known: "after surgery",
    reason: "found by pathology on the resected specimen, like the labels",
  },
  surgerySite: BEFORE,
  flap: {
    known: "with surgery",
    reason: "chosen for the defect that the resection left: it measures the extent of the tumour",
  },
  neckDissection: {
    known: "with surgery",
    reason: "part of the operation; without it no lymph node is examined",
  },
  tracheotomy: { known: "with surgery", reason: "part of the operation: it follows from its extent" },
  diabetes: BEFORE,
  respiratoryDisease: BEFORE,
  cardiovascularDisease: BEFORE,
  hypertension: BEFORE,
  hpv: {
    known: "after surgery",
    reason: "tested on tumour tissue, and mostly on the specimen; whether it was tested is itself a finding",
  },
  radiotherapy: { known: "after surgery", reason: "given because of what pathology found" },
  chemotherapy: { known: "after surgery", reason: "given because of what pathology found" },
  recurrenceDays: { known: "with the outcome", reason: "the outcome itself" },
  followUpDays: {
    known: "with the outcome",
    reason: "observation ends at recurrence, so that its length tells the outcome",
  },
};

/**
 * Why a column would leak, or `undefined` for one that is known before surgery.
 *
 * @example
 * baseline.leakage("radiotherapy"); // "known after surgery: given because of what pathology found"
 */
export function leakage(column: ClinicalColumn): string | undefined {
  const { known, reason } = COLUMN_TIMING[column];
  return reason && `known ${known}: ${reason}`;
}
