/** Fill the grid of slowly varying fields from a site's objects. */
import { type Cord, distanceToCords, pushedByCords } from "./cords";
import { FIELD, FIELD_COUNT, GRID_UM, type SlowFields } from "./fields";
import type { InvasiveFront } from "./front";
import { distanceToGlass, distanceToMucosa, type GlassEdge } from "./glass-edge";
import type { HostStructures } from "./host-structures";
import { distanceToLobules } from "./lobules";
import { fibreCoordinate, type MuscleBorder } from "./muscle";
import { clamp, lerp, type Noise, NoiseRow, type Places } from "./noise";
import type { Muscle, Nest } from "./site";
import { distanceToNerves, distanceToNests, distanceToVessels, FAR } from "./structure-distances";

/** What the fields are computed from. */
export interface Ground {
  readonly coarse: Noise;
  readonly fine: Noise;
  readonly front: InvasiveFront;
  readonly host: HostStructures;
  readonly nests: readonly Nest[];
  readonly cords: readonly Cord[];
  readonly muscle: Muscle;
  readonly muscleBorder: MuscleBorder;
  readonly glass: GlassEdge;
  /** Amplitude and wavelength of what makes the outline of nests irregular, um. */
  readonly warp: number;
  readonly warpWavelength: number;
  /** General direction of the collagen, radians. */
  readonly collagenAngle: number;
  readonly looseness: number;
  readonly inflammation: number;
}

/** Grid points that share one list of nests that may be near. */
const NEST_SPAN = 16;
/** Nothing reads the stroma's channels this deep inside epithelium, um. */
const STROMA_ENDS_UM = -30;
/** Nothing reads the muscle's fibres this far outside it, um. */
const MUSCLE_ENDS_UM = 34;

export function fillFields(fields: SlowFields, ground: Ground): void {
  const { data, columns, rows, left, top } = fields;
  const noise = noiseRows(ground, { first: left, step: GRID_UM, count: columns });
  const all = Object.values(noise);
  for (let row = 0; row < rows; row++) {
    const y = top + row * GRID_UM;
    for (const one of all) one.moveTo(y);
    const inRow = ground.nests.filter((nest) => Math.abs(nest.y - y) < nest.reach + 60);
    let nests = inRow;
    for (let column = 0; column < columns; column++) {
      const x = left + column * GRID_UM;
      const at = (row * columns + column) * FIELD_COUNT;
      if (column % NEST_SPAN === 0)
        nests = inRow.filter(
          (nest) => nest.x - nest.reach - 60 < x + NEST_SPAN * GRID_UM && nest.x + nest.reach + 60 > x,
        );
      const obstacle = fillDistances(data, at, ground, noise, column, x, y, nests);
      if (data[at + FIELD.epithelium]! > STROMA_ENDS_UM)
        fillStroma(data, at, ground, noise, column, x, y, obstacle);
      if (data[at + FIELD.muscle]! < MUSCLE_ENDS_UM)
        data[at + FIELD.fibre] = fibreCoordinate(ground, x, y, data[at + FIELD.push]!);
    }
  }
}

type GroundNoise = ReturnType<typeof noiseRows>;

/** The noises that a field is computed from, in all places of a row. */
function noiseRows({ coarse, fine, warpWavelength }: Ground, places: Places) {
  return {
    // The outline of nests.
    warpX: new NoiseRow(coarse, warpWavelength, places),
    warpY: new NoiseRow(coarse, warpWavelength, places, 51, 17),
    bumpX: new NoiseRow(fine, 41, places, 0, 8),
    bumpY: new NoiseRow(fine, 41, places, 60, 0),
    dentX: new NoiseRow(fine, 19, places),
    dentY: new NoiseRow(fine, 19, places, 31, 0),
    // Cords and the border of the muscle.
    wobbleX: new NoiseRow(coarse, 50, places),
    wobbleY: new NoiseRow(coarse, 50, places, 9, 3),
    muscle: new NoiseRow(fine, 140, places),
    // The course of collagen.
    bend: new NoiseRow(coarse, 210, places, 3, 0),
    wave: new NoiseRow(fine, 60, places),
    slide: new NoiseRow(fine, 180, places, 40, 0),
    // Density of collagen and of lymphocytes.
    looseness: new NoiseRow(fine, 130, places, 90, 4),
    patches: new NoiseRow(coarse, 120, places, 60, 0),
    clusters: new NoiseRow(fine, 45, places, 0, 9),
  };
}

/**
 * The signed distances at one grid point.
 *
 * @returns the distance to what collagen wraps around: epithelium, nerves, vessels
 */
function fillDistances(
  data: Float32Array,
  at: number,
  ground: Ground,
  noise: GroundNoise,
  column: number,
  x: number,
  y: number,
  nests: readonly Nest[],
): number {
  const { coarse, fine, host, muscle, muscleBorder, glass, cords, warp } = ground;
  const glassDistance = glass.present ? distanceToGlass(glass, x, y, coarse, fine) : 400;
  let epithelium = distanceToNests(
    nests,
    x,
    y,
    x +
      warp * noise.warpX.values[column]! +
      8 * noise.bumpX.values[column]! +
      3 * noise.dentX.values[column]!,
    y +
      warp * noise.warpY.values[column]! +
      8 * noise.bumpY.values[column]! +
      3 * noise.dentY.values[column]!,
  );
  let surface = FAR;
  if (glass.mucosa && glassDistance < 330) {
    surface = Math.min(distanceToMucosa(glass, glassDistance, x, y, coarse, fine), FAR);
    epithelium = Math.min(Math.max(epithelium, 34 - surface), surface);
  }
  let cord = FAR;
  let pushed = 0;
  if (cords.length > 0) {
    const wobbledX = x + 5 * noise.wobbleX.values[column]!;
    const wobbledY = y + 5 * noise.wobbleY.values[column]!;
    cord = distanceToCords(cords, wobbledX, wobbledY, FAR);
    pushed = pushedByCords(cords, muscle, wobbledX, wobbledY);
  }
  const [nerve, collar] = distanceToNerves(host, x, y, coarse);
  if (nerve < 6) epithelium = Math.max(epithelium, 6 - nerve); // nests do not enter the nerve
  const vessel = distanceToVessels(host, x, y);
  epithelium = Math.max(epithelium, 9 - vessel);
  cord = Math.max(cord, 6 - vessel);
  const gland = distanceToLobules(host.glands, x, y, FAR);
  const fat = distanceToLobules(host.fat, x, y, FAR);
  epithelium = Math.max(epithelium, 8 - gland, 4 - fat);

  let muscleDistance = FAR;
  if (muscle.present) {
    muscleDistance =
      muscleBorder.start - ground.front.distance(x, y) + muscleBorder.warp * noise.muscle.values[column]!;
    muscleDistance = Math.max(muscleDistance, 14 - epithelium);
    muscleDistance = Math.max(muscleDistance, 9 - collar, 12 - nerve, 10 - vessel, 5 - cord);
    muscleDistance = Math.max(muscleDistance, 12 - gland, 4 - fat);
  }
  epithelium = Math.min(epithelium, cord, collar);

  data[at + FIELD.epithelium] = epithelium;
  data[at + FIELD.muscle] = muscleDistance;
  data[at + FIELD.cord] = cord;
  data[at + FIELD.collar] = collar;
  data[at + FIELD.glass] = glassDistance;
  data[at + FIELD.surface] = surface;
  data[at + FIELD.push] = pushed;
  return Math.min(epithelium, nerve, vessel);
}

/** What the stroma at one grid point is like: its fibres, its looseness, its lymphocytes. */
function fillStroma(
  data: Float32Array,
  at: number,
  ground: Ground,
  noise: GroundNoise,
  column: number,
  x: number,
  y: number,
  obstacle: number,
): void {
  const { coarse, fine, collagenAngle } = ground;
  const cos = Math.cos(collagenAngle);
  const sin = Math.sin(collagenAngle);
  // Collagen runs along contour lines of `across`, which bends into the distance to the nearest
  // structure: fibres wrap around nests, nerves and vessels.
  const nearness = Math.exp(-Math.max(0, obstacle) / 30);
  const free = -x * sin + y * cos + 38 * noise.bend.values[column]! + 10 * noise.wave.values[column]!;
  const acrossFibres = lerp(free, obstacle, nearness * 0.8);
  const alongFibres = x * cos + y * sin + 30 * noise.slide.values[column]!;
  data[at + FIELD.across] = acrossFibres + 1.5 * fine(alongFibres / 30, acrossFibres / 24);
  data[at + FIELD.along] = alongFibres;
  data[at + FIELD.sheets] = coarse(acrossFibres / 21 + 77, alongFibres / 60);
  data[at + FIELD.crimpPhase] = 2.6 * coarse(acrossFibres / 13, alongFibres / 70);
  data[at + FIELD.looseness] = clamp(ground.looseness + 0.45 * noise.looseness.values[column]!);

  // Lymphocytes gather near tumour, in patches; few enter muscle.
  const patch = 0.5 + 0.75 * noise.patches.values[column]! + 0.35 * noise.clusters.values[column]!;
  const nearTumour = 0.25 + 0.95 * Math.exp(-Math.max(0, data[at + FIELD.epithelium]!) / 55);
  const lymphocytes = ground.inflammation * clamp(patch) * nearTumour * 1.25;
  data[at + FIELD.lymphocytes] = clamp(lymphocytes * (data[at + FIELD.muscle]! < 0 ? 0.12 : 1));
}
