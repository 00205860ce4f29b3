/**
 * Photographs at full resolution, cut into tiles of the model's input size: as the study computes frozen features of
 * its 2592 x 1944 photographs, 24 tiles of 512 pixels each, what lies outside filled with zeros.
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
  for (const [name, pixels] of Object.entries({ size, width, height }))
    if (!(Number.isInteger(pixels) && pixels >= 1))
      throw invalidArgument(name, pixels, "a whole number of pixels from 1");
  const [rows, columns] = [Math.ceil(height / size), Math.ceil(width / size)];
  return views.flatMap(({ site, magnification }) =>
    Array.from({ length: rows * columns }, (_, i) => ({
      site,
      magnification,
      tile: [Math.floor(i / columns), i % columns] as const,
    })),
  );
}

/** Tiles of the images of one patient, [views, h, w, 3], 0-255. An image whose tiles follow each other is read once. */
export async function decodeTiles(spec: ModelSpec, images: readonly ViewImage[]): Promise<Uint8Array> {
  const [height, width] = spec.encoder.imageSize;
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
    if (tile) copyTile(pixels, tile, [height, width], to);
    else to.set((await pixels.resize(width, height, { fit: spec.imageFit })).data);
  }
  return out;
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
