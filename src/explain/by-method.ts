/** Each method as a function of its own, with the options that it reads. */
import type { ViewImage } from "../model";
import {
  cam,
  type IntegratedGradientsOptions,
  type LayerCamOptions,
  type OcclusionOptions,
  type ScoreCamOptions,
} from "./cam";
import type { ExplainablePatient } from "./maps";
import type { QuestionOptions } from "./open-model";
import type { Explainable } from "./question";
import type { CamResult } from "./result";

/**
 * Grad-CAM of every image of a patient, through the fusion block.
 *
 * @see Selvaraju et al., ICCV 2017
 * @example
 * const result = await explain.gradCam(run, patient, { task: "TD" });
 */
export function gradCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "gradCam" });
}

/**
 * Grad-CAM++ of every image of a patient, through the fusion block.
 *
 * (The study's code says Grad-CAM++ and does something else: see `upstreamMultiOscc`. This is the method as its authors
 * define it.)
 *
 * A channel's weight is a sum over places: right where a network ends by averaging them, as an encoder with `pooling: "mean"`
 * does. A class token weighs places by attention, of which such weights know nothing: see `explain.judge` before you believe.
 *
 * @param options  `task`, `targetClass` (default: the predicted one), `score`, `layers`
 * @see Chattopadhay et al., WACV 2018
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TD", targetClass: "poor" });
 * await plot.cam(result);
 */
export function gradCamPlusPlus<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "gradCamPlusPlus" });
}

/**
 * Layer-CAM: every patch weighted by its own positive gradients. Useful at early layers, too.
 *
 * @see Jiang et al., IEEE TIP 30, 2021
 * @example
 * const result = await explain.layerCam(run, patient, { task: "TD", layers: ["blocks.1.norm1", "blocks.3.norm1"] });
 */
export function layerCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "layerCam" });
}

/**
 * HiResCAM: gradient times activation, patch by patch; marks only what the score uses.
 *
 * @see Draelos and Carin, arXiv:2011.08891, 2020
 * @example
 * const result = await explain.hiResCam(run, patient, { task: "TD" });
 */
export function hiResCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "hiResCam" });
}

/**
 * Eigen-CAM: the first principal component of a layer's activations. Knows no class; what the layer finds prominent.
 *
 * @see Muhammad and Yeasin, IJCNN 2020
 * @example
 * const result = await explain.eigenCam(run, patient, { task: "TD" });
 */
export function eigenCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "eigenCam" });
}

/**
 * Score-CAM: channels weighted by the score of the image seen through them. No gradient; one encoder pass a channel.
 *
 * @see Wang et al., CVPR workshops 2020
 * @example
 * const result = await explain.scoreCam(run, patient, { task: "TD", channels: 32 });
 */
export function scoreCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: ScoreCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "scoreCam" });
}

/**
 * Attention rollout: where the attention of the class token (or of the pooled patches) comes from, block by block. Knows no class and no fusion.
 *
 * @see Abnar and Zuidema, ACL 2020
 * @example
 * const result = await explain.attentionRollout(run, patient, { task: "TD" });
 */
export function attentionRollout<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: QuestionOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "attentionRollout" });
}

/**
 * Attention relevance of Chefer, Gur and Wolf: attention weighted by its gradient, so that it follows the class.
 *
 * @see Chefer, Gur and Wolf, "Generic attention-model explainability", ICCV 2021
 * @example
 * const result = await explain.relevance(run, patient, { task: "TD" });
 */
export function relevance<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: QuestionOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "relevance" });
}

/**
 * Integrated gradients from a blank patient: values of all patches sum to what the score gained.
 *
 * @see Sundararajan, Taly and Yan, ICML 2017
 * @example
 * const { maps } = await explain.integratedGradients(run, patient, { task: "TD", steps: 64 });
 * maps[0]!.signedGrid; // below 0: speaks against the class
 */
export function integratedGradients<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: IntegratedGradientsOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "integratedGradients" });
}

/**
 * Occlusion: what the score loses when a square is hidden. No gradient; one encoder pass a square.
 *
 * @see Zeiler and Fergus, ECCV 2014
 * @example
 * const result = await explain.occlusion(run, patient, { task: "TD", window: 2, stride: 1 });
 */
export function occlusion<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: OcclusionOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "occlusion" });
}

/**
 * The study's Figure 3 as its published code makes it: Grad-CAM of the loss, by principal component. Not Grad-CAM++.
 *
 * Two defects are kept: the gradient is that of the cross-entropy loss, which points away from the class, and the sign
 * of the component is arbitrary. To repeat the figure, not to explain.
 *
 * @param options  `targetClass`: the label, as in the study
 * @example
 * const asPublished = await explain.upstreamMultiOscc(run, patient, { task: "TD", targetClass: "poor" });
 */
export function upstreamMultiOscc<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: LayerCamOptions = {},
): Promise<CamResult<Image>> {
  return cam(model, patient, { ...options, method: "upstreamMultiOscc" });
}
