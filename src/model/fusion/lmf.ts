/**
 * Low-rank multimodal fusion (Liu et al., ACL 2018): the product over images of rank-many projections,
 * which equals a full tensor fusion whose weight tensor has that rank.
 *
 * As in the study's code, all images share one factor tensor; its text says each has its own.
 */
import { tf } from "../../engine";
import { layerNormLayer, linearLayer, parameter, TORCH_EPSILON } from "../layers";
import { layerNormParameters, linearParameters } from "../parameters";
import type { FusionBlock } from "./block";

/** Rank r of the factorisation in the study. */
const RANK = 16;

/** 19,799,824 parameters for 384-wide features: 75.53 MiB, Table 6 of the study. Any number of images. */
export const lmf: FusionBlock = {
  title: "low-rank",
  parameters: ({ featureWidth, width }) => ({
    ...linearParameters("fc", featureWidth, width),
    factor: { shape: [RANK, width + 1, width + 1], initial: { normal: 1 } },
    ...linearParameters("fc1", RANK * (width + 1), width),
    ...layerNormParameters("norm", width),
    ...linearParameters("fc2", width, width),
  }),
  forward({ images, width }, parameters, features) {
    const x = linearLayer(features, parameters, "fc"); // [B * M, F]
    const rows = x.shape[0];
    const extended = tf.concat([tf.ones([rows, 1]), x], 1); // [B * M, 1 + F]: the one keeps lower orders
    const projections = Array.from({ length: RANK }, (_, r) => {
      const factor = tf.reshape(
        tf.slice(parameter(parameters, "factor"), [r, 0, 0], [1, width + 1, width + 1]),
        [width + 1, width + 1],
      );
      const projected = tf.reshape(tf.matMul(extended, factor), [-1, images, width + 1]);
      return product(projected, images); // [B, 1 + F]
    });
    const flat = tf.concat(projections, 1); // [B, r * (1 + F)]
    const hidden = layerNormLayer(linearLayer(flat, parameters, "fc1"), parameters, "norm", TORCH_EPSILON);
    return linearLayer(tf.relu(hidden), parameters, "fc2"); // [B, F]
  },
};

/** Product over the images, factor by factor: [B, M, N] -> [B, N]. */
function product(x: tf.Tensor, images: number): tf.Tensor {
  const [patients, , width] = x.shape as [number, number, number];
  const factors = tf.split(x, images, 1).map((part) => tf.reshape(part, [patients, width]));
  return factors.reduce((a, b) => tf.mul(a, b));
}
