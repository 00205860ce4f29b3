/** What a training costs, estimated from its arithmetic: to plan a run before it is begun. */
import { invalidArgument } from "../core/errors";
import { type EncoderName, type ImageSize, patchGrid, type ViTConfig, vitConfig } from "../model";

/** What is to be trained. */
export interface CostOptions {
  /** Default the study's, `pathobench-vit-s/16`. */
  readonly encoder?: EncoderName | Omit<ViTConfig, "architecture">;
  /** Default the preset's. */
  readonly imageSize?: ImageSize;
  /** Default 6. */
  readonly imagesPerPatient?: number;
  /** Patients shown in an epoch, repeated ones counted; default 925. The study shows 9,300 when it learns six tasks. */
  readonly patients?: number;
  /** Default 200. */
  readonly epochs?: number;
  /** `"lora"` needs no gradients of the encoder's own weights; `"frozen"` computes features once. Default `"full"`. */
  readonly mode?: "full" | "lora" | "frozen";
  /** Floating-point operations a second that the machine sustains, in 10^12. */
  readonly teraflops: number;
}

/** An estimate. */
export interface Cost {
  /** Floating-point operations of one forward pass of one image; a multiplication with its addition counts as two. */
  readonly flopsPerImage: number;
  /** Of the whole training. */
  readonly flops: number;
  readonly hours: number;
}

/** Forward and backward in forwards: gradients by activations cost as much again, those by weights once more. */
const PASSES = { full: 3, lora: 2, frozen: 1 } as const;

/**
 * The arithmetic of a training, and the hours it takes at a rate that you know or have read.
 *
 * Matrix products of the encoder only, which is nearly all; reading images, fusion and heads are left out. An estimate:
 * what a machine sustains is often a third of what its maker states.
 *
 * @throws UnknownName, InvalidArgument
 * @example
 * train.cost({ teraflops: 20 }).hours; // the study's training on a GPU that sustains 20 teraflops
 */
export function cost(options: CostOptions): Cost {
  const { encoder = "pathobench-vit-s/16", imageSize, imagesPerPatient = 6, mode = "full" } = options;
  const { patients = 925, epochs = 200, teraflops } = options;
  for (const [name, value] of Object.entries({ imagesPerPatient, patients, epochs, teraflops }))
    if (!(value > 0 && Number.isFinite(value))) throw invalidArgument(name, value, "a number above 0");
  const flopsPerImage = encoderFlops(vitConfig(encoder, imageSize ? { imageSize } : {}));
  const shown = patients * imagesPerPatient * (mode === "frozen" ? 1 : epochs);
  const flops = shown * PASSES[mode] * flopsPerImage;
  return { flopsPerImage, flops, hours: flops / (teraflops * 1e12) / 3600 };
}

/** T tokens, D width, H hidden width: of each block 2 T (4 D^2 + 2 D H) for its layers, 4 T^2 D for attention. */
function encoderFlops(config: ViTConfig): number {
  const [rows, columns] = patchGrid(config);
  const { width, depth, patch, mlpRatio } = config;
  const patches = rows * columns;
  const tokens = 1 + patches;
  const embedding = 2 * patches * 3 * patch * patch * width;
  const layers = 2 * tokens * (4 * width * width + 2 * width * Math.round(width * mlpRatio));
  const attention = 4 * tokens * tokens * width;
  return embedding + depth * (layers + attention);
}
