/** Signed distances to nests, nerves and vessels, um, negative inside. */
import { ellipseDistance } from "./geometry";
import type { HostStructures } from "./host-structures";
import { clamp, type Noise, smooth } from "./noise";
import { type Nest, nerveDistance } from "./site";

/** Distances are not followed beyond this, um. */
export const FAR = 90;
/** Neighbouring nests melt into each other over this length, um. */
const MELTING = 9;

/** Union of all nests, melted together where they touch, at a point whose place is warped to make them irregular. */
export function distanceToNests(
  nests: readonly Nest[],
  x: number,
  y: number,
  warpedX: number,
  warpedY: number,
): number {
  let distance = FAR;
  for (const nest of nests) {
    const reach = nest.reach + 60;
    const dx = x - nest.x;
    const dy = y - nest.y;
    if (dx > reach || dx < -reach || dy > reach || dy < -reach) continue;
    const wx = warpedX - nest.x;
    const wy = warpedY - nest.y;
    // A nest farther than this from the nearest one so far does not melt into it.
    const beyond = nest.reach * (1 + Math.max(0, distance + MELTING) / Math.min(nest.rx, nest.ry));
    if (wx * wx + wy * wy > beyond * beyond) continue;
    const one = ellipseDistance(nest, warpedX, warpedY);
    const blend = clamp(0.5 + (0.5 * (distance - one)) / MELTING);
    distance += (one - distance) * blend - MELTING * blend * (1 - blend);
  }
  return distance;
}

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
    if (Math.abs(x - nerve.x) > nerve.reach + 150 || Math.abs(y - nerve.y) > nerve.reach + 150) continue;
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
