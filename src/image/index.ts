/** Pictures in memory and on disk. */
export {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentationRecipe,
  type AugmentationScene,
  type AugmentationStep,
  Augmenter,
  type AugmentOptions,
  type AutocontrastStep,
  augment,
  augmentationRecipe,
  type BlurStep,
  type BrightnessStep,
  type ColourScale,
  type CropStep,
  type Fill,
  type RotationStep,
  type SharpnessStep,
  type StainStep,
  type SymmetryStep,
} from "./augment";
export { FILTERS, FITS, type Filter, type Fit, type FitPlan, planFit, type Rectangle } from "./fit";
export { type FieldLocation, type FieldPlace, type LocateFieldOptions, locateField } from "./locate-field";
export type { Decoder } from "./native";
export {
  type ChannelOrder,
  decodeImage,
  MAX_PIXELS,
  type ReadOptions,
  type ReadResizedOptions,
  readImage,
  readResized,
} from "./read-image";
export { publishedWeights, triangleWeights } from "./resample";
export { type ResizeOptions, RgbImage } from "./rgb-image";
