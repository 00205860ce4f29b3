/** The linear probe (Alain and Bengio, 2016): one linear layer on frozen features, and nothing else. */
import { tf } from "../engine";
import { fusion } from "../model";

/** The features of a patient's images side by side, unchanged: [B, M, D] to [B, M * D]. */
export const sideBySide = fusion({
  name: "side-by-side",
  forward: (tokens) => tf.reshape(tokens, [tokens.shape[0]!, -1]),
});
