/**
 * Scaled dot-product attention of heads, there and back, with queries, keys and values where they lie.
 *
 * Letters as in attention.ts; `h` heads, some or all. Operands `[N, B, h, d]`, stored sequence first.
 */
import { tf } from "../tensors";
import { HEADS_FIRST, headsProduct } from "./intrinsics";

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

/**
 * The gradients of queries, `[B, h, M, d]`, and of keys and values, turned: `[B, h, d, N]`.
 *
 * The weights are by far the larger factor of a product. To read them as they lie, and turn the small result, takes nine
 * tenths of the time.
 */
export function headsGradients({ q, k, v, weights, slope, sums }: HeadsBackward): {
  readonly dq: tf.Tensor;
  readonly dk: tf.Tensor;
  readonly dv: tf.Tensor;
} {
  const alpha = scaleOf(q);
  const dv = headsProduct(slope, weights, { sequenceFirstA: true, transposeA: true });
  const dWeights = headsProduct(slope, v, { sequenceFirstA: true, sequenceFirstB: true, transposeB: true });
  const dScores = tf.mul(tf.sub(dWeights, sums), weights); // softmax backward: P (dP - Σ dP P)
  const dq = headsProduct(dScores, k, { sequenceFirstB: true, alpha });
  const dk = headsProduct(q, dScores, { sequenceFirstA: true, transposeA: true, alpha });
  return { dq, dk, dv };
}

/** 1 / √d */
function scaleOf(q: tf.Tensor): number {
  return 1 / Math.sqrt(q.shape[3]!);
}
