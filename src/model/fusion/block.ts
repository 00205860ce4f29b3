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

/** One way to fuse. To add one: a file with such an object, and a line in `fusion/index.ts`. */
export interface FusionBlock {
  /** For tables and legends. */
  readonly title: string;
  /** Declared without prefix. */
  parameters(shape: FusionShape): ParameterDeclarations;
  /** `features` [B * M, D], a patient's images in consecutive rows -> [B, F] */
  forward(shape: FusionShape, parameters: LiveParameters, features: tf.Tensor): tf.Tensor;
}
