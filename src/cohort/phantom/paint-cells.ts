/** Draw the cells: cytoplasm of loose cells, all nuclei, red cells. */
import type { Canvas } from "./canvas";
import { CELL, type Cell } from "./cells";
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
 * around some mature ones, and its own softness (depth of focus).
 */
function paintNucleus(site: TissueSite, cell: Cell, canvas: Canvas): void {
  const { coarse, fine, pleomorphism } = site;
  const { umPerPx } = canvas;
  const { nuclearEosin } = site.patient.stain;
  const { a, b, seed, vesicular, irregularity } = cell;
  if (!canvas.shows(cell.x, cell.y, Math.max(a, b) * 1.3 + umPerPx + LARGEST_HALO_UM)) return;
  const close = umPerPx < CHROMATIN_VISIBLE_UM_PER_PX;
  const epithelial = cell.kind === CELL.tumour || cell.kind === CELL.bud || cell.kind === CELL.plug;
  const cos = Math.cos(cell.angle);
  const sin = Math.sin(cell.angle);
  const meanRadius = (a + b) * 0.5;
  const softness = 0.55 * umPerPx + 0.3 + 0.55 * hash01(seed + 31);
  const phase = seed * 0.001917;
  const textureX = (seed & 255) * 1.37;
  const textureY = (seed >> 8) * 1.71;
  // Outline harmonics.
  const second = Math.cos(phase * 9);
  const secondSine = 0.7 * Math.sin(phase * 13);
  const third = 0.8 * Math.cos(phase * 31);
  // One or two nucleoli.
  const nucleolus = epithelial ? lerp(0.7, 1.05, vesicular) * (0.8 + 0.5 * pleomorphism) : 0;
  const twoNucleoli = epithelial && seed % 3 === 0;
  const nucleolusX = 0.35 * a * Math.cos(phase * 40);
  const nucleolusY = 0.35 * b * Math.sin(phase * 40);
  const nucleolusEdge = umPerPx * 0.5 + 0.3;
  // Eccentric clear halo around 30 % of mature nuclei.
  const hasHalo = epithelial && cell.maturity > 0.3 && hash01(seed) < 0.3;
  const halo = hasHalo ? 0.8 + 2.6 * hash01(seed + 7) : 0;
  const haloX = Math.cos(phase * 17);
  const haloY = Math.sin(phase * 17);
  const haloDepth = 0.35 + 0.5 * hash01(seed + 3);

  const reach = Math.max(a, b) * (1 + 1.6 * irregularity) + 0.7 * softness + halo;
  canvas.around(cell.x, cell.y, reach, (i, column, row) => {
    const dx = canvas.x(column) - cell.x;
    const dy = canvas.y(row) - cell.y;
    const u = dx * cos + dy * sin;
    const v = -dx * sin + dy * cos;
    const unitX = u / a;
    const unitY = v / b;
    let radius = Math.sqrt(unitX * unitX + unitY * unitY);
    if (radius > 1.6 + halo / a) return;
    if (irregularity > 0.03) {
      const c = unitX / (radius + 1e-6);
      const s = unitY / (radius + 1e-6);
      const cos2 = c * c - s * s;
      const sin2 = 2 * c * s;
      radius /= 1 + irregularity * (cos2 * second + sin2 * secondSine + (cos2 * c - sin2 * s) * third);
    }
    const depth = (1 - radius) * meanRadius; // um inside the membrane
    if (halo && depth < 0.3 && depth > -halo) {
      const shifted = depth + (0.45 * halo * (haloX * u + haloY * v)) / meanRadius;
      const share = smooth(-halo, -halo * 0.45, shifted) * haloDepth;
      canvas.eosin[i]! *= 1 - share;
      canvas.hematoxylin[i]! *= 1 - share;
    }
    const share = clamp(depth / softness + 0.5);
    if (share <= 0) return;

    let hematoxylin = cell.hematoxylin;
    let eosin = 0;
    if (vesicular > 0) {
      const rim = clamp(1 - Math.abs(depth - 0.45) / (0.55 + umPerPx * 0.5));
      hematoxylin *= 1 - 0.5 * vesicular + 0.55 * vesicular * rim;
    }
    if (close) {
      const chromatin =
        coarse(u * 0.62 + textureX, v * 0.62 + textureY) + 0.5 * fine(u * 1.5 + textureY, v * 1.5 + textureX);
      // Clumps are darker than gaps are light.
      hematoxylin *=
        1 + (0.36 + 0.4 * vesicular) * chromatin + 0.5 * vesicular * Math.max(0, chromatin - 0.35);
    } else hematoxylin *= 1 + 0.42 * coarse(u * 0.45 + textureX, v * 0.45 + textureY);
    if (nucleolus) {
      const first = Math.sqrt((u - nucleolusX) ** 2 + (v - nucleolusY) ** 2);
      let within = clamp((nucleolus - first) / nucleolusEdge + 0.5);
      if (twoNucleoli) {
        const other = Math.sqrt((u + nucleolusX * 0.8) ** 2 + (v + nucleolusY * 1.1) ** 2);
        within = Math.max(within, clamp((nucleolus * 0.8 - other) / nucleolusEdge + 0.5));
      }
      hematoxylin += within * (0.22 + 0.25 * vesicular) * (umPerPx < 1 ? 1 : 0.5);
      eosin += within * 0.12;
    }
    if (hematoxylin < 0.03) hematoxylin = 0.03;
    canvas.mix(i, share, hematoxylin, eosin + 0.12 + nuclearEosin * hematoxylin, 0);
  });
}

/** Red cells: discs, pale in the middle. */
function paintRedCells(site: TissueSite, canvas: Canvas): void {
  const { umPerPx } = canvas;
  for (const cell of site.redCells) {
    const phase = cell.seed * 0.1;
    canvas.around(cell.x, cell.y, cell.radius * 1.3, (i, column, row) => {
      const dx = canvas.x(column) - cell.x;
      const dy = canvas.y(row) - cell.y;
      const outline = 1 + 0.12 * Math.cos(2 * Math.atan2(dy, dx) + phase);
      const from = Math.sqrt(dx * dx + dy * dy) / outline;
      const share = clamp((cell.radius - from) / (umPerPx * 0.6 + 0.25) + 0.5);
      if (share <= 0) return;
      const colour = 0.52 * (1 - 0.38 * smooth(1.6, 0.2, from));
      canvas.mix(i, share, 0.02, colour, colour);
    });
  }
}
