/** The gradient of a function by finite differences, to test hand-written ones against. */
import { Rng } from "../../../src/core/random";
import { tf } from "../../../src/engine";

/** A tensor of random numbers in [low, high), the same for the same seed. */
export function randomTensor(seed: string, shape: number[], low = -1, high = 1): tf.Tensor {
  const rng = new Rng(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.range(low, high)),
    shape,
  );
}

/**
 * The largest error of the gradients of `fn` at `inputs`, relative to the largest slope (at least 1).
 * The output is weighted with fixed random numbers, so that no error cancels in a sum.
 */
export function gradientError(
  fn: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  step = 2e-3,
): number {
  return tf.tidy(() => {
    const weights = randomTensor("weights", fn(...inputs).shape, 0.5, 1.5);
    const scalar = (...xs: tf.Tensor[]) =>
      tf.sum(tf.mul(tf.cast(fn(...xs), "float32"), weights)) as tf.Scalar;
    const slopes = tf.grads(scalar)(inputs);
    let worst = 0;
    let largest = 1;
    inputs.forEach((input, k) => {
      const base = input.dataSync().slice();
      const slope = slopes[k]!.dataSync();
      for (let i = 0; i < base.length; i++) {
        const at = (offset: number) => {
          const moved = base.slice();
          moved[i]! += offset;
          const replaced = inputs.map((x, j) => (j === k ? tf.tensor(moved, input.shape) : x));
          return scalar(...replaced).dataSync()[0]!;
        };
        const numeric = (at(step) - at(-step)) / (2 * step);
        largest = Math.max(largest, Math.abs(numeric));
        worst = Math.max(worst, Math.abs(numeric - slope[i]!));
      }
    });
    return worst / largest;
  });
}
