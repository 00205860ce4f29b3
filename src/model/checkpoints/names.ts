/**
 * The names that published encoders go by, turned into this package's: timm's, and DINOv2's for what timm's ViT lacks.
 *
 * Understood: timm and DINO as they are; DINOv2, also with its blocks in chunks (`blocks.0.3.norm1`); timm's DINOv2 with
 * registers (`reg_token`, no position for the class token); Hugging Face's `ViTModel`, `Dinov2Model` and the same with
 * registers (separate query, key and value); CONCH (`visual.trunk.`).
 */
import { type CheckpointTensor, toFloat32 } from "./checkpoint";

/** What wrapping modules put before the names: DataParallel, DINO, CoCa and CONCH, Hugging Face, our own models. */
const PREFIXES = [
  "module.",
  "backbone.",
  "encoder.",
  "trunk.",
  "visual.",
  "vit.",
  "dinov2.",
  "dinov2_with_registers.",
];

/** Parts of a checkpoint that are no encoder: heads, fusion blocks, poolers, a text model, what only training needs. */
const NOT_ENCODER = new RegExp(
  `^(${[
    ["head", "heads", "fusion", "fc", "head_dist", "fc_norm", "pre_logits", "classifier", "pooler"],
    ["mask_token", "loss", "dino_head", "ibot_head", "dino_loss", "ibot_patch_loss"],
    ["attn_pool_contrast", "attn_pool_caption", "ln_contrast", "ln_caption", "proj_contrast"],
    ["text", "text_decoder", "logit_scale"],
  ]
    .flat()
    .join("|")})(\\.|$)`,
);

const BLOCK = "^layer\\.(\\d+)\\.";

/** Hugging Face's names, and DINOv2's chunks, as ours. The first that fits counts. */
const RENAMED: readonly (readonly [from: RegExp, to: string])[] = [
  [/^blocks\.\d+\.(\d+)\./, "blocks.$1."],
  [/^reg_token$/, "register_tokens"],
  [/^embeddings\.position_embeddings$/, "pos_embed"],
  [/^embeddings\.patch_embeddings\.projection\./, "patch_embed.proj."],
  [/^embeddings\.(cls_token|register_tokens|mask_token)$/, "$1"],
  [/^layernorm\./, "norm."],
  [new RegExp(`${BLOCK}attention\\.attention\\.(query|key|value)\\.`), "blocks.$1.attn.$2."],
  [new RegExp(`${BLOCK}attention\\.output\\.dense\\.`), "blocks.$1.attn.proj."],
  [new RegExp(`${BLOCK}layernorm_before\\.`), "blocks.$1.norm1."],
  [new RegExp(`${BLOCK}layernorm_after\\.`), "blocks.$1.norm2."],
  [new RegExp(`${BLOCK}intermediate\\.dense\\.`), "blocks.$1.mlp.fc1."],
  [new RegExp(`${BLOCK}output\\.dense\\.`), "blocks.$1.mlp.fc2."],
  [new RegExp(`${BLOCK}layer_scale([12])\\.lambda1$`), "blocks.$1.ls$2.gamma"],
  [new RegExp(`${BLOCK}mlp\\.weights_in\\.`), "blocks.$1.mlp.w12."],
  [new RegExp(`${BLOCK}mlp\\.weights_out\\.`), "blocks.$1.mlp.w3."],
  [new RegExp(BLOCK), "blocks.$1."],
];

/** The encoder's tensors by our names, and the file's names of what is no encoder. */
export interface EncoderTensors {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly ignored: readonly string[];
}

/** Sort the tensors of a checkpoint into encoder and others. */
export function encoderTensors(checkpoint: Readonly<Record<string, CheckpointTensor>>): EncoderTensors {
  const tensors = new Map<string, CheckpointTensor>();
  const ignored: string[] = [];
  for (const [fullName, tensor] of Object.entries(checkpoint)) {
    const name = renamed(withoutPrefixes(fullName));
    if (NOT_ENCODER.test(name)) ignored.push(fullName);
    else tensors.set(name, tensor);
  }
  joinQueriesKeysValues(tensors);
  if ("reg_token" in checkpoint) placeClassToken(tensors);
  return { tensors, ignored };
}

function withoutPrefixes(name: string): string {
  const prefix = PREFIXES.find((p) => name.startsWith(p));
  return prefix ? withoutPrefixes(name.slice(prefix.length)) : name;
}

function renamed(name: string): string {
  const rule = RENAMED.find(([from]) => from.test(name));
  return rule ? name.replace(rule[0], rule[1]) : name;
}

/** Hugging Face keeps three matrices where timm has one, rows of queries, keys, values. */
function joinQueriesKeysValues(tensors: Map<string, CheckpointTensor>): void {
  for (const name of [...tensors.keys()]) {
    const [, block, kind] = name.match(/^(blocks\.\d+\.attn)\.query\.(weight|bias)$/) ?? [];
    if (block === undefined) continue;
    const names = ["query", "key", "value"].map((part) => `${block}.${part}.${kind}`);
    const parts = names.flatMap((part) => tensors.get(part) ?? []);
    if (parts.length < 3) continue; // reported as missing and not expected
    tensors.set(`${block}.qkv.${kind}`, stacked(parts));
    for (const part of names) tensors.delete(part);
  }
}

/** Tensors one below the other. */
function stacked(parts: readonly CheckpointTensor[]): CheckpointTensor {
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const values = parts.map(toFloat32);
  const data = new Float32Array(values.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of values) {
    data.set(part, at);
    at += part.length;
  }
  return { dtype: "float32", shape: [rows, ...parts[0]!.shape.slice(1)], data };
}

/** timm folds the class token's position into the token; ours is then zero: [1, G, D] -> [1, 1 + G, D]. */
function placeClassToken(tensors: Map<string, CheckpointTensor>): void {
  const found = tensors.get("pos_embed");
  const [one, patches = 0, width = 0] = found?.shape ?? [];
  if (!found || one !== 1 || found.shape.length !== 3) return;
  const data = new Float32Array((1 + patches) * width);
  data.set(toFloat32(found), width);
  tensors.set("pos_embed", { dtype: "float32", shape: [1, 1 + patches, width], data });
}
