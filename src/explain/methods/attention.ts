/** Following attention weights back from the class token, for methods that explain transformers by them. */
import { tf } from "../../engine";
import type { ViTConfig } from "../../model";

/** Names of the attention weights of each block, first to last. */
export function attentionLayers({ depth }: ViTConfig): string[] {
  return Array.from({ length: depth }, (_, i) => `blocks.${i}.attn.weights`);
}

/** All of the class token, which is the first: [I, 1, T]. `weights` [I, queries, T] of any block. */
export function classTokenRow(weights: tf.Tensor): tf.Tensor {
  const [images, , tokens] = weights.shape as [number, number, number];
  return tf.tile(tf.tensor3d([[Array.from({ length: tokens }, (_, t) => (t === 0 ? 1 : 0))]]), [
    images,
    1,
    1,
  ]);
}

/**
 * What lay on the tokens after a block, [I, 1, T], moved to the tokens before it by weights [I, queries, T]. In the last
 * block only the first tokens ask, and nothing lies on the others.
 */
export function passBack(reached: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const [images, queries, tokens] = weights.shape as [number, number, number];
  const asking = queries === tokens ? reached : tf.slice(reached, [0, 0, 0], [images, 1, queries]);
  return tf.matMul(asking, weights); // [I, 1, T]
}
