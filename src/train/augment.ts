/**
 * Augmentation by the symmetries of a square: a slide has no up, no left. Pixels move, none is changed, so it
 * is exact, and it works on raw values before normalisation. All images of a patient get the same draw, because
 * they show one field at several magnifications.
 */
import { invalidArgument } from "../core/errors";
import type { Rng } from "../core/random";

/** What is done to training images. */
export const AUGMENTATIONS = ["none", "flips", "dihedral"] as const;
/**
 * - `"none"`
 * - `"flips"`: left-right and up-down, each with probability 1/2.
 * - `"dihedral"`: flips and quarter turns, the eight symmetries of a square; for other shapes the four that keep the shape.
 *
 * (The study also crops, rotates by up to 45 degrees, and changes contrast and sharpness.)
 */
export type Augmentation = (typeof AUGMENTATIONS)[number];

/** One symmetry: first transpose (about the main diagonal), then mirror. */
export interface Symmetry {
  readonly transpose: boolean;
  readonly flipVertical: boolean;
  readonly flipHorizontal: boolean;
}

/**
 * Draw a symmetry that keeps the shape height x width.
 *
 * @example
 * const symmetry = train.drawSymmetry("dihedral", 96, 96, new Rng(7));
 */
export function drawSymmetry(augmentation: Augmentation, height: number, width: number, rng: Rng): Symmetry {
  if (augmentation === "none") return { transpose: false, flipVertical: false, flipHorizontal: false };
  const flipVertical = rng.chance(0.5);
  const flipHorizontal = rng.chance(0.5);
  const transpose = rng.chance(0.5) && augmentation === "dihedral" && height === width;
  return { transpose, flipVertical, flipHorizontal };
}

/**
 * Apply a symmetry to each of several images.
 *
 * @param pixels  [images, height, width, channels], any values
 * @returns       a new array of the same shape
 * @throws InvalidArgument  for a transposition of images that are not square
 * @example
 * const mirror = { transpose: false, flipVertical: false, flipHorizontal: true };
 * train.applySymmetry(Float32Array.of(1, 2, 3, 4), [2, 2, 1], mirror); // [2, 1, 4, 3]
 */
export function applySymmetry(
  pixels: ArrayLike<number>,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  { transpose, flipVertical, flipHorizontal }: Symmetry,
): Float32Array {
  if (transpose && height !== width)
    throw invalidArgument("transpose", `of ${height} x ${width} pixels`, "a square image");
  const out = new Float32Array(pixels.length);
  const imageValues = height * width * channels;
  for (let image = 0; image < pixels.length; image += imageValues)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const row = flipVertical ? height - 1 - y : y;
        const column = flipHorizontal ? width - 1 - x : x;
        const from = image + (transpose ? column * width + row : row * width + column) * channels;
        const to = image + (y * width + x) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = pixels[from + c]!;
      }
  return out;
}
