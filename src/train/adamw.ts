/**
 * AdamW (Loshchilov and Hutter, ICLR 2019), as `torch.optim.AdamW` computes it, as a function of tensors:
 * the update is part of the traced training step.
 */
import { filledTensor, type HostTensor, tf } from "../engine";

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

export const ADAMW_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 6e-5 } as const;

/** What changes from step to step. */
export interface AdamWRates {
  /** Scalar tensor. */
  readonly learningRate: tf.Tensor;
  /** Scalars 1 - beta1^t and 1 - beta2^t, t counted from 1. */
  readonly correction1: tf.Tensor;
  readonly correction2: tf.Tensor;
}

export interface AdamWTensors {
  readonly value: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
}

/** Names of a parameter's running moments in a program's state. */
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

/** One update of one parameter. */
export function adamWUpdate(
  { value, gradient, mean, square }: AdamWTensors,
  { learningRate, correction1, correction2 }: AdamWRates,
  options: AdamWOptions = {},
): { value: tf.Tensor; mean: tf.Tensor; square: tf.Tensor } {
  const { beta1, beta2, epsilon, weightDecay } = { ...ADAMW_DEFAULTS, ...options };
  const newMean = tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1));
  const newSquare = tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const deviation = tf.add(tf.sqrt(tf.div(newSquare, correction2)), epsilon);
  const direction = tf.div(tf.div(newMean, correction1), deviation);
  const decayed = tf.mul(value, tf.sub(1, tf.mul(learningRate, weightDecay)));
  return { value: tf.sub(decayed, tf.mul(learningRate, direction)), mean: newMean, square: newSquare };
}
