/**
 * Lobules: units packed so that they flatten each other, as fat cells and gland acini do. A unit's border with
 * its neighbours is a Voronoi edge; towards the outside it is round.
 */
import type { Rng } from "../../core/random";
import { type Ellipse, ellipse } from "./geometry";

export interface Unit {
  readonly x: number;
  readonly y: number;
  /** 16 bits for what varies between units. */
  readonly seed: number;
}

/** The ellipse encloses all units. */
export interface Lobule<U extends Unit = Unit> extends Ellipse {
  readonly units: readonly U[];
  /** Radius of a unit that no neighbour flattens, um. */
  readonly unitRadius: number;
}

/**
 * Pack units into an ellipse.
 *
 * @param region   where their centres may lie
 * @param size     least distance of two centres, and the radius of a free unit, um
 * @param allowed  refuses centres, for example on the tumour's side
 */
export function packLobule(
  rng: Rng,
  region: Ellipse,
  size: { readonly spacing: number; readonly radius: number },
  allowed: (x: number, y: number) => boolean,
): Lobule | undefined {
  const { spacing, radius: unitRadius } = size;
  const units: Unit[] = [];
  const tries = Math.round((60 * region.rx * region.ry) / (spacing * spacing));
  for (let i = 0; i < tries; i++) {
    const turn = rng.uniform() * 2 * Math.PI;
    const from = Math.sqrt(rng.uniform());
    const u = from * region.rx * Math.cos(turn);
    const v = from * region.ry * Math.sin(turn);
    const x = region.x + u * region.cos - v * region.sin;
    const y = region.y + u * region.sin + v * region.cos;
    const seed = rng.uint32() & 0xffff;
    if (!allowed(x, y)) continue;
    if (units.every((unit) => Math.hypot(unit.x - x, unit.y - y) >= spacing)) units.push({ x, y, seed });
  }
  if (units.length === 0) return undefined;
  const reach =
    Math.max(...units.map((unit) => Math.hypot(unit.x - region.x, unit.y - region.y))) + unitRadius;
  return { ...ellipse(region.x, region.y, reach, reach, 0), units, unitRadius };
}

/** The two nearest units of a point. One is reused for a whole picture: loops must not allocate. */
export class NearestUnits {
  /** Index of the nearest unit. */
  index = 0;
  /** Distances to the nearest two centres, um. */
  first = 0.5;
  second = 0.5;

  find(lobule: Lobule, x: number, y: number): void {
    const { units } = lobule;
    this.index = 0;
    let first = 1e9;
    let second = 1e9;
    for (let i = 0; i < units.length; i++) {
      const dx = units[i]!.x - x;
      const dy = units[i]!.y - y;
      const square = dx * dx + dy * dy;
      if (square < first) {
        second = first;
        first = square;
        this.index = i;
      } else if (square < second) second = square;
    }
    this.first = Math.sqrt(first);
    this.second = Math.sqrt(second);
  }

  /** um inside the nearest unit: to the neighbour's border or to the free surface, whichever is nearer. */
  depth(lobule: Lobule): number {
    return Math.min((this.second - this.first) / 2, lobule.unitRadius - this.first);
  }
}

/** Signed distance to the lobule's outline, um, negative inside. */
export function lobuleDistance(lobule: Lobule, x: number, y: number): number {
  let square = 1e9;
  for (const unit of lobule.units) square = Math.min(square, (unit.x - x) ** 2 + (unit.y - y) ** 2);
  return Math.sqrt(square) - lobule.unitRadius;
}

/** Distance to the nearest of several lobules; `far` where none is within `far` um. */
export function distanceToLobules(lobules: readonly Lobule[], x: number, y: number, far: number): number {
  let nearest = far;
  for (const lobule of lobules) {
    const limit = lobule.reach + far;
    if (Math.abs(x - lobule.x) > limit || Math.abs(y - lobule.y) > limit) continue;
    nearest = Math.min(nearest, lobuleDistance(lobule, x, y));
  }
  return nearest;
}
