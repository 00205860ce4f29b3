/** Signed distances to nests, nerves and vessels, um, negative inside. */
import { ellipseDistance } from "./geometry";
import type { HostStructures } from "./host-structures";
import { clamp, type Noise, smooth } from "./noise";
import { type Nest, nerveDistance } from "./site";

/** Distances are not followed beyond this, um. */
export const FAR = 90;
/** Neighbouring nests melt into each other over this length, um. */
const MELTING = 9;

/** Union of all nests, melted together where they touch, in warped coordinates. */
export function distanceToNests(
  nests: readonly Nest[],
  x: number,
  y: number,
  { warp, warpWavelength }: NestWarp,
  coarse: Noise,
  fine: Noise,
): number {
  const warpedX =
    x +
    warp * coarse(x / warpWavelength, y / warpWavelength) +
    8 * fine(x / 41, y / 41 + 8) +
    3 * fine(x / 19, y / 19);
  const warpedY =
    y +
    warp * coarse(x / warpWavelength + 51, y / warpWavelength + 17) +
    8 * fine(x / 41 + 60, y / 41) +
    3 * fine(x / 19 + 31, y / 19);
  let distance = FAR;
  for (const nest of nests) {
    const reach = nest.reach + 60;
    const dx = x - nest.x;
    const dy = y - nest.y;
    if (dx > reach || dx < -reach || dy > reach || dy < -reach) continue;
    const one = ellipseDistance(nest, warpedX, warpedY);
    const blend = clamp(0.5 + (0.5 * (distance - one)) / MELTING);
    distance += (one - distance) * blend - MELTING * blend * (1 - blend);
  }
  return distance;
}
type NestWarp = { readonly warp: number; readonly warpWavelength: number };

/** Distance to the nearest nerve, and to the nearest tumour collar: a band around part of a nerve. */
export function distanceToNerves(
  { nerves }: HostStructures,
  x: number,
  y: number,
  coarse: Noise,
): [nerve: number, collar: number] {
  let nearest = FAR;
  let collar = FAR;
  for (const nerve of nerves) {
    const distance = nerveDistance(coarse, nerve, x, y);
    nearest = Math.min(nearest, distance);
    if (!nerve.collar) continue;
    const turn = Math.atan2(y - nerve.y, x - nerve.x) - nerve.collarDirection;
    const open = smooth(nerve.collarOpening - 0.25, nerve.collarOpening + 0.15, Math.cos(turn));
    if (open <= 0.02) continue;
    const half = nerve.collarThickness * open * (1 + 0.5 * coarse(x / 30, y / 30));
    collar = Math.min(collar, Math.abs(distance - 7 - half) - half);
  }
  return [nearest, collar];
}

export function distanceToVessels({ vessels }: HostStructures, x: number, y: number): number {
  let nearest = FAR;
  for (const vessel of vessels) {
    const dx = x - vessel.x;
    const dy = y - vessel.y;
    if (dx * dx + dy * dy > (vessel.reach + 40) ** 2) continue;
    nearest = Math.min(nearest, ellipseDistance(vessel, x, y) - vessel.wall);
  }
  return nearest;
}
