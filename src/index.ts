/**
 * oscc-lab: computational pathology in TypeScript, around the Multi-OSCC study.
 * Research and teaching only; not for diagnosis.
 *
 * @example
 * import { openCohort, plot } from "oscc-lab";
 * const cohort = await openCohort();
 * plot.classCounts(cohort);
 */
export * as audit from "./audit";
export * as baseline from "./baseline";
export {
  type ClassCount,
  Cohort,
  type CohortSchema,
  dealFolds,
  importArrays,
  loadPixels,
  type Magnification,
  MULTI_OSCC,
  openCohort,
  Patient,
  PatientImage,
  publishedSplit,
  readNpy,
  type Site,
  type Split,
  saveSplit,
  type Task,
  type VerifyProblem,
  VerifyReport,
} from "./cohort";
export * as phantom from "./cohort/phantom";
export { isOsccError, OsccError, type OsccErrorCode } from "./core/errors";
export type { Provenance } from "./core/provenance";
export { Rng } from "./core/random";
export { show } from "./core/show";
export * as engine from "./engine";
export * as evaluate from "./evaluate";
export * as explain from "./explain";
export * as images from "./image";
export { RgbImage, readImage } from "./image";
export { clearOutput, display, input } from "./kernel/notebook-api";
export * as widget from "./kernel/widgets";
export * as model from "./model";
export * as plot from "./plot";
export * as train from "./train";
export { crossValidate, fit, heldOut } from "./train";
