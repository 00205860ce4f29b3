/**
 * Low-rank multimodal fusion (Liu et al., ACL 2018): the product over images of rank-many projections,
 * which equals a full tensor fusion whose weight tensor has that rank. A missing image's factor is one.
 *
 * `lmf` is the study's code: all images share one factor tensor. `modalityLmf` is the study's text, and Liu et al.:
 * each image has its own, so the images' order matters and there are as many factor tensors as images.
 *
 * Letters: B patients, M images a patient, F width, r rank.
 */
import { tf } from "../../engine";
import { layerNormLayer, linearLayer, parameter, TORCH_EPSILON } from "../layers";
import { layerNormParameters, linearParameters } from "../parameters";
import type { FusionBlock, FusionShape } from "./block";
import { withoutMissing } from "./mask";

/** Rank r of the factorisation in the study. */
const RANK = 16;

/** 19,799,824 parameters for 384-wide features: 75.53 MiB, Table 6 of the study. Any number of images. */
export const lmf: FusionBlock = lowRank("low-rank", {
  factor: ({ width }) => [RANK, width + 1, width + 1],
  project(factor, rank, x, { images, width }) {
    const ofRank = tf.reshape(tf.slice(factor, [rank, 0, 0], [1, width + 1, width + 1]), [
      width + 1,
      width + 1,
    ]);
    return tf.reshape(tf.matMul(x, ofRank), [-1, images, width + 1]);
  },
});

/** 67,108,704 parameters for six 384-wide features, 256.00 MiB: the factors of six images instead of one. */
export const modalityLmf: FusionBlock = lowRank("low-rank, a factor for each image", {
  factor: ({ images, width }) => [images, RANK, width + 1, width + 1],
  project(factor, rank, x, { images, width }) {
    const ofRank = tf.reshape(tf.slice(factor, [0, rank, 0, 0], [images, 1, width + 1, width + 1]), [
      images,
      width + 1,
      width + 1,
    ]);
    const byImage = tf.transpose(tf.reshape(x, [-1, images, width + 1]), [1, 0, 2]); // [M, B, 1 + F]
    return tf.transpose(tf.matMul(byImage, ofRank), [1, 0, 2]);
  },
});

interface Factors {
  readonly factor: (shape: FusionShape) => readonly number[];
  /** One rank of the factors applied to all images, `x` [B * M, 1 + F]: [B, M, 1 + F] */
  readonly project: (factor: tf.Tensor, rank: number, x: tf.Tensor, shape: FusionShape) => tf.Tensor;
}

function lowRank(title: string, { factor, project }: Factors): FusionBlock {
  return {
    title,
    parameters: (shape) => ({
      ...linearParameters("fc", shape.featureWidth, shape.width),
      factor: { shape: factor(shape), initial: { normal: 1 } },
      ...linearParameters("fc1", RANK * (shape.width + 1), shape.width),
      ...layerNormParameters("norm", shape.width),
      ...linearParameters("fc2", shape.width, shape.width),
    }),
    forward(shape, parameters, features, mask) {
      const x = linearLayer(withoutMissing(features, mask), parameters, "fc"); // [B * M, F]
      const extended = tf.concat([tf.ones([x.shape[0]!, 1]), x], 1); // [B * M, 1 + F]: the one keeps lower orders
      const products = Array.from({ length: RANK }, (_, rank) =>
        product(project(parameter(parameters, "factor"), rank, extended, shape), mask),
      ); // r of [B, 1 + F]
      const flat = tf.concat(products, 1); // [B, r * (1 + F)]
      const hidden = layerNormLayer(linearLayer(flat, parameters, "fc1"), parameters, "norm", TORCH_EPSILON);
      return linearLayer(tf.relu(hidden), parameters, "fc2"); // [B, F]
    },
  };
}

/** Product over the images, factor by factor, a missing image's being one: [B, M, N] -> [B, N]. */
function product(x: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  const [patients, images, width] = x.shape as [number, number, number];
  const present = mask && tf.split(mask, images, 1); // M of [B, 1]
  const factors = tf.split(x, images, 1).map((part, i) => {
    const factor = tf.reshape(part, [patients, width]);
    return present ? tf.add(tf.mul(factor, present[i]!), tf.sub(1, present[i]!)) : factor;
  });
  return factors.reduce((a, b) => tf.mul(a, b));
}
