/**
 * Photographs at full resolution, as the study computes frozen features of its 2592 x 1944 photographs: cut into 24 tiles of
 * 512 pixels, what lies outside filled with zeros; or whole, as one grid of 121 x 162 patches, the last 8 rows left out.
 */
import { invalidArgument, OsccError } from "../core/errors";
import type { ModelSpec, View, ViewImage, ViewPixels } from "../model";

/** The size of the photographs, and of a tile, in pixels. */
export interface TileOptions {
  /** Side of a square tile: the model's `imageSize`. Default 512, as published. */
  readonly size?: number;
  /** Of the photographs, default 2592 x 1944, the study's. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * Views as tiles: each photograph as many times as it has tiles, row by row. For `features` and `fit`, as `views`.
 *
 * @throws InvalidArgument  for a size that is no whole number from 1
 * @example
 * const views = train.tileViews(cohort.views); // 6 photographs, 144 tiles
 * const table = await train.features(cohort, { views, imageSize: 512 });
 */
export function tileViews(views: readonly View[], options: TileOptions = {}): View[] {
  const { size = 512, width = 2592, height = 1944 } = options;
  checkPixels({ size, width, height });
  const [rows, columns] = [Math.ceil(height / size), Math.ceil(width / size)];
  return views.flatMap(({ site, magnification }) =>
    Array.from({ length: rows * columns }, (_, i) => ({
      site,
      magnification,
      tile: [Math.floor(i / columns), i % columns] as const,
    })),
  );
}

/** The size of the photographs, and of a patch, in pixels. */
export interface WholeOptions {
  /** Side of the encoder's patch, default 16. */
  readonly patch?: number;
  /** Of the photographs, default 2592 x 1944, the study's. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * Options for `features` that show an encoder whole photographs at full resolution: each as one grid of patches, rows and
 * columns at its end that fill no patch left out. Positions are resized to that grid, see `positions`.
 *
 * Attention between all patches costs as the square of their number: a ViT-S/16 computes 7.3 TFLOP for a photograph of the
 * study (about a minute on two cores), 1.4 for its 24 tiles. Its attention weights, 9 GB a block, are never there as a whole.
 *
 * @throws InvalidArgument  for a size that is no whole number from 1, or a photograph smaller than a patch
 * @example
 * const table = await train.features(cohort, { ...train.wholePhotographs(cohort.views), encoder: "vit-s/16" });
 */
export function wholePhotographs(
  views: readonly View[],
  options: WholeOptions = {},
): { views: View[]; imageSize: readonly [height: number, width: number] } {
  const { patch = 16, width = 2592, height = 1944 } = options;
  checkPixels({ patch, width, height });
  if (Math.min(width, height) < patch)
    throw invalidArgument(
      "patch",
      patch,
      `at most ${Math.min(width, height)}, the shorter side of the photographs`,
    );
  const whole = (side: number) => Math.floor(side / patch) * patch;
  return {
    views: views.map(({ site, magnification }) => ({ site, magnification, tile: "whole" as const })),
    imageSize: [whole(height), whole(width)],
  };
}

function checkPixels(sizes: Readonly<Record<string, number>>): void {
  for (const [name, pixels] of Object.entries(sizes))
    if (!(Number.isInteger(pixels) && pixels >= 1))
      throw invalidArgument(name, pixels, "a whole number of pixels from 1");
}

/** Tiles of the images of one patient, [views, h, w, 3], 0-255. An image whose tiles follow each other is read once. */
export async function decodeTiles(spec: ModelSpec, images: readonly ViewImage[]): Promise<Uint8Array> {
  const { imageSize, patch } = spec.encoder;
  const [height, width] = imageSize;
  const length = height * width * 3;
  const out = new Uint8Array(images.length * length);
  let before: View | undefined;
  let pixels: ViewPixels | undefined;
  for (const [i, view] of spec.views.entries()) {
    const { site, magnification, tile } = view;
    if (!(pixels && before?.site === site && before.magnification === magnification))
      pixels = await images[i]!.load();
    before = view;
    const to = out.subarray(i * length, (i + 1) * length);
    if (tile === "whole") copyWhole(pixels, imageSize, patch, to);
    else if (tile) copyTile(pixels, tile, imageSize, to);
    else to.set((await pixels.resize(width, height, { fit: spec.imageFit })).data);
  }
  return out;
}

/** Copy an image but for what fills no patch at its right and lower end. */
function copyWhole(
  image: ViewPixels,
  [height, width]: readonly [number, number],
  patch: number,
  to: Uint8Array,
): void {
  const fits = (pixels: number, wanted: number) => Math.floor(pixels / patch) * patch === wanted;
  if (!fits(image.height, height) || !fits(image.width, width))
    throw new OsccError(
      "ShapeMismatch",
      [
        `an image of ${image.width} x ${image.height} pixels is not of the size that the model sees whole.`,
        `Expected ${width} to ${width + patch - 1} x ${height} to ${height + patch - 1} pixels.`,
        "Give the size of your photographs: train.wholePhotographs(cohort.views, { width, height, patch }).",
      ],
      { expected: [height, width], found: [image.height, image.width] },
    );
  copyTile(image, [0, 0], [height, width], to);
}

/** Copy the part of an image that lies in a tile; the rest of the tile stays zero. */
function copyTile(
  image: ViewPixels,
  [row, column]: readonly [number, number],
  [height, width]: readonly [number, number],
  to: Uint8Array,
): void {
  const [top, left] = [row * height, column * width];
  if (top >= image.height || left >= image.width)
    throw new OsccError(
      "ShapeMismatch",
      [
        `an image of ${image.width} x ${image.height} pixels has no tile in row ${row}, column ${column}.`,
        `Expected more than ${left} x ${top} pixels.`,
        "Give the size of your photographs: train.tileViews(cohort.views, { width, height, size }).",
      ],
      { expected: [top + 1, left + 1], found: [image.height, image.width] },
    );
  const copied = Math.min(width, image.width - left) * 3;
  for (let y = 0; y < height && top + y < image.height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    to.set(image.data.subarray(from, from + copied), y * width * 3);
  }
}
