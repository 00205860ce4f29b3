/**
 * Scaled dot-product attention of heads, there and back, with queries, keys and values where they lie.
 *
 * Letters as in attention.ts; `h` heads, some or all. Operands `[N, B, h, d]`, stored sequence first.
 */
import { tf } from "../tensors";
import { HEADS_FIRST, headsProduct, inMainMemory, SEQUENCE_FIRST } from "./intrinsics";

/** The attention weights `[B, h, M, N]`: the softmax of the scaled scores. */
export function attentionWeights(q: tf.Tensor, k: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  const scores = headsProduct(q, k, {
    sequenceFirstA: true,
    sequenceFirstB: true,
    transposeB: true,
    alpha: scaleOf(q),
  });
  return tf.softmax(bias ? tf.add(scores, bias) : scores);
}

/** The values, mixed by the weights: `[B, h, M, d]`. */
export function mixedValues(weights: tf.Tensor, v: tf.Tensor): tf.Tensor {
  return headsProduct(weights, v, { sequenceFirstB: true });
}

/** Σ dP P of the softmax backward, `[B, h, M, 1]`: the sum over a head of slope * value, which is much smaller. */
export function slopeSums(slope: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.transpose(tf.sum(tf.mul(slope, value), 3, true), HEADS_FIRST);
}

/** What the gradients of heads are made from. */
export interface HeadsBackward {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
  readonly weights: tf.Tensor;
  /** The gradient of the mixed values, stored as they are joined: `[M, B, h, d]`. */
  readonly slope: tf.Tensor;
  /** See `slopeSums`. */
  readonly sums: tf.Tensor;
}

export interface HeadsGradients {
  readonly dq: tf.Tensor;
  readonly dk: tf.Tensor;
  readonly dv: tf.Tensor;
}

/**
 * The gradients of queries, `[B, h, M, d]`, and of keys and values, turned: `[B, h, d, N]`.
 *
 * The weights are by far the larger factor of a product. To read them as they lie, and turn the small result, takes nine
 * tenths of the time.
 */
export function headsGradients({ q, k, v, weights, slope, sums }: HeadsBackward): HeadsGradients {
  const alpha = scaleOf(q);
  const dv = headsProduct(slope, weights, { sequenceFirstA: true, transposeA: true });
  const dScores = tf.mul(centredSlopes(slope, v, sums), weights); // softmax backward: P (dP - Σ dP P)
  const dq = headsProduct(dScores, k, { sequenceFirstB: true, alpha });
  const dk = headsProduct(q, dScores, { sequenceFirstA: true, transposeA: true, alpha });
  return { dq, dk, dv };
}

/**
 * The gradient of the weights less its sums: dP - Σ dP P. Of a long sequence in main memory the sums go into the product, as
 * one more column of each operand: that spares a pass over the largest matrix there is.
 */
function centredSlopes(slope: tf.Tensor, v: tf.Tensor, sums: tf.Tensor): tf.Tensor {
  const asTheyLie = { sequenceFirstA: true, sequenceFirstB: true, transposeB: true };
  const [tokens, batch, heads, depth] = v.shape as [number, number, number, number];
  if (tokens < LONG * depth || !inMainMemory()) return tf.sub(headsProduct(slope, v, asTheyLie), sums);
  const further = tf.transpose(tf.neg(sums), SEQUENCE_FIRST); // [M, B, h, 1]
  const ones = tf.ones([tokens, batch, heads, 1]);
  return headsProduct(tf.concat([slope, further], 3), tf.concat([v, ones], 3), asTheyLie);
}

/** A sequence is long whose tokens are so many times the width of a head. */
const LONG = 8;

/** 1 / √d */
function scaleOf(q: tf.Tensor): number {
  return 1 / Math.sqrt(q.shape[3]!);
}
