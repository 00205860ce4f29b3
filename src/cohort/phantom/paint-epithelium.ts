/** Squamous epithelium, of the tumour and of the surface: cytoplasm, cell borders, keratinisation. */
import { BIN_UM } from "./epithelial-bins";
import { FIELD } from "./fields";
import { DETAIL_UM_PER_PX, type GroundPixel } from "./ground-pixel";
import { MASK_BITS } from "./masks";
import { clamp, lerp, smooth } from "./noise";
import { MUCOSA_KERATINISATION, maturityAt } from "./place-epithelial-cells";
import type { TissueSite } from "./site";

/** Cytoplasm from basal to mature: more eosin, less hematoxylin (fewer ribosomes). */
const BASAL = { eosin: 0.31, hematoxylin: 0.085 };
const MATURE = { eosin: 0.42, hematoxylin: 0.018 };
/** A cell whose tone lies above this is dyskeratotic: single, round, orange. */
const DYSKERATOTIC_TONE = 0.97;
/** Order in which rows of bins are searched. */
const ROWS_IN_TURN = [0, -1, 1];
/** The surface's keratin layer reaches this deep, um. */
const KERATIN_LAYER_UM = 22;
/** A pixel this near to a collar or cord belongs to it, um. */
const SIGN_MARGIN_UM = 3;

/** Add epithelium on a share of the pixel. */
export function paintEpithelium(site: TissueSite, pixel: GroundPixel, share: number): void {
  const { fine, epithelialBins: bins, pleomorphism } = site;
  const { x, y, umPerPx, rough, epithelium, noise, column: place } = pixel;
  const granules = noise.granules.values[place]!;
  const grain =
    umPerPx < DETAIL_UM_PER_PX ? 0.6 * granules + 0.5 * noise.patches.values[place]! : 0.8 * granules;

  // The two nearest cells, in slightly wobbled coordinates: borders are never straight.
  const wobbledX = x + 1.2 * rough;
  const wobbledY = y + 0.8 * grain + 0.8 * noise.wobble.values[place]!;
  const column = Math.floor((wobbledX - site.fields.left) / BIN_UM) + 1;
  const row = Math.floor((wobbledY - site.fields.top) / BIN_UM) + 1;
  let nearest = 1e9;
  let second = 1e9;
  let owner = -1;
  // The own row of bins first: mostly it holds both, and the rows beside it are too far.
  for (let turn = 0; turn < 3; turn++) {
    const r = row + ROWS_IN_TURN[turn]!;
    const top = site.fields.top + (r - 1) * BIN_UM;
    const away = Math.max(top - wobbledY, wobbledY - top - BIN_UM, 0);
    if (away * away >= second) continue;
    const last = bins.start[r * bins.columns + column + 2]!;
    for (let cell = bins.start[r * bins.columns + column - 1]!; cell < last; cell++) {
      const dx = bins.x[cell]! - wobbledX;
      const dy = bins.y[cell]! - wobbledY;
      const square = dx * dx + dy * dy;
      if (square < nearest) {
        second = nearest;
        nearest = square;
        owner = cell;
      } else if (square < second) second = square;
    }
  }
  const tone = owner >= 0 ? bins.tone[owner]! : 0.5;
  const borderWidth = Math.max(1, 1.05 * umPerPx);
  const inside =
    second < 1e8 ? smooth(0, borderWidth, Math.sqrt(second) - Math.sqrt(nearest) + 0.4 * rough) : 1;

  const mucosa = site.mucosa > 0 && pixel.read(FIELD.surface) < epithelium + 2;
  const maturity = maturityAt(epithelium, mucosa ? MUCOSA_KERATINISATION : site.keratinisation);
  let eosin = lerp(BASAL.eosin, MATURE.eosin, maturity) * (0.84 + 0.32 * tone);
  let hematoxylin =
    lerp(BASAL.hematoxylin, MATURE.hematoxylin, maturity) + (mucosa ? 0 : 0.018 * pleomorphism);
  eosin *= 1 + 0.2 * grain;
  hematoxylin *= 1 + 0.3 * grain;

  // Borders fade in and out.
  const fading = lerp(0.7, 0.8, maturity) + 0.22 * clamp(0.3 + noise.fading.values[place]!);
  eosin *= lerp(Math.min(1, fading), 1, inside);
  hematoxylin *= lerp(0.75, 1, inside);
  if (epithelium > -3) hematoxylin += 0.015;

  if (mucosa && pixel.glass < KERATIN_LAYER_UM) {
    const keratin = smooth(KERATIN_LAYER_UM, 6, pixel.glass + 3 * rough);
    const lamella = fine(pixel.glass / 2.2 + 0.8 * rough, (x + y) / 40);
    eosin += keratin * (0.14 + 0.12 * lamella);
    pixel.orange += keratin * 0.16 * share;
    if (lamella > 0.45) eosin *= 1 - 0.5 * keratin;
  }
  if (tone > DYSKERATOTIC_TONE && site.keratinisation > 0.3 && maturity > 0.2) {
    const body = smooth(8, 5.5, Math.sqrt(nearest));
    eosin += 0.24 * body;
    pixel.orange += 0.16 * share * body;
  }
  pixel.hematoxylin += hematoxylin * share;
  pixel.eosin += eosin * share;
  if (share > 0.5) pixel.mask = MASK_BITS.tissue | (mucosa ? 0 : tumourMask(site, pixel));
}

function tumourMask(site: TissueSite, pixel: GroundPixel): number {
  let mask: number = MASK_BITS.tumour;
  if (pixel.read(FIELD.collar) < SIGN_MARGIN_UM) mask |= MASK_BITS.PI;
  if (pixel.read(FIELD.cord) < SIGN_MARGIN_UM) mask |= MASK_BITS.TI;
  if (site.pleomorphism > 0.5) mask |= MASK_BITS.TD;
  return mask;
}
