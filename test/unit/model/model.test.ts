/** Creating models, and what forward refuses. */
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import { createModel, forward, type ModelOptions, modelParameters } from "../../../src/model";

const OPTIONS: ModelOptions = {
  encoder: { imageSize: [8, 8], patch: 4, width: 8, depth: 1, heads: 2, mlpRatio: 2 },
  fusion: "gated",
  fusionWidth: 16,
  headHidden: [8, 4],
  tasks: {
    TD: { title: "differentiation", classes: ["well", "moderate", "poor"] },
    REC: { title: "recurrence", classes: ["no", "yes"] },
  },
  views: [
    { site: "core", magnification: "x200" },
    { site: "edge", magnification: "x200" },
    { site: "edge", magnification: "x400" },
  ],
};

describe("createModel", () => {
  test("the same stream gives the same parameters, another one others", () => {
    const [a, b, c] = [7, 7, 8].map((seed) => createModel(OPTIONS, new Rng(seed)).parameters);
    expect(a).toEqual(b);
    expect(a!["encoder.blocks.0.attn.qkv.weight"]!.data).not.toEqual(
      c!["encoder.blocks.0.attn.qkv.weight"]!.data,
    );
  });

  test("another fusion block leaves the encoder's and the heads' initial values as they are", () => {
    const gated = createModel(OPTIONS, new Rng(7)).parameters;
    const concat = createModel({ ...OPTIONS, fusion: "concat" }, new Rng(7)).parameters;
    for (const name of Object.keys(gated))
      if (!name.startsWith("fusion.")) expect(concat[name]).toEqual(gated[name]);
  });

  test("the specification survives JSON", () => {
    const { spec } = createModel(OPTIONS, new Rng(7));
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(modelParameters(JSON.parse(JSON.stringify(spec)))).toEqual(modelParameters(spec));
  });

  test.each([
    ["an unknown fusion", { fusion: "gatd" }, /Did you mean "gated"/],
    ["an unknown normalisation", { normalisation: "imagnet" }, /Did you mean "imagenet"/],
    ["no views", { views: [] }, /views is "empty"/],
    ["no tasks", { tasks: {} }, /tasks is "empty"/],
    ["one class", { tasks: { A: { title: "a", classes: ["x"] } } }, /at least two classes/],
    ["dropout 1", { dropout: 1 }, /dropout is 1; expected a probability/],
  ])("%s is refused", (_, change, message) => {
    expect(() => createModel({ ...OPTIONS, ...change } as ModelOptions, new Rng(1))).toThrow(message);
  });
});

describe("forward", () => {
  const model = createModel(OPTIONS, new Rng(7));
  const run = (shape: number[]) =>
    tf.tidy(() => {
      const live = Object.fromEntries(
        Object.entries(model.parameters).map(([name, t]) => [name, toTensor(t)]),
      );
      const { logits, features, fused } = forward(
        model.spec,
        live,
        tf.randomNormal(shape, 0, 1, "float32", 7),
      );
      return {
        shapes: [logits.TD!.shape, logits.REC!.shape, features.shape, fused.shape],
      } as unknown as tf.TensorContainer;
    }) as unknown as { shapes: number[][] };

  test("gives logits of each task, features of each image, one fused vector a patient", () => {
    const before = tf.memory().numTensors;
    expect(run([5, 3, 8, 8, 3]).shapes).toEqual([
      [5, 3],
      [5, 2],
      [15, 8],
      [5, 16],
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("a wrong number of images is refused, naming the images in order", () => {
    try {
      run([5, 2, 8, 8, 3]);
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "ShapeMismatch")).toBe(true);
      expect((error as Error).message).toMatch(/core x200, edge x200, edge x400/);
    }
  });
});
