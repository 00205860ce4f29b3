/**
 * Gated fusion: each image's projection passes a gate made from itself, and the images are summed.
 *
 * Z = sum_i sigmoid(x_i) * tanh(x_i), with x_i = W e_i + b the same projection for gate and value and for
 * all images. This is what the study's code computes; its printed formula, Z = sum_i e_i t_i, leaves the
 * gate out. A missing image is left out of the sum.
 */
import { tf } from "../../engine";
import { linearLayer } from "../layers";
import { linearParameters } from "../parameters";
import type { FusionBlock } from "./block";
import { sumOverImages, withoutMissing } from "./mask";

/** 295,680 parameters for 384-wide features: 1.13 MiB, Table 6 of the study. Any number of images. */
export const gated: FusionBlock = {
  title: "gated",
  parameters: ({ featureWidth, width }) => linearParameters("fc", featureWidth, width),
  forward({ images }, parameters, features, mask) {
    const x = linearLayer(withoutMissing(features, mask), parameters, "fc"); // [B * M, F]
    return sumOverImages(tf.mul(tf.sigmoid(x), tf.tanh(x)), images, mask); // [B, F]
  },
};
