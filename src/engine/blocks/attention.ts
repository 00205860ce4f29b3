/**
 * Multi-head attention (Vaswani et al., 2017).
 *
 * `N` tokens of a sequence, `B` sequences, `D` width, `H` heads, `d = D / H`. Tokens are stored
 * sequence first, `[N, B, D]`: only then can the products read queries, keys and values where they lie.
 */
import { invalidArgument } from "../../core/errors";
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { HEADS_FIRST, headsProduct, SEQUENCE_FIRST } from "./intrinsics";
import { axes, expectShape } from "./rows";

/**
 * Attention weights that are computed at one time, at most: 128 MiB of them. A photograph of 2592 x 1944 pixels in patches
 * of 16 has 19,603 tokens, and six heads would take 9 GiB of weights at once.
 */
export const MOST_SCORES = 2 ** 25;

/**
 * Scaled dot-product attention of many heads. Of long sequences some queries at a time: each of them sees all keys, so the
 * result is the same, and the weights are never there as a whole.
 *
 * @param q      queries `[M, B, D]`
 * @param k      keys `[N, B, D]`
 * @param v      values `[N, B, D]`
 * @param heads  how many; a divisor of `D`
 * @param bias   added to the scores before the softmax, `[B, 1, 1, N]`: 0 for a key that is read, a large negative
 *               number for one that is not. No gradient flows into it. Default none
 * @param mostScores  attention weights at one time, of all sequences and heads, default 2^25 (128 MiB)
 * @returns      `[M, B, D]`, the heads side by side
 */
export function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
  mostScores: number = MOST_SCORES,
): tf.Tensor {
  const [queries, batch, width] = q.shape as [number, number, number];
  const tokens = k.shape[0]!;
  expectShape("attention: keys", k, axes({ tokens: undefined, batch, width }));
  expectShape("attention: values", v, axes({ tokens, batch, width }));
  if (bias) checkBias(bias, batch, tokens);
  checkHeads(heads, width);

  const together = Math.max(1, Math.floor(mostScores / (batch * heads * tokens)));
  if (queries <= together) return attentionAtOnce([q, k, v], heads, bias);
  const parts = alike(queries, Math.ceil(queries / together));
  return tf.concat(
    tf.split(q, parts, 0).map((part) => attentionAtOnce([part, k, v], heads, bias)),
    0,
  );
}

/** Check that the width can be shared out among heads. */
export function checkHeads(heads: number, width: number): void {
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw invalidArgument("heads", heads, `a divisor of the width ${width}`);
}

/** Check what is added to the scores. */
export function checkBias(bias: tf.Tensor, batch: number, tokens: number): void {
  expectShape("attention: bias", bias, axes({ batch, "every head": 1, "every query": 1, tokens }));
}

/**
 * `(wᵀ x)ᵀ` for each head, `[B, H, d, N]`, of `x` `[M, B, H, d]` and weights `w` `[B, H, M, N]`. The weights are by far
 * the larger factor; to read them as they lie, and turn the small result, takes nine tenths of the time.
 */
function turnedProduct(x: tf.Tensor, weights: tf.Tensor, alpha: number): tf.Tensor {
  return headsProduct(x, weights, { sequenceFirstA: true, transposeA: true, alpha });
}

/** So many parts of a whole, as alike as can be. */
function alike(whole: number, parts: number): number[] {
  const end = (part: number) => Math.floor((part * whole) / parts);
  return Array.from({ length: parts }, (_, i) => end(i + 1) - end(i));
}

function attentionAtOnce(
  [q, k, v]: readonly [tf.Tensor, tf.Tensor, tf.Tensor],
  heads: number,
  bias: tf.Tensor | undefined,
): tf.Tensor {
  const [queries, batch, width] = q.shape as [number, number, number];
  const tokens = k.shape[0]!;
  const scale = 1 / Math.sqrt(width / heads);
  const split = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]!, batch, heads, width / heads]); // [N, B, H, d]
  const join = (x: tf.Tensor, n: number) => tf.reshape(tf.transpose(x, SEQUENCE_FIRST), [n, batch, width]);
  const joinTurned = (x: tf.Tensor) => tf.reshape(tf.transpose(x, [3, 0, 1, 2]), [tokens, batch, width]);

  return differentiable([q, k, v], (q, k, v) => {
    const scores = headsProduct(split(q!), split(k!), {
      sequenceFirstA: true,
      sequenceFirstB: true,
      transposeB: true,
      alpha: scale,
    }); // [B, H, M, N]
    const weights = tf.softmax(bias ? tf.add(scores, bias) : scores);
    const mixed = headsProduct(weights, split(v!), { sequenceFirstB: true }); // [B, H, M, d]
    const value = join(mixed, queries);
    return {
      value,
      keep: [q!, k!, v!, weights, value],
      gradient: (dy, kept) => {
        const [q, k, v, weights, value] = kept as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = split(dy); // [M, B, H, d]
        const dv = turnedProduct(slope, weights, 1); // [B, H, d, N]
        const dWeights = headsProduct(slope, split(v), {
          sequenceFirstA: true,
          sequenceFirstB: true,
          transposeB: true,
        });
        // Softmax backward, P (dP - Σ dP P); the row sum is that of dy * value, which is much smaller.
        const rowSums = tf.transpose(tf.sum(tf.mul(slope, split(value)), 3, true), HEADS_FIRST); // [B, H, M, 1]
        const dScores = tf.mul(tf.sub(dWeights, rowSums), weights);
        const dq = headsProduct(dScores, split(k), { sequenceFirstB: true, alpha: scale });
        const dk = turnedProduct(split(q), dScores, scale);
        return [join(dq, queries), joinTurned(dk), joinTurned(dv)];
      },
    };
  });
}
