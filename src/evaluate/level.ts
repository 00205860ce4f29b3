/** The coverage that intervals aim at. */
import { invalidArgument } from "../core/errors";

/** The coverage asked for, between 0 and 1; default 0.95. */
export function checkLevel(level = 0.95): number {
  if (!(level > 0 && level < 1))
    throw invalidArgument("level", level, "a coverage between 0 and 1", "Usual: 0.95.");
  return level;
}
