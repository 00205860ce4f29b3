/** The Gaussian error linear unit (Hendrycks & Gimpel, 2016), exact, and the two-layer perceptron around it. */
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { expectLinearShapes, scaledLinear } from "./linear";
import { asRows, fromRows } from "./rows";

/**
 * `x * Φ(x)`, the exact form with the error function, as in timm and PyTorch's default.
 *
 * @param x  any shape
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(scaledGelu(tf.mul(x, Math.SQRT1_2)), Math.SQRT1_2);
}

/**
 * The perceptron of a transformer block: `gelu(x W₁ᵀ + b₁) W₂ᵀ + b₂`.
 *
 * Same result as `linear(gelu(linear(x, ...)), ...)`, and faster compiled: the constants of gelu vanish into the
 * two products.
 *
 * @param x        `[..., width]`
 * @param weight1  `[hidden, width]`
 * @param bias1    `[hidden]`
 * @param weight2  `[out, hidden]`
 * @param bias2    `[out]`
 */
export function mlp(
  x: tf.Tensor,
  weight1: tf.Tensor,
  bias1: tf.Tensor,
  weight2: tf.Tensor,
  bias2: tf.Tensor,
): tf.Tensor {
  expectLinearShapes("mlp: first layer", x, weight1, bias1);
  const hidden = scaledLinear(asRows(x), weight1, bias1, Math.SQRT1_2, Math.SQRT1_2);
  expectLinearShapes("mlp: second layer", hidden, weight2, bias2);
  return fromRows(scaledLinear(scaledGelu(hidden), weight2, bias2, Math.SQRT1_2, 1), x.shape);
}

/** gelu of `√2 h`, times `√2`: `h (1 + erf h)`. Its derivative is `1 + erf h + (2/√π) h exp(-h²)`. */
function scaledGelu(h: tf.Tensor): tf.Tensor {
  return differentiable([h], (input) => {
    const step = tf.add(tf.erf(input!), 1);
    return {
      value: tf.mul(input!, step),
      keep: [input!, step],
      gradient: (dy, [h, step]) => {
        // (2/√π) exp(-h²) as one exponential: the constant goes into the exponent.
        const bell = tf.exp(tf.sub(Math.log(2 / Math.sqrt(Math.PI)), tf.square(h!)));
        return [tf.mul(dy, tf.add(tf.mul(bell, h!), step!))];
      },
    };
  });
}
