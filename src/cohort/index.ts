/** Patients, labels, splits, clinical data: a study on disk. */
export { Cohort, LooseImage, type Where } from "./cohort";
export type { CohortDeclaration } from "./layout/plain";
export { TruthMask } from "./mask";
export {
  CLINICAL_COLUMNS,
  type ClinicalColumn,
  type ClinicalMissingness,
  type ClinicalRecord,
  ClinicalTable,
} from "./multi-oscc/clinical";
export { SLOTS } from "./multi-oscc/slots";
export { type OpenOptions, openCohort } from "./open";
export { type ImagesOptions, MISSING_POLICIES, type MissingPolicy, Patient, type View } from "./patient";
export { PatientImage } from "./patient-image";
export type { PatientRow } from "./rows";
export {
  type CohortSchema,
  type Magnification,
  type MagnificationOf,
  MULTI_OSCC,
  type MultiOscc,
  type Site,
  type SiteOf,
  SPLITS,
  type Split,
  type Task,
  type TaskDefinition,
  type TaskOf,
} from "./schema";
export type { ClassCount, ClassCounts, CrossTable, Missingness } from "./tables";
