/** Moving, repeating, cutting, joining and making elements. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dtypeOf, sizeOf, tf } from "../../tensors";
import type { Trace } from "../backend";
import { axisFromStart, type Kernels, reshaped } from "./define";

/** A tensor of one repeated value. The runtime spreads it when it loads the graph. */
function filled(trace: Trace, shape: readonly number[], value: number, dtype: string): string {
  const type = dtypeOf({ dtype });
  const { graph } = trace;
  const name = graph.cached(`filled:${type}:${value}:${shape.join(",")}`, () => {
    if (sizeOf(shape) === 1) return graph.constant([value], shape, type);
    const seed = graph.constant(
      [value],
      shape.map(() => 1),
      type,
    );
    return trace.node("Expand", [seed, trace.integers(shape)]);
  });
  if (value === 0) graph.zeros.add(name);
  return name;
}

/** A contiguous part, `size` elements from `begin` along each axis. */
function part(trace: Trace, x: TensorInfo, begin: readonly number[], size: readonly number[]): string {
  const axes = x.shape.map((_, i) => i).filter((i) => begin[i] !== 0 || size[i] !== x.shape[i]);
  if (axes.length === 0) return trace.name(x);
  const starts = axes.map((i) => begin[i]!);
  const ends = axes.map((i) => begin[i]! + size[i]!);
  return trace.node("Slice", [x, trace.integers(starts), trace.integers(ends), trace.integers(axes)]);
}

/** An index before any first element, for slices that run backwards to the start. */
const BEFORE_START = -(2 ** 31);

export const SHAPE_KERNELS: Kernels = {
  Reshape: ({ x }, { shape }, trace) => {
    const result = tf.util.inferFromImplicitShape(shape as number[], x!.size);
    return trace.tensor(reshaped(trace, x!, result), result, x!.dtype);
  },
  ExpandDims: ({ input }, { dim }, trace) => {
    const result = [...input!.shape];
    result.splice((dim as number) < 0 ? result.length + 1 + (dim as number) : (dim as number), 0, 1);
    return trace.tensor(reshaped(trace, input!, result), result, input!.dtype);
  },
  Transpose: ({ x }, { perm }, trace) => {
    const order = perm as number[];
    const shape = order.map((axis) => x!.shape[axis]!);
    // Where only axes of length 1 change places, all numbers stay where they are.
    const long = order.filter((axis) => x!.shape[axis] !== 1);
    const stays = long.every((axis, i) => i === 0 || long[i - 1]! < axis);
    const value = stays
      ? reshaped(trace, x!, shape)
      : trace.node("Transpose", [x!], { attributes: { perm: order } });
    return trace.tensor(value, shape, x!.dtype);
  },
  Concat: (inputs, { axis }, trace) => {
    const parts = Object.values(inputs);
    const along = tf.util.parseAxisParam(axis as number, parts[0]!.shape)[0]!;
    tf.backend_util.assertParamsConsistent(
      parts.map((p) => p.shape),
      along,
    );
    const shape = tf.backend_util.computeOutShape(
      parts.map((p) => p.shape),
      along,
    );
    const full = parts.filter((p) => p.size > 0);
    return trace.tensor(trace.node("Concat", full, { attributes: { axis: along } }), shape, parts[0]!.dtype);
  },
  Slice: ({ x }, { begin, size }, trace) => {
    const [start, length] = tf.slice_util.parseSliceParams(
      x!,
      begin as number[],
      size as number[],
    ) as number[][];
    tf.slice_util.assertParamsValid(x!, start!, length!);
    return trace.tensor(part(trace, x!, start!, length!), length!, x!.dtype);
  },
  StridedSlice: ({ x }, attributes, trace) => {
    const info = attributes as Record<"begin" | "end" | "strides", number[]> & Record<string, number>;
    const plan = tf.slice_util.sliceInfo(
      x!.shape,
      info.begin,
      info.end,
      info.strides,
      info.beginMask!,
      info.endMask!,
      info.ellipsisMask!,
      info.newAxisMask!,
      info.shrinkAxisMask!,
    );
    if (plan.sliceDim0 && plan.isIdentity)
      return trace.tensor(reshaped(trace, x!, plan.finalShape), plan.finalShape, x!.dtype);
    const axes = plan.begin.map((_, i) => i);
    const ends = plan.end.map((end, i) => (plan.strides[i]! < 0 && end < 0 ? BEFORE_START : end));
    const value = trace.node("Slice", [
      x!,
      trace.integers(plan.begin),
      trace.integers(ends),
      trace.integers(axes),
      trace.integers(plan.strides),
    ]);
    return trace.tensor(reshaped(trace, value, plan.finalShape), plan.finalShape, x!.dtype);
  },
  SplitV: ({ x }, { numOrSizeSplits, axis }, trace) => {
    const along = tf.util.parseAxisParam(axis as number, x!.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize(x!, numOrSizeSplits as number[], along);
    let from = 0;
    return sizes.map((length) => {
      const begin = x!.shape.map((_, i) => (i === along ? from : 0));
      const size = x!.shape.map((whole, i) => (i === along ? length : whole));
      from += length;
      return trace.tensor(part(trace, x!, begin, size), size, x!.dtype);
    });
  },
  Pack: (inputs, { axis }, trace) => {
    const parts = Object.values(inputs);
    const along = axisFromStart(axis as number, parts[0]!.rank + 1);
    const odd = parts.findIndex((p) => !tf.util.arraysEqual(p.shape, parts[0]!.shape));
    if (odd > 0)
      throw new Error(`Tensor ${odd} is [${parts[odd]!.shape.join(", ")}]; expected the shape of the first.`);
    const shape = [...parts[0]!.shape];
    shape.splice(along, 0, 1);
    const expanded = parts.map((p) => reshaped(trace, p, shape));
    const value = trace.node("Concat", expanded, { attributes: { axis: along } });
    return trace.tensor(value, shape.with(along, parts.length), parts[0]!.dtype);
  },
  Unpack: ({ value }, { axis }, trace) => {
    const along = axisFromStart(axis as number, value!.rank);
    const shape = value!.shape.filter((_, i) => i !== along);
    return Array.from({ length: value!.shape[along]! }, (_, k) => {
      const begin = value!.shape.map((_, i) => (i === along ? k : 0));
      const piece = part(trace, value!, begin, value!.shape.with(along, 1));
      return trace.tensor(reshaped(trace, piece, shape), shape, value!.dtype);
    });
  },
  // Joining with a constant is several times faster than the Pad operator.
  PadV2: ({ x }, { paddings, constantValue }, trace) => {
    const borders = paddings as [number, number][];
    if (borders.length !== x!.rank)
      throw new Error(
        `There are borders for ${borders.length} axes; expected one pair for each of ${x!.rank}.`,
      );
    let value = trace.name(x!);
    let shape = [...x!.shape];
    borders.forEach(([before, after], axis) => {
      if (before === 0 && after === 0) return;
      const border = (length: number) =>
        length > 0 ? [filled(trace, shape.with(axis, length), constantValue as number, x!.dtype)] : [];
      value = trace.node("Concat", [...border(before), value, ...border(after)], { attributes: { axis } });
      shape = shape.with(axis, before + shape[axis]! + after);
    });
    return trace.tensor(value, shape, x!.dtype);
  },
  MirrorPad: ({ x }, { paddings, mode }, trace) => {
    const borders = paddings as [number, number][];
    const shape = x!.shape.map((length, i) => borders[i]![0] + length + borders[i]![1]);
    // `reflect` is an ONNX mode; `symmetric`, which repeats the edge, is a choice of indices along each axis.
    const value = borders.reduce((name, [before, after], axis) => {
      if (before === 0 && after === 0) return name;
      const indices = mirrored(x!.shape[axis]!, before, after, mode === "symmetric");
      return trace.node("Gather", [name, trace.integers(indices)], { attributes: { axis } });
    }, trace.name(x!));
    return trace.tensor(value, shape, x!.dtype);
  },
  Tile: ({ x }, { reps }, trace) => {
    const counts = reps as number[];
    const shape = x!.shape.map((length, i) => length * counts[i]!);
    const spreadsOnly = counts.every((count, i) => count === 1 || x!.shape[i] === 1);
    const value = spreadsOnly
      ? trace.node("Expand", [x!, trace.integers(shape)])
      : trace.node("Tile", [x!, trace.integers(counts)]);
    return trace.tensor(value, shape, x!.dtype);
  },
  Reverse: ({ x }, { dims }, trace) => {
    const axes = tf.util.parseAxisParam(dims as number[], x!.shape);
    if (axes.length === 0) return trace.tensor(trace.name(x!), x!.shape, x!.dtype);
    const constant = (value: number) => trace.integers(axes.map(() => value));
    const value = trace.node("Slice", [
      x!,
      constant(-1),
      constant(BEFORE_START),
      trace.integers(axes),
      constant(-1),
    ]);
    return trace.tensor(value, x!.shape, x!.dtype);
  },

  Fill: (_inputs, { shape, value, dtype }, trace) => {
    const type = (dtype as string | undefined) ?? "float32";
    return trace.tensor(filled(trace, shape as number[], value as number, type), shape as number[], type);
  },
  OnesLike: ({ x }, _attributes, trace) =>
    trace.tensor(filled(trace, x!.shape, 1, x!.dtype), x!.shape, x!.dtype),
  ZerosLike: ({ x }, _attributes, trace) =>
    trace.tensor(filled(trace, x!.shape, 0, x!.dtype), x!.shape, x!.dtype),
  Range: (_inputs, { start, stop, step, dtype }, trace) => {
    const [from, to, by] = [start as number, stop as number, step as number];
    const values = Array.from({ length: Math.max(0, Math.ceil((to - from) / by)) }, (_, i) => from + i * by);
    return trace.tensor(
      trace.graph.constant(values, [values.length], dtypeOf({ dtype: dtype as string })),
      [values.length],
      dtype as string,
    );
  },
  LinSpace: (_inputs, { start, stop, num }, trace) => {
    const [from, to, count] = [start as number, stop as number, num as number];
    const values = Array.from({ length: count }, (_, i) =>
      count === 1 ? from : from + (i * (to - from)) / (count - 1),
    );
    return trace.tensor(trace.graph.constant(values, [count], "float32"), [count], "float32");
  },
};

/** Which element stands at each place of an axis that is mirrored at both ends. */
function mirrored(length: number, before: number, after: number, repeatsEdge: boolean): number[] {
  const edge = repeatsEdge ? 1 : 0;
  return Array.from({ length: before + length + after }, (_, place) => {
    const i = place - before;
    if (i < 0) return -i - edge;
    return i < length ? i : 2 * (length - 1) - i + edge;
  });
}
