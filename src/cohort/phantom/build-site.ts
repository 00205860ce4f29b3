/** Grow one site of one patient: draw the objects, compute the fields between them, place the cells. */
import { Rng } from "../../core/random";
import type { Site } from "../schema";
import { NO_EPITHELIUM, placeCells } from "./cells";
import { type Cord, distanceToCords, drawCords, pushedByCords } from "./cords";
import { FIELD, FIELD_COUNT, GRID_UM, SlowFields } from "./fields";
import { drawFront, type InvasiveFront } from "./front";
import { ellipseDistance } from "./geometry";
import { drawHostStructures, type HostStructures } from "./host-structures";
import { distanceToLobules } from "./lobules";
import { clamp, lerp, makeNoise, type Noise, smooth } from "./noise";
import type { PhantomPatient } from "./patient";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM, type PhantomSettings } from "./settings";
import { type Muscle, type Nest, nerveDistance, type TissueSite } from "./site";
import { drawBudPlaces, drawNestHearts, drawNests, nestShapeAt } from "./tumour-growth";

/** Tissue is grown this far beyond the field, so that nothing ends at its border. um */
export const MARGIN_UM = 40;

/** Distances are not followed beyond this, um. */
const FAR = 90;
/** Neighbouring nests melt into each other over this length, um. */
const MELTING = 9;

/**
 * Grow the tissue of one site.
 *
 * @param seed     the cohort's seed; with the pid and the site it names every random stream
 * @param patient  see `makePatient`
 * @param site     `"core"`: tumour everywhere; `"edge"`: an invasive front across the field
 *
 * @example
 * const settings = phantom.PHANTOM_PRESETS.default;
 * const someone = phantom.makePatient("phantom-1", 1, { REC: 0, LNM: 0, TD: 1, TI: 1, CE: 0, PI: 0 }, settings);
 * const site = phantom.buildSite("phantom-1", someone, "edge", settings);
 * const photograph = phantom.renderView(site, "x400", 648, 486);
 */
export function buildSite(
  seed: string,
  patient: PhantomPatient,
  site: Site,
  settings: PhantomSettings,
): TissueSite {
  const stream = new Rng(`${seed}/${patient.pid}/${site}`);
  const { traits } = patient;
  const atEdge = site === "edge";
  const coarse = makeNoise(stream.split("noise1"));
  const fine = makeNoise(stream.split("noise2"));
  const differentiation = clamp(traits.differentiation + stream.split("diff").normal(0, 0.12), -0.3, 2.4);

  const front = drawFront(stream.split("front"), atEdge, fine);
  const host = drawHostStructures(stream.split("host"), atEdge, front, patient, settings);
  const muscleRng = stream.split("muscle");
  const { muscle, start, warp } = drawMuscle(muscleRng, atEdge, front, patient);
  const nests = drawNests(stream.split("nests"), atEdge, front, differentiation);
  const cords =
    atEdge && traits.invadesMuscle
      ? drawCords(
          stream.split("cords"),
          front,
          muscle,
          start,
          differentiation,
          settings.signs.TI.strength,
          host,
        )
      : [];
  const buds = atEdge
    ? drawBudPlaces(stream.split("buds"), front, traits.budding)
    : { places: [], wanted: 0 };

  const ground = stream.split("gap");
  const glass = drawGlassEdge(ground, atEdge);
  const fields = new SlowFields(
    -FIELD_WIDTH_UM / 2 - MARGIN_UM,
    -FIELD_HEIGHT_UM / 2 - MARGIN_UM,
    FIELD_WIDTH_UM + 2 * MARGIN_UM,
    FIELD_HEIGHT_UM + 2 * MARGIN_UM,
  );
  fillFields(fields, {
    coarse,
    fine,
    front,
    host,
    nests,
    cords,
    muscle: { ...muscle, start, warp },
    glass,
    differentiation,
    collagenAngle: ground.range(0, Math.PI),
    looseness: traits.looseness,
    inflammation: traits.inflammation * ground.range(0.85, 1.15),
  });

  const onTissue = (o: { x: number; y: number; reach: number }) =>
    fields.sample(o.x, o.y, FIELD.glass) > o.reach * 0.6 + 4;
  const tissue: TissueSite = {
    settings,
    patient,
    site,
    stream,
    differentiation,
    keratinisation: clamp(1.25 - differentiation * 0.62, 0.08, 1),
    pleomorphism: smooth(0.9, 1.9, differentiation),
    coarse,
    fine,
    nests,
    cords,
    nerves: host.nerves.filter(onTissue),
    vessels: host.vessels.filter(onTissue),
    glands: host.glands.filter(onTissue),
    fat: host.fat.filter(onTissue),
    pearls: drawNestHearts(stream.split("pearls"), nests, fields, differentiation, traits.necrosis),
    budPlaces: buds.places,
    budsWanted: buds.wanted,
    budCount: 0,
    muscle,
    mucosa: glass.mucosa,
    fields,
    cells: [],
    redCells: [],
    epithelialBins: NO_EPITHELIUM,
  };
  placeCells(tissue);
  return tissue;
}

/** Skeletal muscle on the host's side, its fibres about along the front. `start`: distance to the front, um. */
function drawMuscle(rng: Rng, atEdge: boolean, front: InvasiveFront, { traits }: PhantomPatient) {
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
  return { muscle, start, warp };
}

/** The border of the section: bare glass beyond a line, sometimes lined by surface mucosa. */
interface GlassEdge {
  readonly present: boolean;
  readonly cos: number;
  readonly sin: number;
  /** Distance of the line to the centre, um. */
  readonly distance: number;
  /** Thickness of the mucosa, um; 0 for none. */
  readonly mucosa: number;
}

function drawGlassEdge(rng: Rng, atEdge: boolean): GlassEdge {
  const present = rng.chance(atEdge ? 0.25 : 0.35);
  if (!present) return { present, cos: 1, sin: 0, distance: 0, mucosa: 0 };
  const angle = rng.range(0, 2 * Math.PI);
  const distance = rng.range(0.3, 0.46) * FIELD_WIDTH_UM * 0.95;
  const mucosa = rng.chance(atEdge ? 0.25 : 0.6) ? rng.range(65, 120) : 0;
  return { present, cos: Math.cos(angle), sin: Math.sin(angle), distance, mucosa };
}

interface Ground {
  readonly coarse: Noise;
  readonly fine: Noise;
  readonly front: InvasiveFront;
  readonly host: HostStructures;
  readonly nests: readonly Nest[];
  readonly cords: readonly Cord[];
  readonly muscle: Muscle & { readonly start: number; readonly warp: number };
  readonly glass: GlassEdge;
  readonly differentiation: number;
  /** General direction of the collagen, radians. */
  readonly collagenAngle: number;
  readonly looseness: number;
  readonly inflammation: number;
}

/** Grid points that share one list of nests that may be near. */
const NEST_SPAN = 16;

function fillFields(fields: SlowFields, ground: Ground): void {
  const { data, columns, rows, left, top } = fields;
  const { coarse, fine, front, host, muscle, glass, cords } = ground;
  const collagenCos = Math.cos(ground.collagenAngle);
  const collagenSin = Math.sin(ground.collagenAngle);
  const shape = nestShapeAt(ground.differentiation);

  for (let row = 0; row < rows; row++) {
    const y = top + row * GRID_UM;
    const inRow = ground.nests.filter((nest) => Math.abs(nest.y - y) < nest.reach + 60);
    let nests = inRow;
    for (let column = 0; column < columns; column++) {
      const x = left + column * GRID_UM;
      const at = (row * columns + column) * FIELD_COUNT;
      if (column % NEST_SPAN === 0)
        nests = inRow.filter(
          (nest) => nest.x - nest.reach - 60 < x + NEST_SPAN * GRID_UM && nest.x + nest.reach + 60 > x,
        );

      const glassDistance = glass.present ? distanceToGlass(glass, x, y, coarse, fine) : 400;
      let epithelium = distanceToNests(nests, x, y, shape, coarse, fine);
      let surface = FAR;
      if (glass.mucosa && glassDistance < 330) {
        surface = distanceToMucosa(glass, glassDistance, x, y, coarse, fine);
        epithelium = Math.min(Math.max(epithelium, 34 - surface), surface);
      }
      const wobbledX = x + 5 * coarse(x / 50, y / 50);
      const wobbledY = y + 5 * coarse(x / 50 + 9, y / 50 + 3);
      let cord = distanceToCords(cords, wobbledX, wobbledY, FAR);
      const [nerve, collar] = distanceToNerves(host, x, y, coarse);
      if (nerve < 6) epithelium = Math.max(epithelium, 6 - nerve); // nests do not enter the nerve
      const vessel = distanceToVessels(host, x, y);
      epithelium = Math.max(epithelium, 9 - vessel);
      cord = Math.max(cord, 6 - vessel);
      const gland = distanceToLobules(host.glands, x, y, FAR);
      const fat = distanceToLobules(host.fat, x, y, FAR);
      epithelium = Math.max(epithelium, 8 - gland, 4 - fat);

      const frontDistance = front.distance(x, y);
      let muscleDistance = FAR;
      if (muscle.present) {
        muscleDistance = muscle.start - frontDistance + muscle.warp * fine(x / 140, y / 140);
        muscleDistance = Math.max(muscleDistance, 14 - epithelium);
        muscleDistance = Math.max(muscleDistance, 9 - collar, 12 - nerve, 10 - vessel, 5 - cord);
        muscleDistance = Math.max(muscleDistance, 12 - gland, 4 - fat);
      }
      epithelium = Math.min(epithelium, cord, collar);

      // Collagen runs along contour lines of `across`, which bends into the distance to the nearest
      // structure: fibres wrap around nests, nerves and vessels.
      const along = x * collagenCos + y * collagenSin;
      const across = -x * collagenSin + y * collagenCos;
      const obstacle = Math.min(epithelium, nerve, vessel);
      const nearness = Math.exp(-Math.max(0, obstacle) / 30);
      const free = across + 38 * coarse(x / 210 + 3, y / 210) + 10 * fine(x / 60, y / 60);

      // Lymphocytes gather near tumour, in patches; few enter muscle.
      const patch = 0.5 + 0.75 * coarse(x / 120 + 60, y / 120) + 0.35 * fine(x / 45, y / 45 + 9);
      let lymphocytes =
        ground.inflammation * clamp(patch) * (0.25 + 0.95 * Math.exp(-Math.max(0, epithelium) / 55)) * 1.25;
      if (muscleDistance < 0) lymphocytes *= 0.12;

      data[at + FIELD.epithelium] = epithelium;
      data[at + FIELD.muscle] = muscleDistance;
      data[at + FIELD.cord] = cord;
      data[at + FIELD.collar] = collar;
      const acrossFibres = lerp(free, obstacle, nearness * 0.8);
      const alongFibres = along + 30 * fine(x / 180 + 40, y / 180);
      data[at + FIELD.across] = acrossFibres + 1.5 * fine(alongFibres / 30, acrossFibres / 24);
      data[at + FIELD.along] = alongFibres;
      data[at + FIELD.sheets] = coarse(acrossFibres / 21 + 77, alongFibres / 60);
      data[at + FIELD.crimpPhase] = 2.6 * coarse(acrossFibres / 13, alongFibres / 70);
      data[at + FIELD.looseness] = clamp(ground.looseness + 0.45 * fine(x / 130 + 90, y / 130 + 4));
      data[at + FIELD.lymphocytes] = clamp(lymphocytes);
      data[at + FIELD.glass] = glassDistance;
      if (muscleDistance < 34) {
        const pushed = pushedByCords(cords, muscle, wobbledX, wobbledY);
        data[at + FIELD.fibre] = fibreCoordinate(muscle, x, y, pushed, coarse, fine);
      }
      data[at + FIELD.surface] = surface;
    }
  }
}

/** Position across the muscle fibres, in fibres. Fibres run nearly straight and differ in width. */
function fibreCoordinate(
  muscle: Muscle,
  x: number,
  y: number,
  pushed: number,
  coarse: Noise,
  fine: Noise,
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

function distanceToGlass(glass: GlassEdge, x: number, y: number, coarse: Noise, fine: Noise): number {
  const torn = glass.mucosa ? 2 : 6;
  return (
    glass.distance -
    (x * glass.cos + y * glass.sin) -
    34 * coarse(x / 150, y / 150 + 30) -
    torn * fine(x / 18, y / 18)
  );
}

/** Union of all nests, melted together where they touch, in warped coordinates. */
function distanceToNests(
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

/** Surface mucosa: a band along the glass with rete ridges below. */
function distanceToMucosa(
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
  return Math.min(glassDistance - glass.mucosa * ridges - 3 * fine(x / 19, y / 19), FAR);
}

/** Distance to the nearest nerve, and to the nearest tumour collar: a band around part of a nerve. */
function distanceToNerves(
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

function distanceToVessels({ vessels }: HostStructures, x: number, y: number): number {
  let nearest = FAR;
  for (const vessel of vessels) {
    const dx = x - vessel.x;
    const dy = y - vessel.y;
    if (dx * dx + dy * dy > (vessel.reach + 40) ** 2) continue;
    nearest = Math.min(nearest, ellipseDistance(vessel, x, y) - vessel.wall);
  }
  return nearest;
}
