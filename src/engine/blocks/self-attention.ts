/** Self-attention: queries, keys and values from the same tokens. Letters as in attention.ts. */
import { invalidArgument } from "../../core/errors";
import { tf } from "../tensors";
import { attention, checkBias, checkHeads } from "./attention";
import { HEADS_FIRST, SEQUENCE_FIRST } from "./intrinsics";
import { fitsJointly, jointAttention } from "./joint-attention";
import { linear } from "./linear";
import { axes, expectShape } from "./rows";

/** Options of `selfAttention`. */
export interface SelfAttentionOptions {
  /** How many heads; a divisor of the width. */
  readonly heads: number;
  /**
   * Only the first so many tokens ask (default: all). In the last block of a classifier only the
   * class token is read, so `queries: 1` there gives the same result for less work.
   */
  readonly queries?: number;
  /** See `attention`. */
  readonly bias?: tf.Tensor;
  /** Applied to the queries and to the keys of each head, `[N, B, H, D / H]`, before they meet. Default nothing. */
  readonly normalise?: {
    readonly queries: (x: tf.Tensor) => tf.Tensor;
    readonly keys: (x: tf.Tensor) => tf.Tensor;
  };
  /**
   * Sees the attention weights, `[B, H, queries, N]`; what it returns is used instead. The attention is then computed step
   * by step, which is slower and keeps more.
   */
  readonly watch?: (weights: tf.Tensor) => tf.Tensor;
}

/**
 * Self-attention from one joint projection to queries, keys and values (timm's `attn.qkv`), without the output projection.
 *
 * @param x       tokens, sequence first `[N, B, D]`
 * @param weight  `[3D, D]`: rows of queries, keys, values
 * @param bias    `[3D]`
 * @returns       `[queries, B, D]`
 * @example
 * const tokens = tf.randomNormal([65, 6, 192]);
 * const [weight, bias] = [tf.randomNormal([576, 192]), tf.zeros([576])];
 * const attended = engine.selfAttention(tokens, weight, bias, { heads: 3 }); // [65, 6, 192]
 */
export function selfAttention(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  { heads, queries = x.shape[0]!, bias: scoreBias, normalise, watch }: SelfAttentionOptions,
): tf.Tensor {
  const [tokens, batch, width] = x.shape as [number, number, number];
  expectShape("selfAttention: weight", weight, axes({ "3 x width": 3 * width, width }));
  expectShape("selfAttention: bias", bias, axes({ "3 x width": 3 * width }));
  if (!Number.isInteger(queries) || queries < 1 || queries > tokens)
    throw invalidArgument("queries", queries, `a whole number from 1 to ${tokens}, the number of tokens`);

  checkHeads(heads, width);
  if (scoreBias) checkBias(scoreBias, batch, tokens);
  if (queries === tokens && !normalise && !watch && fitsJointly(batch, tokens, heads))
    return jointAttention(x, weight, bias, heads, scoreBias);

  const [wq, wk, wv] = tf.split(weight, 3, 0) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [bq, bk, bv] = tf.split(bias, 3, 0) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const asking = queries === tokens ? x : tf.slice(x, [0, 0, 0], [queries, batch, width]);
  const ofHeads = (tokens: tf.Tensor, change: ((x: tf.Tensor) => tf.Tensor) | undefined) =>
    change
      ? tf.reshape(change(tf.reshape(tokens, [tokens.shape[0]!, batch, heads, width / heads])), tokens.shape)
      : tokens;
  const q = ofHeads(linear(asking, wq, bq), normalise?.queries);
  const k = ofHeads(linear(x, wk, bk), normalise?.keys);
  const v = linear(x, wv, bv);
  return watch ? watchedAttention([q, k, v], heads, scoreBias, watch) : attention(q, k, v, heads, scoreBias);
}

/** `attention` in plain operations, with its weights in between. */
function watchedAttention(
  [q, k, v]: readonly [tf.Tensor, tf.Tensor, tf.Tensor],
  heads: number,
  bias: tf.Tensor | undefined,
  watch: (weights: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const [queries, batch, width] = q.shape as [number, number, number];
  const headsFirst = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [x.shape[0]!, batch, heads, width / heads]), HEADS_FIRST); // [B, H, N, d]
  const products = tf.matMul(headsFirst(q), headsFirst(k), false, true); // [B, H, M, N]
  const scores = tf.mul(products, Math.sqrt(heads / width));
  const mixed = tf.matMul(watch(tf.softmax(bias ? tf.add(scores, bias) : scores)), headsFirst(v));
  return tf.reshape(tf.transpose(mixed, SEQUENCE_FIRST), [queries, batch, width]);
}
