/** One photograph of a site: the same tissue under one objective. */
import { Rng } from "../../core/random";
import type { Magnification } from "../schema";
import { Canvas } from "./canvas";
import { makeNoise } from "./noise";
import { type Camera, expose } from "./optics";
import { paintCells } from "./paint-cells";
import { paintGround } from "./paint-ground";
import { paintPearls } from "./paint-pearls";
import { paintFat, paintGlands, paintNerves, paintVessels } from "./paint-structures";
import { FIELD_WIDTH_UM, ZOOM } from "./settings";
import type { TissueSite } from "./site";

/** A photograph and its truth. */
export interface PhantomView {
  readonly width: number;
  readonly height: number;
  readonly umPerPx: number;
  /** `[height, width, 3]`, 0 to 255. */
  readonly rgb: Uint8Array;
  /** `[height, width]`, bits of `MASK_BITS`. */
  readonly mask: Uint8Array;
}

/** Lens blur of each objective at `REFERENCE_WIDTH`, px. */
const BLUR_PX = { x200: 0.5, x400: 0.6, x1000: 0.95 } as const;
/** The width, in px, at which blur and grain were matched to the real photographs. */
const REFERENCE_WIDTH = 648;

/** um per pixel of an image of this width. */
export function umPerPx(magnification: Magnification, width: number): number {
  return FIELD_WIDTH_UM / ZOOM[magnification] / width;
}

/**
 * Photograph a site.
 *
 * @param site    see `buildSite`
 * @param width   px; the field is 1000 um wide at x200, 500 at x400, 200 at x1000
 * @param height  px; 3/4 of the width shows the whole field
 */
export function renderView(
  site: TissueSite,
  magnification: Magnification,
  width: number,
  height: number,
): PhantomView {
  const canvas = new Canvas(width, height, umPerPx(magnification, width));
  paintGround(site, canvas);
  paintPearls(site, canvas);
  paintGlands(site, canvas);
  paintFat(site, canvas);
  paintNerves(site, canvas);
  paintVessels(site, canvas);
  paintCells(site, canvas);
  unevenness(site, canvas);
  const rng = site.stream.split(magnification).split("camera");
  const camera = drawCamera(rng, magnification, width);
  return {
    width,
    height,
    umPerPx: canvas.umPerPx,
    rgb: expose(canvas, site.patient.stain, camera, rng),
    mask: canvas.mask,
  };
}

function drawCamera(rng: Rng, magnification: Magnification, width: number): Camera {
  const exposure = Math.exp(rng.normal(0, 0.02));
  const scale = (width / REFERENCE_WIDTH) ** 0.8;
  return {
    blurPx: BLUR_PX[magnification] * scale * Math.exp(rng.normal(0, 0.18)),
    vignette: rng.range(0.02, 0.14),
    noise: rng.range(0.8, 2.2),
    gain: [exposure * Math.exp(rng.normal(0, 0.008)), exposure, exposure * Math.exp(rng.normal(0, 0.008))],
    tiltX: rng.normal(0, 0.018),
    tiltY: rng.normal(0, 0.018),
  };
}

/** Grain at the scale of cytoplasm, one tile for all views. */
const GRAIN_TILE = 256;
const GRAIN = grainTile();
function grainTile(): Float32Array {
  const noise = makeNoise(new Rng("grain"));
  const tile = new Float32Array(GRAIN_TILE * GRAIN_TILE);
  for (let y = 0; y < GRAIN_TILE; y++)
    for (let x = 0; x < GRAIN_TILE; x++)
      tile[y * GRAIN_TILE + x] = 0.75 * noise(x / 2, y / 2) + 0.5 * noise(x / 4, y / 4 + 128);
  return tile;
}

/** Section thickness and uptake of stain are never even: slow waves, and grain. */
function unevenness({ coarse }: TissueSite, canvas: Canvas): void {
  const { width, height, umPerPx: um, left, top, hematoxylin, eosin, orange } = canvas;
  const grainPx = Math.max(1, Math.round(width / REFERENCE_WIDTH));
  let slow = 0;
  for (let row = 0; row < height; row++) {
    const y = top + (row + 0.5) * um;
    const grainRow = (Math.floor(row / grainPx + 41) & (GRAIN_TILE - 1)) * GRAIN_TILE;
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      if ((column & 7) === 0) slow = 0.09 * coarse((left + (column + 0.5) * um) / 170 + 200, y / 170);
      const grain = GRAIN[grainRow + (Math.floor(column / grainPx) & (GRAIN_TILE - 1))]!;
      const thickness = 1 + slow + 0.1 * grain;
      hematoxylin[i]! *= thickness - 0.04 * grain;
      eosin[i]! *= thickness;
      orange[i]! *= thickness;
    }
  }
}
