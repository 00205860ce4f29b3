/** Patients, labels, splits, clinical data: a study on disk. */
export { Cohort, LooseImage, type Where } from "./cohort";
export { type ImportArraysOptions, importArrays } from "./import-arrays";
export type { CohortDeclaration } from "./layout/plain";
export {
  type LoadOptions,
  loadPatients,
  loadPixels,
  loadTensor,
  type PatientTensor,
  type PatientTensorOptions,
  type PixelBatch,
} from "./loader";
export { TruthMask } from "./mask";
export {
  CLINICAL_COLUMNS,
  type ClinicalColumn,
  type ClinicalMissingness,
  type ClinicalRecord,
  ClinicalTable,
} from "./multi-oscc/clinical";
export {
  PRINTED_CLASS_COUNTS,
  PRINTED_CORRELATIONS,
  type PrintedClassCount,
  type PrintedCorrelation,
} from "./multi-oscc/printed";
export { SLOTS } from "./multi-oscc/slots";
export { type NpyArray, type NpyData, parseNpy, readNpy } from "./npy";
export { type OpenOptions, openCohort } from "./open";
export {
  type ImagesOptions,
  MISSING_POLICIES,
  type MissingPolicy,
  type NamedView,
  Patient,
  type View,
} from "./patient";
export { PatientImage } from "./patient-image";
export { type LabelledPatient, type PublishedSplitOptions, publishedSplit } from "./published-split";
export type { FieldsOfView } from "./record";
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
export {
  dealFolds,
  type Fold,
  type FoldOptions,
  type SplitFile,
  saveSplit,
  stratifiedFolds,
  toSplitFile,
} from "./splits";
export {
  type ChannelStatistics,
  MULTI_OSCC_MEAN,
  MULTI_OSCC_STD,
  patientStatistics,
  type Rgb,
  type StatisticsOptions,
} from "./statistics";
export type { ClassCount, ClassCounts, CrossTable, Missingness } from "./tables";
export {
  PROBLEM_KINDS,
  type ProblemKind,
  type Severity,
  type VerifyOptions,
  type VerifyProblem,
  VerifyReport,
} from "./verify";
