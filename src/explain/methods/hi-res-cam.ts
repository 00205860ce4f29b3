/**
 * HiResCAM (Draelos and Carin, arXiv:2011.08891, 2020). Gradients are not averaged first, so that a map never marks a
 * place that the score does not use:
 *
 *   map_ij = relu(sum over channels of dy/dA_ij A_ij)   (equation 4; the relu is that of the CAM family)
 */
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";

/**
 * The map of HiResCAM.
 *
 * @example
 * explain.hiResCamMap({ activations: [1, 3], gradients: [0.5, -1], positions: 2, channels: 1 }); // [0.5, 0]
 */
export function hiResCamMap({ activations, gradients, positions, channels }: ImageGradients): number[] {
  return Array.from({ length: positions }, (_, p) => {
    let sum = 0;
    for (let i = p * channels; i < (p + 1) * channels; i++) sum += gradients[i]! * activations[i]!;
    return Math.max(0, sum);
  });
}

export const hiResCamMethod: MapMethod = {
  title: "HiResCAM",
  paper: "Draelos and Carin, 2020",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  maps: (subject, settings) => mapsOfLayers(subject, settings, hiResCamMap),
};
