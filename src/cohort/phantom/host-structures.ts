/** What the tumour grows into: nerves, vessels, glands, fat. */
import type { Rng } from "../../core/random";
import type { InvasiveFront } from "./front";
import { distanceBetween, ellipse, ellipseDistance } from "./geometry";
import { distanceToLobules, type Lobule, packLobule } from "./lobules";
import type { PhantomPatient } from "./patient";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM, type PhantomSettings } from "./settings";
import type { Acinus, Nerve, Vessel } from "./site";

export interface HostStructures {
  nerves: Nerve[];
  vessels: Vessel[];
  glands: Lobule<Acinus>[];
  fat: Lobule[];
}

/** Draw the structures of one site. Signs prefer the centre of the field: the photographer aims at them. */
export function drawHostStructures(
  rng: Rng,
  atEdge: boolean,
  front: InvasiveFront,
  patient: PhantomPatient,
  settings: PhantomSettings,
): HostStructures {
  const { traits } = patient;
  const { signs } = settings;
  const structures: HostStructures = { nerves: [], vessels: [], glands: [], fat: [] };
  const place = (low: number, high: number) => aim(rng, atEdge, front, structures, low, high);

  const addNerve = (collar: number) => {
    const at = place(collar ? -60 : 50, 320);
    if (at) structures.nerves.push(drawNerve(rng, at, collar));
  };
  const addVessel = (plugged: boolean) => {
    const at = place(plugged ? -40 : 30, 340);
    if (at) structures.vessels.push(drawVessel(rng, at, plugged));
  };

  if (atEdge) {
    if (traits.invadesNerve) addNerve(signs.PI.strength);
    else if (traits.bareNerve) addNerve(0);
    if (traits.plugsVessels) repeat(1 + rng.poisson(2.2 * signs.CE.strength), () => addVessel(true));
    else if (traits.bareVessels) repeat(1 + rng.poisson(0.6), () => addVessel(false));
    // Nerves run in muscle, and where one is invaded another is seldom far.
    const another = (traits.invadesMuscle && rng.chance(0.25)) || (traits.invadesNerve && rng.chance(0.4));
    if (another) addNerve(traits.invadesNerve && rng.chance(0.5) ? signs.PI.strength : 0);
  }
  addCapillaries(rng, atEdge, structures);
  if (atEdge) {
    addGlands(rng, front, place, structures);
    addFat(rng, front, place, structures);
  }
  return structures;
}

type Point = { readonly x: number; readonly y: number };
type Place = (low: number, high: number) => Point | undefined;

const AIMING_TRIES = 60;

/** A free place whose distance to the front is in [low, high], near the centre. */
function aim(
  rng: Rng,
  atEdge: boolean,
  front: InvasiveFront,
  { nerves, vessels }: HostStructures,
  low: number,
  high: number,
): Point | undefined {
  let best: Point | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let i = 0; i < AIMING_TRIES; i++) {
    const at = { x: rng.normal(0, 150), y: rng.normal(0, 115) };
    if (Math.abs(at.x) > FIELD_WIDTH_UM * 0.44 || Math.abs(at.y) > FIELD_HEIGHT_UM * 0.42) continue;
    const distance = front.distance(at.x, at.y);
    if (atEdge && (distance < low || distance > high)) continue;
    if ([...nerves, ...vessels].some((o) => distanceBetween(o, at) < o.reach + 80)) continue;
    const score = Math.hypot(at.x, at.y) * rng.range(0.7, 1.3);
    if (score < bestScore) {
      best = at;
      bestScore = score;
    }
  }
  return best;
}

function drawNerve(rng: Rng, at: Point, collar: number): Nerve {
  const rx = rng.range(48, 105);
  const ry = rx * rng.range(0.42, 0.75);
  return {
    ...ellipse(at.x, at.y, rx, ry, rng.range(0, Math.PI)),
    collar,
    collarDirection: rng.range(0, 2 * Math.PI),
    collarOpening: rng.range(-0.75, 0.3) / (collar || 1),
    collarThickness: rng.range(13, 24) * (collar || 1),
    seed: rng.uint32() & 0xffff,
  };
}

function drawVessel(rng: Rng, at: Point, plugged: boolean): Vessel {
  const rx = plugged ? rng.range(46, 90) : rng.range(26, 80);
  const ry = rx * rng.range(0.55, 0.95);
  return {
    ...ellipse(at.x, at.y, rx, ry, rng.range(0, Math.PI)),
    plugged,
    wall: rng.range(2.5, 5),
    fill: rng.range(0.3, 1),
    capillary: false,
    seed: rng.uint32() & 0xffff,
  };
}

function addCapillaries(rng: Rng, atEdge: boolean, { nerves, vessels }: HostStructures): void {
  repeat(rng.poisson(atEdge ? 5 : 3), () => {
    const at = {
      x: rng.range(-FIELD_WIDTH_UM / 2, FIELD_WIDTH_UM / 2),
      y: rng.range(-FIELD_HEIGHT_UM / 2, FIELD_HEIGHT_UM / 2),
    };
    if ([...nerves, ...vessels].some((o) => distanceBetween(o, at) < o.reach + 40)) return;
    const rx = rng.range(7, 20);
    vessels.push({
      ...ellipse(at.x, at.y, rx, rx * rng.range(0.4, 0.9), rng.range(0, Math.PI)),
      plugged: false,
      wall: 2,
      fill: rng.range(0, 1),
      capillary: true,
      seed: rng.uint32() & 0xffff,
    });
  });
}

/** Least distance of neighbours and radius where none presses, um. The radius is well over half: they flatten. */
const ACINUS = { spacing: 33, radius: 24 };
const FAT_CELL = { spacing: 43, radius: 36 };

/** A lobule of a minor salivary gland: packed acini, serous, mucous or mixed, and one to three ducts. */
function addGlands(rng: Rng, front: InvasiveFront, place: Place, structures: HostStructures): void {
  if (!rng.chance(0.18)) return;
  const centre = place(120, 420);
  if (!centre) return;
  const rx = rng.range(75, 135);
  const region = ellipse(centre.x, centre.y, rx, rx * rng.range(0.55, 0.9), rng.range(0, Math.PI));
  const lobule = packLobule(
    rng,
    region,
    ACINUS,
    (x, y) => front.distance(x, y) > 60 && free(structures, x, y, ACINUS.radius),
  );
  if (!lobule) return;
  const mucous = rng.uniform();
  const ducts = 1 + rng.integer(3);
  const units = lobule.units.map((unit, i) => ({
    ...unit,
    duct: i < ducts,
    mucous: rng.chance(0.8) ? mucous : 1 - mucous,
  }));
  structures.glands.push({ ...lobule, units });
}

/** A lobule of fat cells. */
function addFat(rng: Rng, front: InvasiveFront, place: Place, structures: HostStructures): void {
  if (!rng.chance(0.16)) return;
  const centre = place(160, 500);
  if (!centre) return;
  const rx = rng.range(100, 220);
  const region = ellipse(centre.x, centre.y, rx, rx * rng.range(0.5, 0.9), rng.range(0, Math.PI));
  const lobule = packLobule(
    rng,
    region,
    FAT_CELL,
    (x, y) =>
      front.distance(x, y) > 90 &&
      free(structures, x, y, FAT_CELL.radius) &&
      distanceToLobules(structures.glands, x, y, 60) > FAT_CELL.radius + 6,
  );
  if (lobule) structures.fat.push(lobule);
}

/** Room for a lobule's unit beside nerves, with their collars, and vessels. */
function free({ nerves, vessels }: HostStructures, x: number, y: number, radius: number): boolean {
  return (
    nerves.every((o) => ellipseDistance(o, x, y) > radius + 12 + 2 * o.collar * o.collarThickness) &&
    vessels.every((o) => ellipseDistance(o, x, y) > radius + 8)
  );
}

function repeat(times: number, action: () => void): void {
  for (let i = 0; i < times; i++) action();
}
