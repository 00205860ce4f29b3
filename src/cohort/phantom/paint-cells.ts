/** Draw the cells: cytoplasm of loose cells, all nuclei, red cells. */
import type { Canvas } from "./canvas";
import { CELL, type Cell } from "./cells";
import { chromatinAt, chromatinPlace } from "./chromatin";
import { MASK_BITS } from "./masks";
import { clamp, hash01, lerp, smooth } from "./noise";
import type { TissueSite } from "./site";

/** Finer than this, chromatin granules and cell membranes are drawn. */
const CHROMATIN_VISIBLE_UM_PER_PX = 0.8;
/** Clear halos around mature nuclei reach this far, um. */
const LARGEST_HALO_UM = 3.4;

export function paintCells(site: TissueSite, canvas: Canvas): void {
  for (const cell of site.cells) paintLooseCytoplasm(cell, canvas);
  for (const cell of site.cells) paintNucleus(site, cell, canvas);
  paintRedCells(site, canvas);
}

/** Buds, plug cells and plasma cells bring their own cytoplasm; all others lie in a ground that is painted. */
function paintLooseCytoplasm(cell: Cell, canvas: Canvas): void {
  const bud = cell.kind === CELL.bud;
  const plug = cell.kind === CELL.plug;
  const plasma = cell.kind === CELL.lymphocyte && cell.tone > 0.5;
  if (!bud && !plug && !plasma) return;
  const { umPerPx, mask } = canvas;
  const radius = plasma ? 4.6 : 7.4 + cell.tone;
  if (!canvas.shows(cell.x, cell.y, radius + 3)) return;
  // The nucleus of a plasma cell lies off its centre.
  const offset = plasma ? 1.6 : 0;
  const phase = cell.seed * 0.37;
  const eosin = plasma ? 0.26 : 0.34 + 0.1 * cell.tone;
  const hematoxylin = plasma ? 0.16 : 0.13;
  const x = cell.x + offset * Math.cos(cell.seed);
  const y = cell.y + offset * Math.sin(cell.seed);
  canvas.around(x, y, radius + 1, (i, column, row) => {
    const dx = canvas.x(column) - x;
    const dy = canvas.y(row) - y;
    const turn = Math.atan2(dy, dx);
    const outline = 1 + 0.13 * Math.cos(2 * turn + phase) + 0.06 * Math.cos(3 * turn - phase);
    const from = Math.sqrt(dx * dx + dy * dy) / outline;
    const share = clamp((radius - from) / umPerPx + 0.5);
    if (share <= 0) return;
    canvas.mix(i, share, hematoxylin, eosin, 0);
    if (share > 0.4) mask[i]! |= bud ? MASK_BITS.LNM : plug ? MASK_BITS.CE : 0;
    if (!plasma && from > radius - 1.2 && umPerPx < CHROMATIN_VISIBLE_UM_PER_PX) canvas.eosin[i]! *= 0.72;
  });
}

/**
 * One nucleus: an ellipse with second and third harmonics, a membrane rim, chromatin, nucleoli, a clear halo
 * around some mature ones, and its own softness (depth of focus). The innermost loop of the whole generator:
 * it calls nothing that would box a number.
 */
function paintNucleus(site: TissueSite, cell: Cell, canvas: Canvas): void {
  const { umPerPx, width } = canvas;
  const { a, b, vesicular, irregularity } = cell;
  if (!canvas.shows(cell.x, cell.y, Math.max(a, b) * 1.3 + umPerPx + LARGEST_HALO_UM)) return;
  const { nuclearEosin } = site.patient.stain;
  const cos = Math.cos(cell.angle);
  const sin = Math.sin(cell.angle);
  const meanRadius = (a + b) * 0.5;
  const softness = 0.55 * umPerPx + 0.3 + 0.55 * hash01(cell.seed + 31);
  const outline = outlineOf(cell);
  const nucleoli = nucleoliOf(site, cell);
  const nucleolusEdge = umPerPx * 0.5 + 0.3;
  const nucleolusStain = (0.22 + 0.25 * vesicular) * (umPerPx < 1 ? 1 : 0.5);
  const halo = haloOf(cell);
  const place = chromatinPlace(cell.seed);
  // Far away, only that one nucleus is paler than another on one side.
  const contrast = umPerPx < CHROMATIN_VISIBLE_UM_PER_PX ? 0.36 + 0.4 * vesicular : 0.3;
  const rimWidth = 0.55 + umPerPx * 0.5;

  const reach = Math.max(a, b) * (1 + 1.6 * irregularity) + 0.7 * softness + halo.width;
  const { firstColumn, lastColumn, firstRow, lastRow } = canvas.box(cell.x, cell.y, reach);
  for (let row = firstRow; row <= lastRow; row++) {
    const dy = canvas.y(row) - cell.y;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const dx = canvas.x(column) - cell.x;
      const u = dx * cos + dy * sin;
      const v = -dx * sin + dy * cos;
      const unitX = u / a;
      const unitY = v / b;
      let radius = Math.sqrt(unitX * unitX + unitY * unitY);
      if (radius > 1.6 + halo.width / a) continue;
      if (irregularity > 0.03) {
        const c = unitX / (radius + 1e-6);
        const s = unitY / (radius + 1e-6);
        const cos2 = c * c - s * s;
        const sin2 = 2 * c * s;
        const third = (cos2 * c - sin2 * s) * outline.third;
        radius /= 1 + irregularity * (cos2 * outline.second + sin2 * outline.secondSine + third);
      }
      const depth = (1 - radius) * meanRadius; // um inside the membrane
      const i = row * width + column;
      if (halo.width > 0 && depth < 0.3 && depth > -halo.width) {
        const shifted = depth + (0.45 * halo.width * (halo.x * u + halo.y * v)) / meanRadius;
        const cleared = smooth(-halo.width, -halo.width * 0.45, shifted) * halo.depth;
        canvas.eosin[i]! *= 1 - cleared;
        canvas.hematoxylin[i]! *= 1 - cleared;
      }
      const share = clamp(depth / softness + 0.5);
      if (share <= 0) continue;

      const chromatin = chromatinAt(place, u, v);
      let hematoxylin = cell.hematoxylin * (1 + contrast * chromatin);
      let eosin = 0.12;
      if (vesicular > 0) {
        const rim = clamp(1 - Math.abs(depth - 0.45) / rimWidth);
        hematoxylin *= 1 - 0.5 * vesicular + 0.55 * vesicular * rim;
        // Clumps are darker than gaps are light.
        if (chromatin > 0.35) hematoxylin *= 1 + 0.5 * vesicular * (chromatin - 0.35);
      }
      if (nucleoli.radius > 0) {
        const first = Math.sqrt((u - nucleoli.x) ** 2 + (v - nucleoli.y) ** 2);
        let within = clamp((nucleoli.radius - first) / nucleolusEdge + 0.5);
        if (nucleoli.two) {
          const other = Math.sqrt((u + nucleoli.x * 0.8) ** 2 + (v + nucleoli.y * 1.1) ** 2);
          within = Math.max(within, clamp((nucleoli.radius * 0.8 - other) / nucleolusEdge + 0.5));
        }
        hematoxylin += within * nucleolusStain;
        eosin += within * 0.12;
      }
      if (hematoxylin < 0.03) hematoxylin = 0.03;
      canvas.mix(i, share, hematoxylin, eosin + nuclearEosin * hematoxylin, 0);
    }
  }
}

function isEpithelial({ kind }: Cell): boolean {
  return kind === CELL.tumour || kind === CELL.bud || kind === CELL.plug;
}

/** Angle that everything in which nuclei differ is drawn from, radians. */
function phaseOf({ seed }: Cell): number {
  return seed * 0.001917;
}

/** Amplitudes of the outline's second and third harmonics. */
function outlineOf(cell: Cell) {
  const phase = phaseOf(cell);
  return {
    second: Math.cos(phase * 9),
    secondSine: 0.7 * Math.sin(phase * 13),
    third: 0.8 * Math.cos(phase * 31),
  };
}

/** One or two nucleoli of epithelial cells; radius 0 for none. um */
function nucleoliOf({ pleomorphism }: TissueSite, cell: Cell) {
  const phase = phaseOf(cell);
  return {
    radius: isEpithelial(cell) ? lerp(0.7, 1.05, cell.vesicular) * (0.8 + 0.5 * pleomorphism) : 0,
    two: cell.seed % 3 === 0,
    x: 0.35 * cell.a * Math.cos(phase * 40),
    y: 0.35 * cell.b * Math.sin(phase * 40),
  };
}

/** The eccentric clear halo around 30 % of mature nuclei; width 0 for none. um */
function haloOf(cell: Cell) {
  const { seed } = cell;
  const phase = phaseOf(cell);
  const present = isEpithelial(cell) && cell.maturity > 0.3 && hash01(seed) < 0.3;
  return {
    width: present ? 0.8 + 2.6 * hash01(seed + 7) : 0,
    x: Math.cos(phase * 17),
    y: Math.sin(phase * 17),
    depth: 0.35 + 0.5 * hash01(seed + 3),
  };
}

/** Red cells: discs, pale in the middle. */
function paintRedCells(site: TissueSite, canvas: Canvas): void {
  const edge = canvas.umPerPx * 0.6 + 0.25;
  for (const cell of site.redCells) {
    // Second harmonic of the outline: cos 2(t - phase), written without the angle t.
    const [cos, sin] = [0.12 * Math.cos(cell.seed * 0.1), 0.12 * Math.sin(cell.seed * 0.1)];
    canvas.around(cell.x, cell.y, cell.radius * 1.3, (i, column, row) => {
      const dx = canvas.x(column) - cell.x;
      const dy = canvas.y(row) - cell.y;
      const square = dx * dx + dy * dy + 1e-9;
      const outline = 1 + (cos * (dx * dx - dy * dy) - sin * 2 * dx * dy) / square;
      const from = Math.sqrt(square) / outline;
      const share = clamp((cell.radius - from) / edge + 0.5);
      if (share <= 0) return;
      const colour = 0.52 * (1 - 0.38 * smooth(1.6, 0.2, from));
      canvas.mix(i, share, 0.02, colour, colour);
    });
  }
}
