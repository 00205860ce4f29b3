/** A small vision transformer with AdamW, written with the public blocks: what the training loop compiles. */
import { Rng } from "../../../src/core/random";
import {
  filledTensor,
  type HostTensor,
  hostTensor,
  layerNorm,
  linear,
  mlp,
  type Step,
  selfAttention,
  sizeOf,
  softmaxCrossEntropy,
  tf,
} from "../../../src/engine";

export interface TinyViT {
  readonly images: number;
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
}

export const TINY: TinyViT = { images: 3, side: 16, patch: 8, width: 16, depth: 2, heads: 2 };

type Parameters = Record<string, HostTensor>;

/** First values of the weights. */
export function parametersOf(vit: TinyViT): Parameters {
  const { side, patch, width: d, depth } = vit;
  const rng = new Rng("tiny vit");
  const normal = (...shape: number[]) =>
    hostTensor(
      Float32Array.from({ length: sizeOf(shape) }, () => rng.normal(0, 0.15)),
      shape,
    );
  const tokens = (side / patch) ** 2 + 1;
  const parameters: Parameters = {
    cls: normal(1, 1, d),
    positions: normal(tokens, 1, d),
    "embed.weight": normal(d, 3 * patch * patch),
    "embed.bias": filledTensor([d]),
    "norm.weight": filledTensor([d], 1),
    "norm.bias": filledTensor([d]),
    "head.weight": normal(2, d),
    "head.bias": filledTensor([2]),
  };
  for (let i = 0; i < depth; i++)
    Object.assign(parameters, {
      [`${i}.norm1.weight`]: filledTensor([d], 1),
      [`${i}.norm1.bias`]: filledTensor([d]),
      [`${i}.qkv.weight`]: normal(3 * d, d),
      [`${i}.qkv.bias`]: normal(3 * d),
      [`${i}.proj.weight`]: normal(d, d),
      [`${i}.proj.bias`]: filledTensor([d]),
      [`${i}.norm2.weight`]: filledTensor([d], 1),
      [`${i}.norm2.bias`]: filledTensor([d]),
      [`${i}.fc1.weight`]: normal(4 * d, d),
      [`${i}.fc1.bias`]: filledTensor([4 * d]),
      [`${i}.fc2.weight`]: normal(d, 4 * d),
      [`${i}.fc2.bias`]: filledTensor([d]),
    });
  return parameters;
}

/** The mean loss of a batch. Tokens are sequence first, `[N, B, D]`. */
export function lossOf(vit: TinyViT, p: Record<string, tf.Tensor>, x: tf.Tensor, y: tf.Tensor): tf.Scalar {
  const { images: b, side, patch, width: d, depth, heads } = vit;
  const grid = side / patch;
  const cut = tf.transpose(tf.reshape(x, [b, grid, patch, grid, patch * 3]), [1, 3, 0, 2, 4]);
  const patches = linear(
    tf.reshape(cut, [grid * grid, b, patch * patch * 3]),
    p["embed.weight"]!,
    p["embed.bias"]!,
  );
  let tokens = tf.add(tf.concat([tf.tile(p.cls!, [1, b, 1]), patches], 0), p.positions!) as tf.Tensor;
  for (let i = 0; i < depth; i++) {
    const w = (name: string) => p[`${i}.${name}`]!;
    const last = i === depth - 1;
    const normed = layerNorm(tokens, w("norm1.weight"), w("norm1.bias"));
    const attended = selfAttention(normed, w("qkv.weight"), w("qkv.bias"), {
      heads,
      ...(last ? { queries: 1 } : {}),
    });
    if (last) tokens = tf.slice(tokens, [0, 0, 0], [1, b, d]);
    tokens = tf.add(tokens, linear(attended, w("proj.weight"), w("proj.bias")));
    const hidden = layerNorm(tokens, w("norm2.weight"), w("norm2.bias"));
    tokens = tf.add(tokens, mlp(hidden, w("fc1.weight"), w("fc1.bias"), w("fc2.weight"), w("fc2.bias")));
  }
  const features = layerNorm(tf.reshape(tokens, [b, d]), p["norm.weight"]!, p["norm.bias"]!);
  return tf.mean(softmaxCrossEntropy(linear(features, p["head.weight"]!, p["head.bias"]!), y));
}

/** AdamW (Loshchilov & Hutter, 2019) on every weight, with decoupled decay. */
const ADAMW = { rate: 3e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.01 };

/** State of a training: weights `w/...` and moments `m/...`, `v/...`. */
export function trainingState(parameters: Parameters): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => [
      [`w/${name}`, value],
      [`m/${name}`, filledTensor(value.shape)],
      [`v/${name}`, filledTensor(value.shape)],
    ]),
  );
}

/** One training step as a function to compile. */
export function trainingStep(vit: TinyViT) {
  const names = Object.keys(parametersOf(vit));
  return (inputs: Record<string, tf.Tensor>, state: Record<string, tf.Tensor>): Step => {
    const { x, y, t } = inputs as Record<"x" | "y" | "t", tf.Tensor>;
    const { value, grads } = tf.valueAndGrads((...weights: tf.Tensor[]) =>
      lossOf(vit, Object.fromEntries(names.map((name, i) => [name, weights[i]!])), x, y),
    )(names.map((name) => state[`w/${name}`]!));
    const { rate, beta1, beta2, epsilon, decay } = ADAMW;
    const correction = (beta: number) => tf.sub(1, tf.exp(tf.mul(t, Math.log(beta))));
    const next: Record<string, tf.Tensor> = {};
    names.forEach((name, i) => {
      const m = tf.add(tf.mul(state[`m/${name}`]!, beta1), tf.mul(grads[i]!, 1 - beta1));
      const v = tf.add(tf.mul(state[`v/${name}`]!, beta2), tf.mul(tf.square(grads[i]!), 1 - beta2));
      const spread = tf.add(tf.sqrt(tf.div(v, correction(beta2))), epsilon);
      const update = tf.mul(rate, tf.div(tf.div(m, correction(beta1)), spread));
      next[`w/${name}`] = tf.sub(tf.mul(state[`w/${name}`]!, 1 - rate * decay), update);
      next[`m/${name}`] = m;
      next[`v/${name}`] = v;
    });
    return { outputs: { loss: value }, state: next };
  };
}

/** A fixed batch: random images, alternating labels. */
export function batchOf({ images, side }: TinyViT): { x: Float32Array; y: Float32Array } {
  const rng = new Rng("batch");
  return {
    x: Float32Array.from({ length: images * side * side * 3 }, () => rng.range(-1, 1)),
    y: Float32Array.from({ length: images * 2 }, (_, i) => ((i >> 1) % 2 === i % 2 ? 1 : 0)),
  };
}
