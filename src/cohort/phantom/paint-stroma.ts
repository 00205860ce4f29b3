/** Stroma: bundles of collagen fibres that wrap around structures, open spaces, myxoid change, clefts. */
import { FIELD } from "./fields";
import { MASK_BITS } from "./masks";
import { clamp, lerp, smooth } from "./noise";
import type { GroundPixel } from "./paint-ground";
import type { TissueSite } from "./site";

/** Finer than this, single fibrils are drawn; coarser, they would only alias. */
const FIBRILS_VISIBLE_UM_PER_PX = 0.8;

export function paintStroma(site: TissueSite, pixel: GroundPixel): void {
  const { coarse, fine } = site;
  const { x, y, umPerPx, rough } = pixel;
  const close = umPerPx < FIBRILS_VISIBLE_UM_PER_PX;
  const detail = clamp(1.35 - umPerPx * 0.45, 0.25, 1);
  const along = pixel.read(FIELD.along);
  const looseness = pixel.read(FIELD.looseness);
  // Fibres are wavy: the coordinate across them swings along them.
  const across =
    pixel.read(FIELD.across) +
    1.2 * Math.sin(along / 8 + 1.6 * rough) +
    1.5 * fine(along / 30, pixel.read(FIELD.across) / 24);

  const bundles = coarse(across / 4.1 + 31, along / 38);
  const fibres = fine(across / 1.7 + 11, along / 19);
  const sheets = coarse(across / 21 + 77, along / 60);
  const fibrils = close ? fine(across / 0.75 + 5, along / 9) : 0;
  const ground = fine(x / 4.6, y / 4.6 + 70);
  const density = clamp(
    0.5 + 0.3 * bundles + 0.34 * detail * fibres + 0.18 * sheets + 0.28 * fibrils + 0.2 * ground,
  );
  let eosin = 0.1 + 0.23 * density;
  let hematoxylin = 0.008 + 0.016 * density;

  // Spaces between bundles, wider in loose stroma.
  const open = smooth(0.24, -0.4, density - looseness * 0.66 + 0.03 + 0.14 * ground);
  eosin *= 1 - (close ? 0.74 : 0.84) * open;
  hematoxylin *= 1 - 0.7 * open;

  // Myxoid, reactive stroma: bluish ground substance, less collagen.
  const { myxoid, clefts } = site.patient.traits;
  const change = myxoid * clamp(0.6 + 0.7 * sheets);
  hematoxylin += 0.05 * Math.max(0, change - 0.12) * (1 - 0.3 * open);
  eosin = lerp(eosin, 0.12 + 0.07 * density, 0.55 * change);
  if (myxoid > 0.45 && change > 0.33) pixel.mask |= MASK_BITS.REC;

  const empty = clefts > 0.35 ? retractionCleft(site, pixel, clefts) : 0;
  pixel.hematoxylin = hematoxylin * (1 - 0.93 * empty);
  pixel.eosin = eosin * (1 - 0.93 * empty);
}

/** The white gap, up to 7 um, that shrinkage opens between a nest and its stroma. 0 to 1. */
function retractionCleft(site: TissueSite, { x, y, epithelium }: GroundPixel, clefts: number): number {
  if (epithelium >= 13 || epithelium <= -2) return 0;
  const width = 7.5 * clefts * clamp(site.fine(x / 75 + 13, y / 75) * 1.6 + 0.02);
  if (width <= 0.3) return 0;
  return smooth(0, 1.2, epithelium) * smooth(width + 1.3, width - 0.3, epithelium);
}
