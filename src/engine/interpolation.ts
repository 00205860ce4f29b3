/**
 * Resizing as two small matrices, one for the rows of an image and one for its columns.
 *
 * Every separable interpolation is `R x Cᵀ`; its gradient is the same with the matrices transposed. Products are what
 * every device does best, and the matrices are constants of the compiled graph.
 */
import * as tf from "@tensorflow/tfjs-core";
import { invalidArgument } from "../core/errors";

/** How `resizeImages` fills in between pixels. */
export type Interpolation = "nearest" | "bilinear" | "bicubic";

/** Where the pixels of the new image lie in the old one. */
export interface Sampling {
  /** The corner pixels of input and output fall together. */
  readonly alignCorners: boolean;
  /** Pixels have their centre at one half (PyTorch's `align_corners=False`, Pillow, OpenCV). */
  readonly halfPixelCenters: boolean;
}

/** Keys' cubic coefficient, as PyTorch and OpenCV have it. */
const CUBIC = -0.75;

/** The weights `[to, from]`, row-major, with which `to` samples are made from `from` samples. */
export function interpolationWeights(
  method: Interpolation,
  from: number,
  to: number,
  { alignCorners, halfPixelCenters }: Sampling,
): Float32Array {
  const weights = new Float32Array(to * from);
  const step = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  for (let row = 0; row < to; row++) {
    const position = halfPixelCenters ? step * (row + 0.5) - 0.5 : step * row;
    for (const [index, weight] of SAMPLES[method](position, step, row, { alignCorners, halfPixelCenters })) {
      const clamped = Math.min(from - 1, Math.max(0, index));
      weights[row * from + clamped]! += weight;
    }
  }
  return weights;
}

type Samples = (
  position: number,
  step: number,
  row: number,
  sampling: Sampling,
) => [index: number, weight: number][];

const SAMPLES: Readonly<Record<Interpolation, Samples>> = {
  nearest: (position, step, row, { alignCorners, halfPixelCenters }) => {
    const at = halfPixelCenters ? step * (row + 0.5) : position;
    return [[alignCorners ? Math.round(at) : Math.floor(at), 1]];
  },
  bilinear: (position) => {
    const below = Math.floor(position);
    return [
      [below, 1 - (position - below)],
      [below + 1, position - below],
    ];
  },
  bicubic: (position) => {
    const below = Math.floor(position);
    return [-1, 0, 1, 2].map((offset) => [below + offset, cubic(Math.abs(position - below - offset))]);
  },
};

function cubic(distance: number): number {
  const d = distance;
  if (d <= 1) return ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1;
  return d < 2 ? ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC : 0;
}

/** Resize images `[B, h, w, C]` with weights for the rows `[H, h]` and for the columns `[W, w]`. */
export function applyInterpolation(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [newHeight, newWidth] = [rows.shape[0]!, columns.shape[0]!];
  const tall = tf.matMul(
    tf.reshape(rows, [1, newHeight, height]),
    tf.reshape(images, [batch, height, width * channels]),
  );
  const wide = tf.matMul(
    tf.reshape(columns, [1, newWidth, width]),
    tf.reshape(tall, [batch * newHeight, width, channels]),
  );
  return tf.reshape(wide, [batch, newHeight, newWidth, channels]);
}

/** The gradient of `applyInterpolation` for images of the size `[h, w]`: the same with the weights transposed. */
export function interpolationGradient(
  dy: tf.Tensor,
  method: Interpolation,
  [height, width]: readonly [number, number],
  sampling: Sampling,
): tf.Tensor {
  const weights = (from: number, to: number) =>
    tf.transpose(tf.tensor2d(interpolationWeights(method, from, to, sampling), [to, from]));
  return applyInterpolation(dy, weights(height, dy.shape[1]!), weights(width, dy.shape[2]!));
}

/**
 * Resize images.
 *
 * @param images    `[B, h, w, C]`
 * @param size      `[height, width]` in pixels
 * @param method    default `bilinear`; `bicubic` is PyTorch's (no anti-aliasing)
 * @param sampling  default: pixel centres at one half, as PyTorch's `align_corners=False`
 * @returns         `[B, height, width, C]`
 * @example
 * const grid = engine.resizeImages(tf.zeros([1, 14, 14, 384]), [32, 32], "bicubic"); // [1, 32, 32, 384]
 */
export function resizeImages(
  images: tf.Tensor,
  [height, width]: readonly [number, number],
  method: Interpolation = "bilinear",
  sampling: Sampling = { alignCorners: false, halfPixelCenters: true },
): tf.Tensor {
  if (images.rank !== 4)
    throw invalidArgument("images", `[${images.shape.join(", ")}]`, "[batch, height, width, channels]");
  const weights = (from: number, to: number) =>
    tf.tensor2d(interpolationWeights(method, from, to, sampling), [to, from]);
  return applyInterpolation(images, weights(images.shape[1]!, height), weights(images.shape[2]!, width));
}
