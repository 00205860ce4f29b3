/**
 * 64-bit fingerprints of what a picture shows. Recompression, resizing and slight changes of brightness alter a
 * few bits; another picture differs in about half of them. Turned or mirrored copies are other pictures.
 */
import type { RgbImage } from "../../image/rgb-image";

/** Is each pixel brighter than its left neighbour? From a 9 x 8 picture (Krawetz, "dHash"). */
export function differenceHash(image: RgbImage): string {
  const grey = greyLevels(image);
  const bits: boolean[] = [];
  for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) bits.push(grey[y * 9 + x + 1]! > grey[y * 9 + x]!);
  return toHex(bits);
}

/** Is each of the 8 x 8 lowest frequencies (without the mean's row and column) above their median? From 32 x 32 pixels ("pHash"). */
export function dctHash(image: RgbImage): string {
  const grey = greyLevels(image);
  const rows = WAVES.map((wave) =>
    Array.from({ length: SIDE }, (_, y) => wave.reduce((sum, w, x) => sum + w * grey[y * SIDE + x]!, 0)),
  );
  const coefficients = WAVES.flatMap((vertical) =>
    rows.map((column) => vertical.reduce((sum, w, y) => sum + w * column[y]!, 0)),
  );
  const sorted = [...coefficients].sort((a, b) => a - b);
  const median = (sorted[31]! + sorted[32]!) / 2;
  return toHex(coefficients.map((value) => value > median));
}

/** In how many of their 64 bits two fingerprints differ. */
export function hammingDistance(a: string, b: string): number {
  let distance = 0;
  for (let i = 0; i < 16; i += 8)
    distance += bitCount(Number.parseInt(a.slice(i, i + 8), 16) ^ Number.parseInt(b.slice(i, i + 8), 16));
  return distance;
}

const SIDE = 32;
/** Cosines of frequency 1 to 8 over 32 samples. */
const WAVES = Array.from({ length: 8 }, (_, u) =>
  Array.from({ length: SIDE }, (_, x) => Math.cos(((2 * x + 1) * (u + 1) * Math.PI) / (2 * SIDE))),
);

/** Rec. 601 luma. */
function greyLevels({ data }: RgbImage): number[] {
  return Array.from(
    { length: data.length / 3 },
    (_, i) => 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!,
  );
}

function toHex(bits: readonly boolean[]): string {
  let text = "";
  for (let i = 0; i < bits.length; i += 4)
    text += bits
      .slice(i, i + 4)
      .reduce((value, bit) => 2 * value + (bit ? 1 : 0), 0)
      .toString(16);
  return text;
}

function bitCount(word: number): number {
  let v = word >>> 0;
  v -= (v >>> 1) & 0x55555555;
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
