/** The ground of a view, pixel by pixel: epithelium, stroma, muscle or glass. */
import type { Canvas } from "./canvas";
import { bilinear, FIELD, FIELD_COUNT, GRID_UM } from "./fields";
import { MASK_BITS } from "./masks";
import { clamp } from "./noise";
import { paintEpithelium } from "./paint-epithelium";
import { paintMuscle } from "./paint-muscle";
import { paintStroma } from "./paint-stroma";
import type { TissueSite } from "./site";

/** One pixel while it is painted. Reused for all pixels of a view: this loop must not allocate. */
export class GroundPixel {
  x = 0.5;
  y = 0.5;
  umPerPx = 0.5;
  /** Offsets of the surrounding grid rows and the position between them. */
  upper = 0;
  lower = 0;
  fx = 0.5;
  fy = 0.5;
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

  constructor(private readonly fields: Float32Array) {}

  read(channel: number): number {
    return bilinear(this.fields, this.upper + channel, this.lower + channel, this.fx, this.fy);
  }
}

export function paintGround(site: TissueSite, canvas: Canvas): void {
  const { fields, coarse } = site;
  const { width, height, umPerPx, left, top } = canvas;
  const pixel = new GroundPixel(fields.data);
  pixel.umPerPx = umPerPx;
  for (let row = 0; row < height; row++) {
    const y = top + (row + 0.5) * umPerPx;
    const gridY = (y - fields.top) / GRID_UM;
    const gridRow = gridY | 0;
    for (let column = 0; column < width; column++) {
      const x = left + (column + 0.5) * umPerPx;
      const gridX = (x - fields.left) / GRID_UM;
      const gridColumn = gridX | 0;
      const i = row * width + column;
      pixel.x = x;
      pixel.y = y;
      pixel.upper = (gridRow * fields.columns + gridColumn) * FIELD_COUNT;
      pixel.lower = pixel.upper + fields.columns * FIELD_COUNT;
      pixel.fx = gridX - gridColumn;
      pixel.fy = gridY - gridRow;

      const glass = pixel.read(FIELD.glass);
      const onTissue = clamp(glass / umPerPx + 0.5);
      if (onTissue <= 0) continue;
      const rough = coarse(x / 9, y / 9);
      let epithelium = pixel.read(FIELD.epithelium);
      if (epithelium < 14 && epithelium > -14) epithelium += 1.7 * rough;
      pixel.glass = glass;
      pixel.rough = rough;
      pixel.epithelium = epithelium;
      pixel.hematoxylin = 0;
      pixel.eosin = 0;
      pixel.orange = 0;
      pixel.mask = MASK_BITS.tissue;

      const covered = clamp(0.5 - epithelium / umPerPx);
      if (covered < 1) paintConnective(site, pixel, 1 - covered);
      if (covered > 0) paintEpithelium(site, pixel, covered);
      canvas.hematoxylin[i] = pixel.hematoxylin * onTissue;
      canvas.eosin[i] = pixel.eosin * onTissue;
      canvas.orange[i] = pixel.orange * onTissue;
      canvas.mask[i] = onTissue > 0.5 ? pixel.mask : 0;
    }
  }
}

/** Stroma, muscle, or the border between them, on a share of the pixel. */
function paintConnective(site: TissueSite, pixel: GroundPixel, share: number): void {
  const muscle = site.muscle.present ? muscleShare(site, pixel) : 0;
  if (muscle < 1) paintStroma(site, pixel);
  if (muscle > 0) paintMuscle(site, pixel, muscle);
  pixel.hematoxylin *= share;
  pixel.eosin *= share;
  pixel.orange *= share;
}

/** How much of the pixel is muscle: each fibre ends at its own place. */
function muscleShare(site: TissueSite, pixel: GroundPixel): number {
  const distance = pixel.read(FIELD.muscle);
  if (distance >= 30) return 0;
  const { x, y, umPerPx, epithelium } = pixel;
  const along = x * site.muscle.cos + y * site.muscle.sin;
  const fibre = Math.floor(pixel.read(FIELD.fibre));
  const ownEnd = distance > 0 || epithelium > 40 ? 22 * site.fine(along / 60 + 9, fibre * 5.3) : 0;
  const share = clamp(0.5 - (distance + 2 * pixel.rough + Math.max(ownEnd, -28)) / Math.max(umPerPx, 2));
  return epithelium < 5 ? share * clamp(epithelium / 5) : share;
}
