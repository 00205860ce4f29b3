/**
 * Grad-CAM++ (Chattopadhay et al., WACV 2018). With g_ij = dy/dA_ij, and higher derivatives those of an exponential output:
 *
 *   alpha_ij = g_ij^2 / (2 g_ij^2 + (sum_ab A_ab) g_ij^3)   (equation 19)
 *   w = sum_ij alpha_ij relu(g_ij)                          (equation 5)
 *   map = relu(sum over channels of w A)
 */
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";
import { camMap } from "./weighted-sum";

/** Keeps the quotient finite where the gradient vanishes; value of the reference implementation. */
const EPSILON = 1e-6;

/**
 * The channel weights of Grad-CAM++ (equations 5 and 19).
 *
 * @example
 * explain.gradCamPlusPlusWeights({ activations: [1, 3], gradients: [0.2, 0.4], positions: 2, channels: 1 });
 */
export function gradCamPlusPlusWeights({
  activations,
  gradients,
  positions,
  channels,
}: ImageGradients): Float64Array {
  const sums = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) sums[c]! += activations[p * channels + c]!;
  const weights = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) {
      const g = gradients[p * channels + c]!;
      if (g <= 0) continue; // relu(g) is zero
      const alpha = (g * g) / (2 * g * g + sums[c]! * g ** 3 + EPSILON);
      if (Number.isFinite(alpha)) weights[c]! += alpha * g;
    }
  return weights;
}

export const gradCamPlusPlusMethod: MapMethod = {
  title: "Grad-CAM++",
  paper: "Chattopadhay et al., WACV 2018",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  maps: (subject, settings) =>
    mapsOfLayers(subject, settings, (image) => camMap(image, gradCamPlusPlusWeights(image))),
};
