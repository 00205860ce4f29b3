/** Following attention weights back from where the feature is read, for methods that explain transformers by them. */
import { tf } from "../../engine";
import { prefixTokens, tokenCount, type ViTConfig } from "../../model";

/** Names of the attention weights of each block, first to last. */
export function attentionLayers({ depth }: ViTConfig): string[] {
  return Array.from({ length: depth }, (_, i) => `blocks.${i}.attn.weights`);
}

/**
 * What the feature is made of after the last block, [I, 1, T], summing to one: the class token alone, the patches in
 * equal shares, or, where both are read, half of each.
 */
export function readTokens(config: ViTConfig, images: number): tf.Tensor {
  const { pooling = "class" } = config;
  const [tokens, prefix] = [tokenCount(config), prefixTokens(config)];
  const ofClass = { class: 1, mean: 0, "class+mean": 0.5 }[pooling];
  const ofPatch = (1 - ofClass) / (tokens - prefix);
  const row = Array.from({ length: tokens }, (_, t) => (t === 0 ? ofClass : t < prefix ? 0 : ofPatch));
  return tf.tile(tf.tensor3d([[row]]), [images, 1, 1]);
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
