/**
 * Class activation maps: how much each channel counts, and the map that follows.
 *
 * Notation of both papers: A_ij the activations of one channel at position ij, g_ij the gradient of the class
 * score with respect to them, w the weight of the channel; map = relu(sum over channels of w A).
 */

/** Activations and gradients of one image: [positions, channels], row-major. */
export interface ImageGradients {
  readonly activations: ArrayLike<number>;
  readonly gradients: ArrayLike<number>;
  readonly positions: number;
  readonly channels: number;
}

/** Keeps Grad-CAM++'s quotient finite where the gradient vanishes; value of the reference implementation. */
const PLUS_PLUS_EPSILON = 1e-6;

/** Grad-CAM (Selvaraju et al., ICCV 2017, equation 1): w is the mean gradient. */
export function gradCamWeights({ gradients, positions, channels }: ImageGradients): Float64Array {
  const weights = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) weights[c]! += gradients[p * channels + c]! / positions;
  return weights;
}

/**
 * Grad-CAM++ (Chattopadhay et al., WACV 2018, equations 10 and 19): w = sum_ij alpha_ij relu(g_ij), with
 * alpha = g^2 / (2 g^2 + (sum A) g^3).
 */
export function gradCamPlusPlusWeights(image: ImageGradients): Float64Array {
  const { activations, gradients, positions, channels } = image;
  const sums = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) sums[c]! += activations[p * channels + c]!;
  const weights = new Float64Array(channels);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) {
      const g = gradients[p * channels + c]!;
      if (g <= 0) continue; // relu(g) is zero
      const alpha = (g * g) / (2 * g * g + sums[c]! * g ** 3 + PLUS_PLUS_EPSILON);
      if (Number.isFinite(alpha)) weights[c]! += alpha * g;
    }
  return weights;
}

/** map = relu(sum over channels of w A), one value a position. */
export function camMap(
  { activations, positions, channels }: ImageGradients,
  weights: Float64Array,
): number[] {
  return Array.from({ length: positions }, (_, p) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += weights[c]! * activations[p * channels + c]!;
    return Math.max(0, sum);
  });
}

/** The methods by name. Adding one is a function and a line here. */
export const CAM_WEIGHTS = {
  "grad-cam": gradCamWeights,
  "grad-cam++": gradCamPlusPlusWeights,
} as const satisfies Record<string, (image: ImageGradients) => Float64Array>;

/** `"grad-cam" | "grad-cam++"` */
export type CamMethod = keyof typeof CAM_WEIGHTS;
