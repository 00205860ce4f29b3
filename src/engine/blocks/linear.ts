/** The linear layer. */
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { affine } from "./intrinsics";
import { asRows, axes, columnSums, expectShape, fromRows } from "./rows";

/**
 * A linear layer: `x Wᵀ + b` over the last axis.
 *
 * @param x       `[..., in]`
 * @param weight  `[out, in]`, the layout of PyTorch and timm
 * @param bias    `[out]`, or none
 * @returns       `[..., out]`
 * @throws ShapeMismatch  naming the axes that do not fit
 * @example
 * const features = engine.linear(tf.ones([16, 384]), tf.zeros([768, 384]), tf.zeros([768])); // [16, 768]
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  expectLinearShapes("linear", x, weight, bias);
  return fromRows(scaledLinear(asRows(x), weight, bias, 1, 1), x.shape);
}

/** `alpha * x Wᵀ + beta * b` of a matrix. The factors let a neighbouring constant vanish into the product. */
export function scaledLinear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
  alpha: number,
  beta: number,
): tf.Tensor {
  return differentiable(bias ? [x, weight, bias] : [x, weight], (input, w, b) => ({
    value: affine(input!, w!, b, { alpha, beta, transposeB: true }),
    keep: [input!, w!],
    gradient: (dy, [kept, w]) => [
      affine(dy, w!, undefined, { alpha }),
      affine(dy, kept!, undefined, { alpha, transposeA: true }),
      ...(b ? [beta === 1 ? columnSums(dy) : tf.mul(columnSums(dy), beta)] : []),
    ],
  }));
}

/** Check the shapes of a linear layer; `block` names it in the message. */
export function expectLinearShapes(
  block: string,
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
): void {
  const width = x.shape[x.rank - 1] ?? 0;
  expectShape(`${block}: weight`, weight, axes({ out: undefined, in: width }));
  if (bias) expectShape(`${block}: bias`, bias, axes({ out: weight.shape[0]! }));
}
