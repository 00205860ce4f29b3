/**
 * Transformer fusion: two encoder blocks over a patient's images, then their mean. There is no position
 * code, so the images are a set. Blocks as in torchvision (`EncoderBlock`): pre-norm, eight heads, GELU.
 */
import { tf } from "../../engine";
import { linearLayer } from "../layers";
import {
  layerNormParameters,
  linearParameters,
  type ParameterDeclarations,
  prefixed,
  under,
} from "../parameters";
import { transformerBlock } from "../vit";
import type { FusionBlock } from "./block";

const BLOCKS = 2;
const HEADS = 8;
const MLP_RATIO = 2;

/** 9,749,760 parameters for 384-wide features: 37.19 MiB, Table 6 of the study. */
export const transformer: FusionBlock = {
  title: "transformer",
  parameters: ({ featureWidth, width }) => ({
    ...linearParameters("fc", featureWidth, width),
    ...Object.assign(
      {},
      ...Array.from({ length: BLOCKS }, (_, i) => prefixed(`layers.${i}`, blockParameters(width))),
    ),
  }),
  forward({ images, width }, parameters, features) {
    const projected = tf.reshape(linearLayer(features, parameters, "fc"), [-1, images, width]); // [B, M, F]
    let tokens: tf.Tensor = tf.transpose(projected, [1, 0, 2]); // [M, B, F]
    for (let i = 0; i < BLOCKS; i++)
      tokens = transformerBlock(under(`layers.${i}`, parameters), tokens, { heads: HEADS, queries: images });
    return tf.mean(tokens, 0); // [B, F]
  },
};

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
