/**
 * The study's classification head, one for each task: F -> 256 -> 128 -> 64 -> C with LayerNorm and ReLU
 * after each hidden layer, and dropout before the last. 239,042 parameters for F = 768 and two classes.
 */
import { tf } from "../engine";
import { type LiveParameters, layerNormLayer, linearLayer, TORCH_EPSILON } from "./layers";
import { layerNormParameters, linearParameters, type ParameterDeclarations } from "./parameters";

/** Hidden widths of the published head. */
export const HEAD_HIDDEN = [256, 128, 64] as const;

/** Dropout probability before the last layer of the published head. */
export const HEAD_DROPOUT = 0.5;

export interface HeadShape {
  /** F, width of the fused vector. */
  readonly inputs: number;
  /** Hidden widths, default 256, 128, 64. */
  readonly hidden: readonly number[];
  /** C */
  readonly classes: number;
}

export function headParameters({ inputs, hidden, classes }: HeadShape): ParameterDeclarations {
  const layers = hidden.map((width, i) => ({
    ...linearParameters(`fc${i + 1}`, hidden[i - 1] ?? inputs, width),
    ...layerNormParameters(`norm${i + 1}`, width),
  }));
  return Object.assign(
    {},
    ...layers,
    linearParameters(`fc${hidden.length + 1}`, hidden[hidden.length - 1] ?? inputs, classes),
  );
}

/**
 * @param fused    [B, F]
 * @param dropout  [B, last hidden width], 0 or 1 / (1 - p); absent when predicting
 * @returns        logits [B, C]
 */
export function headForward(
  shape: HeadShape,
  parameters: LiveParameters,
  fused: tf.Tensor,
  dropout?: tf.Tensor,
): tf.Tensor {
  let x = fused;
  shape.hidden.forEach((_, i) => {
    x = tf.relu(
      layerNormLayer(linearLayer(x, parameters, `fc${i + 1}`), parameters, `norm${i + 1}`, TORCH_EPSILON),
    );
  });
  if (dropout) x = tf.mul(x, dropout);
  return linearLayer(x, parameters, `fc${shape.hidden.length + 1}`);
}
