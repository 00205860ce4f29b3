/** A block with a hand-written gradient. */
import { tf } from "../tensors";

/** What a block computes: its value, what its gradient needs, and the gradient of each input. */
export interface Differentiable {
  readonly value: tf.Tensor;
  /** Tensors that the gradient needs; everything the gradient reads must be listed here. */
  readonly keep: readonly tf.Tensor[];
  /** Gradients of the inputs, in their order, from the gradient of the value and the kept tensors. */
  readonly gradient: (dy: tf.Tensor, kept: readonly tf.Tensor[]) => tf.Tensor[];
}

/**
 * Run `forward` on the inputs as one step of the automatic differentiation.
 *
 * A gradient that nobody asks for costs nothing in a compiled graph: nodes that lead to no output are dropped.
 */
export function differentiable(
  inputs: readonly tf.Tensor[],
  forward: (...inputs: tf.Tensor[]) => Differentiable,
): tf.Tensor {
  type Save = (tensors: tf.Tensor[]) => void;
  const operation = tf.customGrad((...all: (tf.Tensor | Save)[]) => {
    const save = all[all.length - 1] as Save;
    const { value, keep, gradient } = forward(...(all.slice(0, -1) as tf.Tensor[]));
    save([...keep]);
    return { value, gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => gradient(dy, kept) };
  });
  return operation(...inputs);
}
