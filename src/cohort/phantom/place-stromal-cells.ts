/** Cells between the structures: lymphocytes and plasma cells, fibroblasts, nuclei of muscle. Lengths in um. */
import type { Rng } from "../../core/random";
import { CELL } from "./cells";
import { FIELD } from "./fields";
import { ellipseDistance } from "./geometry";
import { distanceToLobules } from "./lobules";
import { near, type Placement } from "./placement";
import { nerveDistance, type TissueSite } from "./site";

/** Shares of lattice points in muscle and in stroma that may hold a nucleus. */
const MUSCLE_NUCLEI = 0.3;
const FIBROBLASTS = 0.1;
/** In a dense infiltrate nuclei touch, um. */
const LYMPHOCYTES_APART_UM = 4.6;

/** Lymphocyte, plasma cell, muscle nucleus or fibroblast. */
export function placeStromalCell(
  site: TissueSite,
  placement: Placement,
  rng: Rng,
  x: number,
  y: number,
  dice: number,
): void {
  const { fields, muscle } = site;
  const density = fields.sample(x, y, FIELD.lymphocytes);
  const chance = density * density + (density > 0.02 ? 0.004 : 0);
  if (dice >= chance && dice >= MUSCLE_NUCLEI && dice <= 1 - FIBROBLASTS) return;
  if (insideStructure(site, x, y)) return;
  if (dice < chance && !placement.occupied(x, y, LYMPHOCYTES_APART_UM)) {
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

function insideStructure(site: TissueSite, x: number, y: number): boolean {
  return (
    site.vessels.some((o) => near(o, x, y, 1, 4) && ellipseDistance(o, x, y) < 4) ||
    site.nerves.some((o) => near(o, x, y, 1.3, 4) && nerveDistance(site.coarse, o, x, y) < 4) ||
    distanceToLobules(site.glands, x, y, 2) < 2 ||
    distanceToLobules(site.fat, x, y, 2) < 0
  );
}
