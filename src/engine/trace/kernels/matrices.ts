/** Products of matrices. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { OsccError } from "../../../core/errors";
import { type Attribute, float } from "../../onnx/graph";
import { tf } from "../../tensors";
import type { Trace } from "../backend";
import { callSite } from "../call-site";
import type { Kernels } from "./define";

export interface ProductOptions {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** `b` or `a` with the first and the batch axes exchanged: stored `[N, B, H, d]`, read `[B, H, N, d]`. */
  readonly sequenceFirstA?: boolean;
  readonly sequenceFirstB?: boolean;
  readonly alpha?: number;
}

/**
 * A product of stacks of matrices of rank 3 or more.
 *
 * On the CPU one operator reads transposed and sequence-first operands in place. The WebGPU provider does not
 * have it and would fall back to the CPU, so there the operands are transposed.
 */
export function stackedProduct(trace: Trace, a: TensorInfo, b: TensorInfo, options: ProductOptions): string {
  const { transposeA, transposeB, sequenceFirstA = false, sequenceFirstB = false, alpha = 1 } = options;
  const plain = !transposeA && !transposeB && !sequenceFirstA && !sequenceFirstB;
  if (plain && alpha === 1) return trace.node("MatMul", [a, b]);
  if (trace.device === "webgpu" || a.dtype !== "float32") {
    const product = trace.node("MatMul", [
      arranged(trace, a, a.shape.length, transposeA, sequenceFirstA),
      arranged(trace, b, b.shape.length, transposeB, sequenceFirstB),
    ]);
    return alpha === 1 ? product : trace.node("Mul", [product, trace.scalar(alpha, "float32")]);
  }
  const attributes: Record<string, Attribute> = {
    transA: Number(transposeA),
    transB: Number(transposeB),
    transBatchA: Number(sequenceFirstA),
    transBatchB: Number(sequenceFirstB),
    alpha: float(alpha),
  };
  return trace.node("FusedMatMul", [a, b], { attributes, domain: "com.microsoft" });
}

/** The operand, of a rank, with its axes exchanged as wanted. */
export function arranged(
  trace: Trace,
  x: TensorInfo | string,
  rank: number,
  transpose: boolean,
  sequenceFirst: boolean,
): TensorInfo | string {
  if (!transpose && !sequenceFirst) return x;
  let perm = Array.from({ length: rank }, (_, i) => i);
  if (sequenceFirst) perm = [...perm.slice(1, -1), 0, perm.length - 1];
  if (transpose) perm = [...perm.slice(0, -2), perm[perm.length - 1]!, perm[perm.length - 2]!];
  return trace.node("Transpose", [x], { attributes: { perm } });
}

/** The product of two matrices; transposition costs nothing. */
export function matrixProduct(
  trace: Trace,
  a: TensorInfo,
  b: TensorInfo,
  c: TensorInfo | undefined,
  { transposeA, transposeB, alpha = 1, beta = 1 }: ProductOptions & { readonly beta?: number },
): string {
  if (a.dtype !== "float32") return stackedProduct(trace, a, b, { transposeA, transposeB });
  return trace.node("Gemm", c ? [a, b, c] : [a, b], {
    attributes: {
      transA: Number(transposeA),
      transB: Number(transposeB),
      alpha: float(alpha),
      ...(c ? { beta: float(beta) } : {}),
    },
  });
}

function productShape(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): number[] {
  const [innerA, innerB] = [a.shape.at(transposeA ? -2 : -1)!, b.shape.at(transposeB ? -1 : -2)!];
  if (innerA !== innerB)
    throw new OsccError(
      "ShapeMismatch",
      [
        `matMul of [${a.shape.join(", ")}]${transposeA ? " transposed" : ""} and [${b.shape.join(", ")}]` +
          `${transposeB ? " transposed" : ""}: the inner axes are ${innerA} and ${innerB}${callSite()}.`,
        "Expected them to be equal: the columns of the first and the rows of the second.",
      ],
      { expected: [innerA], found: [innerB] },
    );
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape[a.shape.length - (transposeA ? 1 : 2)]!;
  const columns = b.shape[b.shape.length - (transposeB ? 2 : 1)]!;
  return [...batch, rows, columns];
}

export const MATRIX_KERNELS: Kernels = {
  BatchMatMul: ({ a, b }, attributes, trace) => {
    const options = {
      transposeA: Boolean(attributes.transposeA),
      transposeB: Boolean(attributes.transposeB),
    };
    const shape = productShape(a!, b!, options.transposeA, options.transposeB);
    const value =
      a!.rank === 2 && b!.rank === 2
        ? matrixProduct(trace, a!, b!, undefined, options)
        : stackedProduct(trace, a!, b!, options);
    return trace.tensor(value, shape, a!.dtype);
  },
  _FusedMatMul: ({ a, b, bias, preluActivationWeights }, attributes) => {
    const { transposeA, transposeB, activation, leakyreluAlpha } = attributes as Record<string, never>;
    const product = tf.matMul(a!, b!, Boolean(transposeA), Boolean(transposeB));
    const shifted = bias ? tf.add(product, bias) : product;
    switch ((activation as string | undefined) ?? "linear") {
      case "relu":
        return tf.relu(shifted);
      case "relu6":
        return tf.relu6(shifted);
      case "elu":
        return tf.elu(shifted);
      case "sigmoid":
        return tf.sigmoid(shifted);
      case "leakyrelu":
        return tf.leakyRelu(shifted, leakyreluAlpha);
      case "prelu":
        return tf.prelu(shifted, preluActivationWeights!);
      default:
        return shifted;
    }
  },
  Einsum: (inputs, { equation }, trace) => {
    const operands = Object.values(inputs);
    const shape = einsumShape(equation as string, operands);
    const value = trace.node("Einsum", operands, { attributes: { equation: equation as string } });
    return trace.tensor(value, shape, operands[0]!.dtype);
  },
};

function einsumShape(equation: string, operands: readonly tf.Tensor[]): number[] {
  const [left, right = ""] = equation.replace(/\s/g, "").split("->") as [string, string?];
  const lengths = new Map<string, number>();
  left.split(",").forEach((letters, k) => {
    [...letters].forEach((letter, axis) => {
      lengths.set(letter, operands[k]!.shape[axis]!);
    });
  });
  return [...right].map((letter) => lengths.get(letter)!);
}
