/** Gradients of matrix products, look-ups, choices and image resizing. */
import * as tf from "@tensorflow/tfjs-core";
import { type Interpolation, interpolationGradient, type Sampling } from "../interpolation";
import { type Gradient, gradient, sumTo } from "./define";

function resizing(kernel: string, method: Interpolation): Gradient {
  return gradient(kernel, { inputs: ["images"] }, (dy, [images], attributes) => ({
    images: () => {
      const [, height, width] = images!.shape as [number, number, number];
      return interpolationGradient(dy, method, [height, width], attributes as unknown as Sampling);
    },
  }));
}

export const MATRICES: readonly Gradient[] = [
  gradient(tf.BatchMatMul, { inputs: ["a", "b"] }, (dy, [a, b], { transposeA, transposeB }) => ({
    a: () =>
      sumTo(
        transposeA ? tf.matMul(b!, dy, Boolean(transposeB), true) : tf.matMul(dy, b!, false, !transposeB),
        a!.shape,
      ),
    b: () =>
      sumTo(
        transposeB ? tf.matMul(dy, a!, true, Boolean(transposeA)) : tf.matMul(a!, dy, !transposeA, false),
        b!.shape,
      ),
  })),
  gradient(tf.Select, { inputs: ["condition"] }, (dy, [condition]) => {
    const taken = () => tf.cast(condition!, "float32");
    return {
      condition: () => tf.zerosLike(taken()),
      t: () => tf.mul(dy, taken()),
      e: () => tf.mul(dy, tf.sub(1, taken())),
    };
  }),
  gradient(tf.GatherV2, { inputs: ["x", "indices"] }, (dy, [x, indices], { axis, batchDims }) => ({
    x: () => scatterBack(dy, x!, indices!, axis as number, (batchDims as number) ?? 0),
    indices: () => tf.zerosLike(tf.cast(indices!, "float32")),
  })),
  gradient(tf.UnsortedSegmentSum, { inputs: ["segmentIds"] }, (dy, [segments]) => ({
    x: () => tf.gather(dy, segments as tf.Tensor1D),
  })),
  resizing(tf.ResizeBilinear, "bilinear"),
  resizing(tf.ResizeNearestNeighbor, "nearest"),
];

/**
 * Add each gathered element's gradient to where it was taken from.
 * With the gathered axis in front, that is a sum over segments; batch axes make one segment per (batch, index).
 */
function scatterBack(
  dy: tf.Tensor,
  x: tf.Tensor,
  indices: tf.Tensor,
  axis: number,
  batchDims: number,
): tf.Tensor {
  const along = axis < 0 ? axis + x.rank : axis;
  const batch = sizeOf(x.shape.slice(0, batchDims));
  const outer = sizeOf(x.shape.slice(batchDims, along));
  const length = x.shape[along]!;
  const inner = sizeOf(x.shape.slice(along + 1));
  const picked = indices.size / batch;

  const rows = tf.reshape(tf.transpose(tf.reshape(dy, [batch, outer, picked, inner]), [0, 2, 1, 3]), [
    batch * picked,
    outer * inner,
  ]);
  const offsets = tf.mul(tf.range(0, batch, 1, "int32"), tf.scalar(length, "int32"));
  const segments = tf.reshape(tf.add(tf.reshape(indices, [batch, picked]), tf.reshape(offsets, [batch, 1])), [
    batch * picked,
  ]);
  const sums = tf.unsortedSegmentSum(rows, segments as tf.Tensor1D, batch * length);
  return tf.reshape(tf.transpose(tf.reshape(sums, [batch, length, outer, inner]), [0, 2, 1, 3]), x.shape);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}
