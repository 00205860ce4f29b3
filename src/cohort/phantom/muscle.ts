/** Skeletal muscle on the host's side of the front. Lengths in um. */
import type { Rng } from "../../core/random";
import type { InvasiveFront } from "./front";
import type { Noise } from "./noise";
import type { PhantomPatient } from "./patient";
import type { Muscle } from "./site";

/** Where the muscle begins: its distance to the front, and how far that varies. */
export interface MuscleBorder {
  readonly start: number;
  readonly warp: number;
}

/** Its fibres run about along the front. */
export function drawMuscle(
  rng: Rng,
  atEdge: boolean,
  front: InvasiveFront,
  { traits }: PhantomPatient,
): { readonly muscle: Muscle; readonly border: MuscleBorder } {
  const angle = front.angle + Math.PI / 2 + rng.normal(0, 0.5);
  const start = traits.invadesMuscle ? rng.range(-40, 40) : rng.range(15, 130);
  const warp = rng.range(15, 45);
  const muscle: Muscle = {
    present: atEdge && (traits.invadesMuscle || traits.bareMuscle),
    angle,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    fibreWidth: rng.range(17, 29),
  };
  return { muscle, border: { start, warp } };
}

/** Position across the muscle fibres, in fibres. Fibres run nearly straight and differ in width. */
export function fibreCoordinate(
  { muscle, coarse, fine }: { readonly muscle: Muscle; readonly coarse: Noise; readonly fine: Noise },
  x: number,
  y: number,
  pushed: number,
): number {
  const along = x * muscle.cos + y * muscle.sin;
  const straight = -x * muscle.sin + y * muscle.cos;
  const across = straight + 12 * coarse(x / 190, y / 190 + 70) + 4 * fine(x / 70 + 5, y / 70) - pushed;
  return (
    across / muscle.fibreWidth +
    0.85 * coarse(along / 900 + 5, across / 52) +
    0.22 * fine(along / 130, across / 30)
  );
}
