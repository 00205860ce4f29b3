/** Files that are no good: each gets a named error that says what to do, and nothing in them is executed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CheckpointProblem, isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import {
  createModel,
  loadEncoder,
  loadModel,
  type ModelOptions,
  readCheckpoint,
  saveModel,
  writeSafetensors,
} from "../../../src/model";
import { bigShape, float32Storage, legacyFile, pickle, torchZip } from "./write-torch";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-checkpoints-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Buffer): string {
  const where = path.join(folder, name);
  writeFileSync(where, bytes);
  return where;
}

async function problem(
  work: Promise<unknown>,
): Promise<{ reason: CheckpointProblem; names: readonly string[]; message: string }> {
  try {
    await work;
  } catch (error) {
    if (!isOsccError(error, "InvalidCheckpoint")) throw error;
    return { reason: error.data.reason!, names: error.data.names ?? [], message: error.message };
  }
  throw new Error("nothing was refused");
}

const MODEL: ModelOptions = {
  encoder: { imageSize: [8, 8], patch: 4, width: 8, depth: 2, heads: 2, mlpRatio: 2 },
  fusionWidth: 8,
  headHidden: [4],
  tasks: { A: { title: "a", classes: ["no", "yes"] } },
  views: [{ site: "core", magnification: "x200" }],
};

function safetensors(header: unknown, values: Buffer): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, values]);
}

describe("files that are no checkpoint", () => {
  test.each([
    ["a missing file", "nothing.pth", undefined, "unknown-format", /does not exist/],
    ["an empty file", "empty.pth", Buffer.alloc(0), "truncated", /only 0 bytes/],
    [
      "a web page",
      "page.pth",
      Buffer.from("<!DOCTYPE html><html><body>Not found</body></html>"),
      "unknown-format",
      /web page/,
    ],
    [
      "a Git LFS pointer",
      "lfs.pth",
      Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
      "unknown-format",
      /git lfs pull/,
    ],
    [
      "a Keras file",
      "keras.h5",
      Buffer.concat([Buffer.from("\x89HDF\r\n\x1a\n", "latin1"), Buffer.alloc(64)]),
      "unknown-format",
      /HDF5/,
    ],
    [
      "a bare pickle",
      "bare.pkl",
      Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(40)]),
      "unknown-format",
      /bare pickle/,
    ],
  ] as const)("%s", async (_, name, bytes, reason, message) => {
    const found = await problem(readCheckpoint(bytes ? file(name, bytes) : path.join(folder, name)));
    expect(found.reason).toBe(reason);
    expect(found.message).toMatch(message);
  });

  test("a very old tar checkpoint is refused with advice", async () => {
    const tar = Buffer.alloc(1024, 0x61);
    tar.write("ustar", 257);
    expect((await problem(readCheckpoint(file("old.pth", tar)))).message).toMatch(/tar archive.*newer torch/);
  });

  test("a ZIP archive of something else", async () => {
    const found = await problem(
      readCheckpoint(file("doc.pth", torchZip({ "a/readme.txt": Buffer.from("hello") }))),
    );
    expect(found).toMatchObject({ reason: "unknown-format" });
  });
});

describe("torch files", () => {
  const tensors = { w: { shape: [2, 2], values: [1, 2, 3, 4] } };

  test("the writer of these tests makes files that read", async () => {
    const { tensors: zip } = await readCheckpoint(file("good.pth", torchZip(float32Storage(tensors))));
    const { tensors: legacy } = await readCheckpoint(file("good-legacy.pth", legacyFile(tensors)));
    expect(Array.from(zip.w!.data as Float32Array)).toEqual([1, 2, 3, 4]);
    expect(Array.from(legacy.w!.data as Float32Array)).toEqual([1, 2, 3, 4]);
  });

  test("a global outside the list is refused by name", async () => {
    const evil = pickle((p) =>
      p
        .global("os", "system")
        .tuple((t) => t.text("echo hello"))
        .reduce(),
    );
    const found = await problem(readCheckpoint(file("evil.pth", torchZip({ "archive/data.pkl": evil }))));
    expect(found).toMatchObject({ reason: "forbidden-global", names: ["os.system"] });
    expect(found.message).toMatch(/Nothing in the file was executed/);
  });

  test("a storage of a type that is not supported is refused by name", async () => {
    const complex = pickle((p) => p.global("torch", "ComplexFloatStorage"));
    const found = await problem(
      readCheckpoint(file("complex.pth", torchZip({ "archive/data.pkl": complex }))),
    );
    expect(found).toMatchObject({ reason: "unsupported-dtype", names: ["ComplexFloatStorage"] });
    expect(found.message).toMatch(/Supported: FloatStorage, HalfStorage[\s\S]*tensor\.float\(\)/);
  });

  test("compressed entries are refused: torch writes none", async () => {
    const zip = torchZip(float32Storage(tensors));
    zip.writeUInt16LE(8, zip.indexOf(Buffer.from("504b0102", "hex")) + 10);
    const found = await problem(readCheckpoint(file("deflated.pth", zip)));
    expect(found).toMatchObject({ reason: "corrupt" });
    expect(found.message).toMatch(/data\.pkl" is compressed/);
  });

  test("a missing storage is named", async () => {
    const { "archive/data/0": _, ...entries } = float32Storage(tensors);
    const found = await problem(readCheckpoint(file("storage.pth", torchZip(entries))));
    expect(found.message).toMatch(/storage 0 is missing/);
  });

  test("a big-endian file is refused", async () => {
    const entries = { ...float32Storage(tensors), "archive/byteorder": Buffer.from("big") };
    expect((await problem(readCheckpoint(file("big.pth", torchZip(entries))))).message).toMatch(/big-endian/);
  });

  test("an instruction that torch does not write is refused", async () => {
    const found = await problem(
      readCheckpoint(
        file("opcode.pth", torchZip({ "archive/data.pkl": Buffer.from([0x80, 2, 0x69, 0x2e]) })),
      ),
    );
    expect(found).toMatchObject({ reason: "corrupt" });
    expect(found.message).toMatch(/pickle instruction 0x69/);
  });

  test("protocol 4 is read: frames, short names, memoised values", async () => {
    const text = (value: string) => [0x8c, value.length, ...Buffer.from(value), 0x94];
    const framed = Buffer.from([
      ...[0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0],
      ...[...text("os"), ...text("system"), 0x93, 0x2e],
    ]);
    const found = await problem(readCheckpoint(file("four.pth", torchZip({ "archive/data.pkl": framed }))));
    expect(found).toMatchObject({ reason: "forbidden-global", names: ["os.system"] });
  });

  test.each([0.2, 0.5, 0.9, 0.99])("a ZIP file cut at %f of its length", async (part) => {
    const whole = torchZip(float32Storage(tensors));
    const found = await problem(
      readCheckpoint(file(`cut${part}.pth`, whole.subarray(0, Math.floor(whole.length * part)))),
    );
    expect(found.reason).toBe("truncated");
  });

  test("a legacy file cut anywhere is refused, never read wrongly", async () => {
    const whole = legacyFile(tensors);
    for (let length = 16; length < whole.length; length += 7) {
      const found = await problem(readCheckpoint(file("cut-legacy.pth", whole.subarray(0, length))));
      expect(["truncated", "corrupt"]).toContain(found.reason);
    }
  });

  test("a tensor that reaches beyond its storage", async () => {
    const entries = float32Storage({ w: { shape: [2, 2], values: [1, 2, 3] } });
    expect(await problem(readCheckpoint(file("short.pth", torchZip(entries))))).toMatchObject({
      reason: "truncated",
      names: ["w"],
    });
  });

  test("a tensor of absurd size by a stride of zero", async () => {
    expect(await problem(readCheckpoint(file("bomb.pth", torchZip(bigShape()))))).toMatchObject({
      reason: "corrupt",
      names: ["w"],
    });
  });

  test("a wrapper that is not known names its keys", async () => {
    const nested = pickle((p) => p.dict((d) => d.text("weights_of_mine").dict(() => {})));
    const found = await problem(readCheckpoint(file("nested.pth", torchZip({ "archive/data.pkl": nested }))));
    expect(found.message).toMatch(/weights_of_mine[\s\S]*key:/);
  });
});

describe("safetensors files", () => {
  const one = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  test.each([
    [
      "cut in its header",
      Buffer.concat([Buffer.from([200, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a":1, "b": 2, "c": 3}')]),
      "truncated",
    ],
    ["cut in its values", safetensors({ w: one }, Buffer.alloc(6)), "truncated"],
    ["with a header that is no JSON", safetensors("{not json at all}", Buffer.alloc(8)), "corrupt"],
    [
      "with overlapping tensors",
      safetensors({ w: one, v: { ...one, data_offsets: [4, 12] } }, Buffer.alloc(16)),
      "corrupt",
    ],
    [
      "with a range beyond the end of the file",
      safetensors({ w: { ...one, data_offsets: [16, 24] } }, Buffer.alloc(16)),
      "truncated",
    ],
    [
      "that claims a header of more than 100 MB",
      Buffer.concat([Buffer.from([0, 0, 0, 0x10, 0, 0, 0, 0]), Buffer.from('{"a":1,"b":2}')]),
      "unknown-format",
    ],
    ["with an entry that is no tensor", safetensors({ w: { dtype: "F32" } }, Buffer.alloc(8)), "corrupt"],
    [
      "with a range that is not the shape's",
      safetensors({ w: { ...one, shape: [3] } }, Buffer.alloc(16)),
      "corrupt",
    ],
    [
      "with a negative offset",
      safetensors({ w: { ...one, data_offsets: [-8, 0] } }, Buffer.alloc(16)),
      "corrupt",
    ],
    [
      "of a type that is not supported",
      safetensors({ w: { ...one, dtype: "F8_E4M3" } }, Buffer.alloc(16)),
      "unsupported-dtype",
    ],
  ] as const)("%s", async (name, bytes, reason) => {
    expect((await problem(readCheckpoint(file(`${name}.safetensors`, bytes)))).reason).toBe(reason);
  });
});

describe("weights that do not fit the encoder", () => {
  const model = createModel(MODEL, new Rng(7));
  const encoder = Object.fromEntries(
    Object.entries(model.parameters).filter(([name]) => name.startsWith("encoder.")),
  );

  async function loaded(
    change: (tensors: Record<string, { shape: readonly number[]; data: Float32Array }>) => void,
  ) {
    const tensors = { ...encoder };
    change(tensors as Record<string, { shape: readonly number[]; data: Float32Array }>);
    const where = path.join(folder, "encoder.safetensors");
    await writeSafetensors(where, tensors);
    return loadEncoder(model, await readCheckpoint(where));
  }

  test("shape mismatches name every tensor and both shapes", async () => {
    const found = await problem(
      loaded((t) => {
        t["encoder.norm.weight"] = { shape: [9], data: new Float32Array(9) };
        t["encoder.blocks.1.mlp.fc1.weight"] = { shape: [3, 8], data: new Float32Array(24) };
      }),
    );
    expect(found.reason).toBe("shapes");
    expect([...found.names].sort()).toEqual(["blocks.1.mlp.fc1.weight", "norm.weight"]);
    expect(found.message).toMatch(/norm\.weight: expected \[8\], found \[9\]/);
  });

  test("missing and unexpected tensors are listed together, with the nearest name", async () => {
    const found = await problem(
      loaded((t) => {
        t["encoder.blocks.0.attn.qkv.wieght"] = t["encoder.blocks.0.attn.qkv.weight"]!;
        delete t["encoder.blocks.0.attn.qkv.weight"];
      }),
    );
    expect(found.reason).toBe("names");
    expect(found.message).toMatch(
      /blocks\.0\.attn\.qkv\.weight \(the file has blocks\.0\.attn\.qkv\.wieght\)/,
    );
  });

  test("non-strict loading takes what fits and reports the rest", async () => {
    const tensors: typeof encoder = {
      ...encoder,
      "encoder.extra": { shape: [1], dtype: "float32", data: new Float32Array(1) },
    };
    delete tensors["encoder.norm.bias"];
    const where = path.join(folder, "partial.safetensors");
    await writeSafetensors(where, tensors);
    const { report } = loadEncoder(model, await readCheckpoint(where), { strict: false });
    expect(report).toMatchObject({ missing: ["norm.bias"], unexpected: ["extra"] });
  });
});

describe("own checkpoints", () => {
  test("a saved model loads with equal specification and parameters", async () => {
    const model = createModel(MODEL, new Rng(7));
    const where = path.join(folder, "model.safetensors");
    await saveModel(model, where);
    const again = await loadModel(where);
    expect(again.spec).toEqual(model.spec);
    expect(Object.keys(again.parameters)).toEqual(Object.keys(model.parameters));
    for (const [name, { data }] of Object.entries(model.parameters))
      expect(Array.from(again.parameters[name]!.data)).toEqual(Array.from(data));
  });

  test("someone else's file is not taken for a model", async () => {
    const where = path.join(folder, "other.safetensors");
    await writeSafetensors(where, { w: { shape: [1], data: Float32Array.of(1) } });
    expect((await problem(loadModel(where))).message).toMatch(
      /not written by this package[\s\S]*loadEncoder/,
    );
  });
});
