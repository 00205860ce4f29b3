/**
 * Transformer fusion: two encoder blocks over a patient's images, then their mean. There is no position
 * code, so the images are a set. Blocks as in torchvision (`EncoderBlock`): pre-norm, eight heads, GELU.
 * No image reads a missing one, and a missing one is left out of the mean.
 *
 * Letters: B patients, M images a patient, F width, H heads.
 */
import { tf } from "../../engine";
import { type LayerTap, transformerBlock, unchanged } from "../block";
import { type LiveParameters, linearLayer } from "../layers";
import {
  layerNormParameters,
  linearParameters,
  type ParameterDeclarations,
  prefixed,
  under,
} from "../parameters";
import type { FusionBlock, FusionShape } from "./block";
import { attentionBias, meanOverImages, withoutMissing } from "./mask";

const BLOCKS = 2;
const HEADS = 8;
const MLP_RATIO = 2;

/** 9,749,760 parameters for 384-wide features: 37.19 MiB, Table 6 of the study. Any number of images. */
export const transformer: FusionBlock = {
  title: "transformer",
  parameters: ({ featureWidth, width }) => ({
    ...linearParameters("fc", featureWidth, width),
    ...Object.assign(
      {},
      ...Array.from({ length: BLOCKS }, (_, i) => prefixed(`layers.${i}`, blockParameters(width))),
    ),
  }),
  forward(shape, parameters, features, mask) {
    const { images, width } = shape;
    const tokens = throughBlocks(shape, parameters, features, mask); // [M, B, F]
    const rows = tf.reshape(tf.transpose(tokens, [1, 0, 2]), [-1, width]); // [B * M, F]
    return mask ? meanOverImages(rows, images, mask) : tf.mean(tokens, 0); // [B, F]
  },
  /** How much the images read each image in the last block: mean over heads and over the images that read. */
  attention(shape, parameters, features, mask) {
    let weights: tf.Tensor | undefined; // [B, H, M (reads), M (is read)]
    const tap = (layer: string, value: tf.Tensor) => {
      if (layer === "attn.weights") weights = value;
      return value;
    };
    throughBlocks(shape, parameters, features, mask, Object.assign(tap, { attention: true }));
    const byReader = tf.mean(weights!, 1); // [B, M, M]
    if (!mask) return tf.mean(byReader, 1);
    const readers = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1)); // [B, M]
    return tf.sum(tf.mul(byReader, tf.reshape(readers, [-1, shape.images, 1])), 1);
  },
};

/** [B * M, D] -> [M, B, F] */
function throughBlocks(
  { images, width }: FusionShape,
  parameters: LiveParameters,
  features: tf.Tensor,
  mask: tf.Tensor | undefined,
  tap: LayerTap = unchanged,
): tf.Tensor {
  const projected = linearLayer(withoutMissing(features, mask), parameters, "fc"); // [B * M, F]
  const tokens: tf.Tensor = tf.transpose(tf.reshape(projected, [-1, images, width]), [1, 0, 2]);
  const options = { heads: HEADS, queries: images, tap, ...(mask ? { bias: attentionBias(mask) } : {}) };
  return Array.from({ length: BLOCKS }, (_, i) => under(`layers.${i}`, parameters)).reduce(
    (x, layers) => transformerBlock(layers, x, options),
    tokens,
  );
}

function blockParameters(width: number): ParameterDeclarations {
  return {
    ...layerNormParameters("norm1", width),
    ...linearParameters("attn.qkv", width, 3 * width),
    ...linearParameters("attn.proj", width, width),
    ...layerNormParameters("norm2", width),
    ...linearParameters("mlp.fc1", width, MLP_RATIO * width),
    ...linearParameters("mlp.fc2", MLP_RATIO * width, width),
  };
}
