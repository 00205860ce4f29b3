/** Random changes to training images. */
export { type AugmentOptions, augment } from "./augment";
export { Augmenter } from "./augmenter";
export type { BlurStep } from "./blur";
export type { BrightnessStep } from "./brightness";
export type { AutocontrastStep } from "./contrast";
export type { CropStep } from "./crop";
export type { AugmentationScene, ColourScale } from "./draw";
export {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentationRecipe,
  type AugmentationStep,
  augmentationRecipe,
} from "./recipe";
export type { Fill, RotationStep } from "./rotation";
export type { SharpnessStep } from "./sharpness";
export type { StainStep } from "./stain";
export type { SymmetryStep } from "./symmetry";
