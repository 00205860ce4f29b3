/** The last step of the CAM family. */
import type { ImageGradients } from "./method";

/**
 * map = relu(sum over channels of weight x activation), one value a position.
 *
 * @param image    activations [positions, channels]
 * @param weights  one a channel
 * @example
 * const image = { activations: [1, -2, 3, 0.5], gradients: [0.2, 0.3, 0.4, -0.1], positions: 2, channels: 2 };
 * explain.camMap(image, explain.gradCamWeights(image)); // [0.1, 0.95]
 */
export function camMap(
  { activations, positions, channels }: ImageGradients,
  weights: ArrayLike<number>,
): number[] {
  return Array.from({ length: positions }, (_, p) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += weights[c]! * activations[p * channels + c]!;
    return Math.max(0, sum);
  });
}
