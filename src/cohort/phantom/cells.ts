/** Where the cells of a site stand. They are placed once; each view draws the same cells. Lengths in um. */
import type { Rng } from "../../core/random";
import { FIELD } from "./fields";
import { ellipseDistance, fromAxes } from "./geometry";
import { distanceToLobules, type Lobule, NearestUnits } from "./lobules";
import { clamp, lerp } from "./noise";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM } from "./settings";
import { type Acinus, nerveDistance, type Pearl, type TissueSite, type Vessel } from "./site";

export const CELL = {
  tumour: 0,
  fibroblast: 1,
  lymphocyte: 2,
  muscle: 3,
  schwann: 4,
  endothelium: 5,
  gland: 6,
  bud: 7,
  debris: 8,
  mitosis: 9,
  plug: 10,
  ghost: 11,
} as const;
export type CellKind = (typeof CELL)[keyof typeof CELL];

export interface Cell {
  readonly kind: CellKind;
  readonly x: number;
  readonly y: number;
  /** Half axes of the nucleus, um. */
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  /** Hematoxylin of its chromatin. */
  readonly hematoxylin: number;
  /** 0 even chromatin to 1 clear nucleus with a dark rim. */
  readonly vesicular: number;
  /** Irregularity of the outline, as a share of the radius. */
  readonly irregularity: number;
  /** Cytoplasm: stain of this cell against its neighbours, 0 to 1; for a lymphocyte 1 makes a plasma cell. */
  readonly tone: number;
  /** Maturity of an epithelial cell, 0 basal to 1 superficial. */
  readonly maturity: number;
  /** 16 bits for everything that varies between nuclei. */
  readonly seed: number;
}

export interface RedCell {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly seed: number;
}

/** Epithelial cells sorted into square bins, for finding the nearest two to a pixel. */
export interface EpithelialBins {
  readonly columns: number;
  /** First cell of each bin; cells of bin i are start[i] to start[i + 1]. */
  readonly start: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly tone: Float32Array;
}

/** Before the cells are placed. */
export const NO_EPITHELIUM: EpithelialBins = {
  columns: 0,
  start: new Int32Array(1),
  x: new Float32Array(0),
  y: new Float32Array(0),
  tone: new Float32Array(0),
};

/** Side of a bin for cell borders, um: at least the largest distance to the second nearest cell. */
export const BIN_UM = 16;

/** Side of a bin for keeping cells apart while they are placed, um. */
const SPACING_BIN_UM = 8;
/** Cells are offered places on a jittered lattice of this step, in scrambled order, um. */
const LATTICE_UM = 4.4;
const TURN = 2 * Math.PI;

/** The cells that stand so far, with a quick look for neighbours: a linked list for each bin. */
class Placement {
  private readonly columns: number;
  private readonly rows: number;
  /** First cell of each bin, and the next cell of the same bin; -1 ends a list. */
  private readonly first: Int32Array;
  private readonly next: number[] = [];
  private readonly x: number[] = [];
  private readonly y: number[] = [];

  constructor(
    private readonly site: TissueSite,
    private readonly rng: Rng,
    width: number,
    height: number,
  ) {
    this.columns = Math.ceil(width / SPACING_BIN_UM) + 1;
    this.rows = Math.ceil(height / SPACING_BIN_UM) + 1;
    this.first = new Int32Array(this.columns * this.rows).fill(-1);
  }

  /** Does a cell stand within `distance` um? */
  occupied(x: number, y: number, distance: number): boolean {
    const { left, top } = this.site.fields;
    const firstColumn = Math.max(0, Math.floor((x - distance - left) / SPACING_BIN_UM));
    const lastColumn = Math.min(this.columns - 1, Math.floor((x + distance - left) / SPACING_BIN_UM));
    const firstRow = Math.max(0, Math.floor((y - distance - top) / SPACING_BIN_UM));
    const lastRow = Math.min(this.rows - 1, Math.floor((y + distance - top) / SPACING_BIN_UM));
    const limit = distance * distance;
    for (let row = firstRow; row <= lastRow; row++)
      for (let column = firstColumn; column <= lastColumn; column++)
        for (let i = this.first[row * this.columns + column]!; i >= 0; i = this.next[i]!) {
          const dx = this.x[i]! - x;
          const dy = this.y[i]! - y;
          if (dx * dx + dy * dy < limit) return true;
        }
    return false;
  }

  add(cell: Omit<Cell, "seed">): void {
    const column = Math.floor((cell.x - this.site.fields.left) / SPACING_BIN_UM);
    const row = Math.floor((cell.y - this.site.fields.top) / SPACING_BIN_UM);
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return;
    const bin = row * this.columns + column;
    this.next.push(this.first[bin]!);
    this.first[bin] = this.site.cells.length;
    this.x.push(cell.x);
    this.y.push(cell.y);
    this.site.cells.push({ ...cell, seed: this.rng.uint32() & 0xffff });
  }
}

/** Fill `site.cells`, `site.redCells`, `site.epithelialBins`, the plugs and `site.budCount`. */
export function placeCells(site: TissueSite): void {
  const width = -2 * site.fields.left;
  const height = -2 * site.fields.top;
  const rng = site.stream.split("cells");
  const placement = new Placement(site, rng, width, height);
  placeVesselCells(site, placement, rng);
  placeGlandCells(site, placement, rng);
  placeFatCells(site, placement, rng);
  placeBuds(site, placement, rng);
  placeSchwannCells(site, placement, rng);
  placeFieldCells(site, placement, rng, width, height);
  placeRedCells(site, site.stream.split("red"));
  site.epithelialBins = binEpithelium(site, width, height);
}

interface TumourCell {
  readonly kind: CellKind;
  readonly maturity: number;
  readonly angle: number;
  readonly pleomorphism: number;
  /** Flattened around a pearl. */
  readonly flattened?: boolean;
}

function addTumourCell(placement: Placement, rng: Rng, x: number, y: number, one: TumourCell): void {
  const { maturity, pleomorphism } = one;
  const spread = Math.min(1.75, Math.exp(rng.normal(0, 0.13 + 0.17 * pleomorphism)));
  const size = lerp(3.7, 4.25, maturity) * lerp(1, 1.16, pleomorphism) * spread;
  const elongation = lerp(1.32, 1.12, maturity) * Math.exp(rng.normal(0, 0.1 + 0.08 * pleomorphism));
  const darkness =
    lerp(0.46, 0.25, maturity) + 0.09 * pleomorphism + rng.normal(0, 0.05 + 0.07 * pleomorphism);
  const stretch = Math.sqrt(elongation);
  placement.add({
    kind: one.kind,
    x,
    y,
    a: size * stretch * (one.flattened ? 1.25 : 1),
    b: (size / stretch) * (one.flattened ? 0.62 : 1),
    angle: one.angle,
    hematoxylin: clamp(darkness, 0.14, 0.85),
    vesicular: clamp(lerp(0.35, 0.9, maturity) + rng.normal(0.12 * pleomorphism, 0.25)),
    irregularity: 0.085 + 0.08 * pleomorphism,
    tone: rng.uniform(),
    maturity,
  });
}

/** Flat endothelial nuclei along each wall, and the tumour cells of a plug. */
function placeVesselCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const vessel of site.vessels) {
    const perimeter = Math.PI * (vessel.rx + vessel.ry);
    const count = Math.max(3, Math.round(perimeter / rng.range(16, 26)));
    for (let i = 0; i < count; i++) {
      const turn = (i / count) * TURN + rng.normal(0, 0.12);
      const [x, y] = fromAxes(vessel, (vessel.rx + 1) * Math.cos(turn), (vessel.ry + 1) * Math.sin(turn));
      placement.add({
        kind: CELL.endothelium,
        x,
        y,
        a: rng.range(4, 6.5),
        b: rng.range(1, 1.6),
        angle: Math.atan2(vessel.ry * Math.cos(turn), -vessel.rx * Math.sin(turn)) + vessel.angle,
        hematoxylin: rng.range(0.3, 0.5),
        vesicular: 0.1,
        irregularity: 0.05,
        tone: 0,
        maturity: 0,
      });
    }
    if (vessel.plugged) placePlug(site, vessel, placement, rng);
  }
}

/** A cohesive clump of tumour cells in the lumen. */
function placePlug(site: TissueSite, vessel: Vessel, placement: Placement, rng: Rng): void {
  const radius = vessel.ry * rng.range(0.58, 0.84);
  const plug = {
    x: vessel.x + rng.normal(0, vessel.rx * 0.15),
    y: vessel.y + rng.normal(0, vessel.ry * 0.08),
    radius,
  };
  vessel.plug = plug;
  for (let i = 0; i < 160; i++) {
    const turn = rng.uniform() * TURN;
    const from = Math.sqrt(rng.uniform()) * (radius - 3);
    const x = plug.x + from * Math.cos(turn) * PLUG_STRETCH;
    const y = plug.y + from * Math.sin(turn);
    if (placement.occupied(x, y, 8.5)) continue;
    const angle = rng.uniform() * Math.PI;
    addTumourCell(placement, rng, x, y, {
      kind: CELL.plug,
      maturity: 0.15,
      angle,
      pleomorphism: site.pleomorphism,
    });
  }
}
const PLUG_STRETCH = 1.25;

/** Basal nuclei of the acini: round in serous ones, pressed flat in mucous ones. Ducts have a second, inner row. */
function placeGlandCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const lobule of site.glands)
    for (const acinus of lobule.units) {
      placeAcinusRow(lobule, acinus, 4.2 - 1.6 * acinus.mucous, placement, rng);
      if (acinus.duct) placeAcinusRow(lobule, acinus, 9, placement, rng);
    }
}

/** A row of nuclei `depth` um inside the outline of an acinus. */
function placeAcinusRow(
  lobule: Lobule<Acinus>,
  acinus: Acinus,
  depth: number,
  placement: Placement,
  rng: Rng,
): void {
  const nearest = new NearestUnits();
  const mucous = acinus.duct ? 0 : acinus.mucous;
  const count = Math.round((TURN * lobule.unitRadius * 0.8) / 8.5);
  for (let i = 0; i < count; i++) {
    const turn = ((i + rng.range(-0.25, 0.25)) / count) * TURN;
    let from = 4;
    for (; from < lobule.unitRadius; from += 0.5) {
      nearest.find(lobule, acinus.x + from * Math.cos(turn), acinus.y + from * Math.sin(turn));
      if (nearest.depth(lobule) < depth) break;
    }
    const x = acinus.x + from * Math.cos(turn);
    const y = acinus.y + from * Math.sin(turn);
    if (placement.occupied(x, y, 5.5)) continue;
    placement.add({
      kind: CELL.gland,
      x,
      y,
      a: lerp(2.8, 3.6, rng.uniform()),
      b: lerp(2.7, 1.5, mucous) * rng.range(0.9, 1.1),
      angle: turn + Math.PI / 2,
      hematoxylin: rng.range(0.34, 0.56),
      vesicular: 0.3,
      irregularity: 0.06,
      tone: 0,
      maturity: 0,
    });
  }
}

/** Flat nuclei pressed between fat cells, at a quarter of the walls. */
function placeFatCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const { units, unitRadius } of site.fat)
    for (const a of units)
      for (const b of units) {
        const apart = Math.hypot(a.x - b.x, a.y - b.y);
        if (a === b || a.x < b.x || apart > 1.9 * unitRadius || !rng.chance(0.25)) continue;
        placement.add({
          kind: CELL.fibroblast,
          x: (a.x + b.x) / 2,
          y: (a.y + b.y) / 2,
          a: rng.range(3.2, 5.4),
          b: rng.range(0.9, 1.5),
          angle: Math.atan2(b.y - a.y, b.x - a.x) + Math.PI / 2,
          hematoxylin: rng.range(0.35, 0.55),
          vesicular: 0.1,
          irregularity: 0.06,
          tone: 0,
          maturity: 0,
        });
      }
}

/** Groups of one to four tumour cells, each 7.5 um from its neighbour, where the stroma is free. */
function placeBuds(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const bud of site.budPlaces) {
    if (site.budCount >= site.budsWanted) break;
    let placed = false;
    let turn = rng.uniform() * TURN;
    for (let i = 0; i < bud.cells; i++) {
      const from = i ? 7.5 * (1 + (i >> 1) * 0.5) : 0;
      const x = bud.x + from * Math.cos(turn);
      const y = bud.y + from * Math.sin(turn);
      turn += 2.2;
      if (!freeStroma(site, x, y) || placement.occupied(x, y, 6)) continue;
      const angle = rng.uniform() * Math.PI;
      addTumourCell(placement, rng, x, y, {
        kind: CELL.bud,
        maturity: 0.2,
        angle,
        pleomorphism: site.pleomorphism,
      });
      placed = true;
    }
    if (placed) site.budCount++;
  }
}

function freeStroma(site: TissueSite, x: number, y: number): boolean {
  const { fields } = site;
  return (
    fields.sample(x, y, FIELD.epithelium) >= 7 &&
    fields.sample(x, y, FIELD.muscle) >= 3 &&
    fields.sample(x, y, FIELD.glass) >= 4 &&
    !site.nerves.some((o) => nerveDistance(site.coarse, o, x, y) < (o.collar ? 6 : 26)) &&
    !site.vessels.some((o) => ellipseDistance(o, x, y) < 8) &&
    distanceToLobules(site.fat, x, y, 8) > 3 &&
    distanceToLobules(site.glands, x, y, 8) >= 8
  );
}

/** Spindle nuclei inside nerves, along the wavy fibres. One for each 105 um2. */
function placeSchwannCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const nerve of site.nerves) {
    const count = Math.round((Math.PI * nerve.rx * nerve.ry) / 105);
    for (let i = 0; i < count; i++) {
      const turn = rng.uniform() * TURN;
      const from = Math.sqrt(rng.uniform()) * 0.92;
      const along = from * nerve.rx * Math.cos(turn);
      const across = from * nerve.ry * Math.sin(turn);
      const [x, y] = fromAxes(nerve, along, across);
      if (nerveDistance(site.coarse, nerve, x, y) >= -3 || placement.occupied(x, y, 6)) continue;
      placement.add({
        kind: CELL.schwann,
        x,
        y,
        a: rng.range(4.2, 6.6),
        b: rng.range(1.1, 1.8),
        angle: nerve.angle + 0.55 * Math.cos(along / 11 + across * 0.03) + rng.normal(0, 0.15),
        hematoxylin: rng.range(0.26, 0.42),
        vesicular: 0.35,
        irregularity: 0.06,
        tone: 0,
        maturity: 0,
      });
    }
  }
}

/** Everything else: a lattice point becomes the cell that the fields want there, or stays empty. */
function placeFieldCells(
  site: TissueSite,
  placement: Placement,
  rng: Rng,
  width: number,
  height: number,
): void {
  const { fields } = site;
  const columns = Math.floor(width / LATTICE_UM);
  const rows = Math.floor(height / LATTICE_UM);
  const total = columns * rows;
  let step = 7919;
  while (greatestCommonDivisor(step, total) !== 1) step++;
  for (let visited = 0, at = 0; visited < total; visited++, at = (at + step) % total) {
    const x = fields.left + ((at % columns) + rng.uniform()) * LATTICE_UM;
    const y = fields.top + (Math.floor(at / columns) + rng.uniform()) * LATTICE_UM;
    const dice = rng.uniform();
    if (fields.sample(x, y, FIELD.glass) < 2) continue;
    const epithelium = fields.sample(x, y, FIELD.epithelium);
    if (epithelium < -2.2) placeEpithelialCell(site, placement, rng, x, y, dice, epithelium);
    else if (epithelium >= 1.5) placeStromalCell(site, placement, rng, x, y, dice);
  }
}

/**
 * Maturity of an epithelial cell: depth below the border times keratinisation. Spacing, size and stain follow.
 *
 * @param distance  signed distance to the border, um
 */
export function maturityAt(distance: number, keratinisation: number): number {
  return clamp((-distance - 9) / lerp(26, 46, keratinisation)) * keratinisation;
}

/** Keratinisation of normal surface mucosa. */
export const MUCOSA_KERATINISATION = 0.9;

function placeEpithelialCell(
  site: TissueSite,
  placement: Placement,
  rng: Rng,
  x: number,
  y: number,
  dice: number,
  distance: number,
): void {
  const { fields } = site;
  const pearl = site.pearls.find((p) => near(p, x, y, 1.265) && ellipseDistance(p, x, y) < 3);
  const mucosa = site.mucosa > 0 && fields.sample(x, y, FIELD.surface) < distance + 2;
  const keratinisation = mucosa ? MUCOSA_KERATINISATION : site.keratinisation;
  const pleomorphism = mucosa ? 0 : site.pleomorphism;
  const maturity = maturityAt(distance, keratinisation);
  // The keratin layer of the mucosa has few nuclei left.
  if (mucosa && fields.sample(x, y, FIELD.glass) < 14 && dice > 0.1) return;
  if (pearl) {
    placePearlRemnant(pearl, placement, rng, x, y, dice);
    return;
  }
  const spacing = lerp(8.4, 17.5, maturity) * lerp(1, 1.1, pleomorphism) * (1 + 0.12 * (dice - 0.5));
  if (placement.occupied(x, y, spacing)) return;

  // Basal cells stand on the border; later ones lie along it, and round pearls.
  const basal = distance > -10;
  let angle = fields.slope(x, y, FIELD.epithelium, 6) + (basal ? 0 : Math.PI / 2);
  angle += rng.normal(0, basal ? 0.25 : 0.6 + pleomorphism);
  if (pleomorphism > 0.5 && basal && dice > 0.5) angle += Math.PI / 2;
  const around = site.pearls.find(
    (p) => !p.necrotic && near(p, x, y, 1, 24) && ellipseDistance(p, x, y) < 22,
  );
  if (around) angle = Math.atan2(y - around.y, x - around.x) + Math.PI / 2 + rng.normal(0, 0.15);

  const dividing = rng.uniform() < 0.004 + 0.01 * pleomorphism && maturity < 0.5;
  if (dividing) {
    placement.add({
      kind: CELL.mitosis,
      x,
      y,
      a: rng.range(3.2, 4.6),
      b: rng.range(1.1, 2.2),
      angle: rng.uniform() * 3,
      hematoxylin: 0.85,
      vesicular: 0,
      irregularity: 0.35,
      tone: 0.5,
      maturity,
    });
    return;
  }
  addTumourCell(placement, rng, x, y, {
    kind: CELL.tumour,
    maturity,
    angle,
    pleomorphism,
    flattened: around !== undefined,
  });
}

/** Inside a pearl only ghosts of nuclei are left, in necrosis only debris. */
function placePearlRemnant(
  pearl: Pearl,
  placement: Placement,
  rng: Rng,
  x: number,
  y: number,
  dice: number,
): void {
  if (pearl.necrotic) {
    if (dice >= 0.35 || placement.occupied(x, y, 5)) return;
    placement.add({
      kind: CELL.debris,
      x,
      y,
      a: rng.range(0.8, 2.4),
      b: rng.range(0.8, 1.8),
      angle: rng.uniform() * 3,
      hematoxylin: rng.range(0.3, 0.75),
      vesicular: 0,
      irregularity: 0.15,
      tone: 0,
      maturity: 0,
    });
    return;
  }
  if (dice >= 0.16 || placement.occupied(x, y, 13)) return;
  placement.add({
    kind: CELL.ghost,
    x,
    y,
    a: rng.range(3.5, 5.5),
    b: rng.range(0.8, 1.5),
    angle: Math.atan2(y - pearl.y, x - pearl.x) + Math.PI / 2,
    hematoxylin: rng.range(0.14, 0.3),
    vesicular: 0.2,
    irregularity: 0.05,
    tone: 0,
    maturity: 1,
  });
}

function insideStructure(site: TissueSite, x: number, y: number): boolean {
  return (
    site.vessels.some((o) => near(o, x, y, 1, 4) && ellipseDistance(o, x, y) < 4) ||
    site.nerves.some((o) => near(o, x, y, 1.3, 4) && nerveDistance(site.coarse, o, x, y) < 4) ||
    distanceToLobules(site.glands, x, y, 2) < 2 ||
    distanceToLobules(site.fat, x, y, 2) < 0
  );
}

/** A quick box test before the exact distance. */
function near(
  o: { x: number; y: number; reach: number },
  x: number,
  y: number,
  factor: number,
  margin = 0,
): boolean {
  const limit = o.reach * factor + margin;
  return Math.abs(x - o.x) < limit && Math.abs(y - o.y) < limit;
}

/** Shares of lattice points in muscle and in stroma that may hold a nucleus. */
const MUSCLE_NUCLEI = 0.3;
const FIBROBLASTS = 0.1;

/** Lymphocyte, plasma cell, muscle nucleus or fibroblast. */
function placeStromalCell(
  site: TissueSite,
  placement: Placement,
  rng: Rng,
  x: number,
  y: number,
  dice: number,
): void {
  const { fields, muscle } = site;
  const density = fields.sample(x, y, FIELD.lymphocytes);
  const chance = density * density * 0.9 + (density > 0.02 ? 0.004 : 0);
  if (dice >= chance && dice >= MUSCLE_NUCLEI && dice <= 1 - FIBROBLASTS) return;
  if (insideStructure(site, x, y)) return;
  if (dice < chance && !placement.occupied(x, y, 5.1)) {
    const plasma = rng.uniform() < 0.22;
    // Most are small and round; some are squeezed between fibres, a few are large.
    const radius = plasma ? rng.range(2.5, 3.1) : 2.55 * Math.exp(rng.normal(0, 0.13));
    const squeezed = Math.exp(Math.abs(rng.normal(0, 0.22)));
    placement.add({
      kind: CELL.lymphocyte,
      x,
      y,
      a: radius * squeezed,
      b: radius / Math.sqrt(squeezed),
      angle: rng.uniform() * 3,
      hematoxylin: plasma ? rng.range(0.4, 0.65) : rng.range(0.5, 0.92),
      vesicular: plasma ? 0.3 : 0.08,
      irregularity: 0.12,
      tone: plasma ? 1 : 0,
      maturity: 0,
    });
    return;
  }
  if (fields.sample(x, y, FIELD.muscle) < -2) {
    // Nuclei of muscle lie at the periphery of the fibres.
    const position = fields.sample(x, y, FIELD.fibre);
    const within = position - Math.floor(position);
    if (Math.min(within, 1 - within) >= 0.13 || dice >= MUSCLE_NUCLEI || placement.occupied(x, y, 15)) return;
    placement.add({
      kind: CELL.muscle,
      x,
      y,
      a: rng.range(4.2, 6.8),
      b: rng.range(1.1, 1.7),
      angle: muscle.angle + rng.normal(0, 0.07),
      hematoxylin: rng.range(0.28, 0.46),
      vesicular: 0.2,
      irregularity: 0.04,
      tone: 0,
      maturity: 0,
    });
    return;
  }
  if (dice <= 1 - FIBROBLASTS || placement.occupied(x, y, 9.5)) return;
  const alongFibres = fields.slope(x, y, FIELD.across, 7) + Math.PI / 2;
  placement.add({
    kind: CELL.fibroblast,
    x,
    y,
    a: rng.range(3.6, 7.2),
    b: rng.range(1, 2),
    angle: alongFibres + rng.normal(0, 0.28),
    hematoxylin: rng.range(0.26, 0.5),
    vesicular: 0.3,
    irregularity: 0.08,
    tone: 0,
    maturity: 0,
  });
}

/** Red cells: in vessels, and as bleedings in the stroma. */
function placeRedCells(site: TissueSite, rng: Rng): void {
  for (const vessel of site.vessels) {
    const count = Math.round(((Math.PI * vessel.rx * vessel.ry) / 38) * vessel.fill);
    for (let i = 0; i < count; i++) {
      const turn = rng.uniform() * TURN;
      const from = Math.sqrt(rng.uniform()) * 0.9;
      const [x, y] = fromAxes(vessel, from * vessel.rx * Math.cos(turn), from * vessel.ry * Math.sin(turn));
      const { plug } = vessel;
      if (plug && Math.hypot((x - plug.x) / PLUG_STRETCH, y - plug.y) < plug.radius + 2) continue;
      addRedCell(site, rng, x, y);
    }
  }
  const bleedings = rng.poisson(site.patient.traits.bleeding * 3);
  for (let i = 0; i < bleedings; i++) placeBleeding(site, rng);
}

function placeBleeding(site: TissueSite, rng: Rng): void {
  const { fields } = site;
  const centreX = rng.range(-FIELD_WIDTH_UM / 2, FIELD_WIDTH_UM / 2);
  const centreY = rng.range(-FIELD_HEIGHT_UM / 2, FIELD_HEIGHT_UM / 2);
  const spread = rng.range(18, 75);
  const count = Math.round(spread * 9);
  for (let i = 0; i < count; i++) {
    const x = centreX + rng.normal(0, spread);
    const y = centreY + rng.normal(0, spread * 0.7);
    if (Math.abs(x) > FIELD_WIDTH_UM / 2 + 30 || Math.abs(y) > FIELD_HEIGHT_UM / 2 + 30) continue;
    const free =
      fields.sample(x, y, FIELD.epithelium) > 3 &&
      fields.sample(x, y, FIELD.muscle) > 0 &&
      fields.sample(x, y, FIELD.glass) > 4 &&
      distanceToLobules(site.fat, x, y, 2) > 1 &&
      !site.nerves.some((o) => ellipseDistance(o, x, y) < 4);
    if (free) addRedCell(site, rng, x, y);
  }
}

function addRedCell(site: TissueSite, rng: Rng, x: number, y: number): void {
  site.redCells.push({ x, y, radius: rng.range(2.6, 3.3), seed: rng.uint32() & 0xffff });
}

/** Counting sort of the epithelial cells into bins. */
function binEpithelium(site: TissueSite, width: number, height: number): EpithelialBins {
  const { left, top } = site.fields;
  const columns = Math.ceil(width / BIN_UM) + 2;
  const rows = Math.ceil(height / BIN_UM) + 2;
  const cells = site.cells.filter((c) => c.kind === CELL.tumour || c.kind === CELL.mitosis);
  const binOf = (c: Cell) =>
    (Math.floor((c.y - top) / BIN_UM) + 1) * columns + Math.floor((c.x - left) / BIN_UM) + 1;
  const start = new Int32Array(columns * rows + 1);
  for (const c of cells) start[binOf(c) + 1]! += 1;
  for (let i = 0; i < columns * rows; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const bins = {
    columns,
    start,
    x: new Float32Array(cells.length),
    y: new Float32Array(cells.length),
    tone: new Float32Array(cells.length),
  };
  for (const c of cells) {
    const bin = binOf(c);
    const at = next[bin]!;
    next[bin] = at + 1;
    bins.x[at] = c.x;
    bins.y[at] = c.y;
    bins.tone[at] = c.tone;
  }
  return bins;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
