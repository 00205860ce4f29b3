/**
 * Relevance of Chefer, Gur and Wolf, "Generic attention-model explainability", ICCV 2021, for self-attention (their
 * successor to "Transformer interpretability beyond attention visualization", CVPR 2021, without its layer-wise
 * propagation). With A the weights of a block, [heads, T, T], and dA the gradient of the score there:
 *
 *   A_bar = mean over heads of relu(dA . A)   (equation 5)
 *   R <- R + A_bar R, from R = I              (equation 6)
 *
 * The map is the class token's row of R or, where the feature is the mean of the patches, the mean of their rows; each
 * without the I that it starts from, which says the same of every patch. The gradient goes through the fusion block, so that it follows the class.
 */
import { tf } from "../../engine";
import { encodeEach } from "../../model";
import { layersGradients } from "../layer-gradients";
import { attentionLayers, passBack, readTokens } from "./attention";
import type { MapMethod } from "./method";

export const relevanceMethod: MapMethod = {
  title: "Attention relevance",
  paper: "Chefer, Gur and Wolf, ICCV 2021",
  usesLayers: false,
  followsScore: true,
  isSigned: false,
  async maps({ probe, pixels, features, target }) {
    const { spec, grid } = probe;
    const names = attentionLayers(spec.encoder);
    const pass = probe.overImages("attention relevance", (images, parameters, slopes) => {
      const blocks = layersGradients(
        (tap) => tf.sum(tf.mul(encodeEach(spec, parameters, images, tap), slopes)),
        names,
      );
      const relevances = blocks.map(({ activations, gradients }) =>
        tf.mean(tf.relu(tf.mul(gradients, activations)), 1),
      ); // [I, queries, T]
      // Only the row of what is read is wanted: (I + A_L) ... (I + A_1) from the left.
      const read = readTokens(spec.encoder, images.shape[0]!);
      const row = relevances.reduceRight(
        (reached, weights) => tf.add(reached, passBack(reached, weights)),
        read,
      );
      return { row: tf.reshape(tf.sub(row, read), [row.shape[0]!, -1]) };
    });
    const images = await pass(pixels, await probe.slopes(features, target));
    return { layers: [images.map(({ row }) => row.slice(grid.prefix))] };
  },
};
