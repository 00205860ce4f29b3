/** The engine: tensors, blocks with hand-written gradients, and compiling functions of tensors into programs. */
export {
  attention,
  gelu,
  layerNorm,
  linear,
  mlp,
  type SelfAttentionOptions,
  selfAttention,
  softmaxCrossEntropy,
} from "./blocks";
export { type ChainOptions, type ChainStepOptions, compileChain, compileChainStep } from "./chain/compile";
export type { ChainForward } from "./chain/forward";
export { type Chain, type Link, runChain } from "./chain/link";
export type { ChainTraining, Optimiser } from "./chain/train";
export type { ChainLoss } from "./chain/units";
export { type CompileOptions, compile, type Signature } from "./compile";
export { installCuda, type ScriptResult } from "./cuda";
export { type DeviceChoice, type DeviceReport, describeDevices, selectDevice } from "./devices";
export { allFinite } from "./finite";
export { type Interpolation, resizeImages, type Sampling } from "./interpolation";
export { type OnnxFile, type OnnxPort, saveOnnx } from "./onnx-file";
export { PRECISIONS, type Precision } from "./precision";
export type {
  Device,
  NotFiniteValue,
  Program,
  RunInput,
  RunOptions,
  SaveOptions,
  Step,
  StepFunction,
  Tensors,
} from "./program";
export { type OpenOptions, openProgram } from "./saved/open";
export {
  copyTensor,
  type DType,
  filledTensor,
  fromTensor,
  fromTensorSync,
  type HostTensor,
  hostTensor,
  sizeOf,
  type TensorData,
  type TensorSpec,
  tf,
  toTensor,
} from "./tensors";
export { named } from "./trace/backend";
