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
import { attentionWeights, type HeadsGradients, headsGradients, mixedValues, slopeSums } from "./heads";
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
    const value = sideBySide(mixed); // [N B, D]
    return {
      value,
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
        const sums = split(slopeSums(slope, tf.reshape(value, slope.shape)), parts, 1);
        const gradients = split(slope, parts, 2).map((slope, i) =>
          headsGradients({ q: q[i]!, k: k[i]!, v: v[i]!, weights: weights[i]!, slope, sums: sums[i]! }),
        );
        const { dJoint, dWeight } = jointGradient(gradients, input);
        return [affine(dJoint, w, undefined), dWeight, columnSums(dJoint)];
      },
    };
  });
  return tf.reshape(attended, x.shape);
}

/**
 * The gradient of the joint product, `[N B, 3D]`, and that of the weights.
 *
 * One sequence's gradient is put together turned, as most of it is: so the weights' gradient reads it as it lies. And it is put
 * together at one go: the runtime then finishes a head before it begins the next, and the weights of one head are there
 * at a time.
 */
function jointGradient(
  ofHeads: readonly HeadsGradients[],
  input: tf.Tensor,
): { readonly dJoint: tf.Tensor; readonly dWeight: tf.Tensor } {
  const [batch, heads, tokens, depth] = ofHeads[0]!.dq.shape as [number, number, number, number];
  if (batch === 1) {
    const rows = (turned: tf.Tensor) => tf.reshape(turned, [heads * depth, tokens]);
    const perHead = ofHeads.map(({ dq, dk, dv }) => [
      rows(tf.transpose(dq, [0, 1, 3, 2])),
      rows(dk),
      rows(dv),
    ]);
    const turned = tf.concat(
      [0, 1, 2].flatMap((i) => perHead.map((gradients) => gradients[i]!)),
      0,
    );
    return { dJoint: tf.transpose(turned), dWeight: affine(turned, input, undefined) };
  }
  const dq = sideBySide(ofHeads.map(({ dq }) => dq));
  const turned = [...ofHeads.map(({ dk }) => dk), ...ofHeads.map(({ dv }) => dv)];
  const dkv = tf.transpose(tf.concat(turned, 1), TURNED_FIRST);
  const dJoint = tf.concat([dq, tf.reshape(dkv, [tokens * batch, 2 * dq.shape[1]!])], 1);
  return { dJoint, dWeight: affine(dJoint, input, undefined, { transposeA: true }) };
}

/** Results of heads, `[B, h, N, d]` each, as rows: `[N B, D]`. */
function sideBySide(parts: readonly tf.Tensor[]): tf.Tensor {
  const rows = parts.map((part) => {
    const [batch, heads, tokens, depth] = part.shape as [number, number, number, number];
    return tf.reshape(tf.transpose(part, SEQUENCE_FIRST), [tokens * batch, heads * depth]);
  });
  return rows.length === 1 ? rows[0]! : tf.concat(rows, 1);
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
