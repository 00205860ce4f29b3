/**
 * Attention-based multiple-instance learning (Ilse, Tomczak and Welling, ICML 2018): the images' mean, weighted by
 * a small network that looks at one image at a time.
 *
 * x_i = relu(W e_i + b); a = softmax over images of w' tanh(V x_i) (equation 8), or, gated, of
 * w' (tanh(V x_i) * sigmoid(U x_i)) (equation 9); Z = sum_i a_i x_i. A missing image has weight zero.
 *
 * Letters: B patients, M images a patient, F fused width, L hidden width of the attention.
 */
import { tf } from "../../engine";
import { type LiveParameters, linearLayer } from "../layers";
import { linearParameters } from "../parameters";
import type { FusionBlock, FusionShape } from "./block";
import { scoresOfPresent, sumOverImages, withoutMissing } from "./mask";

/** L in the paper's experiments. */
const HIDDEN = 128;

/** With equation 8: 394,241 parameters for 384-wide features. Any number of images. */
export const abmil: FusionBlock = attentionMil("attention (ABMIL)", false);

/** With equation 9: 492,673 parameters for 384-wide features. Any number of images. */
export const gatedAbmil: FusionBlock = attentionMil("gated attention (ABMIL)", true);

function attentionMil(title: string, isGated: boolean): FusionBlock {
  const weigh = ({ images }: FusionShape, parameters: LiveParameters, x: tf.Tensor, mask?: tf.Tensor) => {
    const seen = tf.tanh(linearLayer(x, parameters, "attention_V")); // [B * M, L]
    const passed = isGated ? tf.mul(seen, tf.sigmoid(linearLayer(x, parameters, "attention_U"))) : seen;
    const scores = tf.reshape(linearLayer(passed, parameters, "attention_w"), [-1, images]); // [B, M]
    return tf.softmax(scoresOfPresent(scores, mask));
  };
  const project = (parameters: LiveParameters, features: tf.Tensor, mask?: tf.Tensor) =>
    tf.relu(linearLayer(withoutMissing(features, mask), parameters, "fc")); // [B * M, F]
  return {
    title,
    parameters: ({ featureWidth, width }) => ({
      ...linearParameters("fc", featureWidth, width),
      ...linearParameters("attention_V", width, HIDDEN),
      ...(isGated ? linearParameters("attention_U", width, HIDDEN) : {}),
      ...linearParameters("attention_w", HIDDEN, 1),
    }),
    forward(shape, parameters, features, mask) {
      const x = project(parameters, features, mask);
      const weights = weigh(shape, parameters, x, mask);
      return sumOverImages(tf.mul(x, tf.reshape(weights, [-1, 1])), shape.images, undefined); // [B, F]
    },
    attention: (shape, parameters, features, mask) =>
      weigh(shape, parameters, project(parameters, features, mask), mask),
  };
}
