/**
 * What training needs of a cohort. `Cohort` has all of it; so may a student's own object.
 */
import type { Split, TaskDefinition } from "../cohort";
import type { Provenance } from "../core/provenance";
import type { View, ViewPatient } from "../model";

/** A patient, as far as training needs one. */
export interface TrainingPatient<Task extends string = string> extends ViewPatient {
  /** Class index by task; `undefined` when missing. */
  readonly labels: Readonly<Record<Task, number | undefined>>;
  readonly split: Split | undefined;
}

/** A cohort, as far as training needs it. */
export interface TrainingCohort<Task extends string = string> {
  readonly provenance: Provenance;
  /** Task names in order. */
  readonly tasks: readonly Task[];
  readonly schema: { readonly tasks: Readonly<Record<string, TaskDefinition>> };
  /** Every site at every magnification, in order. */
  readonly views: readonly View[];
  readonly patients: readonly TrainingPatient<Task>[];
}
