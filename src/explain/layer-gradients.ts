/** Activations of a layer, and the gradient of a score with respect to them. Runs eagerly or traced. */
import { tf } from "../engine";
import type { LayerTap } from "../model";

/** The activations of a layer and the gradients of a score there. */
export interface LayerGradients {
  /** [T, I, D] */
  readonly activations: tf.Tensor;
  /** [T, I, D] */
  readonly gradients: tf.Tensor;
}

/**
 * The values of one layer and the gradient of a score with respect to them.
 *
 * @param score  from a tap to one number: runs the model, letting the tap see its layers
 * @param layer  the layer's name
 * @example
 * const { tf } = engine;
 * const { gradients } = explain.layerGradients((tap) => tf.sum(tf.square(tap("x", tf.tensor([1, 2])))), "x");
 * gradients.print(); // [2, 4]
 */
export function layerGradients(score: (tap: LayerTap) => tf.Tensor, layer: string): LayerGradients {
  let activations: tf.Tensor | undefined;
  score((name, value) => {
    if (name === layer) activations = value;
    return value;
  });
  if (!activations) throw new Error(`the model has no layer ${layer}`);
  // The same model, with the layer's output as the variable.
  const gradients = tf.grad((variable: tf.Tensor) =>
    tf.reshape(
      score((name, value) => (name === layer ? variable : value)),
      [],
    ),
  )(activations);
  return { activations, gradients };
}
