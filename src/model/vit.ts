/**
 * Vision transformer (Dosovitskiy et al., ICLR 2021), pre-norm, with timm's parameter names and torch layouts (those of
 * DINOv2 for registers, LayerScale and SwiGLU), so that published checkpoints load without renaming.
 *
 * Letters: I images, h x w pixels, P patch size, G = rows x columns patches, R registers, T = 1 + R + G tokens (class
 * token first, then registers), D width, F width of the feature (D, or 2 D for `class+mean` pooling). Tokens are stored
 * sequence first, [T, I, D].
 */
import { type Chain, type Link, linear, runChain, tf } from "../engine";
import { type LayerTap, transformerBlock, unchanged, within } from "./block";
import { type LiveParameters, layerNormLayer, parameter, TRANSFORMER_EPSILON } from "./layers";
import {
  layerNormParameters,
  type ParameterDeclarations,
  prefixed,
  under,
  vitLinearParameters,
} from "./parameters";
import { mlpWidth, patchGrid, prefixTokens, type ViTConfig } from "./vit-config";

/** The parameters of a ViT without a classification head, as timm (or DINOv2) names and starts them. */
export function vitParameters(config: ViTConfig): ParameterDeclarations {
  const { width, depth, patch, registers = 0, preNorm } = config;
  const [rows, columns] = patchGrid(config);
  const patchValues = 3 * patch * patch;
  const conv = { uniform: 1 / Math.sqrt(patchValues) }; // torch's Conv2d default, which timm leaves as it is
  const blocks = Array.from({ length: depth }, (_, i) => prefixed(`blocks.${i}`, blockParameters(config)));
  return {
    cls_token: { shape: [1, 1, width], initial: { normal: 1e-6 } },
    pos_embed: { shape: [1, 1 + rows * columns, width], initial: { truncatedNormal: 0.02 } },
    ...(registers > 0
      ? { register_tokens: { shape: [1, registers, width], initial: { normal: 1e-6 } } }
      : {}),
    "patch_embed.proj.weight": { shape: [width, 3, patch, patch], initial: conv },
    ...(preNorm ? {} : { "patch_embed.proj.bias": { shape: [width], initial: conv } }),
    ...(preNorm ? layerNormParameters("norm_pre", width) : {}),
    ...Object.assign({}, ...blocks),
    ...layerNormParameters("norm", width),
  };
}

function blockParameters(config: ViTConfig): ParameterDeclarations {
  const { width, heads, mlp, layerScale, qkNorm } = config;
  const hidden = mlpWidth(config);
  const scale = (name: string): ParameterDeclarations =>
    layerScale === undefined
      ? {}
      : { [`${name}.gamma`]: { shape: [width], initial: { constant: layerScale } } };
  return {
    ...layerNormParameters("norm1", width),
    ...vitLinearParameters("attn.qkv", width, 3 * width),
    ...(qkNorm ? layerNormParameters("attn.q_norm", width / heads) : {}),
    ...(qkNorm ? layerNormParameters("attn.k_norm", width / heads) : {}),
    ...vitLinearParameters("attn.proj", width, width),
    ...scale("ls1"),
    ...layerNormParameters("norm2", width),
    ...(mlp === "swiglu"
      ? {
          ...vitLinearParameters("mlp.w12", width, 2 * hidden),
          ...vitLinearParameters("mlp.w3", hidden, width),
        }
      : {
          ...vitLinearParameters("mlp.fc1", width, hidden),
          ...vitLinearParameters("mlp.fc2", hidden, width),
        }),
    ...scale("ls2"),
  };
}

/**
 * The layers with a value for every patch that a tap sees, in order. The last one is the final `norm`; with `class`
 * pooling it is the last block's `norm1`, for there only the class token goes on after the attention.
 */
export function vitLayers(config: ViTConfig): string[] {
  const blocks = Array.from({ length: config.depth }, (_, i) => `blocks.${i}`);
  const whole = blocks.slice(0, wholeBlocks(config));
  return [
    "patch_embed",
    ...whole.flatMap((block) => [`${block}.norm1`, `${block}.attn`, `${block}.norm2`, `${block}.mlp`, block]),
    whole.length < blocks.length ? `${blocks.at(-1)}.norm1` : "norm",
  ];
}

/** How many blocks all tokens pass: with `class` pooling, the last one computes what the class token needs. */
function wholeBlocks({ depth, pooling = "class" }: ViTConfig): number {
  return pooling === "class" ? depth - 1 : depth;
}

/**
 * The feature of each image: of the tokens after the final LayerNorm, what `pooling` reads.
 *
 * @param config      see `vitConfig`
 * @param parameters  live tensors by timm name, without prefix
 * @param images      [I, h, w, 3], normalised
 * @param tap         sees each layer named by `vitLayers`
 * @returns           [I, F]
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
 * The encoder as a chain: the embedding, the blocks that all tokens pass, and the end, which is the last block with the
 * final LayerNorm or, where patches are pooled, the LayerNorm and the pooling. From images [I, h, w, 3], normalised, to
 * features [I, F].
 */
export function vitChain(config: ViTConfig, tap: LayerTap = unchanged): Chain {
  const names = Object.keys(vitParameters(config));
  const { heads } = config;
  const blocks = Array.from({ length: wholeBlocks(config) }, (_, i): Link => {
    const block = `blocks.${i}`;
    return {
      kind: "block",
      parameters: under(block, own(names)),
      apply: (layers, x) => {
        const tapPart = within(tap, block);
        return tap(block, transformerBlock(layers, x, { heads, queries: x.shape[0]!, tap: tapPart }));
      },
    };
  });
  const embedding: Link = {
    kind: "embed",
    parameters: own(names.filter((name) => !/^(blocks|norm)\./.test(name))),
    apply: (layers, images) => tap("patch_embed", embed(config, layers, images)),
  };
  const { pooling = "class" } = config;
  return [embedding, ...blocks, pooling === "class" ? classEnd(config, names, tap) : poolingEnd(config, tap)];
}

/** The last block and the final LayerNorm, for the class token alone: [T, I, D] -> [I, D] */
function classEnd({ depth, heads, width }: ViTConfig, names: readonly string[], tap: LayerTap): Link {
  const last = `blocks.${depth - 1}`;
  return {
    kind: "last",
    parameters: { ...under(last, own(names)), ...own(["norm.weight", "norm.bias"]) },
    apply: (layers, x) => {
      const tapPart = within(tap, last);
      const tokens = transformerBlock(layers, x, { heads, queries: 1, tap: tapPart });
      const classTokens = tf.reshape(tokens, [x.shape[1]!, width]); // [I, D]
      return layerNormLayer(classTokens, layers, "norm", TRANSFORMER_EPSILON);
    },
  };
}

/** The final LayerNorm of all tokens, and what is read off them: [T, I, D] -> [I, F] */
function poolingEnd(config: ViTConfig, tap: LayerTap): Link {
  const prefix = prefixTokens(config);
  return {
    kind: "pool",
    parameters: own(["norm.weight", "norm.bias"]),
    apply: (layers, x) => {
      const tokens = tap("norm", layerNormLayer(x, layers, "norm", TRANSFORMER_EPSILON));
      const [count, images, width] = x.shape as [number, number, number];
      const mean = tf.mean(tf.slice(tokens, [prefix, 0, 0], [count - prefix, images, width]), 0); // [I, D]
      if (config.pooling === "mean") return mean;
      const classTokens = tf.reshape(tf.slice(tokens, [0, 0, 0], [1, images, width]), [images, width]);
      return tf.concat([classTokens, mean], 1); // [I, 2 D]
    },
  };
}

/** Each name as itself. */
function own(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Cut into patches, project, put class token and registers in front, add positions: [I, h, w, 3] -> [T, I, D]. */
function embed(config: ViTConfig, parameters: LiveParameters, images: tf.Tensor): tf.Tensor {
  const { patch, width, registers = 0, preNorm } = config;
  const [rows, columns] = patchGrid(config);
  const count = images.shape[0];
  const pixels = patch * patch * 3;
  const cut = tf.reshape(images, [count * rows, patch, columns, patch * 3]);
  const patches = tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [count, rows * columns, pixels]);
  const first = tf.reshape(tf.transpose(patches, [1, 0, 2]), [rows * columns * count, pixels]); // [G * I, 3 P P]
  const bias = preNorm ? undefined : parameter(parameters, "patch_embed.proj.bias");
  const projected = linear(first, patchProjection(config, parameters), bias);
  const forEachImage = (name: string, tokens: number) =>
    tf.tile(tf.reshape(parameter(parameters, name), [tokens, 1, width]), [1, count, 1]);
  const tokens = tf.concat(
    [
      forEachImage("cls_token", 1),
      ...(registers > 0 ? [forEachImage("register_tokens", registers)] : []),
      tf.reshape(projected, [rows * columns, count, width]),
    ],
    0,
  ); // [T, I, D]
  const placed = tf.add(tokens, positions(config, parameters));
  return preNorm ? layerNormLayer(placed, parameters, "norm_pre", TRANSFORMER_EPSILON) : placed;
}

/** The position of each token, zero for registers: [T, 1, D] */
function positions(config: ViTConfig, parameters: LiveParameters): tf.Tensor {
  const { width, registers = 0 } = config;
  const [rows, columns] = patchGrid(config);
  const embedding = tf.reshape(parameter(parameters, "pos_embed"), [-1, 1, width]); // [1 + G, 1, D]
  if (registers === 0) return embedding;
  const [ofClass, ofPatches] = tf.split(embedding, [1, rows * columns], 0);
  return tf.concat([ofClass!, tf.zeros([registers, 1, width]), ofPatches!], 0);
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
