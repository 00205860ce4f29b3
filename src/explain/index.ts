/** Explanations: which parts of which image a prediction rests on. */
export {
  type CamMap,
  type CamOptions,
  type CamResult,
  type Explainable,
  type ExplainablePatient,
  gradCam,
  gradCamPlusPlus,
} from "./cam";
export {
  CAM_WEIGHTS,
  type CamMethod,
  camMap,
  gradCamPlusPlusWeights,
  gradCamWeights,
  type ImageGradients,
} from "./cam-weights";
export { type LayerGradients, layerGradients } from "./layer-gradients";
export { asGrid, type TokenGrid, tokenGrid } from "./tokens";
