/**
 * Multi-head attention (Vaswani et al., 2017).
 *
 * `N` tokens of a sequence, `B` sequences, `D` width, `H` heads, `d = D / H`. Tokens are stored
 * sequence first, `[N, B, D]`: only then can the products read queries, keys and values where they lie.
 */
import { invalidArgument } from "../../core/errors";
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { attentionWeights, headsGradients, mixedValues, slopeSums } from "./heads";
import { SEQUENCE_FIRST, TURNED_FIRST } from "./intrinsics";
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
  const split = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]!, batch, heads, width / heads]); // [N, B, H, d]
  const join = (x: tf.Tensor, n: number) => tf.reshape(tf.transpose(x, SEQUENCE_FIRST), [n, batch, width]);
  const joinTurned = (x: tf.Tensor) => tf.reshape(tf.transpose(x, TURNED_FIRST), [tokens, batch, width]);

  return differentiable([q, k, v], (q, k, v) => {
    const weights = attentionWeights(split(q!), split(k!), bias); // [B, H, M, N]
    const value = join(mixedValues(weights, split(v!)), queries);
    return {
      value,
      keep: [q!, k!, v!, weights, value],
      gradient: (dy, kept) => {
        const [q, k, v, weights, value] = kept as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = split(dy); // [M, B, H, d]
        const sums = slopeSums(slope, split(value));
        const given = { q: split(q), k: split(k), v: split(v), weights, slope, sums };
        const { dq, dk, dv } = headsGradients(given);
        return [join(dq, queries), joinTurned(dk), joinTurned(dv)];
      },
    };
  });
}
