/** Stroma: crimped collagen bundles that wrap around structures, wisps between them, open spaces, myxoid change. */
import { FIELD } from "./fields";
import { DETAIL_UM_PER_PX, type GroundPixel } from "./ground-pixel";
import { MASK_BITS } from "./masks";
import { clamp, lerp, smooth } from "./noise";
import type { TissueSite } from "./site";

/** Collagen is crimped: a fibre swings this far to each side over this period, um. */
const CRIMP_UM = 1.3;
const CRIMP_PERIOD_UM = 15;
/** The second layer of fibres crosses the first at this angle, radians. */
const CROSSING = 0.55;
const CROSSING_COS = Math.cos(CROSSING);
const CROSSING_SIN = Math.sin(CROSSING);
/** A wisp is where noise is this near to zero: a contour line, long, thin and branching. */
const WISP = 0.3;
/** Mean of a wisp over its noise, taken away so that detail never changes the colour of an area. */
const WISP_MEAN = 0.4;

export function paintStroma(site: TissueSite, pixel: GroundPixel): void {
  const { coarse } = site;
  const { umPerPx, rough } = pixel;
  const looseness = pixel.read(FIELD.looseness);
  const ground = pixel.noise.ground.values[pixel.column]!;
  const along = pixel.read(FIELD.along);
  const swing = Math.sin((along * 2 * Math.PI) / CRIMP_PERIOD_UM + pixel.read(FIELD.crimpPhase));
  const across = pixel.read(FIELD.across) + CRIMP_UM * (0.45 + 0.55 * rough) * swing;
  const bundles = coarse(across / 4.6 + 31, along / 42);
  const sheets = pixel.read(FIELD.sheets);
  let density = 0.5 + 0.36 * bundles + 0.18 * sheets + 0.2 * ground;
  density += fibreDetail(site, umPerPx, across, along, looseness);
  density = clamp(density);

  let eosin = 0.1 + 0.23 * density;
  let hematoxylin = 0.008 + 0.016 * density;

  // Spaces between bundles, wider in loose stroma.
  const open = smooth(0.24, -0.4, density - looseness * 0.66 + 0.03 + 0.14 * ground);
  eosin *= 1 - 0.78 * open;
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

/** Single fibres in two crossing layers, about zero on average; fades where a pixel is wider than a fibre. */
function fibreDetail(
  { coarse, fine }: TissueSite,
  umPerPx: number,
  across: number,
  along: number,
  looseness: number,
): number {
  const visible = clamp(1.35 - umPerPx * 0.45, 0.25, 1);
  const first = Math.max(0, 1 - Math.abs(fine(across / 2.3 + 11, along / 27)) / WISP);
  if (umPerPx >= DETAIL_UM_PER_PX) return visible * 0.42 * (first - WISP_MEAN);
  const p = across * CROSSING_COS + along * CROSSING_SIN;
  const q = along * CROSSING_COS - across * CROSSING_SIN;
  const second = Math.max(0, 1 - Math.abs(coarse(p / 3 + 57, q / 23 + 13)) / WISP);
  const fibrils = fine(across / 0.8 + 5, along / 13);
  return 0.5 * (first - WISP_MEAN) + (0.2 + 0.25 * looseness) * (second - WISP_MEAN) + 0.16 * fibrils;
}

/** The white gap, up to 7 um, that shrinkage opens between a nest and its stroma. 0 to 1. */
function retractionCleft(site: TissueSite, { x, y, epithelium }: GroundPixel, clefts: number): number {
  if (epithelium >= 13 || epithelium <= -2) return 0;
  const width = 7.5 * clefts * clamp(site.fine(x / 75 + 13, y / 75) * 1.6 + 0.02);
  if (width <= 0.3) return 0;
  return smooth(0, 1.2, epithelium) * smooth(width + 1.3, width - 0.3, epithelium);
}
