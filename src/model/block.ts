/**
 * A pre-norm transformer block: of a ViT, with its variants, and of the transformer fusion.
 *
 * Which variant it is shows in the parameters it has: `ls1.gamma` for LayerScale, `attn.q_norm.weight` for
 * normalised queries and keys, `mlp.w12.weight` for a gated MLP. Letters: T tokens, I images, D width.
 */
import { tf } from "../engine";
import {
  type AttentionShape,
  attentionLayer,
  type LiveParameters,
  layerNormLayer,
  mlpLayer,
  parameter,
  swigluLayer,
  TRANSFORMER_EPSILON,
} from "./layers";

/**
 * Called with each named layer's output; what it returns is used instead. This is how explanations read and
 * nudge the inside of a model. The value is [T, I, D]; where only the class token goes on (the last block's attention and
 * what follows, with `class` pooling), of that token alone.
 */
export interface LayerTap {
  (layer: string, value: tf.Tensor): tf.Tensor;
  /** Also sees the attention weights of each block, `blocks.<i>.attn.weights`, [I, heads, queries, T]. */
  readonly attention?: boolean;
}

export const unchanged: LayerTap = (_, value) => value;

/** The tap as a block sees it: the block's parts by their own names. */
export function within(tap: LayerTap, block: string): LayerTap {
  const ofPart = (part: string, value: tf.Tensor) => tap(`${block}.${part}`, value);
  return Object.assign(ofPart, { attention: tap.attention ?? false });
}

/** How many heads, how many tokens go on after the attention, which are not read, and who watches. */
export interface BlockOptions extends AttentionShape {
  readonly queries: number;
  readonly tap?: LayerTap;
}

/** x + scale1 * attention(norm1(x)), then x + scale2 * mlp(norm2(x)). [T, I, D] -> [queries, I, D] */
export function transformerBlock(
  layers: LiveParameters,
  x: tf.Tensor,
  { tap = unchanged, ...given }: BlockOptions,
): tf.Tensor {
  const watch = (weights: tf.Tensor) => tap("attn.weights", weights);
  const shape = tap.attention ? { ...given, watch } : given;
  const normed = tap("norm1", layerNormLayer(x, layers, "norm1", TRANSFORMER_EPSILON));
  const attended = scaled(layers, "ls1", tap("attn", attentionLayer(normed, layers, "attn", shape)));
  const middle = tf.add(firstTokens(x, shape.queries), attended);
  const normedAgain = tap("norm2", layerNormLayer(middle, layers, "norm2", TRANSFORMER_EPSILON));
  const layer = "mlp.w12.weight" in layers ? swigluLayer : mlpLayer;
  return tf.add(middle, scaled(layers, "ls2", tap("mlp", layer(normedAgain, layers, "mlp"))));
}

/** LayerScale (Touvron et al., ICCV 2021): each channel of a branch times a learned factor, where there is one. */
function scaled(layers: LiveParameters, name: string, x: tf.Tensor): tf.Tensor {
  return `${name}.gamma` in layers ? tf.mul(x, parameter(layers, `${name}.gamma`)) : x;
}

function firstTokens(x: tf.Tensor, count: number): tf.Tensor {
  const [tokens, images, width] = x.shape as [number, number, number];
  return count === tokens ? x : tf.slice(x, [0, 0, 0], [count, images, width]);
}
