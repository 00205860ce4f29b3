/** Gradients of reductions, cumulative sums and softmax. */
import * as tf from "@tensorflow/tfjs-core";
import { axesOf, flat, type Gradient, gradient, keptShape } from "./define";

const X = { inputs: ["x"] } as const;

/** Spread a reduced tensor back over the axes it was reduced along. */
function spread(reduced: tf.Tensor, shape: readonly number[], axes: readonly number[]): tf.Tensor {
  const kept = tf.reshape(reduced, keptShape(shape, axes));
  return shape.length === 0 ? kept : tf.broadcastTo(kept, [...shape]);
}

/** The gradient of a maximum or minimum goes to every element that equals it. */
function extreme(kernel: string, axisAttribute: string): Gradient {
  return gradient(kernel, { ...X, output: true }, (dy, [x, y], attributes) => ({
    x: () => {
      const kept = keptShape(x!.shape, axesOf(attributes[axisAttribute], x!.shape));
      return tf.mul(tf.reshape(dy, kept), tf.cast(tf.equal(x!, tf.reshape(y!, kept)), "float32"));
    },
  }));
}

export const REDUCTIONS: readonly Gradient[] = [
  gradient(tf.Sum, X, (dy, [x], { axis }) => ({
    x: () => spread(dy, x!.shape, axesOf(axis, x!.shape)),
  })),
  gradient(tf.Mean, X, (dy, [x], { axis }) => ({
    x: () => {
      const axes = axesOf(axis, x!.shape);
      const count = axes.reduce((n, i) => n * x!.shape[i]!, 1);
      return spread(tf.div(dy, count), x!.shape, axes);
    },
  })),
  gradient(tf.Prod, X, (dy, [x], { axis }) => ({
    x: () => productGradient(x!, dy, axesOf(axis, x!.shape)),
  })),
  extreme(tf.Max, "reductionIndices"),
  extreme(tf.Min, "axis"),
  flat(tf.ArgMax, "x"),
  flat(tf.ArgMin, "x"),
  gradient(tf.Cumsum, {}, (dy, _kept, { axis, exclusive, reverse }) => ({
    x: () => tf.cumsum(dy, axis as number, exclusive as boolean, !reverse),
  })),
  gradient(tf.Softmax, { output: true }, (dy, [p], { dim }) => ({
    logits: () => {
      const weighted = tf.mul(dy, p!);
      return tf.sub(weighted, tf.mul(tf.sum(weighted, [dim as number], true), p!));
    },
  })),
];

/** The derivative of a product by one factor is the product of the others: those before it times those after it. */
function productGradient(x: tf.Tensor, dy: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const others = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...others, ...axes];
  const rows = others.reduce((n, i) => n * x.shape[i]!, 1);
  const moved = tf.transpose(x, order);
  const factors = tf.reshape(moved, [rows, x.size / rows]);
  const rest = tf.mul(tf.cumprod(factors, 1, true, false), tf.cumprod(factors, 1, true, true));
  const slopes = tf.reshape(tf.mul(rest, tf.reshape(dy, [rows, 1])), moved.shape);
  const back = order.map((_, i) => order.indexOf(i));
  return tf.transpose(slopes, back);
}
