/**
 * What varies slowly over a site, on a 5 um grid: signed distances, fibre directions, densities.
 * Everything that is drawn reads these fields, so a nest, its cells and its mask always agree.
 */
import { clamp } from "./noise";

/** Grid spacing, um. */
export const GRID_UM = 5;

/** Channels of the grid. Distances are signed, in um, negative inside. */
export const FIELD = {
  /** Tumour or surface epithelium, cords and collars included. */
  epithelium: 0,
  /** Across the collagen fibres: fibres run along its contour lines. */
  across: 1,
  /** Along the collagen fibres. */
  along: 2,
  muscle: 3,
  /** 0 dense to 1 loose stroma. */
  looseness: 4,
  /** Lymphocyte density, 0 to 1. */
  lymphocytes: 5,
  /** Distance to bare glass; positive is tissue. */
  glass: 6,
  cord: 7,
  /** Tumour collar around a nerve. */
  collar: 8,
  /** Position across the muscle fibres, in fibres: the whole part names a fibre, the rest is the place in it. */
  fibre: 9,
  /** Surface mucosa. */
  surface: 10,
  /** Slow variation of the collagen between sheets, about [-1, 1]. */
  sheets: 11,
  /** Phase of the collagen's crimp, radians. */
  crimpPhase: 12,
  /** How far cords have pushed the muscle fibres aside, um. */
  push: 13,
} as const;

export const FIELD_COUNT = 14;

export class SlowFields {
  readonly columns: number;
  readonly rows: number;
  readonly data: Float32Array;

  /** A grid over [left, left + width] x [top, top + height], um. */
  constructor(
    readonly left: number,
    readonly top: number,
    width: number,
    height: number,
  ) {
    this.columns = Math.ceil(width / GRID_UM) + 2;
    this.rows = Math.ceil(height / GRID_UM) + 2;
    this.data = new Float32Array(this.columns * this.rows * FIELD_COUNT);
  }

  /** Bilinear reading of one channel at a point in um; clamped at the border. */
  sample(x: number, y: number, channel: number): number {
    const gx = clamp((x - this.left) / GRID_UM, 0, this.columns - 1.001);
    const gy = clamp((y - this.top) / GRID_UM, 0, this.rows - 1.001);
    const column = Math.floor(gx);
    const row = Math.floor(gy);
    const upper = (row * this.columns + column) * FIELD_COUNT + channel;
    const lower = upper + this.columns * FIELD_COUNT;
    const fx = gx - column;
    const fy = gy - row;
    const { data } = this;
    return (
      (data[upper]! * (1 - fx) + data[upper + FIELD_COUNT]! * fx) * (1 - fy) +
      (data[lower]! * (1 - fx) + data[lower + FIELD_COUNT]! * fx) * fy
    );
  }

  /** Direction of steepest ascent of a channel, radians, by central differences of `reach` um. */
  slope(x: number, y: number, channel: number, reach: number): number {
    const dx = this.sample(x + reach, y, channel) - this.sample(x - reach, y, channel);
    const dy = this.sample(x, y + reach, channel) - this.sample(x, y - reach, channel);
    return Math.atan2(dy, dx);
  }
}
