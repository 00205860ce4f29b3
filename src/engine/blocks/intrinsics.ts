/**
 * The few operations that the blocks need and TensorFlow.js does not have in one piece.
 *
 * Each is written twice: as a composition of TensorFlow.js operations, which any backend runs, and (while a
 * function is being traced) as the one ONNX Runtime operator that does it without copies. The blocks
 * are written once, on top of these.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { float } from "../onnx/graph";
import { halved } from "../precision";
import { tf } from "../tensors";
import { currentTrace, type Trace } from "../trace/backend";
import { cast } from "../trace/kernels/define";
import { arranged, matrixProduct, stackedProduct } from "../trace/kernels/matrices";

export interface AffineOptions {
  /** Factor of the product, default 1. */
  readonly alpha?: number;
  /** Factor of the addend, default 1. */
  readonly beta?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** `alpha * a b + beta * c` of matrices; `c` is a row that is added to each row, or absent. */
export function affine(
  a: tf.Tensor,
  b: tf.Tensor,
  c: tf.Tensor | undefined,
  { alpha = 1, beta = 1, transposeA = false, transposeB = false }: AffineOptions = {},
): tf.Tensor {
  const trace = currentTrace();
  if (trace) {
    const shape = [a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!];
    const product = trace.precision === "f16" ? halfAffine : matrixProduct;
    return traced(trace, product(trace, a, b, c, { transposeA, transposeB, alpha, beta }), shape);
  }
  const product = scaled(tf.matMul(a, b, transposeA, transposeB), alpha);
  return c ? tf.add(product, scaled(c, beta)) : product;
}

/** The same with operands of half precision; the addend stays as it is. */
function halfAffine(
  trace: Trace,
  a: tf.Tensor,
  b: tf.Tensor,
  c: tf.Tensor | undefined,
  { alpha, beta, transposeA, transposeB }: Required<AffineOptions>,
): string {
  const product = trace.node("Gemm", [halved(trace, a), halved(trace, b)], {
    attributes: { transA: Number(transposeA), transB: Number(transposeB), alpha: float(alpha) },
  });
  const shape = [a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!];
  const value = singled(trace, product, shape);
  if (!c) return value;
  return trace.node("Add", [value, beta === 1 ? c : trace.node("Mul", [c, trace.scalar(beta, "float32")])]);
}

/** A product of half precision as a value of single precision; both are known to whoever cuts the graph. */
function singled(trace: Trace, product: string, shape: readonly number[]): string {
  const value = cast(trace, product, "float32");
  for (const name of [product, value]) trace.graph.shapes.set(name, shape);
  return value;
}

/** A layer normalisation with what its gradient needs: the mean `[rows, 1]` and 1 / standard deviation `[rows, 1]`. */
export interface Normalised {
  readonly value: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly inverse: tf.Tensor;
}

/** Normalise the rows of a matrix, then scale and shift them. */
export function normaliseRows(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): Normalised {
  const trace = currentTrace();
  if (trace) {
    const [value, mean, inverse] = trace.nodeWithOutputs("LayerNormalization", [x, gain, bias], 3, {
      attributes: { axis: -1, epsilon: float(epsilon) },
    }) as [string, string, string];
    const column = [x.shape[0]!, 1];
    return {
      value: traced(trace, value, x.shape),
      mean: traced(trace, mean, column),
      inverse: traced(trace, inverse, column),
    };
  }
  const mean = tf.mean(x, 1, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
  const value = tf.add(tf.mul(tf.mul(centred, inverse), gain), bias);
  return { value, mean, inverse };
}

export interface HeadsProductOptions {
  readonly alpha?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** `a` is stored sequence first, `[N, B, H, d]`, and read as `[B, H, N, d]`. */
  readonly sequenceFirstA?: boolean;
  /** `b` is stored sequence first. */
  readonly sequenceFirstB?: boolean;
}

/** `alpha * a b` for each image and head, of operands `[B, H, rows, columns]`, which may be stored sequence first. */
export function headsProduct(
  a: tf.Tensor,
  b: tf.Tensor,
  {
    alpha = 1,
    transposeA = false,
    transposeB = false,
    sequenceFirstA = false,
    sequenceFirstB = false,
  }: HeadsProductOptions = {},
): tf.Tensor {
  const trace = currentTrace();
  if (trace) {
    const shapeA = sequenceFirstA ? HEADS_FIRST.map((axis) => a.shape[axis]!) : a.shape;
    const shapeB = sequenceFirstB ? HEADS_FIRST.map((axis) => b.shape[axis]!) : b.shape;
    const product = trace.precision === "f16" ? halfStackedProduct : stackedProduct;
    const value = product(trace, a, b, {
      transposeA,
      transposeB,
      sequenceFirstA,
      sequenceFirstB,
      alpha,
    });
    const rows = shapeA[transposeA ? 3 : 2]!;
    const columns = shapeB[transposeB ? 2 : 3]!;
    return traced(trace, value, [shapeA[0]!, shapeA[1]!, rows, columns]);
  }
  const left = sequenceFirstA ? tf.transpose(a, HEADS_FIRST) : a;
  const right = sequenceFirstB ? tf.transpose(b, HEADS_FIRST) : b;
  return scaled(tf.matMul(left, right, transposeA, transposeB), alpha);
}

/** The same with operands of half precision. */
function halfStackedProduct(
  trace: Trace,
  a: tf.Tensor,
  b: tf.Tensor,
  { alpha, transposeA, transposeB, sequenceFirstA, sequenceFirstB }: Required<HeadsProductOptions>,
): string {
  const product = trace.node("MatMul", [
    arranged(trace, halved(trace, a), 4, transposeA, sequenceFirstA),
    arranged(trace, halved(trace, b), 4, transposeB, sequenceFirstB),
  ]);
  const value = cast(trace, product, "float32");
  return alpha === 1 ? value : trace.node("Mul", [value, trace.scalar(alpha, "float32")]);
}

/** Whether what is being computed will run on the processor. */
export function inMainMemory(): boolean {
  const trace = currentTrace();
  return trace === undefined || trace.device === "cpu";
}

/** From `[N, B, H, d]` to `[B, H, N, d]`. */
export const HEADS_FIRST = [1, 2, 0, 3];
/** From `[B, H, N, d]` to `[N, B, H, d]`. */
export const SEQUENCE_FIRST = [2, 0, 1, 3];
/** From a turned result, `[B, H, d, N]`, to `[N, B, H, d]`. */
export const TURNED_FIRST = [3, 0, 1, 2];

/** A value of the graph as a tensor that the automatic differentiation knows. */
function traced(trace: Trace, value: string, shape: readonly number[]): tf.Tensor {
  const info: TensorInfo = trace.tensor(value, shape, "float32");
  return tf.engine().makeTensorFromTensorInfo(info);
}

function scaled(x: tf.Tensor, factor: number): tf.Tensor {
  return factor === 1 ? x : tf.mul(x, factor);
}
