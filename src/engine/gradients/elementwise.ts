/** Gradients of functions applied to each element: the derivative, from the input or from the output. */
import * as tf from "@tensorflow/tfjs-core";
import { elementwise, flat, type Gradient, gradient } from "./define";

/** Scale and slope of the self-normalising unit (Klambauer et al., NeurIPS 2017). */
const SELU_ALPHA = 1.7580993408473768;
const SELU_SCALE = 1.0507009873554805;

const float = (condition: tf.Tensor) => tf.cast(condition, "float32");

export const ELEMENTWISE: readonly Gradient[] = [
  elementwise(tf.Abs, "x", (x) => tf.sign(x)),
  elementwise(tf.Acos, "x", (x) => tf.neg(tf.rsqrt(tf.sub(1, tf.square(x))))),
  elementwise(tf.Acosh, "x", (x) => tf.rsqrt(tf.sub(tf.square(x), 1))),
  elementwise(tf.Asin, "x", (x) => tf.rsqrt(tf.sub(1, tf.square(x)))),
  elementwise(tf.Asinh, "x", (x) => tf.rsqrt(tf.add(1, tf.square(x)))),
  elementwise(tf.Atan, "x", (x) => tf.reciprocal(tf.add(1, tf.square(x)))),
  elementwise(tf.Atanh, "x", (x) => tf.reciprocal(tf.sub(1, tf.square(x)))),
  elementwise(tf.Cos, "x", (x) => tf.neg(tf.sin(x))),
  elementwise(tf.Cosh, "x", (x) => tf.sinh(x)),
  elementwise(tf.Erf, "x", (x) => tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x))))),
  elementwise(tf.Exp, "y", (y) => y),
  elementwise(tf.Expm1, "y", (y) => tf.add(y, 1)),
  elementwise(tf.Log, "x", (x) => tf.reciprocal(x)),
  elementwise(tf.Log1p, "x", (x) => tf.reciprocal(tf.add(1, x))),
  elementwise(tf.Neg, "x", (x) => tf.neg(tf.onesLike(x))),
  elementwise(tf.Reciprocal, "y", (y) => tf.neg(tf.square(y))),
  elementwise(tf.Rsqrt, "y", (y) => tf.mul(-0.5, tf.mul(y, tf.square(y)))),
  elementwise(tf.Sigmoid, "y", (y) => tf.mul(y, tf.sub(1, y))),
  elementwise(tf.Sin, "x", (x) => tf.cos(x)),
  elementwise(tf.Sinh, "x", (x) => tf.cosh(x)),
  elementwise(tf.Softplus, "x", (x) => tf.sigmoid(x)),
  elementwise(tf.Sqrt, "y", (y) => tf.div(0.5, y)),
  elementwise(tf.Square, "x", (x) => tf.mul(2, x)),
  elementwise(tf.Tan, "y", (y) => tf.add(1, tf.square(y))),
  elementwise(tf.Tanh, "y", (y) => tf.sub(1, tf.square(y))),

  elementwise(tf.Relu, "x", (x) => float(tf.greater(x, 0))),
  elementwise(tf.Relu6, "x", (x) => float(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6)))),
  elementwise(tf.LeakyRelu, "x", (x, { alpha }) =>
    tf.where(tf.greater(x, 0), tf.onesLike(x), tf.fill(x.shape, alpha as number)),
  ),
  // The output of elu below zero is exp(x) - 1, and the derivative exp(x).
  elementwise(tf.Elu, "y", (y) => tf.where(tf.greater(y, 0), tf.onesLike(y), tf.add(y, 1))),
  elementwise(tf.Selu, "x", (x) =>
    tf.where(
      tf.greater(x, 0),
      tf.fill(x.shape, SELU_SCALE),
      // The exponent is clamped so that the side that is not taken does not overflow.
      tf.mul(SELU_ALPHA, tf.exp(tf.minimum(x, 0))),
    ),
  ),
  elementwise(tf.ClipByValue, "x", (x, { clipValueMin, clipValueMax }) =>
    float(tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number))),
  ),

  flat(tf.Ceil, "x"),
  flat(tf.Floor, "x"),
  flat(tf.IsFinite, "x"),
  flat(tf.IsInf, "x"),
  flat(tf.IsNan, "x"),
  flat(tf.LogicalNot, "x"),
  flat(tf.OnesLike, "x"),
  flat(tf.Round, "x"),
  flat(tf.Sign, "x"),
  flat(tf.Step, "x"),
  flat(tf.ZerosLike, "x"),

  gradient(tf.Cast, {}, (dy) => ({ x: () => tf.cast(dy, "float32") })),
  gradient(tf.Identity, {}, (dy) => ({ x: () => tf.cast(dy, "float32") })),
];
