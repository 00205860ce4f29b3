/** Pixel statistics that models were trained with, on the 0-255 scale, red, green, blue. */
import { unknownName } from "../core/errors";
import { tf } from "../engine";

/** Mean and standard deviation of each channel, 0-255. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Pixel statistics by name, 0-255. */
export const NORMALISATIONS = {
  /** Mean over the 925 training patients of each patient's statistics, as hard-coded in the study's code. */
  "multi-oscc": {
    mean: [175.14728804175988, 110.57123792228117, 176.73598615775617],
    std: [21.239463551725915, 39.15991384752335, 10.99100631656543],
  },
  /** The statistics Lunit's pathology encoders (PathoBench) were trained with. The study does not use them. */
  lunit: {
    mean: [0.70322989 * 255, 0.53606487 * 255, 0.66096631 * 255],
    std: [0.21716536 * 255, 0.26081574 * 255, 0.20723464 * 255],
  },
  imagenet: {
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    std: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
} as const satisfies Record<string, Normalisation>;

/** `"multi-oscc" | "lunit" | "imagenet"` */
export type NormalisationName = keyof typeof NORMALISATIONS;

/**
 * The statistics behind a name, or those given.
 *
 * @throws UnknownName
 * @example
 * model.normalisation("imagenet").mean; // [123.675, 116.28, 103.53]
 */
export function normalisation(choice: NormalisationName | Normalisation): Normalisation {
  if (typeof choice !== "string") return choice;
  const found = NORMALISATIONS[choice];
  if (!found) throw unknownName("normalisation", choice, Object.keys(NORMALISATIONS));
  return found;
}

/** `pixels` [..., 3], 0-255 -> the same shape, (x - mean) / std */
export function normalise(pixels: tf.Tensor, { mean, std }: Normalisation): tf.Tensor {
  const scale = tf.tensor1d(std.map((s) => 1 / s));
  const shift = tf.tensor1d(mean.map((m, c) => -m / std[c]!));
  return tf.add(tf.mul(pixels, scale), shift);
}
