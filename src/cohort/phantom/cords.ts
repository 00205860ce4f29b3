/**
 * Cords of tumour that split muscle fibres apart: the sign of muscle invasion. A cord is a chain of rounded
 * segments that follows the fibres, tapers at its ends, and sends thinner branches obliquely towards the front.
 */
import type { Rng } from "../../core/random";
import type { InvasiveFront } from "./front";
import { ellipseDistance } from "./geometry";
import type { HostStructures } from "./host-structures";
import { clamp } from "./noise";
import type { Muscle } from "./site";

/** A capsule: its axis from (x, y) by (dx, dy), with a radius at each end. um */
interface CordSegment {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly startRadius: number;
  readonly endRadius: number;
}

export interface Cord {
  readonly segments: readonly CordSegment[];
  /** Box around the axis, widened by the largest radius, um. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A cord's axis is walked in steps of this length, um. */
const STEP_UM = 18;
/** Least distance between neighbouring cords: a muscle fibre fits between them, um. */
const APART_UM = 10;
/** Fibres come back to their place over this distance from a cord, um. */
const PUSH_UM = 32;

/** Draw the cords of one site. `muscleStart`: distance of the muscle to the front, um. */
export function drawCords(
  rng: Rng,
  front: InvasiveFront,
  muscle: Muscle,
  muscleStart: number,
  differentiation: number,
  strength: number,
  { nerves, vessels, glands, fat }: HostStructures,
): Cord[] {
  const cords: Cord[] = [];
  const wanted = Math.round(rng.range(11, 22) * strength);
  const obstructed = (x: number, y: number, room: number) =>
    nerves.some((o) => ellipseDistance(o, x, y) < room + 10) ||
    vessels.some((o) => !o.capillary && ellipseDistance(o, x, y) < room + 8) ||
    [...glands, ...fat].some((o) => ellipseDistance(o, x, y) < room) ||
    cords.some((cord) => cordDistance(cord, x, y) < room + APART_UM);

  for (let i = 0; i < 400 && cords.length < wanted; i++) {
    const x = rng.normal(0, 230);
    const y = rng.normal(0, 170);
    const length = rng.range(80, 280);
    const radius = rng.range(8, differentiation > 1.4 ? 15 : 25);
    const path = rng.split(i);
    const depth = front.distance(x, y) - muscleStart;
    if (depth < 30 || depth > 330 || obstructed(x, y, radius)) continue;
    const segments = [
      ...walk(path, x, y, muscle.angle, length / 2, radius, obstructed),
      ...walk(path, x, y, muscle.angle + Math.PI, length / 2, radius, obstructed),
    ];
    if (segments.length < 3) continue;
    // A branch leaves obliquely for the front, where the cord came from.
    if (path.chance(0.55)) {
      const from = segments[path.integer(segments.length)]!;
      const towards = Math.cos(muscle.angle - front.angle) < 0 ? 1 : -1;
      const side = Math.sin(muscle.angle - front.angle) > 0 ? 1 : -1;
      const angle = muscle.angle + (towards < 0 ? Math.PI : 0) + side * towards * path.range(0.35, 0.75);
      segments.push(
        ...walk(path, from.x, from.y, angle, path.range(45, 110), from.startRadius * 0.7, obstructed),
      );
    }
    cords.push(boxed(segments));
  }
  return cords;
}

/** A tapering, slightly wandering chain of segments; it stops where something is in the way. */
function walk(
  rng: Rng,
  startX: number,
  startY: number,
  direction: number,
  length: number,
  radius: number,
  obstructed: (x: number, y: number, room: number) => boolean,
): CordSegment[] {
  const steps = Math.max(2, Math.round(length / STEP_UM));
  const segments: CordSegment[] = [];
  let [x, y, angle, own] = [startX, startY, direction + rng.normal(0, 0.06), radius];
  for (let i = 1; i <= steps; i++) {
    // Full in the middle, knobbly, a few um thin at the tip.
    const next = Math.max(3, radius * Math.sqrt(1 - (i / steps) ** 2) * Math.exp(rng.normal(0, 0.16)));
    const dx = STEP_UM * Math.cos(angle);
    const dy = STEP_UM * Math.sin(angle);
    if (obstructed(x + dx, y + dy, next)) break;
    segments.push({ x, y, dx, dy, startRadius: own, endRadius: next });
    x += dx;
    y += dy;
    own = next;
    angle = direction + (angle - direction) * 0.7 + rng.normal(0, 0.1);
  }
  return segments;
}

function boxed(segments: readonly CordSegment[]): Cord {
  const xs = segments.flatMap((s) => [s.x, s.x + s.dx]);
  const ys = segments.flatMap((s) => [s.y, s.y + s.dy]);
  const widest = Math.max(...segments.map((s) => Math.max(s.startRadius, s.endRadius)));
  return {
    segments,
    left: Math.min(...xs) - widest,
    right: Math.max(...xs) + widest,
    top: Math.min(...ys) - widest,
    bottom: Math.max(...ys) + widest,
  };
}

/** Signed distance to a cord, um. */
export function cordDistance(cord: Cord, x: number, y: number): number {
  let nearest = 1e9;
  for (const segment of cord.segments) nearest = Math.min(nearest, segmentDistance(segment, x, y));
  return nearest;
}

function segmentDistance(s: CordSegment, x: number, y: number): number {
  const t = clamp(((x - s.x) * s.dx + (y - s.y) * s.dy) / (s.dx * s.dx + s.dy * s.dy));
  const toX = x - s.x - t * s.dx;
  const toY = y - s.y - t * s.dy;
  return Math.sqrt(toX * toX + toY * toY) - (s.startRadius + t * (s.endRadius - s.startRadius));
}

/** Distance to the nearest of several cords; `far` where none is near. */
export function distanceToCords(cords: readonly Cord[], x: number, y: number, far: number): number {
  let nearest = far;
  for (const cord of cords) {
    if (x < cord.left - far || x > cord.right + far || y < cord.top - far || y > cord.bottom + far) continue;
    nearest = Math.min(nearest, cordDistance(cord, x, y));
  }
  return nearest;
}

/**
 * How far, across the fibres, the cords have pushed the muscle at a point, um. Inside a cord it closes to zero,
 * so that the fibres on both sides were neighbours before.
 */
export function pushedByCords(cords: readonly Cord[], muscle: Muscle, x: number, y: number): number {
  const far = 3 * PUSH_UM;
  let pushed = 0;
  for (const cord of cords) {
    if (x < cord.left - far || x > cord.right + far || y < cord.top - far || y > cord.bottom + far) continue;
    pushed += pushedBy(cord, muscle, x, y);
  }
  return pushed;
}

function pushedBy(cord: Cord, muscle: Muscle, x: number, y: number): number {
  let nearest = 1e9;
  let [radius, side, from] = [0, 0, 1];
  for (const s of cord.segments) {
    const t = clamp(((x - s.x) * s.dx + (y - s.y) * s.dy) / (s.dx * s.dx + s.dy * s.dy));
    const toX = x - s.x - t * s.dx;
    const toY = y - s.y - t * s.dy;
    const own = s.startRadius + t * (s.endRadius - s.startRadius);
    const axis = Math.sqrt(toX * toX + toY * toY);
    if (axis - own >= nearest) continue;
    nearest = axis - own;
    radius = own;
    side = -toX * muscle.sin + toY * muscle.cos;
    from = axis;
  }
  return from < radius ? side : (side / from) * radius * Math.exp(-nearest / PUSH_UM);
}
