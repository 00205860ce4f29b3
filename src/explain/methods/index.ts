/** The methods by name. Adding one is a file beside this one and a line here. */
import { attentionRolloutMethod } from "./attention-rollout";
import { eigenCamMethod } from "./eigen-cam";
import { gradCamMethod } from "./grad-cam";
import { gradCamPlusPlusMethod } from "./grad-cam-plus-plus";
import { hiResCamMethod } from "./hi-res-cam";
import { integratedGradientsMethod } from "./integrated-gradients";
import { layerCamMethod } from "./layer-cam";
import type { MapMethod } from "./method";
import { occlusionMethod } from "./occlusion";
import { relevanceMethod } from "./relevance";
import { scoreCamMethod } from "./score-cam";
import { upstreamMultiOsccMethod } from "./upstream-multi-oscc";

/** Every method of explanation, with its title and paper. */
export const CAM_METHODS = {
  gradCam: gradCamMethod,
  gradCamPlusPlus: gradCamPlusPlusMethod,
  layerCam: layerCamMethod,
  hiResCam: hiResCamMethod,
  eigenCam: eigenCamMethod,
  scoreCam: scoreCamMethod,
  attentionRollout: attentionRolloutMethod,
  relevance: relevanceMethod,
  integratedGradients: integratedGradientsMethod,
  occlusion: occlusionMethod,
  /** What the study's code draws, which is not Grad-CAM++; see there. */
  upstreamMultiOscc: upstreamMultiOsccMethod,
} as const satisfies Record<string, MapMethod>;

/** The names of `CAM_METHODS`: `"gradCam" | "gradCamPlusPlus" | "layerCam" | ...` */
export type CamMethod = keyof typeof CAM_METHODS;
