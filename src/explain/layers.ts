/** Which layers of a model can be explained, and which of them were asked for. */
import { invalidArgument, unknownName } from "../core/errors";
import { type ModelSpec, vitLayers } from "../model";

/** One layer or several, by name; see `model.vitLayers`. */
export type LayerChoice = string | readonly string[];

/**
 * The layers that were asked for, checked.
 *
 * @param choice  default: the last layer with a value for every patch, `blocks.<last>.norm1`, or `norm` where patches are pooled
 * @throws UnknownName, InvalidArgument
 */
export function chooseLayers(spec: ModelSpec, choice: LayerChoice | undefined): string[] {
  const known = vitLayers(spec.encoder);
  if (choice === undefined) return known.slice(-1);
  const asked = typeof choice === "string" ? [choice] : [...new Set(choice)];
  if (asked.length === 0) throw invalidArgument("layers", "empty", "at least one layer");
  for (const layer of asked) if (!known.includes(layer)) throw unknownName("layer", layer, known);
  return asked;
}
