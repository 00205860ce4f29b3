/**
 * What a fusion block is: it turns the features of a patient's images into one vector.
 *
 * Letters: B patients, M images a patient, D width of a feature, F width of the fused vector.
 */
import type { tf } from "../../engine";
import type { LiveParameters } from "../layers";
import type { ParameterDeclarations } from "../parameters";

/** The sizes that a fusion block is made for. */
export interface FusionShape {
  /** M */
  readonly images: number;
  /** D */
  readonly featureWidth: number;
  /** F; 768 in the study. */
  readonly width: number;
}

/** One way to fuse. The built-in ones are in `FUSIONS`; `fusion` makes one of your own. */
export interface FusionBlock {
  /** For tables and legends. */
  readonly title: string;
  /** Declared without prefix. */
  parameters(shape: FusionShape): ParameterDeclarations;
  /**
   * `features` [B * M, D], a patient's images in consecutive rows -> [B, F].
   *
   * `mask` [B, M] is 1 for an image and 0 for one that is missing: what stands in a missing image's row does
   * not change the result. Absent: all images are there.
   */
  forward(
    shape: FusionShape,
    parameters: LiveParameters,
    features: tf.Tensor,
    mask?: tf.Tensor | undefined,
  ): tf.Tensor;
  /** How much each image counts, [B, M], from 0, each patient's summing to one: where the block has such weights. */
  attention?(
    shape: FusionShape,
    parameters: LiveParameters,
    features: tf.Tensor,
    mask?: tf.Tensor | undefined,
  ): tf.Tensor;
}
