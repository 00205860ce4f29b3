/** One flat row per patient, for tables. */
import type { Cohort } from "./cohort";
import { CLINICAL_COLUMNS, type ClinicalColumn, type ClinicalRecord } from "./multi-oscc/clinical";
import type { CohortSchema, Split, TaskOf } from "./schema";

/**
 * Id, split, number of images and labels; `null` where something is missing. Clinical columns where there is
 * a table. For a cohort whose tasks are not known by name, any column.
 */
export type PatientRow<T extends string = string> = string extends T
  ? Readonly<Record<string, string | number | boolean | null>>
  : {
      readonly patient: string;
      readonly split: Split | null;
      readonly images: number;
    } & { readonly [K in T]: number | null } & {
      readonly [C in ClinicalColumn]?: NonNullable<ClinicalRecord[C]> | null;
    };

/** Rows in the cohort's order. */
export function patientRows<S extends CohortSchema>(cohort: Cohort<S>): PatientRow<TaskOf<S>>[] {
  return cohort.patients.map((patient) => {
    const labels = cohort.tasks.map((task) => [task, patient.labels[task] ?? null]);
    const clinical = cohort.clinical
      ? Object.keys(CLINICAL_COLUMNS).map((column) => [
          column,
          patient.clinical?.[column as ClinicalColumn] ?? null,
        ])
      : [];
    return {
      patient: patient.id,
      split: patient.split ?? null,
      images: patient.imageCount,
      ...Object.fromEntries([...labels, ...clinical]),
    } as PatientRow<TaskOf<S>>;
  });
}

/**
 * Rows as danfojs understands them: its missing value is NaN in numeric columns, and a column of true and false
 * with gaps is one of 1 and 0. Gaps of text stay `null`.
 */
export function frameRows(
  rows: readonly Readonly<Record<string, string | number | boolean | null>>[],
): Record<string, string | number | null>[] {
  const columns = Object.keys(rows[0] ?? {});
  const isText = new Map(
    columns.map((column) => [column, rows.some((row) => typeof row[column] === "string")]),
  );
  return rows.map((row) =>
    Object.fromEntries(
      columns.map((column) => {
        const cell = row[column] ?? null;
        if (typeof cell === "string") return [column, cell];
        return [column, cell === null ? (isText.get(column) ? null : Number.NaN) : Number(cell)];
      }),
    ),
  );
}
