/** The border of the section: bare glass beyond a line, sometimes lined by surface mucosa. Lengths in um. */
import type { Rng } from "../../core/random";
import type { Noise } from "./noise";
import { FIELD_WIDTH_UM } from "./settings";

export interface GlassEdge {
  readonly present: boolean;
  readonly cos: number;
  readonly sin: number;
  /** Distance of the line to the centre, um. */
  readonly distance: number;
  /** Thickness of the mucosa, um; 0 for none. */
  readonly mucosa: number;
}

export function drawGlassEdge(rng: Rng, atEdge: boolean): GlassEdge {
  const present = rng.chance(atEdge ? 0.25 : 0.35);
  if (!present) return { present, cos: 1, sin: 0, distance: 0, mucosa: 0 };
  const angle = rng.range(0, 2 * Math.PI);
  const distance = rng.range(0.3, 0.46) * FIELD_WIDTH_UM * 0.95;
  const mucosa = rng.chance(atEdge ? 0.25 : 0.6) ? rng.range(65, 120) : 0;
  return { present, cos: Math.cos(angle), sin: Math.sin(angle), distance, mucosa };
}

/** Signed distance to bare glass; positive is tissue. */
export function distanceToGlass(glass: GlassEdge, x: number, y: number, coarse: Noise, fine: Noise): number {
  const torn = glass.mucosa ? 2 : 6;
  return (
    glass.distance -
    (x * glass.cos + y * glass.sin) -
    34 * coarse(x / 150, y / 150 + 30) -
    torn * fine(x / 18, y / 18)
  );
}

/** Signed distance to the surface mucosa: a band along the glass with rete ridges below. */
export function distanceToMucosa(
  glass: GlassEdge,
  glassDistance: number,
  x: number,
  y: number,
  coarse: Noise,
  fine: Noise,
): number {
  const alongSurface = -x * glass.sin + y * glass.cos;
  const ridges =
    1 + 0.45 * coarse(alongSurface / 52, 3.3) + 0.3 * fine(alongSurface / 23, 1.1 + glassDistance / 150);
  return glassDistance - glass.mucosa * ridges - 3 * fine(x / 19, y / 19);
}
