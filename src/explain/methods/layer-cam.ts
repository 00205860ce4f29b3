/**
 * Layer-CAM (Jiang et al., IEEE TIP 30, 2021). Each position has a weight of its own, its positive gradient:
 *
 *   w_ij = relu(dy/dA_ij)                     (equation 6)
 *   map_ij = relu(sum over channels of w_ij A_ij)   (equations 7 and 8)
 */
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";

/**
 * The map of Layer-CAM.
 *
 * @example
 * explain.layerCamMap({ activations: [1, 3], gradients: [0.5, -1], positions: 2, channels: 1 }); // [0.5, 0]
 */
export function layerCamMap({ activations, gradients, positions, channels }: ImageGradients): number[] {
  return Array.from({ length: positions }, (_, p) => {
    let sum = 0;
    for (let i = p * channels; i < (p + 1) * channels; i++)
      sum += Math.max(0, gradients[i]!) * activations[i]!;
    return Math.max(0, sum);
  });
}

export const layerCamMethod: MapMethod = {
  title: "Layer-CAM",
  paper: "Jiang et al., IEEE TIP 2021",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  maps: (subject, settings) => mapsOfLayers(subject, settings, layerCamMap),
};
