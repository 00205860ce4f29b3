/**
 * Resize the position embedding of a ViT to another grid of patches.
 *
 * `bicubic-2d` is what timm does: keep the class token, treat the others as a picture, resize it with
 * anti-aliased bicubic interpolation (Keys kernel, a = -0.5, as `torch.nn.functional.interpolate(...,
 * mode="bicubic", antialias=True, align_corners=False)`).
 *
 * `upstream-1d` is what the published Multi-OSCC code does: linear interpolation along the flattened token
 * axis, class token included (`scipy.ndimage.zoom(pos, (new/old, 1), order=1)`). It mixes the ends of
 * neighbouring rows, and the class token into the first patches; it is here so that the study can be repeated.
 */
import { invalidArgument } from "../core/errors";

/** How position embeddings are resized. */
export const POSITION_RESIZES = ["bicubic-2d", "upstream-1d"] as const;
/** See `POSITION_RESIZES`. */
export type PositionResize = (typeof POSITION_RESIZES)[number];

/** Rows and columns of patches. */
export type Grid = readonly [rows: number, columns: number];

/** Keys' parameter in the anti-aliased kernels of PIL and torch. */
const KEYS_A = -0.5;
/** The bicubic kernel reaches two source pixels to each side. */
const BICUBIC_SUPPORT = 2;

/**
 * Resize a position embedding `[1 + rows * columns, width]` (class token first) to another grid.
 *
 * @param embedding  row-major, one row of `width` values a token
 * @param width      model width
 * @param from       grid of `embedding`
 * @param to         wanted grid
 * @param method     default `bicubic-2d`; `upstream-1d` repeats the published code's error
 * @returns          `[1 + to.rows * to.columns, width]`
 * @example
 * model.resizePositions(weights, 384, [14, 14], [32, 32]);
 */
export function resizePositions(
  embedding: Float32Array,
  width: number,
  from: Grid,
  to: Grid,
  method: PositionResize = "bicubic-2d",
): Float32Array {
  const tokens = 1 + from[0] * from[1];
  if (embedding.length !== tokens * width)
    throw invalidArgument(
      "embedding",
      `an array of ${embedding.length} values`,
      `(1 + ${from[0]} x ${from[1]}) tokens of width ${width}: ${tokens * width} values`,
    );
  if (method === "upstream-1d") return stretchTokens(embedding, width, 1 + to[0] * to[1]);
  const out = new Float32Array((1 + to[0] * to[1]) * width);
  out.set(embedding.subarray(0, width));
  out.set(resizeBicubic(embedding.subarray(width), width, from, to), width);
  return out;
}

/** Linear interpolation along the token axis, end points aligned: token i of n reads source i (m - 1) / (n - 1). */
function stretchTokens(embedding: Float32Array, width: number, tokens: number): Float32Array {
  const sourceTokens = embedding.length / width;
  const out = new Float32Array(tokens * width);
  for (let i = 0; i < tokens; i++) {
    const source = tokens > 1 ? (i * (sourceTokens - 1)) / (tokens - 1) : 0;
    const low = Math.min(Math.floor(source), sourceTokens - 1);
    const high = Math.min(low + 1, sourceTokens - 1);
    const fraction = source - low;
    for (let c = 0; c < width; c++)
      out[i * width + c] =
        embedding[low * width + c]! * (1 - fraction) + embedding[high * width + c]! * fraction;
  }
  return out;
}

/** Separable resize of `[rows, columns, width]`: columns first, then rows. */
function resizeBicubic(picture: Float32Array, width: number, from: Grid, to: Grid): Float32Array {
  const acrossColumns = new Float32Array(from[0] * to[1] * width);
  const columnWeights = bicubicWeights(from[1], to[1]);
  for (let row = 0; row < from[0]; row++)
    columnWeights.forEach(({ first, weights }, column) => {
      weights.forEach((weight, k) => {
        for (let c = 0; c < width; c++)
          acrossColumns[(row * to[1] + column) * width + c]! +=
            weight * picture[(row * from[1] + first + k) * width + c]!;
      });
    });
  const out = new Float32Array(to[0] * to[1] * width);
  const rowLength = to[1] * width;
  bicubicWeights(from[0], to[0]).forEach(({ first, weights }, row) => {
    weights.forEach((weight, k) => {
      for (let i = 0; i < rowLength; i++)
        out[row * rowLength + i]! += weight * acrossColumns[(first + k) * rowLength + i]!;
    });
  });
  return out;
}

/** For each target position: the first source position it reads, and the weights, which sum to one. */
function bicubicWeights(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1); // anti-aliasing: the kernel widens when shrinking
  const support = BICUBIC_SUPPORT * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => keys((first + k - centre + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((w) => w / sum) };
  });
}

/** Keys' cubic convolution kernel (IEEE Trans. ASSP 29, 1981, equation 15 with free a). */
function keys(distance: number): number {
  const t = Math.abs(distance);
  if (t < 1) return ((KEYS_A + 2) * t - (KEYS_A + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * KEYS_A;
  return 0;
}
