/** Keeps cells apart while they are placed. Lengths in um. */
import type { Rng } from "../../core/random";
import type { Cell } from "./cells";
import type { TissueSite } from "./site";

/** Side of a bin for keeping cells apart while they are placed, um. */
const SPACING_BIN_UM = 8;

/** The cells that stand so far, with a quick look for neighbours: a linked list for each bin. */
export class Placement {
  private readonly columns: number;
  private readonly rows: number;
  /** First cell of each bin, and the next cell of the same bin; -1 ends a list. */
  private readonly first: Int32Array;
  private readonly next: number[] = [];
  private readonly x: number[] = [];
  private readonly y: number[] = [];

  constructor(
    private readonly site: TissueSite,
    private readonly rng: Rng,
    width: number,
    height: number,
  ) {
    this.columns = Math.ceil(width / SPACING_BIN_UM) + 1;
    this.rows = Math.ceil(height / SPACING_BIN_UM) + 1;
    this.first = new Int32Array(this.columns * this.rows).fill(-1);
  }

  /** Does a cell stand within `distance` um? */
  occupied(x: number, y: number, distance: number): boolean {
    const { left, top } = this.site.fields;
    const firstColumn = Math.max(0, Math.floor((x - distance - left) / SPACING_BIN_UM));
    const lastColumn = Math.min(this.columns - 1, Math.floor((x + distance - left) / SPACING_BIN_UM));
    const firstRow = Math.max(0, Math.floor((y - distance - top) / SPACING_BIN_UM));
    const lastRow = Math.min(this.rows - 1, Math.floor((y + distance - top) / SPACING_BIN_UM));
    const limit = distance * distance;
    for (let row = firstRow; row <= lastRow; row++)
      for (let column = firstColumn; column <= lastColumn; column++)
        for (let i = this.first[row * this.columns + column]!; i >= 0; i = this.next[i]!) {
          const dx = this.x[i]! - x;
          const dy = this.y[i]! - y;
          if (dx * dx + dy * dy < limit) return true;
        }
    return false;
  }

  add(cell: Omit<Cell, "seed">): void {
    const column = Math.floor((cell.x - this.site.fields.left) / SPACING_BIN_UM);
    const row = Math.floor((cell.y - this.site.fields.top) / SPACING_BIN_UM);
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return;
    const bin = row * this.columns + column;
    this.next.push(this.first[bin]!);
    this.first[bin] = this.site.cells.length;
    this.x.push(cell.x);
    this.y.push(cell.y);
    this.site.cells.push({ ...cell, seed: this.rng.uint32() & 0xffff });
  }
}

/** A quick box test before the exact distance. */
export function near(
  o: { x: number; y: number; reach: number },
  x: number,
  y: number,
  factor: number,
  margin = 0,
): boolean {
  const limit = o.reach * factor + margin;
  return Math.abs(x - o.x) < limit && Math.abs(y - o.y) < limit;
}
