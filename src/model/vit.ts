/**
 * Vision transformer (Dosovitskiy et al., ICLR 2021), pre-norm, with timm's parameter names and torch layouts,
 * so that published checkpoints load without renaming.
 *
 * Letters: I images, h x w pixels, P patch size, G = rows x columns patches, T = 1 + G tokens (class token
 * first), D width. Tokens are stored sequence first, [T, I, D].
 */
import { invalidArgument, unknownName } from "../core/errors";
import { type Chain, type Link, linear, runChain, tf } from "../engine";
import { type LayerTap, transformerBlock, unchanged } from "./block";
import { type LiveParameters, layerNormLayer, parameter, TRANSFORMER_EPSILON } from "./layers";
import {
  layerNormParameters,
  type ParameterDeclarations,
  prefixed,
  under,
  vitLinearParameters,
} from "./parameters";
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
}

/**
 * Named encoders. `imageSize` is the size the published weights were trained at, and the default;
 * any other multiple of the patch works.
 */
export const VIT_PRESETS = {
  /** Small enough to learn the phantom on two cores while a notebook is read. */
  tiny: { imageSize: [96, 96], patch: 12, width: 96, depth: 4, heads: 4, mlpRatio: 2 },
  "vit-ti/16": { imageSize: [224, 224], patch: 16, width: 192, depth: 12, heads: 3, mlpRatio: 4 },
  "vit-s/16": { imageSize: [224, 224], patch: 16, width: 384, depth: 12, heads: 6, mlpRatio: 4 },
  /** The study's encoder: DINO ViT-S/16 of Kang et al., CVPR 2023 ("PathoBench"), fine-tuned at 512 pixels. */
  "pathobench-vit-s/16": { imageSize: [512, 512], patch: 16, width: 384, depth: 12, heads: 6, mlpRatio: 4 },
  "vit-b/16": { imageSize: [224, 224], patch: 16, width: 768, depth: 12, heads: 12, mlpRatio: 4 },
} as const satisfies Record<string, Omit<ViTConfig, "architecture">>;

/** `"tiny" | "vit-ti/16" | "vit-s/16" | "pathobench-vit-s/16" | "vit-b/16"` */
export type EncoderName = keyof typeof VIT_PRESETS;

/** One number for a square image, or height and width. */
export type ImageSize = number | readonly [height: number, width: number];

/**
 * The configuration of an encoder, checked.
 *
 * @param encoder   a preset's name, or a configuration of your own
 * @param options   `imageSize`: pixels, a number or [height, width]; default the preset's
 * @throws UnknownName      for a name that is no preset
 * @throws InvalidArgument  when the patch does not divide the image size, or the heads the width
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
  return {
    architecture: "vit",
    imageSize: [height, width],
    patch: base.patch,
    width: base.width,
    depth: base.depth,
    heads: base.heads,
    mlpRatio: base.mlpRatio,
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

/** Tokens before the patches: the class token. */
export const PREFIX_TOKENS = 1;

/** The parameters of a ViT without a classification head, as timm names and starts them. */
export function vitParameters(config: ViTConfig): ParameterDeclarations {
  const { width, depth, patch, mlpRatio } = config;
  const [rows, columns] = patchGrid(config);
  const hidden = Math.round(width * mlpRatio);
  const patchValues = 3 * patch * patch;
  const conv = { uniform: 1 / Math.sqrt(patchValues) }; // torch's Conv2d default, which timm leaves as it is
  const block = (i: number): ParameterDeclarations =>
    prefixed(`blocks.${i}`, {
      ...layerNormParameters("norm1", width),
      ...vitLinearParameters("attn.qkv", width, 3 * width),
      ...vitLinearParameters("attn.proj", width, width),
      ...layerNormParameters("norm2", width),
      ...vitLinearParameters("mlp.fc1", width, hidden),
      ...vitLinearParameters("mlp.fc2", hidden, width),
    });
  return {
    cls_token: { shape: [1, 1, width], initial: { normal: 1e-6 } },
    pos_embed: { shape: [1, PREFIX_TOKENS + rows * columns, width], initial: { truncatedNormal: 0.02 } },
    "patch_embed.proj.weight": { shape: [width, 3, patch, patch], initial: conv },
    "patch_embed.proj.bias": { shape: [width], initial: conv },
    ...Object.assign({}, ...Array.from({ length: depth }, (_, i) => block(i))),
    ...layerNormParameters("norm", width),
  };
}

/**
 * The layers a tap sees, in order. In the last block only the class token goes on after the attention, so
 * the last layer with a value for every patch is its `norm1`.
 */
export function vitLayers(config: ViTConfig): string[] {
  const blocks = Array.from({ length: config.depth }, (_, i) => `blocks.${i}`);
  const last = blocks.pop();
  return [
    "patch_embed",
    ...blocks.flatMap((block) => [
      `${block}.norm1`,
      `${block}.attn`,
      `${block}.norm2`,
      `${block}.mlp`,
      block,
    ]),
    `${last}.norm1`,
  ];
}

/**
 * The feature of each image: the class token after the final LayerNorm.
 *
 * @param config      see `vitConfig`
 * @param parameters  live tensors by timm name, without prefix
 * @param images      [I, h, w, 3], normalised
 * @param tap         sees each layer named by `vitLayers`
 * @returns           [I, D]
 */
export function vitForward(
  config: ViTConfig,
  parameters: LiveParameters,
  images: tf.Tensor,
  tap: LayerTap = unchanged,
): tf.Tensor {
  return runChain(vitChain(config, tap), parameters, images);
}

/**
 * The encoder as a chain: the embedding, all blocks but the last, and the last block with the final LayerNorm. From
 * images [I, h, w, 3], normalised, to features [I, D].
 */
export function vitChain(config: ViTConfig, tap: LayerTap = unchanged): Chain {
  const names = Object.keys(vitParameters(config));
  const { depth, heads, width } = config;
  const last = `blocks.${depth - 1}`;
  const blocks = Array.from({ length: depth - 1 }, (_, i): Link => {
    const block = `blocks.${i}`;
    return {
      kind: "block",
      parameters: under(block, own(names)),
      apply: (layers, x) => {
        const tapPart: LayerTap = (part, value) => tap(`${block}.${part}`, value);
        return tap(block, transformerBlock(layers, x, { heads, queries: x.shape[0]!, tap: tapPart }));
      },
    };
  });
  const embedding: Link = {
    kind: "embed",
    parameters: own(names.filter((name) => !/^(blocks|norm)\./.test(name))),
    apply: (layers, images) => tap("patch_embed", embed(config, layers, images)),
  };
  const end: Link = {
    kind: "last",
    parameters: { ...under(last, own(names)), ...own(["norm.weight", "norm.bias"]) },
    apply: (layers, x) => {
      const tapPart: LayerTap = (part, value) => (part === "norm1" ? tap(`${last}.norm1`, value) : value);
      const tokens = transformerBlock(layers, x, { heads, queries: PREFIX_TOKENS, tap: tapPart });
      const classTokens = tf.reshape(tokens, [x.shape[1]!, width]); // [I, D]
      return layerNormLayer(classTokens, layers, "norm", TRANSFORMER_EPSILON);
    },
  };
  return [embedding, ...blocks, end];
}

/** Each name as itself. */
function own(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Cut into patches, project, put the class token in front, add positions: [I, h, w, 3] -> [T, I, D]. */
function embed(config: ViTConfig, parameters: LiveParameters, images: tf.Tensor): tf.Tensor {
  const { patch, width } = config;
  const [rows, columns] = patchGrid(config);
  const count = images.shape[0];
  const pixels = patch * patch * 3;
  const cut = tf.reshape(images, [count * rows, patch, columns, patch * 3]);
  const patches = tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [count, rows * columns, pixels]);
  const first = tf.reshape(tf.transpose(patches, [1, 0, 2]), [rows * columns * count, pixels]); // [G * I, 3 P P]
  const projected = linear(
    first,
    patchProjection(config, parameters),
    parameter(parameters, "patch_embed.proj.bias"),
  );
  const classToken = tf.tile(tf.reshape(parameter(parameters, "cls_token"), [1, 1, width]), [1, count, 1]);
  const tokens = tf.concat([classToken, tf.reshape(projected, [rows * columns, count, width])], 0); // [T, I, D]
  return tf.add(tokens, tf.reshape(parameter(parameters, "pos_embed"), [-1, 1, width]));
}

/**
 * The patch convolution as a matrix [D, P * P * 3]. torch orders the values of a patch (channel, row, column);
 * pixels lie (row, column, channel).
 */
function patchProjection(config: ViTConfig, parameters: LiveParameters): tf.Tensor {
  const kernel = parameter(parameters, "patch_embed.proj.weight"); // [D, 3, P, P]
  const channels = tf.reshape(kernel, [config.width, 3, config.patch * config.patch]);
  return tf.reshape(tf.transpose(channels, [0, 2, 1]), [config.width, -1]);
}
