/** Models of a patient: encoder, fusion, heads; their parameters; checkpoints. */

export type { LayerTap } from "./block";
export type {
  Checkpoint,
  CheckpointData,
  CheckpointDtype,
  CheckpointFormat,
  CheckpointTensor,
} from "./checkpoints/checkpoint";
export { type LoadEncoderOptions, type LoadReport, loadEncoder } from "./checkpoints/encoder";
export { inferEncoder } from "./checkpoints/infer";
export { type SaveOnnxOptions, saveOnnx } from "./checkpoints/onnx";
export { loadModel, saveEncoder, saveModel } from "./checkpoints/own";
export { readCheckpoint } from "./checkpoints/read";
export { writeSafetensors } from "./checkpoints/safetensors";
export {
  FUSIONS,
  type FusionBlock,
  type FusionContext,
  type FusionDefinition,
  type FusionKind,
  type FusionParameter,
  type FusionReference,
  type FusionShape,
  fusion,
  imageMask,
  type OwnFusion,
} from "./fusion";
export { HEAD_DROPOUT, HEAD_HIDDEN } from "./head";
export type { LiveParameters } from "./layers";
export {
  LORA_DEFAULTS,
  LORA_PREFIX,
  LORA_PROJECTIONS,
  type LoraOptions,
  type LoraProjection,
  loraChain,
  loraOptions,
  loraParameters,
  mergeLora,
  withLora,
} from "./lora";
export {
  createModel,
  encodeEach,
  encodeImages,
  encoderChain,
  type ForwardOptions,
  type ForwardResult,
  forward,
  forwardFeatures,
  forwardHeads,
  fusionShape,
  type ImageFit,
  MISSING_IMAGES,
  type MissingImages,
  type Model,
  type ModelOptions,
  type ModelSpec,
  type ModelTask,
  modelParameters,
  modelSpec,
  type View,
} from "./model";
export {
  encoderNormalisation,
  NORMALISATIONS,
  type Normalisation,
  type NormalisationName,
  normalisation,
  normalise,
} from "./normalisation";
export {
  asParameter,
  countParameters,
  initialise,
  mebibytes,
  type ParameterCount,
  type Parameters,
  type ParameterTensor,
  under,
} from "./parameters";
export {
  decodeImages,
  modelImages,
  presentImages,
  type ViewImage,
  type ViewPatient,
  type ViewPixels,
} from "./patient-input";
export { type Grid, POSITION_RESIZES, type PositionResize, resizePositions } from "./positions";
export { vitChain, vitForward, vitLayers, vitParameters } from "./vit";
export {
  type EncoderName,
  featureWidth,
  type ImageSize,
  MLP_KINDS,
  type MlpKind,
  POOLINGS,
  type Pooling,
  patchGrid,
  prefixTokens,
  tokenCount,
  VIT_PRESETS,
  type ViTConfig,
  vitConfig,
} from "./vit-config";
