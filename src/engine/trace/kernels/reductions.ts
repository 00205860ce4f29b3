/** Reductions along axes, cumulative ones, and the softmax. */
import { tf } from "../../tensors";
import type { Trace } from "../backend";
import {
  asFloat,
  asNumber,
  axisFromStart,
  type Build,
  cast,
  composed,
  type Kernels,
  reshaped,
} from "./define";

/** Operators that take their axes as an input in this version of ONNX; the others take an attribute. */
const AXES_AS_INPUT = new Set(["ReduceSum"]);

/** From this many rows on, a sum down the columns of a matrix is faster as a product with a row of ones. */
const ROWS_FOR_PRODUCT = 8;

const reduction =
  (operator: string, axisAttribute = "axis"): Build =>
  ({ x }, attributes, trace) => {
    const axes = tf.util
      .parseAxisParam(attributes[axisAttribute] as number[], x!.shape)
      .sort((a, b) => a - b);
    const keepDims = Boolean(attributes.keepDims);
    const shape = keepDims
      ? x!.shape.map((length, i) => (axes.includes(i) ? 1 : length))
      : x!.shape.filter((_, i) => !axes.includes(i));
    const float = operator === "ReduceMean" || x!.dtype === "float32";
    const value = float ? asFloat(trace, x!) : asNumber(trace, x!);
    const dtype = float ? "float32" : "int32";
    if (axes.length === 0) return trace.tensor(value, shape, dtype);
    if (operator === "ReduceSum" && float && isColumnSum(x!.shape, axes))
      return trace.tensor(columnSum(trace, value, x!.shape, shape), shape, dtype);
    return trace.tensor(reduce(trace, operator, value, axes, keepDims), shape, dtype);
  };

function reduce(trace: Trace, operator: string, value: string, axes: number[], keepDims: boolean): string {
  const keepdims = keepDims ? 1 : 0;
  return AXES_AS_INPUT.has(operator)
    ? trace.node(operator, [value, trace.integers(axes)], { attributes: { keepdims } })
    : trace.node(operator, [value], { attributes: { axes, keepdims } });
}

/** Whether the reduced axes are the leading ones, and the rest is one row of columns. */
function isColumnSum(shape: readonly number[], axes: readonly number[]): boolean {
  const rows = axes.reduce((n, axis) => n * shape[axis]!, 1);
  return axes.every((axis, i) => axis === i) && axes.length < shape.length && rows >= ROWS_FOR_PRODUCT;
}

function columnSum(trace: Trace, value: string, shape: readonly number[], result: readonly number[]): string {
  const columns = result.reduce((n, length) => n * length, 1);
  const rows = shape.reduce((n, length) => n * length, 1) / columns;
  const matrix = shape.length === 2 ? value : reshaped(trace, value, [rows, columns]);
  const ones = trace.graph.cached(`ones:${rows}`, () =>
    trace.graph.constant(new Float32Array(rows).fill(1), [1, rows], "float32"),
  );
  return reshaped(trace, trace.node("Gemm", [ones, matrix]), result);
}

/** Of booleans: all is the minimum, any the maximum. */
const ofBooleans =
  (operator: string): Build =>
  (inputs, attributes, trace) => {
    const reduced = reduction(operator)({ x: inputs.x! }, attributes, trace) as tf.Tensor;
    return trace.tensor(cast(trace, reduced, "bool"), reduced.shape, "bool");
  };

const position =
  (operator: string): Build =>
  ({ x }, { axis }, trace) => {
    const along = axisFromStart(axis as number, x!.rank);
    const index = trace.node(operator, [asNumber(trace, x!)], { attributes: { axis: along, keepdims: 0 } });
    return trace.tensor(
      cast(trace, index, "int32"),
      x!.shape.filter((_, i) => i !== along),
      "int32",
    );
  };

/** A cumulative product is written out factor by factor; longer axes are not worth a graph. */
const LONGEST_PRODUCT = 256;

export const REDUCTION_KERNELS: Kernels = {
  Sum: reduction("ReduceSum"),
  Mean: reduction("ReduceMean"),
  Max: reduction("ReduceMax", "reductionIndices"),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd"),
  All: ofBooleans("ReduceMin"),
  Any: ofBooleans("ReduceMax"),
  ArgMax: position("ArgMax"),
  ArgMin: position("ArgMin"),
  TopK: ({ x }, { k }, trace) => {
    const shape = [...x!.shape.slice(0, -1), k as number];
    const [values, indices] = trace.nodeWithOutputs("TopK", [x!, trace.integers([k as number])], 2, {
      attributes: { axis: -1, largest: 1, sorted: 1 },
    });
    return [
      trace.tensor(values!, shape, x!.dtype),
      trace.tensor(cast(trace, indices!, "int32"), shape, "int32"),
    ];
  },
  Cumsum: ({ x }, { axis, exclusive, reverse }, trace) => {
    const along = trace.graph.constant([axisFromStart(axis as number, x!.rank)], [], "int64");
    const sums = trace.node("CumSum", [asNumber(trace, x!), along], {
      attributes: { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 },
    });
    return trace.tensor(sums, x!.shape, x!.dtype === "bool" ? "int32" : x!.dtype);
  },
  Cumprod: composed(({ x }, { axis, exclusive, reverse }) => {
    const along = axisFromStart(axis as number, x!.rank);
    const length = x!.shape[along]!;
    if (length > LONGEST_PRODUCT) throw new Error(`cumprod along ${length} elements is not compiled`);
    const factors = tf.split(x!, length, along);
    if (reverse) factors.reverse();
    const products: tf.Tensor[] = [];
    let product: tf.Tensor = tf.onesLike(factors[0]!);
    for (const factor of factors) {
      if (exclusive) products.push(product);
      product = tf.mul(product, factor);
      if (!exclusive) products.push(product);
    }
    return tf.concat(reverse ? products.reverse() : products, along);
  }),
  Softmax: ({ logits }, { dim }, trace) =>
    trace.tensor(
      trace.node("Softmax", [asFloat(trace, logits!)], { attributes: { axis: dim as number } }),
      logits!.shape,
      "float32",
    ),
};
