/** Cells of nests and of the surface: they mature with their depth below the border. Lengths in um. */
import type { Rng } from "../../core/random";
import { CELL } from "./cells";
import { FIELD } from "./fields";
import { ellipseDistance } from "./geometry";
import { clamp, lerp } from "./noise";
import { addTumourCell } from "./place-tumour-cells";
import { near, type Placement } from "./placement";
import type { Pearl, TissueSite } from "./site";

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

/** The cell that a lattice point inside epithelium becomes, if there is room. `dice` is uniform in [0, 1). */
export function placeEpithelialCell(
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
  // A section is thicker than a nucleus is wide: some overlap.
  const overlapping = dice > 0.985 ? 0.5 : 1;
  const spacing = lerp(8.4, 17.5, maturity) * lerp(1, 1.1, pleomorphism) * (1 + 0.12 * (dice - 0.5));
  if (placement.occupied(x, y, spacing * overlapping)) return;

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
