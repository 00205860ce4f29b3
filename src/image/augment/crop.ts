/** A random part of the picture, enlarged to its full size. */
import type { Rng } from "../../core/random";
import { blankLike, type Pixels } from "./pixels";
import { checkRange, type Range, type StepKind } from "./step";

/** Cut out a rectangle of random size and place, and enlarge it (bilinear) to the picture's own size. */
export interface CropStep {
  readonly kind: "crop";
  /** Area of the rectangle, as a share of the picture's. The study: 0.8 to 1. */
  readonly scale: Range;
  /** Width over height of the rectangle, in pixels; default 3/4 to 4/3, as torchvision has it. */
  readonly ratio?: Range;
  readonly probability?: number;
}

/** A rectangle in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const DEFAULT_RATIO: Range = [3 / 4, 4 / 3];
/** So often a rectangle is drawn that does not fit, before the middle of the picture is taken. */
const ATTEMPTS = 10;

export const crop: StepKind<CropStep, Rectangle> = {
  check({ scale, ratio = DEFAULT_RATIO }) {
    checkRange("crop.scale", scale, 0.01, 1);
    checkRange("crop.ratio", ratio, 0.1, 10);
  },
  draw({ scale, ratio = DEFAULT_RATIO }, { width, height }, rng) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const rectangle = drawRectangle(width, height, scale, ratio, rng);
      if (rectangle) return rectangle;
    }
    return middle(width, height, ratio);
  },
  apply: enlarge,
};

/** As torchvision's RandomResizedCrop: area evenly, ratio evenly on a logarithmic scale. */
function drawRectangle(
  width: number,
  height: number,
  scale: Range,
  ratio: Range,
  rng: Rng,
): Rectangle | undefined {
  const area = width * height * rng.range(...scale);
  const aspect = Math.exp(rng.range(Math.log(ratio[0]), Math.log(ratio[1])));
  const w = Math.round(Math.sqrt(area * aspect));
  const h = Math.round(Math.sqrt(area / aspect));
  if (!(w > 0 && w <= width && h > 0 && h <= height)) return undefined;
  return { x: rng.integer(width - w + 1), y: rng.integer(height - h + 1), width: w, height: h };
}

/** The largest rectangle of an allowed ratio in the middle. */
function middle(width: number, height: number, [narrowest, widest]: Range): Rectangle {
  const own = width / height;
  const aspect = Math.min(widest, Math.max(narrowest, own));
  const w = aspect < own ? Math.round(height * aspect) : width;
  const h = aspect > own ? Math.round(width / aspect) : height;
  return { x: Math.floor((width - w) / 2), y: Math.floor((height - h) / 2), width: w, height: h };
}

/** Bilinear enlargement; beyond the rectangle's outermost pixel centres their values go on. */
function enlarge(image: Pixels, part: Rectangle): Pixels {
  const { width, height, data: from } = image;
  const out = blankLike(image);
  const columns = taps(part.x, part.width, width);
  const rows = taps(part.y, part.height, height);
  for (let y = 0; y < height; y++) {
    const above = 3 * width * rows.first[y]!;
    const below = 3 * width * rows.second[y]!;
    const down = rows.share[y]!;
    for (let x = 0; x < width; x++) {
      const left = 3 * columns.first[x]!;
      const right = 3 * columns.second[x]!;
      const across = columns.share[x]!;
      const to = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        const top = from[above + left + c]! * (1 - across) + from[above + right + c]! * across;
        const bottom = from[below + left + c]! * (1 - across) + from[below + right + c]! * across;
        out.data[to + c] = top * (1 - down) + bottom * down;
      }
    }
  }
  return out;
}

/** For each target position the two source pixels between whose centres it lies, and the second one's share. */
function taps(start: number, length: number, to: number) {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const share = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(length - 1, Math.max(0, ((i + 0.5) * length) / to - 0.5));
    first[i] = start + Math.floor(at);
    second[i] = start + Math.min(length - 1, Math.floor(at) + 1);
    share[i] = at - Math.floor(at);
  }
  return { first, second, share };
}
