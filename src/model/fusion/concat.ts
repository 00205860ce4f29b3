/** Concatenation: the features side by side, one linear layer, LayerNorm, ReLU. A missing image's feature is zero. */
import { tf } from "../../engine";
import { layerNormLayer, linearLayer, TORCH_EPSILON } from "../layers";
import { layerNormParameters, linearParameters } from "../parameters";
import type { FusionBlock } from "./block";
import { withoutMissing } from "./mask";

/** 1,771,776 parameters for six 384-wide features: 6.76 MiB, Table 6 of the study. */
export const concat: FusionBlock = {
  title: "concatenation",
  parameters: ({ images, featureWidth, width }) => ({
    ...linearParameters("fc", images * featureWidth, width),
    ...layerNormParameters("norm", width),
  }),
  forward({ images, featureWidth }, parameters, features, mask) {
    const together = tf.reshape(withoutMissing(features, mask), [-1, images * featureWidth]); // [B, M * D]
    return tf.relu(
      layerNormLayer(linearLayer(together, parameters, "fc"), parameters, "norm", TORCH_EPSILON),
    );
  },
};
