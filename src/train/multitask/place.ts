/** Where the tasks' gradients are compared. */
import { type ModelSpec, modelParameters } from "../../model";

/** Where gradients of tasks can be taken. */
export const GRADIENT_PLACES = ["lastSharedLayer", "representation", "shared"] as const;
/**
 * - `"lastSharedLayer"`: by the last weight matrix of the fusion block, as in GradNorm. Cheap.
 * - `"representation"`: by the fused vector that all heads read, as in MGDA-UB. The cheapest.
 * - `"shared"`: by every trained parameter of encoder and fusion, as in MGDA: one backward pass a task.
 */
export type GradientPlace = (typeof GRADIENT_PLACES)[number];

/** The last weight matrix before the heads, in the order of declaration; a fusion block may have none. */
export function lastSharedLayer(spec: ModelSpec): string | undefined {
  return Object.entries(modelParameters(spec)).findLast(
    ([name, { shape }]) => name.startsWith("fusion.") && shape.length > 1,
  )?.[0];
}

/** The place itself, or the fused vector where the fusion block has no weights. */
export function possiblePlace(spec: ModelSpec, wanted: GradientPlace): GradientPlace {
  return wanted === "lastSharedLayer" && lastSharedLayer(spec) === undefined ? "representation" : wanted;
}
