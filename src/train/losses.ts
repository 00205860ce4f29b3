/**
 * Loss functions. Each is a pure function of logits and encoded labels, written in tensor operations, so it
 * runs eagerly and compiled; a cell can pass its own.
 *
 * Letters: B patients, C classes.
 */
import { invalidArgument } from "../core/errors";
import { softmaxCrossEntropy, tf } from "../engine";

/** Labels as tensors. */
export interface Targets {
  /** [B, C]: 1 for the true class (or smoothed, see `encodeTargets`); all zero where the label is missing. */
  readonly oneHot: tf.Tensor;
  /**
   * [B]: the share of each patient in the mean. Zero where the label is missing; the others sum to one (or to
   * zero when every label is missing, so such a batch has loss 0 and gradient 0).
   */
  readonly weight: tf.Tensor;
}

/** From logits [B, C] to one number. */
export type LossFunction = (logits: tf.Tensor, targets: Targets) => tf.Tensor;

/** Cross-entropy, the weighted mean over labelled patients. The paper's loss for every task. */
export const crossEntropy: LossFunction = (logits, { oneHot, weight }) =>
  tf.sum(tf.mul(weight, softmaxCrossEntropy(logits, oneHot)));

/**
 * Focal loss in the form of the published code, which uses it for TI, CE and PI (the paper says cross-entropy).
 *
 * Element-wise over the C one-hot columns: |y - softmax p|^gamma * [-alpha y log s(z) - (1 - alpha)(1 - y) log s(-z)],
 * s the logistic function; then the mean. So it modulates by the softmax but takes the likelihood from the sigmoid,
 * unlike Lin et al. (ICCV 2017), where both come from the same function.
 *
 * @param alpha  weight of the true class, default 0.25
 * @param gamma  how much easy patients are played down, default 2
 * @throws InvalidArgument
 * @example
 * const run = await fit(cohort, { tasks: "CE", loss: train.focal({ gamma: 3 }) });
 */
export function focal({ alpha = 0.25, gamma = 2 }: { alpha?: number; gamma?: number } = {}): LossFunction {
  if (!(alpha >= 0 && alpha <= 1)) throw invalidArgument("alpha", alpha, "a number in [0, 1]");
  if (!(gamma >= 0)) throw invalidArgument("gamma", gamma, "a number from 0");
  return (logits, targets) =>
    tf.sum(tf.mul(targets.weight, tf.mean(focalElements(logits, targets.oneHot, alpha, gamma), 1)));
}

/** The focal loss before the mean, [B, C]. */
export function focalElements(logits: tf.Tensor, oneHot: tf.Tensor, alpha: number, gamma: number): tf.Tensor {
  const miss = tf.abs(tf.sub(oneHot, tf.softmax(logits)));
  const modulation = gamma === 2 ? tf.square(miss) : tf.pow(miss, gamma);
  // -log s(z) = softplus(-z), which does not overflow.
  const positive = tf.mul(tf.mul(alpha, oneHot), tf.softplus(tf.neg(logits)));
  const negative = tf.mul(tf.mul(1 - alpha, tf.sub(1, oneHot)), tf.softplus(logits));
  return tf.mul(modulation, tf.add(positive, negative));
}

/** Losses by name. */
export const LOSSES = { crossEntropy, focal: focal() } as const satisfies Record<string, LossFunction>;

/** `"crossEntropy" | "focal"` */
export type LossName = keyof typeof LOSSES;
