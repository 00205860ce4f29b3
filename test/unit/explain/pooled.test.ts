/** Explaining an encoder whose feature is the mean of its patches: what each patch says adds up to it. */
import { expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import { cam, layersGradients } from "../../../src/explain";
import { createModel, forward, type Model, normalise, type Pooling } from "../../../src/model";
import { tinyModel, tinyPatient } from "../../parity/explain/tiny";

const patient = tinyPatient();
const question = { task: "A", targetClass: 1, device: "cpu" } as const;

/** The small model of the reference values, with another pooling: random, and large enough for attention to matter. */
function pooledModel(pooling: Pooling): Model {
  const { spec } = tinyModel();
  const model = createModel(
    {
      encoder: { ...spec.encoder, pooling },
      fusion: "gated",
      fusionWidth: 8,
      headHidden: [],
      dropout: 0,
      tasks: { A: { title: "a", classes: ["no", "yes"] } },
      views: spec.views,
      normalisation: spec.normalisation,
    },
    new Rng("pooled"),
  );
  const rng = new Rng("lively");
  const lively = Object.entries(model.parameters).map(([name, tensor]) => [
    name,
    { ...tensor, data: tensor.data.map((value) => value + rng.normal(0, 0.3)) },
  ]);
  return { spec: model.spec, parameters: Object.fromEntries(lively) };
}

test("the last layer is the final norm, where Grad-CAM and HiResCAM are one: every patch has the same weights", async () => {
  const model = pooledModel("mean");
  const [gradCam, hiResCam] = [
    await cam(model, patient, { ...question, method: "gradCam" }),
    await cam(model, patient, { ...question, method: "hiResCam" }),
  ];
  expect(gradCam.layers).toEqual(["norm"]);
  const values = gradCam.maps.flatMap(({ grid }) => grid.flat());
  expect(Math.max(...values)).toBeGreaterThan(1e-3);
  hiResCam.maps
    .flatMap(({ grid }) => grid.flat())
    .forEach((value, p) => {
      expect(value).toBeCloseTo(values[p]!, 5);
    });
});

test.each(["mean", "class+mean"] as const)(
  "relevance and rollout follow whole attention matrices back to what %s pooling reads",
  async (pooling) => {
    const model = pooledModel(pooling);
    const { spec } = model;
    const pixels = await Promise.all(
      patient.images({ views: spec.views, onMissing: "skip" }).map((image) => image.load()),
    );
    const expected = byMatrices(model, Float32Array.from(pixels.flatMap(({ data }) => Array.from(data))));
    for (const method of ["relevance", "attentionRollout"] as const) {
      const { maps } = await cam(model, patient, { ...question, method });
      const scale = Math.max(...expected[method].flat());
      expect(scale).toBeGreaterThan(1e-3);
      maps.forEach(({ grid }, image) => {
        grid.flat().forEach((value, p) => {
          expect(
            Math.abs(value - expected[method][image]![p]!) / scale,
            `${method}, patch ${p}`,
          ).toBeLessThan(1e-4);
        });
      });
    }
  },
);

type Matrix = number[][];

/** The equations with whole matrices in plain arrays: values of the patches, by method and image. */
function byMatrices(
  model: Model,
  pixels: Float32Array,
): Record<"relevance" | "attentionRollout", number[][]> {
  const { spec } = model;
  const { depth, pooling } = spec.encoder;
  const names = Array.from({ length: depth }, (_, i) => `blocks.${i}.attn.weights`);
  const [height, width] = spec.encoder.imageSize;
  const blocks = tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(model.parameters).map(([name, t]) => [name, toTensor(t)]));
    const images = normalise(tf.tensor(pixels, [1, spec.views.length, height, width, 3]), spec.normalisation);
    const found = layersGradients(
      (tap) => tf.slice(forward(spec, live, images, { tap }).logits.A!, [0, 1], [1, 1]),
      names,
    );
    return found.map(({ activations, gradients }) => ({
      weights: activations.arraySync() as Matrix[][],
      slopes: gradients.arraySync() as Matrix[][],
    }));
  }) as unknown as { weights: Matrix[][]; slopes: Matrix[][] }[];
  const tokens = blocks[0]!.weights[0]![0]!.length;
  const read = (rows: Matrix): number[] => {
    const mean = rows[0]!.map((_, t) => rows.slice(1).reduce((sum, row) => sum + row[t]! / (tokens - 1), 0));
    const both = mean.map((value, t) => (pooling === "mean" ? value : (value + rows[0]![t]!) / 2));
    return both.slice(1);
  };
  const identity = (factor: number): Matrix =>
    Array.from({ length: tokens }, (_, i) =>
      Array.from({ length: tokens }, (_, j) => (i === j ? factor : 0)),
    );
  const perImage = spec.views.map((_, image) => {
    let relevance = identity(1);
    let rollout = identity(1);
    for (const { weights, slopes } of blocks) {
      const heads = weights[image]!.length;
      const over = (value: (head: number, i: number, j: number) => number): Matrix =>
        identity(0).map((row, i) =>
          row.map(
            (_, j) => Array.from({ length: heads }, (_, h) => value(h, i, j)).reduce((a, b) => a + b) / heads,
          ),
        );
      const weight = (h: number, i: number, j: number) => weights[image]![h]![i]![j]!;
      const relevant = over((h, i, j) => Math.max(0, weight(h, i, j) * slopes[image]![h]![i]![j]!));
      relevance = sum(relevance, product(relevant, relevance));
      rollout = product(
        sum(
          identity(0.5),
          over((h, i, j) => weight(h, i, j) / 2),
        ),
        rollout,
      );
    }
    return { relevance: read(sum(relevance, identity(-1))), attentionRollout: read(rollout) };
  });
  return {
    relevance: perImage.map((image) => image.relevance),
    attentionRollout: perImage.map((image) => image.attentionRollout),
  };
}

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((total, value, k) => total + value * b[k]![j]!, 0)));
}

function sum(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((value, j) => value + b[i]![j]!));
}
