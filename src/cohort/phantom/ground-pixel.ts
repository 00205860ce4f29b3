/** One pixel of the ground while it is painted. Reused for all pixels of a view: this loop must not allocate. */
import { FIELD_COUNT, GRID_UM, type SlowFields } from "./fields";
import { NoiseRow, type Places } from "./noise";
import type { TissueSite } from "./site";

/** Finer than this, single fibrils of collagen and granules of cytoplasm are drawn; coarser, they would only alias. */
export const DETAIL_UM_PER_PX = 0.8;

export class GroundPixel {
  column = 0;
  x = 0.5;
  y = 0.5;
  readonly umPerPx: number;
  /** A noise of 9 um that all materials share, so that their irregularities agree. */
  rough = 0.5;
  /** Signed distances, um. */
  epithelium = 0.5;
  glass = 0.5;
  /** Stain so far. */
  hematoxylin = 0.5;
  eosin = 0.5;
  orange = 0.5;
  mask = 0;
  /** Textures along the row. */
  readonly noise: ReturnType<typeof textures>;
  private readonly fields: SlowFields;
  /** Offset of the grid row above, of the pixel's left grid column in a row, and the position between them. */
  private above = 0;
  private left = 0;
  private fx = 0.5;
  private fy = 0.5;

  constructor(site: TissueSite, places: Places) {
    this.fields = site.fields;
    this.umPerPx = places.step;
    this.noise = textures(site, places);
  }

  /** Go to another row. */
  moveToRow(y: number): void {
    this.y = y;
    const gridY = (y - this.fields.top) / GRID_UM;
    const gridRow = gridY | 0;
    this.above = gridRow * this.fields.columns * FIELD_COUNT;
    this.fy = gridY - gridRow;
    for (const texture of Object.values(this.noise)) texture.moveTo(y);
  }

  /** Go to another pixel of the row. */
  moveTo(column: number, x: number): void {
    this.column = column;
    this.x = x;
    const gridX = (x - this.fields.left) / GRID_UM;
    const gridColumn = gridX | 0;
    this.left = gridColumn * FIELD_COUNT;
    this.fx = gridX - gridColumn;
  }

  /** A field at this pixel. */
  read(channel: number): number {
    const { data, columns } = this.fields;
    const upper = this.above + this.left + channel;
    const lower = upper + columns * FIELD_COUNT;
    const top = data[upper]! + (data[upper + FIELD_COUNT]! - data[upper]!) * this.fx;
    const bottom = data[lower]! + (data[lower + FIELD_COUNT]! - data[lower]!) * this.fx;
    return top + (bottom - top) * this.fy;
  }
}

function textures({ coarse, fine }: TissueSite, places: Places) {
  const close = places.step < DETAIL_UM_PER_PX;
  return {
    rough: new NoiseRow(coarse, 9, places),
    /** Ground substance of the stroma. */
    ground: new NoiseRow(fine, 4.6, places, 0, 70),
    /** Granules and patches of cytoplasm. */
    granules: new NoiseRow(fine, close ? 1.6 : 4.5, places),
    patches: new NoiseRow(fine, 5, places, 9, 0),
    /** Wobble of cell borders, and where they fade. */
    wobble: new NoiseRow(coarse, 8, places, 40, 0),
    fading: new NoiseRow(coarse, 26, places, 50, 0),
  };
}
