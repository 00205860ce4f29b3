/** Ground-truth masks of phantom images: one byte per pixel, one bit per sign. */
import { inspect } from "node:util";
import { unknownName } from "../core/errors";
import { readImage } from "../image/read-image";

/**
 * Which pixels of a phantom image show which sign.
 *
 * @example
 * const truth = await cohort.patients[0]!.image("edge", "x400").mask();
 * truth?.of("PI");          // Uint8Array of 0 and 1, [height, width]
 * truth?.fraction("PI");    // 0.031
 */
export class TruthMask {
  readonly width: number;
  readonly height: number;
  /** `[height, width]`; each bit is one sign. */
  readonly bits: Uint8Array;
  /** Which bit stands for which sign. */
  readonly signs: Readonly<Record<string, number>>;

  constructor(width: number, height: number, bits: Uint8Array, signs: Readonly<Record<string, number>>) {
    this.width = width;
    this.height = height;
    this.bits = bits;
    this.signs = signs;
  }

  /** 1 where the sign is, else 0; `[height, width]`. @throws UnknownName */
  of(sign: string): Uint8Array {
    const bit = this.signs[sign];
    if (bit === undefined) throw unknownName("sign", sign, Object.keys(this.signs));
    return this.bits.map((value) => ((value & bit) === 0 ? 0 : 1));
  }

  /** The share of pixels that show the sign, 0-1. */
  fraction(sign: string): number {
    return this.of(sign).reduce((sum, value) => sum + value, 0) / this.bits.length;
  }

  [inspect.custom](): string {
    return `TruthMask ${this.width} × ${this.height} · signs ${Object.keys(this.signs).join(", ")}`;
  }
}

/** Read a mask file: a grey PNG whose values are bit sets. */
export async function readMask(file: string, signs: Readonly<Record<string, number>>): Promise<TruthMask> {
  const image = await readImage(file);
  const bits = new Uint8Array(image.width * image.height);
  for (let i = 0; i < bits.length; i++) bits[i] = image.data[3 * i]!;
  return new TruthMask(image.width, image.height, bits, signs);
}
