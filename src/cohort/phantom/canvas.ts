/**
 * What a view is painted on: the concentration of each stain in every pixel, and the truth mask.
 * Painters mix stain in; light is computed once, at the end.
 */
import type { Ellipse } from "./geometry";

export class Canvas {
  readonly hematoxylin: Float32Array;
  readonly eosin: Float32Array;
  /** Keratin and haemoglobin. */
  readonly orange: Float32Array;
  readonly mask: Uint8Array;
  /** Position of the image's top left corner, um. */
  readonly left: number;
  readonly top: number;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly umPerPx: number,
  ) {
    const pixels = width * height;
    this.hematoxylin = new Float32Array(pixels);
    this.eosin = new Float32Array(pixels);
    this.orange = new Float32Array(pixels);
    this.mask = new Uint8Array(pixels);
    this.left = (-width * umPerPx) / 2;
    this.top = (-height * umPerPx) / 2;
  }

  /** Cover a share of a pixel with another material. */
  mix(i: number, share: number, hematoxylin: number, eosin: number, orange: number): void {
    this.hematoxylin[i]! += (hematoxylin - this.hematoxylin[i]!) * share;
    this.eosin[i]! += (eosin - this.eosin[i]!) * share;
    this.orange[i]! += (orange - this.orange[i]!) * share;
  }

  /** Fade all stain of a pixel: a hole in the section. */
  clear(i: number, share: number): void {
    this.hematoxylin[i]! *= 1 - share;
    this.eosin[i]! *= 1 - share;
    this.orange[i]! *= 1 - share;
  }

  /** Position of a column's or row's middle, um. */
  x(column: number): number {
    return this.left + (column + 0.5) * this.umPerPx;
  }

  y(row: number): number {
    return this.top + (row + 0.5) * this.umPerPx;
  }

  /** Does a disc reach into the image? */
  shows(x: number, y: number, radius: number): boolean {
    return Math.abs(x) - radius < -this.left && Math.abs(y) - radius < -this.top;
  }

  /** The pixels within `radius` um of a point. For the innermost loops; others are visited with `around`. */
  box(x: number, y: number, radius: number): PixelBox {
    const { umPerPx, left, top } = this;
    return {
      firstColumn: Math.max(0, Math.floor((x - radius - left) / umPerPx)),
      lastColumn: Math.min(this.width - 1, Math.ceil((x + radius - left) / umPerPx)),
      firstRow: Math.max(0, Math.floor((y - radius - top) / umPerPx)),
      lastRow: Math.min(this.height - 1, Math.ceil((y + radius - top) / umPerPx)),
    };
  }

  /**
   * Visit the pixels within `radius` um of a point. `paint` gets whole numbers only, and asks for positions
   * itself: fractions would be boxed on every call.
   */
  around(x: number, y: number, radius: number, paint: PaintPixel): void {
    const { width } = this;
    const { firstColumn, lastColumn, firstRow, lastRow } = this.box(x, y, radius);
    for (let row = firstRow; row <= lastRow; row++)
      for (let column = firstColumn; column <= lastColumn; column++) paint(row * width + column, column, row);
  }

  /** Visit the tissue pixels within `margin` um of a structure. */
  over(structure: Ellipse, margin: number, paint: PaintPixel): void {
    this.around(structure.x, structure.y, structure.reach + margin, (i, column, row) => {
      if (this.mask[i]) paint(i, column, row);
    });
  }
}

/** Columns and rows, both ends included; empty if the first is beyond the last. */
export interface PixelBox {
  readonly firstColumn: number;
  readonly lastColumn: number;
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Paints one pixel: its index, its column, its row. */
export type PaintPixel = (i: number, column: number, row: number) => void;
