/**
 * AdamW (Loshchilov and Hutter, ICLR 2019), as `torch.optim.AdamW` computes it, as a function of tensors:
 * the update is part of the traced training step.
 *
 * An update moves every parameter and both its moments through memory, which is most of its cost. So what is the
 * same for all elements is gathered into scalars first, once a step, and the rest takes as few passes as it can.
 */
import { filledTensor, type HostTensor, tf } from "../engine";

/** Constants of AdamW. */
export interface AdamWOptions {
  /** Decay of the mean gradient, default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean squared gradient, default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Decay of the parameters, times the learning rate; default 6e-5, as published. */
  readonly weightDecay?: number;
}

/** The study's choices, and PyTorch's where it names none. */
export const ADAMW_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 6e-5 } as const;

/** What changes from step to step. */
export interface AdamWRates {
  /** Scalar tensor. */
  readonly learningRate: tf.Tensor;
  /** Scalars 1 - beta1^t and 1 - beta2^t, t counted from 1. */
  readonly correction1: tf.Tensor;
  readonly correction2: tf.Tensor;
}

/** What an update needs beside its tensors: three scalars, the same for all parameters with one learning rate. */
export interface AdamWFactors {
  /** 1 - learning rate * weight decay */
  readonly keep: tf.Tensor;
  /** learning rate * (1 - beta1) / correction1 * r */
  readonly stride: tf.Tensor;
  /** epsilon * r, with r = sqrt(correction2 / (1 - beta2)) */
  readonly floor: tf.Tensor;
}

export interface AdamWTensors {
  readonly value: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
}

/**
 * Names of a parameter's running moments in a program's state. They are kept as discounted sums, the published means
 * divided by 1 - beta: a sum takes one pass less.
 */
export const meanName = (parameter: string) => `adamw.mean.${parameter}`;
export const squareName = (parameter: string) => `adamw.square.${parameter}`;

/** The moments of every parameter before the first step: zeros. */
export function adamWState(
  parameters: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, { shape }]) => [
      [meanName(name), filledTensor(shape)],
      [squareName(name), filledTensor(shape)],
    ]),
  );
}

/** The bias corrections of step `t`, counted from 1. */
export function adamWCorrections(t: number, options: AdamWOptions = {}) {
  const { beta1, beta2 } = { ...ADAMW_DEFAULTS, ...options };
  return { correction1: 1 - beta1 ** t, correction2: 1 - beta2 ** t };
}

/** The factors of a step. */
export function adamWFactors(
  { learningRate, correction1, correction2 }: AdamWRates,
  options: AdamWOptions = {},
): AdamWFactors {
  const { beta1, beta2, epsilon, weightDecay } = { ...ADAMW_DEFAULTS, ...options };
  const root = tf.sqrt(tf.div(correction2, 1 - beta2));
  return {
    keep: tf.sub(1, tf.mul(learningRate, weightDecay)),
    stride: tf.div(tf.mul(tf.mul(learningRate, 1 - beta1), root), correction1),
    floor: tf.mul(root, epsilon),
  };
}

/**
 * One update of one parameter.
 *
 * The published rule divides both moments by their corrections before it divides one by the root of the other. Here
 * the constants are in the factors: with `M = mean / (1 - b1)` and `S = square / (1 - b2)`,
 * `rate * mean / c1 / (sqrt(square / c2) + epsilon)` equals `stride * M / (sqrt(S) + floor)`.
 */
export function adamWUpdate(
  { value, gradient, mean, square }: AdamWTensors,
  { keep, stride, floor }: AdamWFactors,
  options: AdamWOptions = {},
): { value: tf.Tensor; mean: tf.Tensor; square: tf.Tensor } {
  const { beta1, beta2 } = { ...ADAMW_DEFAULTS, ...options };
  const newMean = tf.add(tf.mul(mean, beta1), gradient);
  const newSquare = tf.add(tf.mul(square, beta2), tf.square(gradient));
  const step = tf.div(tf.mul(newMean, stride), tf.add(tf.sqrt(newSquare), floor));
  return { value: tf.sub(tf.mul(value, keep), step), mean: newMean, square: newSquare };
}
