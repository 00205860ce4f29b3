/** Epithelial cells by place: which two are nearest to a pixel decides where a cell border runs. */
import { CELL, type Cell } from "./cells";
import type { TissueSite } from "./site";

/** Epithelial cells sorted into square bins, for finding the nearest two to a pixel. */
export interface EpithelialBins {
  readonly columns: number;
  /** First cell of each bin; cells of bin i are start[i] to start[i + 1]. */
  readonly start: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly tone: Float32Array;
}

/** Before the cells are placed. */
export const NO_EPITHELIUM: EpithelialBins = {
  columns: 0,
  start: new Int32Array(1),
  x: new Float32Array(0),
  y: new Float32Array(0),
  tone: new Float32Array(0),
};

/** Side of a bin for cell borders, um: at least the largest distance to the second nearest cell. */
export const BIN_UM = 16;

/** Counting sort of the epithelial cells into bins. */
export function binEpithelium(site: TissueSite, width: number, height: number): EpithelialBins {
  const { left, top } = site.fields;
  const columns = Math.ceil(width / BIN_UM) + 2;
  const rows = Math.ceil(height / BIN_UM) + 2;
  const cells = site.cells.filter((c) => c.kind === CELL.tumour || c.kind === CELL.mitosis);
  const binOf = (c: Cell) =>
    (Math.floor((c.y - top) / BIN_UM) + 1) * columns + Math.floor((c.x - left) / BIN_UM) + 1;
  const start = new Int32Array(columns * rows + 1);
  for (const c of cells) start[binOf(c) + 1]! += 1;
  for (let i = 0; i < columns * rows; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const bins = {
    columns,
    start,
    x: new Float32Array(cells.length),
    y: new Float32Array(cells.length),
    tone: new Float32Array(cells.length),
  };
  for (const c of cells) {
    const bin = binOf(c);
    const at = next[bin]!;
    next[bin] = at + 1;
    bins.x[at] = c.x;
    bins.y[at] = c.y;
    bins.tone[at] = c.tone;
  }
  return bins;
}
