/** Fusion: from the features of a patient's images to one vector. */
export type { FusionBlock, FusionShape } from "./block";
export { FUSIONS, type FusionKind } from "./built-in";
export { imageMask } from "./mask";
export {
  type FusionContext,
  type FusionDefinition,
  type FusionParameter,
  type FusionReference,
  fusion,
  fusionBlock,
  type OwnFusion,
  referTo,
} from "./own";
