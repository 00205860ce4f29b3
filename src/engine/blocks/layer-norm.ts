/** Layer normalisation (Ba et al., 2016). */
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { normaliseRows } from "./intrinsics";
import { asRows, axes, columnSums, expectShape, fromRows } from "./rows";

/**
 * Layer normalisation over the last axis.
 *
 * @param x        `[..., width]`
 * @param gain     `[width]`, called `weight` in checkpoints
 * @param bias     `[width]`
 * @param epsilon  added to the variance; default 1e-6, as timm's vision transformers have it (PyTorch: 1e-5)
 * @returns        the shape of `x`
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-6): tf.Tensor {
  const width = x.shape[x.rank - 1]!;
  expectShape("layerNorm: gain", gain, axes({ width }));
  expectShape("layerNorm: bias", bias, axes({ width }));
  const rows = differentiable([asRows(x), gain, bias], (input, g, b) => {
    const { value, mean, inverse } = normaliseRows(input!, g!, b!, epsilon);
    return { value, keep: [input!, g!, mean, inverse], gradient: layerNormGradient };
  });
  return fromRows(rows, x.shape);
}

/**
 * With `n = (x - mean) * inverse`, the gradient of a row is
 * `inverse * (dy*g - mean(dy*g) - n * mean(dy*g*n))`; the means are products with the gain as a column.
 */
function layerNormGradient(dy: tf.Tensor, kept: readonly tf.Tensor[]): tf.Tensor[] {
  const [x, gain, mean, inverse] = kept as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const width = x.shape[1]!;
  const normalised = tf.mul(tf.sub(x, mean), inverse);
  const weighted = tf.mul(dy, normalised);
  const column = tf.reshape(tf.div(gain, width), [width, 1]);
  const meanSlope = tf.matMul(dy, column); // [rows, 1]
  const meanWeighted = tf.matMul(weighted, column); // [rows, 1]
  const dx = tf.mul(tf.sub(tf.sub(tf.mul(dy, gain), meanSlope), tf.mul(normalised, meanWeighted)), inverse);
  return [dx, columnSums(weighted), columnSums(dy)];
}
