/** Softmax and cross-entropy in one step, so that neither overflows. */
import { tf } from "../tensors";
import { differentiable } from "./differentiable";
import { axes, expectShape } from "./rows";

/**
 * Cross-entropy of each sample between target probabilities and the softmax of logits, in nats.
 *
 * A row of targets that is all zero (a missing label) gives loss 0 and gradient 0; divide the sum by
 * the number of labelled samples to average.
 *
 * @param logits   `[samples, classes]`
 * @param targets  `[samples, classes]`, one-hot or soft; no gradient flows into them
 * @returns        `[samples]`
 * @example
 * const logits = tf.tensor2d([[2, -1], [0.5, 1]]);
 * const loss = tf.mean(engine.softmaxCrossEntropy(logits, tf.oneHot([0, 1], 2)));
 */
export function softmaxCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  const [samples, classes] = logits.shape as [number, number];
  expectShape("softmaxCrossEntropy: logits", logits, axes({ samples: undefined, classes: undefined }));
  expectShape("softmaxCrossEntropy: targets", targets, axes({ samples, classes }));
  const wanted = tf.cast(targets, "float32");
  return differentiable([logits], (z) => {
    const logProbabilities = tf.logSoftmax(z!);
    return {
      value: tf.neg(tf.sum(tf.mul(wanted, logProbabilities), 1)),
      keep: [logProbabilities, wanted],
      gradient: (dy, [logP, t]) => {
        const slope = tf.sub(tf.mul(tf.exp(logP!), tf.sum(t!, 1, true)), t!);
        return [tf.mul(tf.reshape(dy, [samples, 1]), slope)];
      },
    };
  });
}
