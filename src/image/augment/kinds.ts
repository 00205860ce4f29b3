/** Every kind of step by its name. */
import { blur } from "./blur";
import { brightness } from "./brightness";
import { autocontrast } from "./contrast";
import { crop } from "./crop";
import { rotation } from "./rotation";
import { sharpness } from "./sharpness";
import { stain } from "./stain";
import { symmetry } from "./symmetry";

export const STEP_KINDS = {
  crop,
  symmetry,
  rotation,
  autocontrast,
  sharpness,
  stain,
  brightness,
  blur,
} as const;

/** The name of a kind of step. */
export type StepName = keyof typeof STEP_KINDS;
