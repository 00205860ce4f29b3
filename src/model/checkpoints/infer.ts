/** Which encoder a checkpoint was made for, told by its tensors. */
import type { ModelSpec } from "../model";
import type { Grid } from "../positions";
import { type ImageSize, mlpWidth, type ViTConfig, vitConfig } from "../vit-config";
import { type Checkpoint, type CheckpointTensor, invalidCheckpoint } from "./checkpoint";
import { encoderTensors } from "./names";

/** Where our own files keep the model's specification. */
export const SPEC_KEY = "oscc-lab.model";

/** Where a file of an encoder alone, that belongs to no model, keeps its configuration. */
export const ENCODER_KEY = "oscc-lab.encoder";

/** Width of an attention head in every published ViT that the readers know. */
const USUAL_HEAD_WIDTH = 64;

/** LayerScale factors are in the file; the first value, which the configuration asks for, is DINOv2's. */
const USUAL_LAYER_SCALE = 1e-5;

/**
 * The encoder that a checkpoint was made for.
 *
 * One of our own files says it. Otherwise the shapes do: width, patch, depth, MLP, registers, LayerScale, normalised
 * queries and keys. The number of heads leaves no trace unless queries and keys are normalised; it is taken as
 * width / 64, as in all published ViTs. Nor does pooling: it is taken as `class`.
 *
 * @param checkpoint  see `readCheckpoint`
 * @param imageSize   pixels the model will see; default that of the checkpoint's position embedding
 * @throws InvalidCheckpoint  when it holds no ViT
 * @example
 * const weights = await model.readCheckpoint("hibou-b.pth");
 * model.inferEncoder(weights); // { patch: 14, width: 768, registers: 4, mlp: "swiglu", ... }
 */
export function inferEncoder(checkpoint: Checkpoint, imageSize?: ImageSize): ViTConfig {
  const size = imageSize === undefined ? {} : { imageSize };
  const own = ownEncoder(checkpoint);
  if (own) return vitConfig(own, size);
  const { tensors } = encoderTensors(checkpoint.tensors);
  const shape = (name: string) => tensors.get(name)?.shape ?? [];
  const [width, , patch] = shape("patch_embed.proj.weight");
  const depth = new Set([...tensors.keys()].flatMap((name) => name.match(/^blocks\.(\d+)\./)?.[1] ?? []))
    .size;
  const mlp = width ? mlpOf(tensors, width) : undefined;
  if (!width || !patch || !mlp || depth === 0) throw noTransformer(checkpoint);
  const [registers] = shape("register_tokens").slice(1);
  const [headWidth = USUAL_HEAD_WIDTH] = shape("blocks.0.attn.q_norm.weight");
  const grid = squareGrid((shape("pos_embed")[1] ?? 0) - 1);
  return vitConfig(
    {
      imageSize: grid ? [grid[0] * patch, grid[1] * patch] : [patch, patch],
      patch,
      width,
      depth,
      heads: Math.max(1, Math.round(width / headWidth)),
      ...mlp,
      ...(registers ? { registers } : {}),
      ...(tensors.has("blocks.0.ls1.gamma") ? { layerScale: USUAL_LAYER_SCALE } : {}),
      ...(tensors.has("blocks.0.attn.q_norm.weight") ? { qkNorm: true } : {}),
      ...(tensors.has("norm_pre.weight") ? { preNorm: true } : {}),
    },
    size,
  );
}

/** The specification in one of our own files. */
export function ownSpec(checkpoint: Described): ModelSpec | undefined {
  return described(checkpoint, SPEC_KEY) as ModelSpec | undefined;
}

/** The configuration of the encoder in one of our own files. */
export function ownEncoder(checkpoint: Described): ViTConfig | undefined {
  return (described(checkpoint, ENCODER_KEY) as ViTConfig | undefined) ?? ownSpec(checkpoint)?.encoder;
}

type Described = Pick<Checkpoint, "path" | "metadata">;

/** The JSON under a key of the metadata. */
function described({ path, metadata }: Described, key: string): unknown {
  const text = metadata[key];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidCheckpoint(path, "corrupt", [
      `says what it holds under "${key}" in a form that is no JSON.`,
      "Write the file again, or name the encoder it was made for.",
    ]);
  }
}

/** The grid of so many patches, if it is square. */
export function squareGrid(patches: number): Grid | undefined {
  const side = Math.round(Math.sqrt(patches));
  return side > 0 && side * side === patches ? [side, side] : undefined;
}

function mlpOf(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  width: number,
): Pick<ViTConfig, "mlpRatio" | "mlp"> | undefined {
  const hidden = tensors.get("blocks.0.mlp.fc1.weight")?.shape[0];
  if (hidden) return { mlpRatio: hidden / width };
  const gated = (tensors.get("blocks.0.mlp.w12.weight")?.shape[0] ?? 0) / 2;
  if (!gated) return undefined;
  // Rounding hides the ratio; the usual one is taken where it fits.
  const usual = { width, mlpRatio: 4, mlp: "swiglu" } as const;
  return mlpWidth(usual) === gated ? usual : { mlpRatio: (gated * 1.5) / width, mlp: "swiglu" };
}

function noTransformer({ path, tensors }: Checkpoint) {
  const names = Object.keys(tensors);
  return invalidCheckpoint(path, "names", [
    "holds no vision transformer under a name that is known here.",
    `It holds: ${names.slice(0, 12).join(", ")}${names.length > 12 ? `, ... ${names.length - 12} more` : ""}.`,
    "Name the encoder it was made for.",
  ]);
}
