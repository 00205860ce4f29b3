/** The ground of a view: epithelium, stroma, muscle or glass. */
import type { Canvas } from "./canvas";
import { FIELD } from "./fields";
import { GroundPixel } from "./ground-pixel";
import { MASK_BITS } from "./masks";
import { clamp } from "./noise";
import { paintEpithelium } from "./paint-epithelium";
import { paintMuscle } from "./paint-muscle";
import { paintStroma } from "./paint-stroma";
import type { TissueSite } from "./site";

/** Nothing in the ground is finer than this: closer pixels are filled in between, as a lens would. um */
const FINEST_UM = 0.65;

/** Stain and mask of one row of the ground. */
interface GroundRow {
  readonly hematoxylin: Float32Array;
  readonly eosin: Float32Array;
  readonly orange: Float32Array;
  readonly mask: Uint8Array;
}

/**
 * Paint the ground, at every pixel of a coarse view and at every few pixels of a close one, with the pixels between
 * filled in.
 */
export function paintGround(site: TissueSite, canvas: Canvas): void {
  const step = Math.max(1, Math.floor(FINEST_UM / canvas.umPerPx));
  const painter = new GroundPainter(site, canvas, step);
  if (step === 1) {
    for (let row = 0; row < canvas.height; row++) copyRow(painter.paint(row, 0), canvas, row);
    return;
  }
  let above = painter.paint(0, 0);
  for (let row = 0; row < canvas.height; row += step) {
    const below = painter.paint(row + step, 1 - ((row / step) & 1));
    for (let i = 0; i < step && row + i < canvas.height; i++)
      fillRow(above, below, i / step, step, canvas, row + i);
    above = below;
  }
}

function copyRow(from: GroundRow, canvas: Canvas, row: number): void {
  const start = row * canvas.width;
  canvas.hematoxylin.set(from.hematoxylin, start);
  canvas.eosin.set(from.eosin, start);
  canvas.orange.set(from.orange, start);
  canvas.mask.set(from.mask, start);
}

/** A row of pixels, a share `down` of the way between two painted rows. */
function fillRow(
  above: GroundRow,
  below: GroundRow,
  down: number,
  step: number,
  canvas: Canvas,
  row: number,
): void {
  const start = row * canvas.width;
  fillValues(above.hematoxylin, below.hematoxylin, down, step, canvas.hematoxylin, start, canvas.width);
  fillValues(above.eosin, below.eosin, down, step, canvas.eosin, start, canvas.width);
  fillValues(above.orange, below.orange, down, step, canvas.orange, start, canvas.width);
  const nearest = down < 0.5 ? above.mask : below.mask;
  for (let column = 0; column < canvas.width; column++)
    canvas.mask[start + column] = nearest[Math.floor(column / step + 0.5)]!;
}

function fillValues(
  above: Float32Array,
  below: Float32Array,
  down: number,
  step: number,
  to: Float32Array,
  start: number,
  width: number,
): void {
  let left = above[0]! + (below[0]! - above[0]!) * down;
  for (let column = 0; column < width; column += step) {
    const next = column / step + 1;
    const right = above[next]! + (below[next]! - above[next]!) * down;
    const end = Math.min(step, width - column);
    for (let i = 0; i < end; i++) to[start + column + i] = left + ((right - left) * i) / step;
    left = right;
  }
}

/** Paints rows of the ground at the pixels that are multiples of `step`, one more than the view holds. */
class GroundPainter {
  private readonly columns: number;
  /** Two, because the row above is needed until the one below is painted. */
  private readonly rows: readonly GroundRow[];
  private readonly pixel: GroundPixel;

  constructor(
    private readonly site: TissueSite,
    private readonly canvas: Canvas,
    step: number,
  ) {
    this.columns = step === 1 ? canvas.width : Math.ceil(canvas.width / step) + 1;
    this.rows = [emptyRow(this.columns), emptyRow(this.columns)];
    this.pixel = new GroundPixel(site, {
      first: canvas.x(0),
      step: step * canvas.umPerPx,
      count: this.columns,
    });
  }

  /** Paint the row of these pixels into buffer 0 or 1. */
  paint(row: number, buffer: number): GroundRow {
    const { site, pixel, columns } = this;
    const out = this.rows[buffer]!;
    const first = this.canvas.x(0);
    pixel.moveToRow(this.canvas.y(row));
    for (let column = 0; column < columns; column++) {
      pixel.moveTo(column, first + column * pixel.umPerPx);
      const onTissue = paintPixel(site, pixel);
      out.hematoxylin[column] = pixel.hematoxylin * onTissue;
      out.eosin[column] = pixel.eosin * onTissue;
      out.orange[column] = pixel.orange * onTissue;
      out.mask[column] = onTissue > 0.5 ? pixel.mask : 0;
    }
    return out;
  }
}

function emptyRow(columns: number): GroundRow {
  return {
    hematoxylin: new Float32Array(columns),
    eosin: new Float32Array(columns),
    orange: new Float32Array(columns),
    mask: new Uint8Array(columns),
  };
}

/** Stain and mask of one pixel. @returns how much of it is tissue */
function paintPixel(site: TissueSite, pixel: GroundPixel): number {
  pixel.hematoxylin = 0;
  pixel.eosin = 0;
  pixel.orange = 0;
  pixel.mask = MASK_BITS.tissue;
  const glass = pixel.read(FIELD.glass);
  const onTissue = clamp(glass / pixel.umPerPx + 0.5);
  if (onTissue <= 0) return 0;
  const rough = pixel.noise.rough.values[pixel.column]!;
  let epithelium = pixel.read(FIELD.epithelium);
  if (epithelium < 14 && epithelium > -14) epithelium += 1.7 * rough;
  pixel.glass = glass;
  pixel.rough = rough;
  pixel.epithelium = epithelium;
  const covered = clamp(0.5 - epithelium / pixel.umPerPx);
  if (covered < 1) paintConnective(site, pixel, 1 - covered);
  if (covered > 0) paintEpithelium(site, pixel, covered);
  return onTissue;
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
