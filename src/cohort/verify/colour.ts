/**
 * The colours of an image in a few numbers that change sign when red and blue are exchanged.
 *
 * Hematoxylin absorbs red far more than blue; eosin absorbs both a little. So nuclei, which are dark and full of
 * fine detail, are darker in red than in blue. Keratin and blood do the opposite, which is why one image alone
 * proves little and `channel-order.ts` compares the images of a patient.
 */
import type { RgbImage } from "../../image/rgb-image";

/** JSON-able. OD is optical density, -ln((value + 1) / 256). */
export interface ColourSignature {
  /** Median over pixels of OD red - OD blue: the hue of the stain. */
  readonly hue: number;
  /** Logarithm of the ratio of fine detail in red to fine detail in blue. */
  readonly detail: number;
  /** Mean of OD red - OD blue on the darkest 3 % of pixels, minus `hue`: the hue of nuclei. */
  readonly nuclei: number;
  /** Mean grey level of red, green and blue, 0-255. */
  readonly mean: readonly [red: number, green: number, blue: number];
}

const DARKEST = 0.03;

export function colourSignature(image: RgbImage): ColourSignature {
  const { width, height, data } = image;
  const n = width * height;
  const red = new Float32Array(n);
  const blue = new Float32Array(n);
  const mean: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    red[i] = DENSITY[data[3 * i]!]!;
    blue[i] = DENSITY[data[3 * i + 2]!]!;
    for (let c = 0; c < 3; c++) mean[c]! += data[3 * i + c]! / n;
  }
  const difference = red.map((density, i) => density - blue[i]!);
  const hue = middle(difference);
  const threshold = quantileOf(
    red.map((density, i) => density + blue[i]!),
    1 - DARKEST,
  );
  let dark = 0;
  let sum = 0;
  for (let i = 0; i < n; i++)
    if (red[i]! + blue[i]! >= threshold) {
      dark++;
      sum += difference[i]!;
    }
  const detail = Math.log((fineDetail(red, width) + TINY) / (fineDetail(blue, width) + TINY)) / 2;
  return { hue, detail, nuclei: sum / dark - hue, mean };
}

const DENSITY = Float32Array.from({ length: 256 }, (_, value) => -Math.log((value + 1) / 256));
/** Keeps the ratio of two flat channels at 1. */
const TINY = 1e-9;

/** Energy of a Laplacian that reaches two pixels: JPEG stores colour at half the resolution, so one would be too near. */
function fineDetail(channel: Float32Array, width: number): number {
  const height = channel.length / width;
  let energy = 0;
  for (let y = 2; y < height - 2; y++)
    for (let x = 2; x < width - 2; x++) {
      const i = y * width + x;
      const value =
        4 * channel[i]! -
        channel[i - 2]! -
        channel[i + 2]! -
        channel[i - 2 * width]! -
        channel[i + 2 * width]!;
      energy += value * value;
    }
  return energy / channel.length;
}

function middle(values: Float32Array): number {
  return quantileOf(values, 0.5);
}

function quantileOf(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
