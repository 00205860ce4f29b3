/**
 * Transformer fusion: two encoder blocks over a patient's images, then their mean. There is no position
 * code, so the images are a set. Blocks as in torchvision (`EncoderBlock`): pre-norm, eight heads, GELU.
 * No image reads a missing one, and a missing one is left out of the mean.
 *
 * Letters: B patients, M images a patient, F width, H heads.
 */
import { tf } from "../../engine";
import { transformerBlock } from "../block";
import { type LiveParameters, layerNormLayer, linearLayer, parameter, TRANSFORMER_EPSILON } from "../layers";
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
    const tokens = throughBlocks(BLOCKS, shape, parameters, features, mask); // [M, B, F]
    const rows = tf.reshape(tf.transpose(tokens, [1, 0, 2]), [-1, width]); // [B * M, F]
    return mask ? meanOverImages(rows, images, mask) : tf.mean(tokens, 0); // [B, F]
  },
  /** How much the images read each image in the last block: mean over heads and over the images that read. */
  attention(shape, parameters, features, mask) {
    const tokens = throughBlocks(BLOCKS - 1, shape, parameters, features, mask); // [M, B, F]
    const weights = attentionWeights(under(`layers.${BLOCKS - 1}`, parameters), tokens, mask); // [B, H, M, M]
    const byReader = tf.mean(weights, 1); // [B, M (reads), M (is read)]
    if (!mask) return tf.mean(byReader, 1);
    const readers = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1)); // [B, M]
    return tf.sum(tf.mul(byReader, tf.reshape(readers, [-1, shape.images, 1])), 1);
  },
};

/** [B * M, D] -> [M, B, F] */
function throughBlocks(
  count: number,
  { images, width }: FusionShape,
  parameters: LiveParameters,
  features: tf.Tensor,
  mask: tf.Tensor | undefined,
): tf.Tensor {
  const projected = linearLayer(withoutMissing(features, mask), parameters, "fc"); // [B * M, F]
  let tokens: tf.Tensor = tf.transpose(tf.reshape(projected, [-1, images, width]), [1, 0, 2]);
  const shape = { heads: HEADS, queries: images, ...(mask ? { bias: attentionBias(mask) } : {}) };
  for (let i = 0; i < count; i++) tokens = transformerBlock(under(`layers.${i}`, parameters), tokens, shape);
  return tokens;
}

/** The softmax that the block computes inside, written out: [M, B, F] -> [B, H, M, M] */
function attentionWeights(layers: LiveParameters, tokens: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  const [images, patients, width] = tokens.shape as [number, number, number];
  const size = width / HEADS;
  const normed = layerNormLayer(tokens, layers, "norm1", TRANSFORMER_EPSILON);
  const weight = tf.split(parameter(layers, "attn.qkv.weight"), 3, 0);
  const bias = tf.split(parameter(layers, "attn.qkv.bias"), 3, 0);
  const [queries, keys] = [0, 1].map((i) => {
    const flat = tf.reshape(normed, [images * patients, width]);
    const projected = tf.add(tf.matMul(flat, weight[i]!, false, true), bias[i]!);
    return tf.transpose(tf.reshape(projected, [images, patients, HEADS, size]), [1, 2, 0, 3]); // [B, H, M, d]
  }) as [tf.Tensor, tf.Tensor];
  const scores = tf.div(tf.matMul(queries, keys, false, true), Math.sqrt(size));
  return tf.softmax(mask ? tf.add(scores, attentionBias(mask)) : scores);
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
