/** Parts of buffers, as the compute worker and its mates see them. */
import type { WireView } from "./protocol";

/** How many elements a view shows. */
export function lengthOf({ shape }: WireView): number {
  return shape.reduce((n, side) => n * side, 1);
}
