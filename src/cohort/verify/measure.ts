/** What is measured of one decoded image. Everything that `verify` judges is judged on these numbers. */
import { webcrypto } from "node:crypto";
import type { RgbImage } from "../../image/rgb-image";
import { type ColourSignature, colourSignature } from "./colour";
import { dctHash, differenceHash } from "./perceptual-hash";

/** Change this when a measure changes: kept measures are then made again. */
export const MEASURES_VERSION = 1;

/** Numbers of one image; JSON-able. */
export interface ImageMeasures {
  readonly width: number;
  readonly height: number;
  /** Hash of the pixels: two files with the same one show the same picture. */
  readonly contentHash: string;
  /** 64 bits as 16 hexadecimal digits. */
  readonly differenceHash: string;
  readonly dctHash: string;
  /** Share of pixels that are bright and colourless, 0-1. */
  readonly glass: number;
  /** Standard deviation of the green channel, in grey levels; near 0 for a blank image. */
  readonly contrast: number;
  /** Natural logarithm of the variance of the Laplacian of the green channel (which both stains darken). */
  readonly sharpness: number;
  readonly colour: ColourSignature;
}

/** Colours and hashes are taken from a small copy of this size, whatever the size of the file. */
const SMALL = { width: 256, height: 192 } as const;

export async function measureImage(image: RgbImage): Promise<ImageMeasures> {
  const { width, height } = image;
  const hashing = hashPixels(image); // on a thread of its own
  const small = await image.resize(SMALL.width, SMALL.height);
  const [forDifferences, forDct] = await Promise.all([small.resize(9, 8), small.resize(32, 32)]);
  return {
    width,
    height,
    contentHash: await hashing,
    differenceHash: differenceHash(forDifferences),
    dctHash: dctHash(forDct),
    glass: glassShare(small),
    contrast: greenContrast(small),
    sharpness: Math.log(laplacianVariance(image) + 1e-6),
    colour: colourSignature(small),
  };
}

async function hashPixels({ width, height, data }: RgbImage): Promise<string> {
  const digest = await webcrypto.subtle.digest("SHA-256", data);
  return `${width}x${height}-${Buffer.from(digest).toString("hex")}`;
}

/** Glass under transmitted light: at least this bright in its darkest channel, ... */
const GLASS_LEVEL = 150;
/** ... and its channels within this share of the brightest. The white point of the study's camera is about 205. */
const GLASS_RANGE = 0.15;

function glassShare({ data }: RgbImage): number {
  let glass = 0;
  for (let i = 0; i < data.length; i += 3) {
    const brightest = Math.max(data[i]!, data[i + 1]!, data[i + 2]!);
    const darkest = Math.min(data[i]!, data[i + 1]!, data[i + 2]!);
    if (darkest >= GLASS_LEVEL && brightest - darkest <= GLASS_RANGE * brightest) glass++;
  }
  return glass / (data.length / 3);
}

function greenContrast({ data }: RgbImage): number {
  let sum = 0;
  let squares = 0;
  for (let i = 1; i < data.length; i += 3) {
    sum += data[i]!;
    squares += data[i]! ** 2;
  }
  const n = data.length / 3;
  return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
}

/** Rows enough for a variance: of a taller image every second, third, ... row is looked at. */
const LAPLACIAN_ROWS = 640;

/** Variance of the four-neighbour Laplacian at the file's own resolution, where lack of focus shows. */
function laplacianVariance({ width, height, data }: RgbImage): number {
  const step = Math.max(1, Math.round(height / LAPLACIAN_ROWS));
  const row = 3 * width;
  let sum = 0;
  let squares = 0;
  let n = 0;
  for (let y = 1; y < height - 1; y += step) {
    for (let at = y * row + 4; at < (y + 1) * row - 3; at += 3) {
      const value = 4 * data[at]! - data[at - 3]! - data[at + 3]! - data[at - row]! - data[at + row]!;
      sum += value;
      squares += value * value;
    }
    n += width - 2;
  }
  return n > 0 ? Math.max(0, squares / n - (sum / n) ** 2) : 0;
}
