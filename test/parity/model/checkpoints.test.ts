/** Readers on files written by PyTorch and safetensors: formats, odd dtypes, views, wrappers, third-party files. */
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { createModel, inferEncoder, loadEncoder, readCheckpoint } from "../../../src/model";
import { ABSENT, fixture, referenceValues, SHARED_DATA } from "./shared";

const TINY = { imageSize: [16, 16], patch: 4, width: 16, depth: 2, heads: 2, mlpRatio: 4 } as const;

function tinyModel(imageSize = 16) {
  return createModel(
    {
      encoder: TINY,
      imageSize,
      tasks: { A: { title: "a", classes: ["no", "yes"] } },
      views: [{ site: "core", magnification: "x200" }],
    },
    new Rng(7),
  );
}

describe.skipIf(!SHARED_DATA)(`checkpoint readers${SHARED_DATA ? "" : `: ${ABSENT}`}`, () => {
  test("the same weights in four files read the same", async () => {
    const reference = await readCheckpoint(fixture("tiny_vit.safetensors"));
    expect(Object.keys(reference.tensors)).toHaveLength(32);
    const cases = [
      ["tiny_vit_zip.pth", "torch-zip"],
      ["tiny_vit_legacy.pth", "torch-legacy"],
    ] as const;
    for (const [name, format] of cases) {
      const found = await readCheckpoint(fixture(name));
      expect(found.format).toBe(format);
      expect(Object.keys(found.tensors).sort()).toEqual(Object.keys(reference.tensors).sort());
      for (const [tensor, { shape, data }] of Object.entries(reference.tensors)) {
        expect(found.tensors[tensor]!.shape).toEqual(shape);
        expect(Array.from(found.tensors[tensor]!.data as Float32Array)).toEqual(
          Array.from(data as Float32Array),
        );
      }
    }
  });

  test("a DINO checkpoint is opened through its wrapper, and its encoder loads past prefixes and heads", async () => {
    const checkpoint = await readCheckpoint(fixture("tiny_vit_dino_ckpt_zip.pth"));
    expect(checkpoint.wrappers[0]).toBe("teacher");
    const { model, report } = loadEncoder(tinyModel(), checkpoint);
    expect(report.loaded).toBe(30);
    const plain = loadEncoder(tinyModel(), await readCheckpoint(fixture("tiny_vit.safetensors")));
    expect(model.parameters["encoder.blocks.1.attn.qkv.weight"]).toEqual(
      plain.model.parameters["encoder.blocks.1.attn.qkv.weight"],
    );
    expect(plain.report.ignored).toEqual(["head.weight", "head.bias"]);
  });

  test("the encoder can be told from the shapes in the file", async () => {
    const config = inferEncoder(await readCheckpoint(fixture("tiny_vit.safetensors")));
    expect(config).toMatchObject({ imageSize: [16, 16], patch: 4, width: 16, depth: 2, mlpRatio: 4 });
  });

  test("a larger image size resizes the position embedding and says so", async () => {
    const checkpoint = await readCheckpoint(fixture("tiny_vit.safetensors"));
    const { model, report } = loadEncoder(tinyModel(24), checkpoint);
    expect(report.positions).toBe("4 x 4 to 6 x 6, bicubic-2d");
    expect(model.parameters["encoder.pos_embed"]!.shape).toEqual([1, 37, 16]);
    expect(Array.from(model.parameters["encoder.pos_embed"]!.data.slice(0, 16))).toEqual(
      Array.from((checkpoint.tensors.pos_embed!.data as Float32Array).slice(0, 16)),
    );
  });

  test("odd dtypes, transposed views and rows inside a shared storage", async () => {
    const { tensors } = await readCheckpoint(fixture("odd_zip.pth"));
    const { odd } = referenceValues();
    for (const [name, { shape, dtype, values }] of Object.entries(odd)) {
      expect(tensors[name]!.shape).toEqual(shape);
      expect(tensors[name]!.dtype).toBe(dtype.replace("torch.", ""));
      expect(Array.from(tensors[name]!.data as Float32Array, Number)).toEqual(
        values.map((v) => (dtype === "torch.float64" ? v : Number(v))),
      );
    }
  });
});
