/**
 * Self-attention in one piece: from tokens through one product to queries, keys and values, and back the same way.
 *
 * Letters as in attention.ts. Against three products this saves passes over the gradients and cutting the weights in three.
 * On the processor the heads of long sequences take turns: the attention weights of one head stay in the cache, those of
 * all do not. At 1,025 tokens the way back takes a tenth less time so.
 */
import { tf } from "../tensors";
import { MOST_SCORES } from "./attention";
import { differentiable } from "./differentiable";
import { attentionWeights, headsGradients, mixedValues, slopeSums } from "./heads";
import { affine, inMainMemory, SEQUENCE_FIRST, TURNED_FIRST } from "./intrinsics";
import { asRows, columnSums } from "./rows";

/** Heads with so many attention weights each, of all sequences, take turns: 2 MiB. */
const HEAD_ALONE = 2 ** 19;

/**
 * @param x          tokens, sequence first `[N, B, D]`
 * @param weight     `[3D, D]`: rows of queries, keys, values
 * @param bias       `[3D]`
 * @param heads      how many; a divisor of `D`
 * @param scoreBias  see `attention`
 * @returns          `[N, B, D]`, the heads side by side
 */
export function jointAttention(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  heads: number,
  scoreBias: tf.Tensor | undefined,
): tf.Tensor {
  const [tokens, batch, width] = x.shape as [number, number, number];
  const together = headsTogether(batch * tokens * tokens, heads); // h
  const parts = heads / together;
  const depth = width / heads; // d

  const attended = differentiable([asRows(x), weight, bias], (input, w, b) => {
    const joint = affine(input!, w!, b!, { transposeB: true }); // [N B, 3D]
    const ofHeads = tf.reshape(joint, [tokens, batch, 3 * heads, depth]);
    const given = tf.split(ofHeads, 3 * parts, 2); // [N, B, h, d] each
    const [q, k, v] = inParts(given, parts) as [tf.Tensor[], tf.Tensor[], tf.Tensor[]];
    const weights = q.map((queries, i) => attentionWeights(queries, k[i]!, scoreBias)); // [B, h, N, N]
    const mixed = weights.map((p, i) => mixedValues(p, v[i]!)); // [B, h, N, d]
    const value = tf.transpose(joined(mixed, 1), SEQUENCE_FIRST); // [N, B, H, d]
    return {
      value: tf.reshape(value, [tokens * batch, width]),
      keep: [input!, w!, value, ...q, ...k, ...v, ...weights],
      gradient: (dy, kept) => {
        const [input, w, value, ...rest] = kept as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
        const [q, k, v, weights] = inParts(rest, parts) as [
          tf.Tensor[],
          tf.Tensor[],
          tf.Tensor[],
          tf.Tensor[],
        ];
        const slope = tf.reshape(dy, [tokens, batch, heads, depth]);
        const sums = split(slopeSums(slope, value), parts, 1);
        const gradients = split(slope, parts, 2).map((slope, i) =>
          headsGradients({ q: q[i]!, k: k[i]!, v: v[i]!, weights: weights[i]!, slope, sums: sums[i]! }),
        );
        const dqs = gradients.map(({ dq }) => dq);
        const dq = tf.transpose(joined(dqs, 1), SEQUENCE_FIRST);
        const turned = [...gradients.map(({ dk }) => dk), ...gradients.map(({ dv }) => dv)];
        const dkv = tf.transpose(tf.concat(turned, 1), TURNED_FIRST);
        const dJoint = tf.reshape(tf.concat([dq, dkv], 2), [tokens * batch, 3 * width]);
        return [
          affine(dJoint, w, undefined),
          affine(dJoint, input, undefined, { transposeA: true }),
          columnSums(dJoint),
        ];
      },
    };
  });
  return tf.reshape(attended, x.shape);
}

/** How many heads are worked on at one time. */
function headsTogether(scoresOfHead: number, heads: number): number {
  return scoresOfHead >= HEAD_ALONE && inMainMemory() ? 1 : heads;
}

/** Whether the attention weights of that many sequences and tokens may all be there at one time. */
export function fitsJointly(batch: number, tokens: number, heads: number): boolean {
  const scoresOfHead = batch * tokens * tokens;
  return scoresOfHead * headsTogether(scoresOfHead, heads) <= MOST_SCORES;
}

/** A list as so many lists of `length`. */
function inParts<T>(all: readonly T[], length: number): T[][] {
  return Array.from({ length: all.length / length }, (_, i) => all.slice(i * length, (i + 1) * length));
}

const split = (x: tf.Tensor, parts: number, axis: number) => (parts === 1 ? [x] : tf.split(x, parts, axis));
const joined = (parts: tf.Tensor[], axis: number) =>
  parts.length === 1 ? parts[0]! : tf.concat(parts, axis);
