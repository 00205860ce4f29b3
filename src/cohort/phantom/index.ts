/**
 * The phantom cohort: procedural H&E images of oral squamous cell carcinoma with known truth. The signs are
 * stylised; performance on phantoms says nothing about patients.
 */
export { buildSite } from "./build-site";
export { PHANTOM_TINY } from "./encoder";
export { type PhantomLabels, PREVALENCE } from "./labels";
export { MASK_BITS, type MaskBit, maskAreas } from "./masks";
export type { PhantomOptions } from "./options";
export { makeCohort, makePatient, type PhantomPatient, type Traits } from "./patient";
export {
  PHANTOM_MANIFEST,
  type PhantomManifest,
  phantomCohort,
  readPhantomManifest,
} from "./phantom-cohort";
export { type PhantomPicture, type PhantomViewOptions, renderPhantomView } from "./render-phantom-view";
export {
  type EnergyScore,
  energyInside,
  type HeatMap,
  type NoScore,
  type PointingScore,
  pointingGame,
  type ScoreOptions,
  type SignMask,
} from "./score";
export {
  GENERATOR as PHANTOM_GENERATOR,
  PHANTOM_PRESETS,
  type PhantomPreset,
  type PhantomSettings,
  type PhantomSigns,
} from "./settings";
export type { TissueSite } from "./site";
export { type PhantomView, renderView, umPerPx } from "./view";
export { type PatientTruth, patientFolderName, type SiteTruth, viewName } from "./write-patient";
