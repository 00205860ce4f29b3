/** What an augmentation consists of: steps in order, and which pictures share a draw. */
import { invalidArgument, unknownName } from "../../core/errors";
import type { BlurStep } from "./blur";
import type { BrightnessStep } from "./brightness";
import type { AutocontrastStep } from "./contrast";
import type { CropStep } from "./crop";
import { STEP_KINDS } from "./kinds";
import type { RotationStep } from "./rotation";
import type { SharpnessStep } from "./sharpness";
import type { StainStep } from "./stain";
import { checkNumber } from "./step";
import type { SymmetryStep } from "./symmetry";

/** One step; `kind` says which. Each is done with its `probability`, default 1. */
export type AugmentationStep =
  | CropStep
  | SymmetryStep
  | RotationStep
  | AutocontrastStep
  | SharpnessStep
  | StainStep
  | BrightnessStep
  | BlurStep;

/**
 * Random changes to training images, on grey levels 0-255, before normalisation.
 *
 * @example
 * const mine: images.AugmentationRecipe = {
 *   draw: "image",
 *   steps: [{ kind: "symmetry", horizontal: 0.5, vertical: 0.5 }, { kind: "stain", factor: 0.2, shift: 0.05 }],
 * };
 */
export interface AugmentationRecipe {
  /**
   * `"patient"` (default, as published): all images of a patient are changed alike, so that what is nested or stained
   * together stays so. `"image"`: each on its own.
   */
  readonly draw?: "patient" | "image";
  /** In this order. */
  readonly steps: readonly AugmentationStep[];
  /**
   * A defect of the published code, for those who reproduce it: the steps work on z-scores instead of grey levels, and
   * contrast and sharpness cut these to 0-1, so that whatever is darker than the mean is lost. Default false.
   */
  readonly upstreamZScores?: boolean;
}

const PUBLISHED_STEPS: readonly AugmentationStep[] = [
  { kind: "crop", scale: [0.8, 1] },
  { kind: "symmetry", horizontal: 0.5, vertical: 0.5 },
  { kind: "rotation", degrees: 45, interpolation: "nearest", fill: "mean" },
  { kind: "autocontrast", probability: 0.5 },
  { kind: "sharpness", factor: 3, probability: 0.5 },
];

/**
 * Recipes by name; plain data, so that one can be the start of your own: `{ ...images.AUGMENTATIONS.published, draw: "image" }`.
 *
 * - `none`
 * - `flips`: left-right and up-down, each with probability 1/2
 * - `dihedral`: the eight symmetries of a square (of other shapes the four that keep the shape); no value changes
 * - `published`: what the Multi-OSCC study does: a crop of 80-100 % of the area, flips, a turn by up to 45 degrees,
 *   contrast and sharpness each with probability 1/2; one draw for all images of a patient; done right, which is
 *   before normalisation
 * - `histology`: our own: crop, all symmetries and angles without a telling corner, amounts of both stains, lamp,
 *   a little lack of focus
 * - `upstream-z-scored`: `published` with the defect of the published code, which does the same after normalisation:
 *   three quarters of its training images are cut to 0-1 while validation images are not
 */
export const AUGMENTATIONS = {
  none: { steps: [] },
  flips: { steps: [{ kind: "symmetry", horizontal: 0.5, vertical: 0.5 }] },
  dihedral: { steps: [{ kind: "symmetry", horizontal: 0.5, vertical: 0.5, diagonal: 0.5 }] },
  published: { steps: PUBLISHED_STEPS },
  histology: {
    steps: [
      { kind: "crop", scale: [0.8, 1], ratio: [0.9, 1.1] },
      { kind: "symmetry", horizontal: 0.5, vertical: 0.5, diagonal: 0.5 },
      { kind: "rotation", degrees: 45 },
      { kind: "stain", factor: 0.15, shift: 0.04 },
      { kind: "brightness", factor: [0.9, 1.1] },
      { kind: "blur", sigmaPx: [0.3, 0.9], probability: 0.2 },
    ],
  },
  "upstream-z-scored": { steps: PUBLISHED_STEPS, upstreamZScores: true },
} as const satisfies Record<string, AugmentationRecipe>;

/** `"none" | "flips" | "dihedral" | "published" | "histology" | "upstream-z-scored"`; see `AUGMENTATIONS`. */
export type AugmentationName = keyof typeof AUGMENTATIONS;

/** A recipe's name, or a recipe of your own. */
export type Augmentation = AugmentationName | AugmentationRecipe;

/**
 * The recipe behind a name, or the one given, checked.
 *
 * @throws UnknownName, InvalidArgument  naming the step and the number that is out of its limits
 * @example
 * images.augmentationRecipe("published").steps.length; // 5
 */
export function augmentationRecipe(augmentation: Augmentation): AugmentationRecipe {
  if (typeof augmentation === "string") {
    if (!Object.hasOwn(AUGMENTATIONS, augmentation))
      throw unknownName("augmentation", augmentation, Object.keys(AUGMENTATIONS));
    return AUGMENTATIONS[augmentation];
  }
  const { draw = "patient", steps } = augmentation ?? {};
  if (draw !== "patient" && draw !== "image") throw invalidArgument("draw", draw, "patient or image");
  if (!Array.isArray(steps))
    throw invalidArgument("augment", augmentation, "a recipe's name or { steps: [...] }");
  for (const step of steps as readonly AugmentationStep[]) {
    if (!Object.hasOwn(STEP_KINDS, step.kind))
      throw unknownName("augmentation step", String(step.kind), Object.keys(STEP_KINDS));
    checkNumber(`${step.kind}.probability`, step.probability ?? 1, 0, 1);
    STEP_KINDS[step.kind].check(step as never);
  }
  return augmentation;
}
