/** Smooth noise and the small curves that every tissue component is shaped with. */
import type { Rng } from "../../core/random";

/** A smooth random function of the plane, about [-1, 1], feature size about one unit. */
export interface Noise {
  (x: number, y: number): number;
  /**
   * The same function along a row: at (x + i * step, y) for each place of `out`. Several times as fast, because
   * neighbouring places share a cell and nothing is boxed.
   */
  row(out: Float64Array, x: number, step: number, y: number): void;
}

/** Angle between neighbouring gradients: the golden angle spreads 256 of them evenly. */
const GOLDEN_ANGLE = 2.399963;
/** Gradient noise rarely leaves +-0.69; this stretches it to about [-1, 1]. */
const AMPLITUDE = 1.45;

/** Gradient noise (Perlin 2002: quintic fade), period 256 in both directions. */
export function makeNoise(rng: Rng): Noise {
  const order = Array.from({ length: 256 }, (_, i) => i);
  for (let i = 255; i > 0; i--) {
    const j = rng.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  // Repeated past 256, so that the two-step look-up below needs no wrapping.
  const permutation = new Uint8Array(520);
  for (let i = 0; i < 520; i++) permutation[i] = order[i & 255]!;
  const gradientX = new Float64Array(256);
  const gradientY = new Float64Array(256);
  for (let i = 0; i < 256; i++) {
    gradientX[i] = Math.cos(i * GOLDEN_ANGLE);
    gradientY[i] = Math.sin(i * GOLDEN_ANGLE);
  }

  const noise = (x: number, y: number): number => {
    const cellX = Math.floor(x);
    const cellY = Math.floor(y);
    const fx = x - cellX;
    const fy = y - cellY;
    const column = cellX & 255;
    const row = cellY & 255;
    const left = permutation[column]! + row;
    const right = permutation[column + 1]! + row;
    const h00 = permutation[left]!;
    const h01 = permutation[left + 1]!;
    const h10 = permutation[right]!;
    const h11 = permutation[right + 1]!;
    const u = fade(fx);
    const v = fade(fy);
    const n00 = gradientX[h00]! * fx + gradientY[h00]! * fy;
    const n10 = gradientX[h10]! * (fx - 1) + gradientY[h10]! * fy;
    const n01 = gradientX[h01]! * fx + gradientY[h01]! * (fy - 1);
    const n11 = gradientX[h11]! * (fx - 1) + gradientY[h11]! * (fy - 1);
    const top = n00 + u * (n10 - n00);
    const bottom = n01 + u * (n11 - n01);
    return AMPLITUDE * (top + v * (bottom - top));
  };

  const alongRow = (out: Float64Array, x: number, step: number, y: number): void => {
    const cellY = Math.floor(y);
    const fy = y - cellY;
    const row = cellY & 255;
    const v = fade(fy);
    for (let i = 0; i < out.length; ) {
      const cellX = Math.floor(x + i * step);
      const left = permutation[cellX & 255]! + row;
      const right = permutation[(cellX & 255) + 1]! + row;
      const h00 = permutation[left]!;
      const h01 = permutation[left + 1]!;
      const h10 = permutation[right]!;
      const h11 = permutation[right + 1]!;
      const end = Math.min(out.length, Math.max(i + 1, Math.ceil((cellX + 1 - x) / step)));
      blend(
        out,
        i,
        end,
        x + i * step - cellX,
        step,
        AMPLITUDE * lerp(gradientY[h00]! * fy, gradientY[h01]! * (fy - 1), v),
        AMPLITUDE * lerp(gradientX[h00]!, gradientX[h01]!, v),
        AMPLITUDE * lerp(gradientY[h10]! * fy, gradientY[h11]! * (fy - 1), v),
        AMPLITUDE * lerp(gradientX[h10]!, gradientX[h11]!, v),
      );
      i = end;
    }
  };
  return Object.assign(noise, { row: alongRow });
}

/** Places of a row within one cell: there the value is a line rising from the left border, blended into one from the right. */
function blend(
  out: Float64Array,
  start: number,
  end: number,
  from: number,
  step: number,
  left: number,
  leftSlope: number,
  right: number,
  rightSlope: number,
): void {
  let fx = from;
  for (let i = start; i < end; i++) {
    const a = left + leftSlope * fx;
    const b = right + rightSlope * (fx - 1);
    out[i] = a + fade(fx) * (b - a);
    fx += step;
  }
}

/** Evenly spaced places: the columns of a picture or of a grid, um. */
export interface Places {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Noise of one wavelength in all places of a row, for loops that visit rows one after the other. */
export class NoiseRow {
  readonly values: Float64Array;

  /** Value i is noise(x / wavelength + shiftX, y / wavelength + shiftY) at place i of the row moved to. */
  constructor(
    private readonly noise: Noise,
    private readonly wavelength: number,
    private readonly places: Places,
    private readonly shiftX = 0,
    private readonly shiftY = 0,
  ) {
    this.values = new Float64Array(places.count);
  }

  moveTo(y: number): void {
    const { wavelength, places, shiftX, shiftY } = this;
    this.noise.row(
      this.values,
      places.first / wavelength + shiftX,
      places.step / wavelength,
      y / wavelength + shiftY,
    );
  }
}

/** Perlin's quintic: 0 at 0, 1 at 1, flat to the second derivative at both. */
function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

/** `x` held inside [low, high]. */
export function clamp(x: number, low = 0, high = 1): number {
  return Math.min(Math.max(x, low), high);
}

/** The point a fraction `t` of the way from `a` to `b`. */
export function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** An S-curve from 0 at `from` to 1 at `to`; falls instead of rising when `to < from`. */
export function smooth(from: number, to: number, x: number): number {
  const t = clamp((x - from) / (to - from));
  return t * t * (3 - 2 * t);
}

/** A fixed random number in [0, 1) for each whole number. */
export function hash01(i: number): number {
  let h = Math.imul(i ^ 0x9e3779b9, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
