/** The fusion strategies by name. Adding one is a file beside this one and a line here. */
import { concat } from "./concat";
import { gated } from "./gated";
import { lmf } from "./lmf";
import { transformer } from "./transformer";

export type { FusionBlock, FusionShape } from "./block";

/** The fusion blocks by name. */
export const FUSIONS = { concat, lmf, gated, transformer } as const;

/** `"concat" | "lmf" | "gated" | "transformer"` */
export type FusionKind = keyof typeof FUSIONS;
