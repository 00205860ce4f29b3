/** Gradients of arithmetic on two inputs; each input's gradient is summed over the axes it was broadcast along. */
import * as tf from "@tensorflow/tfjs-core";
import { flat, type Gradient, gradient, sumTo } from "./define";

const BOTH = { inputs: ["a", "b"] } as const;

/** Share a gradient between the two inputs of a comparison: where `takesA` holds it is the first one's. */
function select(kernel: string, takesA: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Gradient {
  return gradient(kernel, BOTH, (dy, [a, b]) => {
    const mask = () => tf.cast(takesA(a!, b!), "float32");
    return {
      a: () => sumTo(tf.mul(dy, mask()), a!.shape),
      b: () => sumTo(tf.mul(dy, tf.sub(1, mask())), b!.shape),
    };
  });
}

export const ARITHMETIC: readonly Gradient[] = [
  gradient(tf.Add, BOTH, (dy, [a, b]) => ({
    a: () => sumTo(dy, a!.shape),
    b: () => sumTo(dy, b!.shape),
  })),
  gradient(tf.Sub, BOTH, (dy, [a, b]) => ({
    a: () => sumTo(dy, a!.shape),
    b: () => sumTo(tf.neg(dy), b!.shape),
  })),
  gradient(tf.Multiply, BOTH, (dy, [a, b]) => ({
    a: () => sumTo(tf.mul(dy, tf.cast(b!, "float32")), a!.shape),
    b: () => sumTo(tf.mul(dy, tf.cast(a!, "float32")), b!.shape),
  })),
  gradient(tf.RealDiv, BOTH, (dy, [a, b]) => ({
    a: () => sumTo(tf.div(dy, tf.cast(b!, "float32")), a!.shape),
    b: () => sumTo(tf.neg(tf.div(tf.mul(dy, a!), tf.square(tf.cast(b!, "float32")))), b!.shape),
  })),
  gradient(tf.SquaredDifference, BOTH, (dy, [a, b]) => {
    const slope = () => tf.mul(dy, tf.mul(2, tf.sub(a!, b!)));
    return { a: () => sumTo(slope(), a!.shape), b: () => sumTo(tf.neg(slope()), b!.shape) };
  }),
  gradient(tf.Pow, { ...BOTH, output: true }, (dy, [base, exponent, power]) => ({
    a: () => sumTo(tf.mul(dy, tf.mul(exponent!, tf.pow(base!, tf.sub(exponent!, 1)))), base!.shape),
    b: () => {
      // a^b changes with b as a^b log(a); for a <= 0, where the logarithm is not real, the convention is 0.
      const positive = tf.greater(base!, 0);
      const log = tf.where(
        positive,
        tf.log(tf.where(positive, base!, tf.onesLike(base!))),
        tf.zerosLike(base!),
      );
      return sumTo(tf.mul(dy, tf.mul(power!, log)), exponent!.shape);
    },
  })),
  gradient(tf.Atan2, BOTH, (dy, [a, b]) => {
    const scaled = () => tf.div(dy, tf.add(tf.square(a!), tf.square(b!)));
    return {
      a: () => sumTo(tf.mul(scaled(), b!), a!.shape),
      b: () => sumTo(tf.neg(tf.mul(scaled(), a!)), b!.shape),
    };
  }),
  gradient(tf.Mod, BOTH, (dy, [a, b]) => ({
    a: () => sumTo(dy, a!.shape),
    b: () => sumTo(tf.neg(tf.mul(dy, tf.floor(tf.div(a!, b!)))), b!.shape),
  })),
  // On a tie the whole gradient goes to the first input of Maximum and Minimum, as TensorFlow does.
  select(tf.Maximum, tf.greaterEqual),
  select(tf.Minimum, tf.lessEqual),
  flat(tf.FloorDiv, "a", "b"),
  ...[tf.Equal, tf.NotEqual, tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual].map((k) =>
    flat(k, "a", "b"),
  ),
  ...[tf.LogicalAnd, tf.LogicalOr].map((k) => flat(k, "a", "b")),
  gradient(tf.Prelu, { inputs: ["x", "alpha"] }, (dy, [x, alpha]) => {
    const positive = () => tf.greater(x!, 0);
    return {
      x: () => tf.where(positive(), dy, tf.mul(dy, alpha!)),
      alpha: () => sumTo(tf.where(positive(), tf.zerosLike(dy), tf.mul(dy, x!)), alpha!.shape),
    };
  }),
];
