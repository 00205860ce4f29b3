/** Pixel statistics that models were trained with, on the 0-255 scale, red, green, blue. */
import { invalidArgument, unknownName } from "../core/errors";
import { tf } from "../engine";
import type { EncoderName } from "./vit-config";

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
  /** ImageNet's statistics: DINO, DeiT, torchvision, DINOv2. */
  imagenet: {
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    std: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
  /** From -1 to 1: the ViTs with AugReg weights, which are timm's default ones (Steiner et al., TMLR 2022). */
  augreg: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
  /** The statistics in the image processor published with Hibou. */
  hibou: {
    mean: [0.7068 * 255, 0.5755 * 255, 0.722 * 255],
    std: [0.195 * 255, 0.2316 * 255, 0.1816 * 255],
  },
  /** OpenAI CLIP's statistics, which CONCH takes over. */
  clip: {
    mean: [0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255],
    std: [0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255],
  },
} as const satisfies Record<string, Normalisation>;

/** `"multi-oscc" | "lunit" | "imagenet" | "augreg" | "hibou" | "clip"` */
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

/** The statistics that published weights were trained with. The encoders not listed name no weights. */
const OF_ENCODER: Partial<Record<EncoderName, NormalisationName>> = {
  "pathobench-vit-s/16": "lunit",
  "pathobench-vit-s/8": "lunit",
  "imagenet-vit-s/16": "imagenet",
  "imagenet-vit-b/16": "imagenet",
  "hibou-b/14": "hibou",
  "conch-vit-b/16": "clip",
};

/**
 * The pixel statistics that an encoder's published weights were trained with: right for a frozen encoder. (The study
 * feeds its fine-tuned encoder the statistics of its own images, `multi-oscc`.)
 *
 * For ImageNet weights it is those of DINO and DeiT; AugReg weights, timm's default, want `augreg`.
 *
 * @param encoder  a preset that stands for published weights
 * @throws InvalidArgument  for one that does not
 * @example
 * const run = await fit(cohort, {
 *   preset: "notebook",
 *   tasks: "TD",
 *   normalisation: model.encoderNormalisation("pathobench-vit-s/16"),
 * });
 */
export function encoderNormalisation(encoder: EncoderName): Normalisation {
  const name = OF_ENCODER[encoder];
  if (name === undefined)
    throw invalidArgument(
      "encoder",
      encoder,
      `one that stands for published weights: ${Object.keys(OF_ENCODER).join(", ")}`,
      `Name the statistics themselves: ${Object.keys(NORMALISATIONS).join(", ")}.`,
    );
  return NORMALISATIONS[name];
}

/** `pixels` [..., 3], 0-255 -> the same shape, (x - mean) / std */
export function normalise(pixels: tf.Tensor, { mean, std }: Normalisation): tf.Tensor {
  const scale = tf.tensor1d(std.map((s) => 1 / s));
  const shift = tf.tensor1d(mean.map((m, c) => -m / std[c]!));
  return tf.add(tf.mul(pixels, scale), shift);
}
