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
  const seen = new Map<string, Kept>();
  // The model runs once. A zero is added to the first of the layers, so that the way back leads past all of them.
  const nothing = tf.scalar(0);
  const tap = (zero: tf.Tensor): LayerTap => {
    const see = (name: string, value: tf.Tensor) => {
      if (!layers.includes(name)) return value;
      const from = seen.size === 0 ? tf.add(value, zero) : value;
      const kept: Kept = { activations: tf.keep(tf.clone(value)) };
      seen.set(name, kept);
      return watched(from, (slope) => {
        kept.gradients = slope;
      });
    };
    return Object.assign(see, { attention });
  };
  const back = tf.grad((zero: tf.Tensor) => {
    const value = tf.reshape(score(tap(zero)), []);
    for (const layer of layers) if (!seen.has(layer)) throw new Error(`the model has no layer ${layer}`);
    return value;
  });
  try {
    back(nothing).dispose();
    return layers.map((layer) => {
      const { activations, gradients } = seen.get(layer)!;
      return {
        activations: tf.clone(activations),
        gradients: gradients ? tf.clone(gradients) : tf.zerosLike(activations), // none: the score does not pass there
      };
    });
  } finally {
    for (const { activations, gradients } of seen.values()) tf.dispose([activations, gradients ?? []]);
    nothing.dispose();
  }
}

/** What a tap saw of a layer, and later its gradient: both outlive the pass. */
interface Kept {
  readonly activations: tf.Tensor;
  gradients?: tf.Tensor;
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
