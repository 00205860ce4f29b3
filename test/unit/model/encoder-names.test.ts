/** Weights under the names that others publish theirs with, all read into the same encoder. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { tokenGrid } from "../../../src/explain";
import {
  createModel,
  inferEncoder,
  loadEncoder,
  type Model,
  type Parameters,
  readCheckpoint,
  saveEncoder,
  saveModel,
  type ViTConfig,
  vitConfig,
  writeSafetensors,
} from "../../../src/model";
import { under } from "../../../src/model/parameters";
import { float32Storage, torchZip } from "./write-torch";

type Tensors = Record<string, { shape: readonly number[]; data: Float32Array }>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-encoder-names-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PLAIN = vitConfig({ imageSize: [12, 12], patch: 4, width: 64, depth: 2, heads: 1, mlpRatio: 4 });
const DINOV2 = vitConfig({ ...PLAIN, registers: 4, layerScale: 1e-5 });
const HIBOU = vitConfig({ ...DINOV2, mlp: "swiglu" });

function modelOf(encoder: ViTConfig, seed = "target"): Model {
  return createModel(
    {
      encoder,
      fusionWidth: 8,
      headHidden: [4],
      tasks: { A: { title: "a", classes: ["no", "yes"] } },
      views: [{ site: "core", magnification: "x200" }],
    },
    new Rng(seed),
  );
}

/** An encoder's tensors by our names, all different from those of `modelOf(encoder)`. */
function published(encoder: ViTConfig): Tensors {
  const rng = new Rng("published");
  const tensors: Tensors = {};
  for (const [name, { shape, data }] of Object.entries(under("encoder", modelOf(encoder).parameters)))
    tensors[name] = { shape, data: data.map(() => rng.normal()) };
  return tensors;
}

function renamed(tensors: Tensors, rules: readonly (readonly [RegExp, string])[], prefix = ""): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const rule = rules.find(([from]) => from.test(name));
      return [prefix + (rule ? name.replace(rule[0], rule[1]) : name), tensor];
    }),
  );
}

async function written(name: string, tensors: Tensors): Promise<string> {
  const file = path.join(folder, `${name}.safetensors`);
  await writeSafetensors(file, tensors);
  return file;
}

function expectLoaded(found: Parameters, expected: Tensors): void {
  const encoder = under("encoder", found);
  expect(Object.keys(encoder).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(encoder[name]!.shape, name).toEqual(shape);
    expect(encoder[name]!.data, name).toEqual(data);
  }
}

const scalar = { shape: [1], data: Float32Array.of(1) };

/** Hugging Face's names of what its ViT and its DINOv2 share. */
const HUGGING_FACE = [
  [/^(cls_token|register_tokens)$/, "embeddings.$1"],
  [/^pos_embed$/, "embeddings.position_embeddings"],
  [/^patch_embed\.proj\./, "embeddings.patch_embeddings.projection."],
  [/^blocks\.(\d+)\.attn\.proj\./, "encoder.layer.$1.attention.output.dense."],
  [/^blocks\.(\d+)\.attn\.(query|key|value)\./, "encoder.layer.$1.attention.attention.$2."],
  [/^norm\./, "layernorm."],
] as const;

/** Queries, keys and values as three tensors. */
function separated(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) => {
      if (!name.includes(".qkv.")) return [[name, tensor]];
      const third = tensor.data.length / 3;
      return ["query", "key", "value"].map((part, i) => [
        name.replace("qkv", part),
        {
          shape: [tensor.shape[0]! / 3, ...tensor.shape.slice(1)],
          data: tensor.data.slice(i * third, (i + 1) * third),
        },
      ]);
    }),
  );
}

const CASES: readonly [string, ViTConfig, (tensors: Tensors) => Tensors, readonly string[]][] = [
  ["timm's names, with a classifier", PLAIN, (t) => ({ ...t, "head.weight": scalar }), ["head.weight"]],
  [
    "DINO behind DataParallel, with its projection head",
    PLAIN,
    (t) => ({ ...renamed(t, [], "module.backbone."), "module.head.mlp.0.weight": scalar }),
    ["module.head.mlp.0.weight"],
  ],
  [
    "DINOv2 with registers, LayerScale and a mask token",
    DINOV2,
    (t) => ({ ...t, mask_token: scalar }),
    ["mask_token"],
  ],
  [
    "DINOv2 in training, blocks in chunks",
    DINOV2,
    (t) => ({
      ...renamed(t, [[/^blocks\.(\d+)\./, "blocks.$1.$1."]], "backbone."),
      "dino_head.mlp.0.bias": scalar,
    }),
    ["dino_head.mlp.0.bias"],
  ],
  [
    "Hugging Face's ViT",
    PLAIN,
    (t) => ({
      ...renamed(
        separated(t),
        [
          ...HUGGING_FACE,
          [/^blocks\.(\d+)\.norm1\./, "encoder.layer.$1.layernorm_before."],
          [/^blocks\.(\d+)\.norm2\./, "encoder.layer.$1.layernorm_after."],
          [/^blocks\.(\d+)\.mlp\.fc1\./, "encoder.layer.$1.intermediate.dense."],
          [/^blocks\.(\d+)\.mlp\.fc2\./, "encoder.layer.$1.output.dense."],
        ],
        "vit.",
      ),
      "pooler.dense.weight": scalar,
    }),
    ["pooler.dense.weight"],
  ],
  [
    "Hugging Face's DINOv2 with registers and SwiGLU, as Hibou is published",
    HIBOU,
    (t) => ({
      ...renamed(separated(t), [
        ...HUGGING_FACE,
        [/^blocks\.(\d+)\.ls([12])\.gamma$/, "encoder.layer.$1.layer_scale$2.lambda1"],
        [/^blocks\.(\d+)\.mlp\.w12\./, "encoder.layer.$1.mlp.weights_in."],
        [/^blocks\.(\d+)\.mlp\.w3\./, "encoder.layer.$1.mlp.weights_out."],
        [/^blocks\.(\d+)\./, "encoder.layer.$1."],
      ]),
      "embeddings.mask_token": scalar,
    }),
    ["embeddings.mask_token"],
  ],
  [
    "CONCH: the trunk of its image tower, without poolers and text model",
    PLAIN,
    (t) => ({
      ...renamed(t, [], "visual.trunk."),
      "visual.attn_pool_contrast.query": scalar,
      "visual.ln_caption.weight": scalar,
      "visual.proj_contrast": scalar,
      "text.token_embedding.weight": scalar,
      "text_decoder.ln_final.bias": scalar,
      logit_scale: scalar,
    }),
    [
      "visual.attn_pool_contrast.query",
      "visual.ln_caption.weight",
      "visual.proj_contrast",
      "text.token_embedding.weight",
      "text_decoder.ln_final.bias",
      "logit_scale",
    ],
  ],
];

describe("published names", () => {
  test.each(CASES)("%s", async (name, encoder, publish, ignored) => {
    const tensors = published(encoder);
    const checkpoint = await readCheckpoint(await written(name.slice(0, 12), publish(tensors)));
    const { model, report } = loadEncoder(modelOf(encoder), checkpoint);
    expectLoaded(model.parameters, tensors);
    expect(report).toMatchObject({
      loaded: Object.keys(tensors).length,
      ignored,
      missing: [],
      unexpected: [],
    });
    expect(inferEncoder(checkpoint)).toEqual(encoder);
  });

  test("timm's DINOv2 with registers: the class token's position is in the token", async () => {
    const tensors = published(DINOV2);
    const { pos_embed, register_tokens, ...rest } = tensors;
    const width = DINOV2.width;
    const file = await written("timm-registers", {
      ...rest,
      reg_token: register_tokens!,
      pos_embed: { shape: [1, 9, width], data: pos_embed!.data.slice(width) },
    });
    const { model } = loadEncoder(modelOf(DINOV2), await readCheckpoint(file));
    const data = pos_embed!.data.slice();
    data.fill(0, 0, width);
    expectLoaded(model.parameters, { ...tensors, pos_embed: { shape: [1, 10, width], data } });
  });

  test.each(["teacher", "student", "model", "state_dict"])("a dictionary under the key %s", async (key) => {
    const tensors = published(PLAIN);
    const values = Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => [
        `module.backbone.${name}`,
        { shape, values: data },
      ]),
    );
    const file = path.join(folder, `${key}.pth`);
    writeFileSync(file, torchZip(float32Storage(values, key)));
    const checkpoint = await readCheckpoint(file);
    expect(checkpoint.wrappers).toEqual([key]);
    expectLoaded(loadEncoder(modelOf(PLAIN), checkpoint).model.parameters, tensors);
    expect((await readCheckpoint(file, { key })).wrappers).toEqual([key]);
  });
});

describe("encoders with registers on grids that are not square", () => {
  const WIDE = vitConfig({ ...HIBOU, imageSize: [8, 20] });

  test("the position embedding is resized, the registers are not", async () => {
    const tensors = published(HIBOU);
    const file = await written("square", tensors);
    const { model, report } = loadEncoder(modelOf(WIDE), await readCheckpoint(file));
    expect(report.positions).toBe("3 x 3 to 2 x 5, bicubic-2d");
    expect(model.parameters["encoder.pos_embed"]!.shape).toEqual([1, 11, 64]);
    expect(model.parameters["encoder.register_tokens"]!.data).toEqual(tensors.register_tokens!.data);
    expect(tokenGrid(WIDE)).toEqual({ rows: 2, columns: 5, prefix: 5 });
  });

  test("one of our own files says its grid; another's must be told", async () => {
    const file = path.join(folder, "own.safetensors");
    await saveModel(modelOf(WIDE, "other"), file);
    const own = await readCheckpoint(file);
    expect(inferEncoder(own)).toEqual(WIDE);
    expect(loadEncoder(modelOf(HIBOU), own).report.positions).toBe("2 x 5 to 3 x 3, bicubic-2d");

    const foreign = await readCheckpoint(await written("wide", published(WIDE)));
    expect(() => loadEncoder(modelOf(HIBOU), foreign)).toThrow(
      /10 patches, which is no square grid[\s\S]*grid: \[rows, columns\]/,
    );
    expect(loadEncoder(modelOf(HIBOU), foreign, { grid: [2, 5] }).report.positions).toBe(
      "2 x 5 to 3 x 3, bicubic-2d",
    );
  });

  test("an encoder written by itself has timm's names and loads again", async () => {
    const model = modelOf(WIDE, "other");
    const file = path.join(folder, "encoder.safetensors");
    await saveEncoder(model, file);
    const checkpoint = await readCheckpoint(file);
    expect(Object.keys(checkpoint.tensors)).toContain("blocks.0.attn.qkv.weight");
    expect(inferEncoder(checkpoint)).toEqual(WIDE);
    const again = loadEncoder(modelOf(WIDE), checkpoint).model;
    expect(again.parameters["encoder.register_tokens"]).toEqual(model.parameters["encoder.register_tokens"]);
  });
});

describe("what a file says of its encoder", () => {
  const config = vitConfig({ ...PLAIN, heads: 2, pooling: "mean" });

  test("of a model: heads and pooling, which leave no trace in the shapes", async () => {
    const file = path.join(folder, "pooled.safetensors");
    await saveEncoder(modelOf(config), file);
    expect(inferEncoder(await readCheckpoint(file))).toEqual(config);
  });

  test("of an encoder alone, checked before it is believed", async () => {
    const inferred = async (metadata: Record<string, string>) => {
      const file = path.join(folder, "alone.safetensors");
      await writeSafetensors(file, under("encoder", modelOf(config).parameters), metadata);
      return inferEncoder(await readCheckpoint(file));
    };
    expect(await inferred({ "oscc-lab.encoder": JSON.stringify(config) })).toEqual(config);
    expect((await inferred({})).pooling).toBeUndefined();
    await expect(
      inferred({ "oscc-lab.encoder": JSON.stringify({ ...config, pooling: "max" }) }),
    ).rejects.toThrow(/pooling "max"/);
    await expect(inferred({ "oscc-lab.encoder": "{" })).rejects.toThrow(/alone\.safetensors says .* no JSON/);
  });
});

describe("what an encoder's shapes say", () => {
  test("normalised queries and keys give the number of heads, and the norm before the blocks is seen", async () => {
    const config = vitConfig({ ...PLAIN, heads: 8, qkNorm: true, preNorm: true });
    const file = await written("variant", published(config));
    expect(inferEncoder(await readCheckpoint(file))).toEqual(config);
  });

  test("weights with registers do not fit an encoder without, which is said by name", async () => {
    const checkpoint = await readCheckpoint(await written("registers", published(DINOV2)));
    expect(() => loadEncoder(modelOf(PLAIN), checkpoint)).toThrow(/Not expected: register_tokens/);
    expect(() => loadEncoder(modelOf(HIBOU), checkpoint)).toThrow(/Missing: blocks\.0\.mlp\.w12\.weight/);
  });
});

test("the report reads as sentences, and is plain JSON", async () => {
  const { "norm.bias": _, ...tensors } = published(PLAIN);
  const file = await written("report", { ...tensors, "head.weight": scalar, extra: scalar });
  const { report } = loadEncoder(
    modelOf(vitConfig({ ...PLAIN, imageSize: [8, 8] })),
    await readCheckpoint(file),
    {
      strict: false,
    },
  );
  expect(inspect(report).replace(folder, "FOLDER")).toBe(
    [
      "29 tensors of the encoder taken from FOLDER/report.safetensors.",
      "  Position embedding resized: 3 x 3 to 2 x 2, bicubic-2d.",
      "  No part of an encoder, left out: head.weight.",
      "  Not in the file, kept as they started: norm.bias.",
      "  Not known to this encoder, left out: extra.",
    ].join("\n"),
  );
  expect(Object.keys(JSON.parse(JSON.stringify(report)))).toEqual([
    "path",
    "loaded",
    "ignored",
    "missing",
    "unexpected",
    "positions",
  ]);
});
