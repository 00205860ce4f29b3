/** Models as .onnx files: read again by ONNX Runtime itself, they give the same logits. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { saveOnnx as saveFunction, tf, toTensor } from "../../../src/engine";
import {
  createModel,
  FUSIONS,
  type FusionKind,
  forward,
  fusion,
  imageMask,
  type Model,
  type ModelOptions,
  normalise,
  saveOnnx,
} from "../../../src/model";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-onnx-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PATIENTS = 2;
const VIEWS = ["x200", "x400", "x1000"].map((magnification) => ({ site: "core", magnification }));

function modelWith(fusion: NonNullable<ModelOptions["fusion"]>): Model {
  return createModel(
    {
      encoder: {
        imageSize: [8, 12],
        patch: 4,
        width: 16,
        depth: 2,
        heads: 2,
        mlpRatio: 2,
        mlp: "swiglu",
        registers: 2,
        layerScale: 0.5,
        qkNorm: true,
      },
      fusion,
      fusionWidth: 16,
      headHidden: [8],
      tasks: {
        TD: { title: "differentiation", classes: ["well", "moderate", "poor"] },
        REC: { title: "recurrence", classes: ["no", "yes"] },
      },
      views: VIEWS,
      normalisation: "lunit",
    },
    new Rng(7),
  );
}

const SHAPE = [PATIENTS, 3, 8, 12, 3];
const PIXELS = (() => {
  const rng = new Rng("pixels");
  return Float32Array.from({ length: PATIENTS * 3 * 8 * 12 * 3 }, () => Math.floor(rng.range(0, 256)));
})();
const MASK = imageMask([
  [true, false, true],
  [true, true, true],
]);

type Outputs = Record<string, number[]>;

function expected({ spec, parameters }: Model, withMask: boolean): Outputs {
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
    const images = normalise(tf.tensor(PIXELS, SHAPE), spec.normalisation);
    const mask = tf.tensor(MASK, [PATIENTS, 3]);
    const { logits, attention } = forward(spec, live, images, withMask ? { mask } : {});
    const values: Outputs = {};
    for (const [task, value] of Object.entries(logits)) values[`logits.${task}`] = [...value.dataSync()];
    if (attention) values.attention = [...attention.dataSync()];
    return values as unknown as tf.TensorContainer;
  }) as unknown as Outputs;
}

async function found(
  file: string,
  withMask: boolean,
): Promise<{ session: InferenceSession; values: Outputs }> {
  const session = await InferenceSession.create(file);
  const outputs = await session.run({
    images: new Tensor("float32", PIXELS, SHAPE),
    ...(withMask ? { mask: new Tensor("float32", MASK, [PATIENTS, 3]) } : {}),
  });
  const values = Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
  return { session, values };
}

function expectEqual(values: Outputs, reference: Outputs): void {
  expect(Object.keys(values).sort()).toEqual(Object.keys(reference).sort());
  for (const [name, numbers] of Object.entries(reference))
    numbers.forEach((value, i) => {
      expect(values[name]![i], name).toBeCloseTo(value, 4);
    });
}

describe("a model as an .onnx file", () => {
  test.each(Object.keys(FUSIONS) as FusionKind[])(
    "with %s gives the same logits in ONNX Runtime",
    async (kind) => {
      const model = modelWith(kind);
      const file = path.join(folder, `${kind}.onnx`);
      await saveOnnx(model, file, { patients: PATIENTS, mask: true });
      const { session, values } = await found(file, true);
      expectEqual(values, expected(model, true));
      expect(session.inputNames).toEqual(["images", "mask"]);
      await session.release();
    },
  );

  test("with a fusion block of one's own, and without a mask", async () => {
    const model = modelWith(
      fusion({
        name: "first image",
        forward: (tokens) => tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]),
      }),
    );
    const file = path.join(folder, "own.onnx");
    await saveOnnx(model, file, { patients: PATIENTS });
    const { session, values } = await found(file, false);
    expect(session.inputNames).toEqual(["images"]);
    expectEqual(values, expected(model, false));
    await session.release();
  });

  test("says what goes in and out, names its weights, and has standard operators only", async () => {
    const file = path.join(folder, "described.onnx");
    await saveOnnx(modelWith("gated"), file, { patients: PATIENTS });
    const bytes = readFileSync(file).toString("latin1");
    for (const text of [
      "0-255, not normalised. Images in order: core x200, core x400, core x1000.",
      "differentiation: [patients, well | moderate | poor], before the softmax.",
      "encoder.blocks.1.attn.q_norm.weight",
      "oscc-lab.model",
      "not for diagnosis",
    ])
      expect(bytes).toContain(text);
    expect(bytes).not.toContain("com.microsoft");
  });
});

describe("a function as an .onnx file", () => {
  test("leaves out weights that it does not read, and keeps constants of its own", async () => {
    const file = path.join(folder, "function.onnx");
    const weight = { shape: [2], dtype: "float32", data: Float32Array.of(3, 4) } as const;
    await saveFunction(file, ({ x }, w) => ({ y: tf.add(tf.mul(x!, w.used!), tf.tensor1d([10, 20])) }), {
      name: "f",
      inputs: { x: { shape: [2] } },
      weights: { used: weight, unused: { ...weight, data: Float32Array.of(9, 9) } },
    });
    const session = await InferenceSession.create(file);
    const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(1, 2), [2]) });
    expect(Array.from(y!.data as Float32Array)).toEqual([13, 28]);
    expect(readFileSync(file).toString("latin1")).not.toContain("unused");
    await session.release();
  });

  test("more than the format can hold is refused", async () => {
    const huge = { shape: [2 ** 15, 2 ** 15], dtype: "float32", data: new Float32Array(0) } as const;
    const error = await saveFunction(path.join(folder, "huge.onnx"), (_, w) => ({ y: w.w! }), {
      name: "huge",
      inputs: {},
      weights: { w: huge },
    }).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidArgument")).toBe(true);
    expect((error as Error).message).toMatch(/4\.0 GiB[\s\S]*safetensors/);
  });
});
