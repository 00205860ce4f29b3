/** The fusion strategies by name. Adding one to the package is a file beside this one and a line here. */
import { abmil, gatedAbmil } from "./abmil";
import { concat } from "./concat";
import { gated } from "./gated";
import { lmf, modalityLmf } from "./lmf";
import { mean } from "./mean";
import { transformer } from "./transformer";

/**
 * The built-in fusion blocks by name. The study's four: `concat`, `lmf` (one factor tensor for all images, as its code
 * has it), `gated`, `transformer`; `modality-lmf` is the low-rank fusion of its text, with a factor for each image. The
 * baselines: `abmil` and `gated-abmil`, attention-based multiple-instance learning, and `mean`.
 */
export const FUSIONS = {
  concat,
  lmf,
  gated,
  transformer,
  "modality-lmf": modalityLmf,
  abmil,
  "gated-abmil": gatedAbmil,
  mean,
} as const;

/** `"concat" | "lmf" | "gated" | "transformer" | "modality-lmf" | "abmil" | "gated-abmil" | "mean"` */
export type FusionKind = keyof typeof FUSIONS;
