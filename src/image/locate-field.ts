/** Where a photograph of high magnification lies in one of low magnification: registration by correlation. */
import { invalidArgument } from "../core/errors";
import type { RgbImage } from "./rgb-image";

/** Where the inner field lies, as shares of the outer picture's width and height from its upper left corner. */
export interface FieldPlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a search for a field found. `correlation` and `runnerUp` say how sure it is. */
export interface FieldLocation {
  /** Whether the best place is good enough, and far enough ahead of every other, to be believed. */
  readonly found: boolean;
  /** The best place, whether it is believed or not. */
  readonly place: FieldPlace;
  /** Normalised cross-correlation of the grey values at the best place, -1 to 1. */
  readonly correlation: number;
  /** The highest correlation at any other place, a quarter of the field's size away or further. */
  readonly runnerUp: number;
}

/** Options of `locateField`. */
export interface LocateFieldOptions {
  /** Width of the inner field over that of the outer one, 0 to 1: 0.5 for x400 in x200, 0.2 for x1000 in x200. */
  readonly ratio: number;
  /** Least correlation to believe. Default 0.7. */
  readonly minCorrelation?: number;
  /** Least lead over the runner-up to believe. Default 0.2. */
  readonly minLead?: number;
}

/** Width to which the outer picture is reduced before the search; fields of a third and below need more detail. */
const COARSE_WIDTH = 216;
const FINE_WIDTH = 324;
/** A template of fewer pixels a side matches anything. */
const SMALLEST_TEMPLATE_PX = 12;
/** Places nearer than this share of the field belong to the best one. */
const SAME_PLACE = 0.25;

/**
 * Search the field of a photograph in one of lower magnification of the same site.
 *
 * Grey values are compared by normalised cross-correlation at every place; the scale is given, the camera is taken not
 * to be turned. The defaults were chosen on generated tissue and on parts of real photographs, photographed anew with
 * other blur, noise and exposure: there, no field of another place or patient was believed. Pairs of real photographs
 * with a known place were not at hand.
 *
 * @param outer   the lower magnification
 * @param inner   the higher magnification, all of which lies in `outer`
 * @param options `ratio` of the widths of the fields; `minCorrelation` default 0.7; `minLead` default 0.2
 * @throws OsccError `InvalidArgument` for a ratio outside 0.05 to 0.95
 * @see Lewis, "Fast normalized cross-correlation", Vision Interface 1995
 * @example
 * const outer = await patient.image("core", "x200").load();
 * const inner = await patient.image("core", "x400").load();
 * await images.locateField(outer, inner, { ratio: 0.5 }); // { found: true, place: { left: 0.25, ... }, ... }
 */
export async function locateField(
  outer: RgbImage,
  inner: RgbImage,
  options: LocateFieldOptions,
): Promise<FieldLocation> {
  const { ratio, minCorrelation = 0.7, minLead = 0.2 } = options;
  if (!(ratio >= 0.05 && ratio <= 0.95)) throw invalidArgument("ratio", ratio, "a number from 0.05 to 0.95");
  const width = Math.min(outer.width, ratio > 1 / 3 ? COARSE_WIDTH : FINE_WIDTH);
  const scene = await reduced(outer, width, Math.round((outer.height * width) / outer.width));
  const templateWidth = Math.max(SMALLEST_TEMPLATE_PX, Math.round(ratio * width));
  const templateHeight = Math.round((templateWidth * inner.height) / inner.width);
  const template = await reduced(inner, templateWidth, Math.min(scene.height, templateHeight));
  const scores = correlations(scene, template);
  const best = highest(scores, () => true);
  const rest = highest(
    scores,
    (x, y) =>
      Math.abs(x - best.x) > SAME_PLACE * template.width ||
      Math.abs(y - best.y) > SAME_PLACE * template.height,
  );
  return {
    found: best.value >= minCorrelation && best.value - rest.value >= minLead,
    place: {
      left: (best.x + vertex(scores, best.x, best.y, 1, 0)) / scene.width,
      top: (best.y + vertex(scores, best.x, best.y, 0, 1)) / scene.height,
      width: template.width / scene.width,
      height: template.height / scene.height,
    },
    correlation: best.value,
    runnerUp: rest.value,
  };
}

/** One value a pixel, rows from the top. */
interface Grey {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

async function reduced(image: RgbImage, width: number, height: number): Promise<Grey> {
  const { data } = await image.resize(width, height);
  const values = new Float64Array(width * height);
  for (let i = 0; i < values.length; i++)
    values[i] = (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3;
  return { width, height, values };
}

/** The correlation of the template with every place of the scene that holds all of it. */
function correlations(scene: Grey, template: Grey): Grey {
  const n = template.values.length;
  const mean = template.values.reduce((sum, value) => sum + value, 0) / n;
  const centred = template.values.map((value) => value - mean);
  const norm = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
  const width = scene.width - template.width + 1;
  const height = scene.height - template.height + 1;
  const sums = integral(scene, (value) => value);
  const squares = integral(scene, (value) => value * value);
  const values = new Float64Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const sum = inRectangle(sums, scene.width, x, y, template);
      const spread = inRectangle(squares, scene.width, x, y, template) - (sum * sum) / n;
      // Plain glass has no spread: it is like nothing.
      const scale = norm * Math.sqrt(Math.max(0, spread));
      values[y * width + x] = scale < 1e-6 ? 0 : product(scene, centred, template, x, y) / scale;
    }
  return { width, height, values };
}

function product(scene: Grey, centred: Float64Array, { width, height }: Grey, x: number, y: number): number {
  let sum = 0;
  for (let row = 0; row < height; row++) {
    const from = (y + row) * scene.width + x;
    const at = row * width;
    for (let column = 0; column < width; column++)
      sum += centred[at + column]! * scene.values[from + column]!;
  }
  return sum;
}

/** Sums over all pixels above and to the left, with a row and a column of zeros first. */
function integral({ width, height, values }: Grey, of: (value: number) => number): Float64Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += of(values[y * width + x]!);
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  return sums;
}

function inRectangle(sums: Float64Array, sceneWidth: number, x: number, y: number, size: Grey): number {
  const stride = sceneWidth + 1;
  const [top, bottom] = [y * stride, (y + size.height) * stride];
  return sums[bottom + x + size.width]! - sums[bottom + x]! - sums[top + x + size.width]! + sums[top + x]!;
}

function highest({ width, height, values }: Grey, counts: (x: number, y: number) => boolean) {
  let best = { x: 0, y: 0, value: -1 };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x]!;
      if (value > best.value && counts(x, y)) best = { x, y, value };
    }
  return best;
}

/** How far the top of the parabola through three neighbours lies from the middle one, -0.5 to 0.5 pixels. */
function vertex({ width, height, values }: Grey, x: number, y: number, dx: 0 | 1, dy: 0 | 1): number {
  if (x - dx < 0 || y - dy < 0 || x + dx >= width || y + dy >= height) return 0;
  const at = (k: number) => values[(y + k * dy) * width + x + k * dx]!;
  const curvature = at(-1) - 2 * at(0) + at(1);
  return curvature < 0 ? (at(-1) - at(1)) / (2 * curvature) : 0;
}
