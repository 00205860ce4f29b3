/** Activations of layers, and the gradient of a score with respect to them. Runs eagerly or traced. */
import { tf } from "../engine";
import type { LayerTap } from "../model";

/** The activations of a layer and the gradients of a score there. */
export interface LayerGradients {
  /** [T, I, D] */
  readonly activations: tf.Tensor;
  /** [T, I, D] */
  readonly gradients: tf.Tensor;
}

/** A score as a function of a tap: runs the model, letting the tap see its layers. */
export type TappedScore = (tap: LayerTap) => tf.Tensor;

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
export function layerGradients(score: TappedScore, layer: string): LayerGradients {
  return layersGradients(score, [layer])[0]!;
}

/**
 * The same for several layers from one pass back.
 *
 * @param score   from a tap to one number
 * @param layers  names; those ending in `attn.weights` are attention weights [I, heads, queries, T]
 * @returns       in the order of `layers`
 * @example
 * const { tf } = engine;
 * const score = (tap: model.LayerTap) => tf.sum(tap("y", tf.square(tap("x", tf.tensor([1, 2])))));
 * const [x, y] = explain.layersGradients(score, ["x", "y"]); // gradients [2, 4] and [1, 1]
 */
export function layersGradients(score: TappedScore, layers: readonly string[]): LayerGradients[] {
  const attention = layers.some((layer) => layer.endsWith("attn.weights"));
  const tapped = (tap: LayerTap) => tf.reshape(score(Object.assign(tap, { attention })), []);

  const seen = new Map<string, tf.Tensor>();
  tapped((name, value) => {
    if (layers.includes(name)) seen.set(name, value);
    return value;
  });
  for (const layer of layers) if (!seen.has(layer)) throw new Error(`the model has no layer ${layer}`);

  // The same model with the first of the layers as the variable; the way back passes the others.
  const [first, start] = [...seen][0]!;
  const slopes = new Map<string, tf.Tensor>();
  const towards = tf.grad((variable: tf.Tensor) =>
    tapped((name, value) => {
      if (name === first) return variable;
      return seen.has(name) ? watched(value, (slope) => slopes.set(name, slope)) : value;
    }),
  )(start);
  return layers.map((layer) => {
    const activations = seen.get(layer)!;
    if (layer === first) return { activations, gradients: towards };
    const kept = slopes.get(layer);
    if (!kept) return { activations, gradients: tf.zerosLike(activations) }; // the score does not pass there
    const gradients = tf.clone(kept);
    kept.dispose();
    return { activations, gradients };
  });
}

/** The same value; `see` gets its gradient on the way back, which outlives the pass and is the caller's. */
function watched(value: tf.Tensor, see: (slope: tf.Tensor) => void): tf.Tensor {
  return tf.customGrad((x: unknown) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (slope: tf.Tensor) => {
      see(tf.keep(tf.clone(slope)));
      return tf.clone(slope);
    },
  }))(value);
}
