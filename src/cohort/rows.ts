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
