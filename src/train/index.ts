/** Training: losses, optimiser, schedule, samplers, the loop, runs and cross-validation. */
export {
  ADAMW_DEFAULTS,
  type AdamWFactors,
  type AdamWOptions,
  type AdamWRates,
  adamWCorrections,
  adamWFactors,
  adamWState,
  adamWUpdate,
} from "./adamw";
export type { CheckpointOptions } from "./checkpoints";
export type { TrainingCohort, TrainingPatient } from "./cohort";
export { type Cost, type CostOptions, cost } from "./cost";
export { CrossValidation, type CrossValidationOptions, crossValidate } from "./cross-validate";
export { type EarlyStopping, epochsWithoutProgress } from "./early-stopping";
export { type FeatureSpec, FeatureTable } from "./feature-table";
export { type FeatureOptions, features } from "./features";
export { fit } from "./fit";
export { HeldOut, type HeldOutDesign, heldOut } from "./held-out";
export { curveText, type EpochRecord } from "./history";
export { keptFit, loadRun } from "./kept-runs";
export {
  crossEntropy,
  focal,
  focalElements,
  LOSSES,
  type LossFunction,
  type LossName,
  type Targets,
} from "./losses";
export * from "./multitask";
export {
  CLASS_WEIGHTS,
  type ClassWeights,
  type FitOptions,
  type FitSettings,
  type LearningRates,
  type LossChoice,
  TRAINING_PRESETS,
  type TrainingPreset,
  type TrainingRecipe,
} from "./options";
export { type RerunOptions, rerun } from "./rerun";
export { Run, type RunRecord } from "./run";
export { balancedTuples, epochOrder, SAMPLERS, type SamplerName } from "./sampler";
export { type CosineOptions, cosine } from "./schedule";
export { meanAuc, SELECTION_SCORES, type SelectionScore, selectionScore } from "./selection";
export {
  nearestRows,
  SMOTE_ALONE,
  type SmoteGroup,
  type SmoteLabel,
  type SmoteOptions,
  type SmoteOrigin,
  type SmoteResult,
  smote,
} from "./smote";
export { pixelStatistics } from "./statistics";
export {
  balancedClassWeights,
  type EncodedTargets,
  encodeTargets,
  type TargetOptions,
} from "./targets";
export { type TileOptions, tileViews, type WholeOptions, wholePhotographs } from "./tiles";
export { TRAINING_MODES, type TrainingMode } from "./tuning";
