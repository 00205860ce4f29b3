/**
 * Grad-CAM (Selvaraju et al., ICCV 2017). With A_ij the activations of one channel at position ij, y the score:
 *
 *   w = 1/Z sum_ij dy/dA_ij          (equation 1)
 *   map = relu(sum over channels of w A)   (equation 2)
 */
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";
import { camMap } from "./weighted-sum";

/**
 * The channel weights of Grad-CAM: mean gradients (equation 1).
 *
 * @example
 * explain.gradCamWeights({ activations: [1, 2], gradients: [0.2, 0.4], positions: 2, channels: 1 }); // [0.3]
 */
export function gradCamWeights({ gradients, positions, channels }: ImageGradients): Float64Array {
  const weights = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) weights[c]! += gradients[p * channels + c]! / positions;
  return weights;
}

export const gradCamMethod: MapMethod = {
  title: "Grad-CAM",
  paper: "Selvaraju et al., ICCV 2017",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  maps: (subject, settings) =>
    mapsOfLayers(subject, settings, (image) => camMap(image, gradCamWeights(image))),
};
