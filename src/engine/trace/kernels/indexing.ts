/** Taking, placing and choosing elements by index or condition; resizing images. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  applyInterpolation,
  type Interpolation,
  interpolationGradient,
  interpolationWeights,
  type Sampling,
} from "../../interpolation";
import { dtypeOf, sizeOf, tf } from "../../tensors";
import { type Trace, traceBackend } from "../backend";
import { asNumber, axisFromStart, type Build, cast, type Kernels, reshaped } from "./define";

/** A zero tensor with `updates` added at `indices` (`[..., depth]`, the first axes of the result). */
function scattered(
  trace: Trace,
  shape: readonly number[],
  indices: string,
  updates: TensorInfo | string,
  dtype: string,
): string {
  const type = dtypeOf({ dtype });
  const zero = trace.graph.constant(
    [0],
    shape.map(() => 1),
    type,
  );
  const empty = trace.node("Expand", [zero, trace.integers(shape)]);
  return trace.node("ScatterND", [empty, indices, updates], { attributes: { reduction: "add" } });
}

/** Where along an axis, without negative indices: ONNX would count them from the end. */
const resizing =
  (method: Interpolation): Build =>
  ({ images }, attributes) => {
    const [height, width] = attributes.size as [number, number];
    const sampling = attributes as unknown as Sampling;
    const weights = (from: number, to: number) =>
      tf.tensor2d(interpolationWeights(method, from, to, sampling), [to, from]);
    return applyInterpolation(images!, weights(images!.shape[1]!, height), weights(images!.shape[2]!, width));
  };

const resizingGradient =
  (method: Interpolation): Build =>
  ({ dy, images }, attributes) => {
    const [, height, width] = images!.shape as [number, number, number];
    return interpolationGradient(dy!, method, [height, width], attributes as unknown as Sampling);
  };

/** Indices that are known while a function is compiled are checked then: a graph would read beyond the end. */
function checkIndices(indices: tf.Tensor, length: number, axis: number): void {
  const content = traceBackend.content(indices);
  const wrong =
    "values" in content && Array.from(content.values as Int32Array).find((i) => i < 0 || i >= length);
  if (wrong !== undefined && wrong !== false)
    throw new Error(`Index ${wrong} is not on axis ${axis}, which has ${length} elements.`);
}

export const INDEXING_KERNELS: Kernels = {
  GatherV2: ({ x, indices }, { axis, batchDims }, trace) => {
    const along = axisFromStart(axis as number, x!.rank);
    const batch = axisFromStart((batchDims as number | undefined) ?? 0, indices!.rank);
    checkIndices(indices!, x!.shape[along]!, along);
    const shape = [...x!.shape.slice(0, along), ...indices!.shape.slice(batch), ...x!.shape.slice(along + 1)];
    if (batch === 0)
      return trace.tensor(
        trace.node("Gather", [x!, indices!], { attributes: { axis: along } }),
        shape,
        x!.dtype,
      );
    return gatherInBatches(x!, indices!, along, batch, shape);
  },
  GatherNd: ({ params, indices }, _attributes, trace) => {
    const depth = indices!.shape[indices!.rank - 1]!;
    const shape = [...indices!.shape.slice(0, -1), ...params!.shape.slice(depth)];
    return trace.tensor(
      trace.node("GatherND", [params!, cast(trace, indices!, "int64")]),
      shape,
      params!.dtype,
    );
  },
  ScatterNd: ({ indices, updates }, { shape }, trace) =>
    trace.tensor(
      scattered(trace, shape as number[], cast(trace, indices!, "int64"), updates!, updates!.dtype),
      shape as number[],
      updates!.dtype,
    ),
  UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }, trace) => {
    const inner = x!.shape.slice(segmentIds!.rank);
    const shape = [numSegments as number, ...inner];
    const indices = reshaped(trace, cast(trace, segmentIds!, "int64"), [segmentIds!.size, 1]);
    const updates = reshaped(trace, x!, [segmentIds!.size, ...inner]);
    return trace.tensor(scattered(trace, shape, indices, updates, x!.dtype), shape, x!.dtype);
  },
  // By comparison, so that an index outside the depth gives a row of the off value, as TensorFlow has it.
  OneHot: ({ indices }, { depth, onValue, offValue, dtype }, trace) => {
    const shape = [...indices!.shape, depth as number];
    const classes = trace.graph.constant(
      Array.from({ length: depth as number }, (_, i) => i),
      [depth as number],
      "int32",
    );
    const column = reshaped(trace, indices!.dtype === "int32" ? indices! : cast(trace, indices!, "int32"), [
      ...indices!.shape,
      1,
    ]);
    const hit = trace.node("Equal", [column, classes]);
    const type = dtypeOf({ dtype: (dtype as string | undefined) ?? "int32" });
    if (type === "bool") return trace.tensor(hit, shape, type);
    const plain = onValue === 1 && offValue === 0;
    const value = plain
      ? cast(trace, hit, type)
      : trace.node("Where", [
          hit,
          trace.scalar(onValue as number, type),
          trace.scalar(offValue as number, type),
        ]);
    return trace.tensor(value, shape, type);
  },
  Select: ({ condition, t, e }, _attributes, trace) => {
    const value = trace.node("Where", [condition!, asNumber(trace, t!), asNumber(trace, e!)]);
    return trace.tensor(t!.dtype === "bool" ? cast(trace, value, "bool") : value, t!.shape, t!.dtype);
  },
  ResizeBilinear: resizing("bilinear"),
  ResizeBilinearGrad: resizingGradient("bilinear"),
  ResizeNearestNeighbor: resizing("nearest"),
  ResizeNearestNeighborGrad: resizingGradient("nearest"),
};

/** One look-up in all batches at once: the batch number becomes part of the index. */
function gatherInBatches(
  x: tf.Tensor,
  indices: tf.Tensor,
  axis: number,
  batchDims: number,
  shape: number[],
): tf.Tensor {
  const batch = sizeOf(x.shape.slice(0, batchDims));
  const outer = sizeOf(x.shape.slice(batchDims, axis));
  const length = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const picked = indices.size / batch;
  const rows = tf.reshape(tf.transpose(tf.reshape(x, [batch, outer, length, inner]), [0, 2, 1, 3]), [
    batch * length,
    outer * inner,
  ]);
  const offsets = tf.tensor2d(
    Int32Array.from({ length: batch }, (_, i) => i * length),
    [batch, 1],
    "int32",
  );
  const flat = tf.reshape(tf.add(tf.reshape(indices, [batch, picked]), offsets), [batch * picked]);
  const found = tf.reshape(tf.gather(rows, flat), [batch, picked, outer, inner]);
  return tf.reshape(tf.transpose(found, [0, 2, 1, 3]), shape);
}
