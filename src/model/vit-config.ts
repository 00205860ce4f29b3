/** What vision transformers are made of: the configuration, checked, and the published ones by name. */
import { invalidArgument, unknownName } from "../core/errors";
import type { Grid } from "./positions";

/** What a ViT is made of. Plain JSON. */
export interface ViTConfig {
  readonly architecture: "vit";
  /** Pixels, multiples of `patch`. */
  readonly imageSize: readonly [height: number, width: number];
  /** Side of a square patch in pixels. */
  readonly patch: number;
  /** Length of a token. A multiple of `heads`. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of a block's MLP as a multiple of `width`. */
  readonly mlpRatio: number;
  /** A block's MLP: `gelu`, or `swiglu`, a gated one whose hidden width is two thirds of that, as in DINOv2. Default `gelu`. */
  readonly mlp?: MlpKind;
  /** Register tokens between class token and patches (Darcet et al., ICLR 2024); they have no position. Default 0. */
  readonly registers?: number;
  /** First value of the factors of LayerScale (Touvron et al., ICCV 2021). Default: no LayerScale. */
  readonly layerScale?: number;
  /** Normalise the queries and keys of each head (Dehghani et al., ICML 2023). Default no. */
  readonly qkNorm?: boolean;
  /** A LayerNorm before the first block, and no bias in the patch projection, as in CLIP. Default no. */
  readonly preNorm?: boolean;
  /** What is read off the tokens as the image's feature, see `POOLINGS`. Default `class`. */
  readonly pooling?: Pooling;
}

/**
 * What is read off the last block's tokens, after the final LayerNorm, as an image's feature:
 *
 * - `class`: the class token (DINO, PathoBench);
 * - `mean`: the mean of the patches. It says how much of something an image shows, and it is the sum of what each patch
 *   says, so that a map over patches at layer `norm` divides it exactly;
 * - `class+mean`: both side by side, twice as wide, as in DINOv2's linear probe (Oquab et al., TMLR 2024).
 *
 * The norm comes first, as in DINOv2: each patch counts alike, whatever its length. (timm's `global_pool="avg"` takes the
 * mean first and normalises that, under the name `fc_norm`.) Neither class token nor registers are in the mean.
 */
export const POOLINGS = ["class", "mean", "class+mean"] as const;
/** See `POOLINGS`. */
export type Pooling = (typeof POOLINGS)[number];

/** The MLPs of a block. */
export const MLP_KINDS = ["gelu", "swiglu"] as const;
/** See `MLP_KINDS`. */
export type MlpKind = (typeof MLP_KINDS)[number];

const VIT_TI_16 = { imageSize: [224, 224], patch: 16, width: 192, depth: 12, heads: 3, mlpRatio: 4 } as const;
const VIT_S_16 = { imageSize: [224, 224], patch: 16, width: 384, depth: 12, heads: 6, mlpRatio: 4 } as const;
const VIT_B_16 = { imageSize: [224, 224], patch: 16, width: 768, depth: 12, heads: 12, mlpRatio: 4 } as const;

/**
 * Named encoders. `imageSize` is the size the published weights were trained at (the study's encoder: was
 * fine-tuned at), and the default; any other multiple of the patch works.
 *
 * The names say which weights fit; the package brings none. `encoderNormalisation` has the pixel statistics each was
 * trained with.
 */
export const VIT_PRESETS = {
  /** Small enough to learn the phantom on two cores while a notebook is read. */
  tiny: { imageSize: [96, 96], patch: 12, width: 96, depth: 4, heads: 4, mlpRatio: 2 },
  "vit-ti/16": VIT_TI_16,
  "vit-s/16": VIT_S_16,
  "vit-b/16": VIT_B_16,
  /** The study's encoder: DINO ViT-S/16 of Kang et al., CVPR 2023 ("PathoBench"), fine-tuned at 512 pixels. */
  "pathobench-vit-s/16": { ...VIT_S_16, imageSize: [512, 512] },
  /** DINO ViT-S/8 of the same authors: 785 tokens at 224 pixels, 4,097 at 512. */
  "pathobench-vit-s/8": { ...VIT_S_16, patch: 8 },
  /** ViT-S/16 with ImageNet weights, as DINO's and DeiT's. */
  "imagenet-vit-s/16": VIT_S_16,
  /** ViT-B/16 with ImageNet weights, as DINO's and DeiT's. */
  "imagenet-vit-b/16": VIT_B_16,
  /**
   * Hibou-B (Nechaev et al., arXiv 2406.05074): DINOv2's ViT-B/14 with four registers and, unlike DINOv2's own B, a
   * SwiGLU MLP: so says `build_model` of the authors' repository (`ffn_layer="swiglufused"`, `num_register_tokens=4`,
   * `layerscale=1e-5`).
   */
  "hibou-b/14": {
    imageSize: [224, 224],
    patch: 14,
    width: 768,
    depth: 12,
    heads: 12,
    mlpRatio: 4,
    mlp: "swiglu",
    registers: 4,
    layerScale: 1e-5,
  },
  /**
   * The image encoder of CONCH (Lu et al., Nature Medicine 2024): its trunk, a ViT-B/16 at 448 pixels. The feature is
   * the trunk's class token. The attentional poolers and projections behind it, which make CONCH's 512-wide
   * embedding for comparison with text, are not part of it.
   */
  "conch-vit-b/16": { ...VIT_B_16, imageSize: [448, 448] },
} as const satisfies Record<string, Omit<ViTConfig, "architecture">>;

/** A named encoder, see `VIT_PRESETS`. */
export type EncoderName = keyof typeof VIT_PRESETS;

/** One number for a square image, or height and width. */
export type ImageSize = number | readonly [height: number, width: number];

/**
 * The configuration of an encoder, checked.
 *
 * @param encoder   a preset's name, or a configuration of your own
 * @param options   `imageSize`: pixels, a number or [height, width]; default the preset's
 * @throws UnknownName      for a name that is no preset
 * @throws InvalidArgument  when the patch does not divide the image size, or the heads the width, or another number
 *                          is out of range
 * @example
 * model.vitConfig("vit-s/16", { imageSize: [96, 128] });
 */
export function vitConfig(
  encoder: EncoderName | Omit<ViTConfig, "architecture">,
  options: { imageSize?: ImageSize } = {},
): ViTConfig {
  const base: Omit<ViTConfig, "architecture"> | undefined =
    typeof encoder === "string" ? VIT_PRESETS[encoder] : encoder;
  if (!base) throw unknownName("encoder", String(encoder), Object.keys(VIT_PRESETS));
  const { imageSize = base.imageSize } = options;
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  checkSide("image height", height, base.patch);
  checkSide("image width", width, base.patch);
  if (base.width % base.heads !== 0)
    throw invalidArgument("width", base.width, `a multiple of the ${base.heads} heads`);
  const {
    mlp = "gelu",
    registers = 0,
    layerScale,
    qkNorm = false,
    preNorm = false,
    pooling = "class",
  } = base;
  if (!MLP_KINDS.includes(mlp)) throw unknownName("mlp", mlp, MLP_KINDS);
  if (!POOLINGS.includes(pooling)) throw unknownName("pooling", pooling, POOLINGS);
  if (!(Number.isSafeInteger(registers) && registers >= 0))
    throw invalidArgument("registers", registers, "a whole number from 0");
  if (layerScale !== undefined && !Number.isFinite(layerScale))
    throw invalidArgument("layerScale", layerScale, "a number, the first value of its factors");
  return {
    architecture: "vit",
    imageSize: [height, width],
    patch: base.patch,
    width: base.width,
    depth: base.depth,
    heads: base.heads,
    mlpRatio: base.mlpRatio,
    ...(mlp === "gelu" ? {} : { mlp }),
    ...(registers === 0 ? {} : { registers }),
    ...(layerScale === undefined ? {} : { layerScale }),
    ...(qkNorm ? { qkNorm } : {}),
    ...(preNorm ? { preNorm } : {}),
    ...(pooling === "class" ? {} : { pooling }),
  };
}

function checkSide(name: string, pixels: number, patch: number): void {
  if (Number.isSafeInteger(pixels) && pixels > 0 && pixels % patch === 0) return;
  const below = Math.max(1, Math.floor(pixels / patch)) * patch;
  throw invalidArgument(
    name,
    pixels,
    `a multiple of the patch size ${patch}`,
    `Use ${below} or ${below + patch}.`,
  );
}

/**
 * Rows and columns of patches.
 *
 * @example
 * model.patchGrid(model.vitConfig("vit-s/16", { imageSize: [96, 128] })); // [6, 8]
 */
export function patchGrid(config: ViTConfig): Grid {
  return [config.imageSize[0] / config.patch, config.imageSize[1] / config.patch];
}

/**
 * Tokens before the patches: the class token and the registers.
 *
 * @example
 * model.prefixTokens(model.vitConfig("hibou-b/14")); // 5
 */
export function prefixTokens({ registers = 0 }: ViTConfig): number {
  return 1 + registers;
}

/**
 * All tokens of an image: class token, registers, patches.
 *
 * @example
 * model.tokenCount(model.vitConfig("hibou-b/14")); // 261
 */
export function tokenCount(config: ViTConfig): number {
  const [rows, columns] = patchGrid(config);
  return prefixTokens(config) + rows * columns;
}

/**
 * Length of an image's feature: the width of a token, twice that for `class+mean` pooling.
 *
 * @example
 * model.featureWidth(model.vitConfig({ ...model.VIT_PRESETS["vit-s/16"], pooling: "class+mean" })); // 768
 */
export function featureWidth({ width, pooling }: Pick<ViTConfig, "width" | "pooling">): number {
  return pooling === "class+mean" ? 2 * width : width;
}

/** Hidden width of a block's MLP; of a gated one two thirds of it, rounded up to a multiple of 8, as in DINOv2. */
export function mlpWidth({ width, mlpRatio, mlp }: Pick<ViTConfig, "width" | "mlpRatio" | "mlp">): number {
  const hidden = Math.round(width * mlpRatio);
  return mlp === "swiglu" ? Math.ceil(Math.floor((hidden * 2) / 3) / 8) * 8 : hidden;
}
