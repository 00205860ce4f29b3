/**
 * Attention rollout (Abnar and Zuidema, ACL 2020). Of a vision transformer: how much of each patch reaches the class
 * token, if attention weights were all that moves information. With A_l the weights of block l, averaged over heads:
 *
 *   A'_l = 0.5 A_l + 0.5 I                       (section 3: the identity stands for the residual connection)
 *   rollout = A'_L ... A'_1, its class-token row  (equation 1)
 *
 * Where the feature is the mean of the patches, it is the mean of their rows.
 *
 * It knows neither class nor fusion block: all it says is where the encoder looks.
 */
import { tf } from "../../engine";
import { encodeEach } from "../../model";
import { attentionLayers, passBack, readTokens } from "./attention";
import type { MapMethod } from "./method";

export const attentionRolloutMethod: MapMethod = {
  title: "Attention rollout",
  paper: "Abnar and Zuidema, ACL 2020",
  usesLayers: false,
  followsScore: false,
  isSigned: false,
  async maps({ probe, pixels }) {
    const { spec, grid } = probe;
    const names = attentionLayers(spec.encoder);
    const pass = probe.overImages("attention rollout", (images, parameters) => {
      const seen: tf.Tensor[] = [];
      const see = (name: string, value: tf.Tensor) => {
        if (names.includes(name)) seen.push(tf.mean(value, 1)); // [I, queries, T]
        return value;
      };
      encodeEach(spec, parameters, images, Object.assign(see, { attention: true }));
      const row = seen.reduceRight(
        (reached, weights) => tf.mul(tf.add(passBack(reached, weights), reached), 0.5),
        readTokens(spec.encoder, images.shape[0]!),
      );
      return { row: tf.reshape(row, [row.shape[0]!, -1]) };
    });
    const images = await pass(pixels);
    return { layers: [images.map(({ row }) => row.slice(grid.prefix))] };
  },
};
