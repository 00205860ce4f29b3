/** Hiding parts of images: what is hidden gets the model's mean colour, which is zero after normalisation. */
import type { Normalisation } from "../model";
import type { TokenGrid } from "./tokens";

/**
 * A blend of an image and the model's mean colour.
 *
 * @param image  [h, w, 3], 0-255
 * @param keep   [h, w]: 1 keeps a pixel, 0 hides it
 */
export function hidden(image: Float32Array, keep: ArrayLike<number>, { mean }: Normalisation): Float32Array {
  const out = new Float32Array(image.length);
  for (let p = 0; p < keep.length; p++)
    for (let c = 0; c < 3; c++) out[3 * p + c] = mean[c]! + keep[p]! * (image[3 * p + c]! - mean[c]!);
  return out;
}

/** An image of the mean colour alone, [h, w, 3]. */
export function blankImage(values: number, { mean }: Normalisation): Float32Array {
  return Float32Array.from({ length: values }, (_, i) => mean[i % 3]!);
}

/** Values of patches as pixels [h, w], each patch a flat square. */
export function spreadPatches(
  values: ArrayLike<number>,
  { rows, columns }: TokenGrid,
  [height, width]: readonly [number, number],
): Float32Array {
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out[y * width + x] =
        values[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)]!;
  return out;
}

/** The same as a smooth surface: bilinear between the centres of the patches, level beyond the outer ones. */
export function smoothPatches(
  values: ArrayLike<number>,
  { rows, columns }: TokenGrid,
  [height, width]: readonly [number, number],
): Float32Array {
  const down = stops(rows, height);
  const across = stops(columns, width);
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const { low: top, high: bottom, share: dy } = down[y]!;
    for (let x = 0; x < width; x++) {
      const { low: left, high: right, share: dx } = across[x]!;
      const at = (row: number, column: number) => values[row * columns + column]!;
      const upper = at(top, left) * (1 - dx) + at(top, right) * dx;
      const lower = at(bottom, left) * (1 - dx) + at(bottom, right) * dx;
      out[y * width + x] = upper * (1 - dy) + lower * dy;
    }
  }
  return out;
}

/** For each pixel: the patches whose centres it lies between, and the share of the further one. */
function stops(patches: number, pixels: number) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const place = Math.min(patches - 1, Math.max(0, ((pixel + 0.5) * patches) / pixels - 0.5));
    const low = Math.floor(place);
    return { low, high: Math.min(patches - 1, low + 1), share: place - low };
  });
}
