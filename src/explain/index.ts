/** Explanations: which parts of which image a prediction rests on, and how far to believe it. */
export {
  attentionRollout,
  eigenCam,
  gradCam,
  gradCamPlusPlus,
  hiResCam,
  integratedGradients,
  layerCam,
  occlusion,
  relevance,
  scoreCam,
  upstreamMultiOscc,
} from "./by-method";
export {
  type CamOptions,
  type CamsOptions,
  cam,
  camOfEachLayer,
  cams,
  camsOfPatients,
  type IntegratedGradientsOptions,
  type LayerCamOptions,
  type OcclusionOptions,
  type ScoreCamOptions,
} from "./cam";
export {
  type ContributionDifference,
  type ContributionGroup,
  type ContributionSummary,
  type ContributionSummaryOptions,
  summariseContributions,
} from "./contribution-summary";
export { type ContributionOptions, contributions, contributionsOfPatients } from "./contributions";
export { type Agreement, agreement } from "./evidence/agreement";
export {
  type Faithfulness,
  type FaithfulnessOptions,
  faithfulness,
  type PerturbationCurve,
} from "./evidence/faithfulness";
export { type Evidence, type JudgeOptions, judge } from "./evidence/judge";
export {
  labelRandomisation,
  parameterRandomisation,
  type RandomisationCheck,
  type RandomisationOptions,
  type RandomisationStage,
} from "./evidence/randomisation";
export { type LabelledCohort, type LabelledPatient, shuffleLabels } from "./evidence/shuffle-labels";
export { type Stability, type StabilityOptions, stability } from "./evidence/stability";
export {
  type AgainstChance,
  type MapTruth,
  summariseTruth,
  type TruthIntervalOptions,
  type TruthOfPatientsOptions,
  type TruthOptions,
  type TruthScores,
  type TruthSummary,
  truthOfPatients,
  truthScores,
} from "./evidence/truth";
export { type LayerGradients, layerGradients, layersGradients, type TappedScore } from "./layer-gradients";
export type { LayerChoice } from "./layers";
export type { ExplainablePatient } from "./maps";
export { CAM_METHODS, type CamMethod } from "./methods";
export { eigenCamMap } from "./methods/eigen-cam";
export { gradCamWeights } from "./methods/grad-cam";
export { gradCamPlusPlusWeights } from "./methods/grad-cam-plus-plus";
export { hiResCamMap } from "./methods/hi-res-cam";
export { layerCamMap } from "./methods/layer-cam";
export type { ImageGradients, MapMethod } from "./methods/method";
export { camMap } from "./methods/weighted-sum";
export type { QuestionOptions } from "./open-model";
export type { Explainable } from "./question";
export type { CamMap, CamResult, ContributionResult, ImageContribution } from "./result";
export { SCORES, type Score, type ScoreFunction, type ScoreName } from "./score";
export { shapleyValues } from "./shapley";
export { asGrid, type TokenGrid, tokenGrid } from "./tokens";
