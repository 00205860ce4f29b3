/** Class activation maps: the equations, the gradients under them, and what a user sees. */
import { beforeAll, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import {
  camMap,
  gradCam,
  gradCamPlusPlus,
  gradCamPlusPlusWeights,
  gradCamWeights,
  type ImageGradients,
  layerGradients,
} from "../../../src/explain";
import { createModel, forward, type Model, type Pooling, vitLayers } from "../../../src/model";
import { fit, type Run } from "../../../src/train";
import {
  TOY_ENCODER,
  TOY_SIZE,
  TOY_VIEWS,
  type ToyPatient,
  type ToyTask,
  toyCohort,
} from "../train/toy-cohort";

describe("the published equations", () => {
  // Two positions, two channels; numbers chosen so that both channels matter.
  const image: ImageGradients = {
    activations: [1, -2, 3, 0.5],
    gradients: [0.2, 0.3, 0.4, -0.1],
    positions: 2,
    channels: 2,
  };

  test("Grad-CAM: weights are mean gradients", () => {
    const weights = gradCamWeights(image);
    expect(weights[0]).toBeCloseTo(0.3, 12);
    expect(weights[1]).toBeCloseTo(0.1, 12);
    expect(camMap(image, weights)[0]).toBeCloseTo(0.3 * 1 - 0.1 * 2, 12);
    expect(camMap(image, weights)[1]).toBeCloseTo(0.3 * 3 + 0.1 * 0.5, 12);
  });

  test("Grad-CAM++: alpha = g^2 / (2 g^2 + sum A g^3), weights sum alpha relu(g)", () => {
    const alpha = (g: number, sum: number) => (g * g) / (2 * g * g + sum * g ** 3 + 1e-6);
    const expected = [alpha(0.2, 4) * 0.2 + alpha(0.4, 4) * 0.4, alpha(0.3, -1.5) * 0.3];
    const weights = gradCamPlusPlusWeights(image);
    expect(weights[0]).toBeCloseTo(expected[0]!, 12);
    expect(weights[1]).toBeCloseTo(expected[1]!, 12);
    expect(Math.max(...camMap(image, weights))).toBeGreaterThan(0.5);
  });

  test("maps are never negative, and zero gradients give a zero map", () => {
    const rng = new Rng("maps");
    const values = () => Array.from({ length: 12 }, () => rng.normal());
    for (let i = 0; i < 20; i++) {
      const random: ImageGradients = {
        activations: values(),
        gradients: values(),
        positions: 4,
        channels: 3,
      };
      for (const weights of [gradCamWeights(random), gradCamPlusPlusWeights(random)])
        expect(Math.min(...camMap(random, weights))).toBeGreaterThanOrEqual(0);
    }
    const still = { ...image, gradients: [0, 0, 0, 0] };
    expect(camMap(still, gradCamPlusPlusWeights(still))).toEqual([0, 0]);
  });
});

describe("layer gradients", () => {
  const modelWith = (pooling: Pooling) =>
    createModel(
      {
        encoder: { imageSize: [8, 8], patch: 4, width: 8, depth: 2, heads: 2, mlpRatio: 2, pooling },
        fusion: "gated",
        fusionWidth: 8,
        headHidden: [6],
        tasks: { A: { title: "a", classes: ["no", "yes"] } },
        views: TOY_VIEWS,
      },
      new Rng(3),
    );
  const layersOf = (pooling: Pooling) =>
    vitLayers(modelWith(pooling).spec.encoder).map((layer): [string, Pooling] => [layer, pooling]);

  test.each([...layersOf("class"), ...layersOf("mean").slice(-3), ...layersOf("class+mean").slice(-1)])(
    "equal finite differences at %s with %s pooling, through the fusion block",
    (layer, pooling) => {
      const model = modelWith(pooling);
      const worst = tf.tidy(() => {
        const live = Object.fromEntries(
          Object.entries(model.parameters).map(([name, t]) => [
            name,
            tf.mul(toTensor(t), name.includes("weight") ? 3 : 1),
          ]),
        );
        const images = tf.randomNormal([1, 2, 8, 8, 3], 0, 1, "float32", 5);
        const score = (tap: Parameters<Parameters<typeof layerGradients>[0]>[0]) =>
          tf.slice(forward(model.spec, live, images, { tap }).logits.A!, [0, 1], [1, 1]);
        const { activations, gradients } = layerGradients(score, layer);
        const slopes = gradients.dataSync();
        const largest = Math.max(...slopes.map(Math.abs));
        const h = 0.002; // tokens are small before their LayerNorm: a larger step leaves the straight part
        let worst = 0;
        for (const i of [0, 17, 41, 63, 79]) {
          const at = (by: number) => {
            const moved = activations.dataSync().slice();
            moved[i]! += by;
            const value = tf.tensor(moved, activations.shape);
            return score((name, x) => (name === layer ? value : x)).dataSync()[0]!;
          };
          worst = Math.max(worst, Math.abs((at(h) - at(-h)) / (2 * h) - slopes[i]!) / largest);
        }
        return worst;
      }) as unknown as number;
      expect(worst).toBeLessThan(0.02);
    },
  );
});

describe("a trained model", () => {
  const cohort = toyCohort({ patients: 30 });
  let run: Run<ToyTask>;
  const positive = cohort.patients.find((p) => p.split === "test" && p.labels.SIGN === 1) as ToyPatient;

  beforeAll(async () => {
    run = await fit(cohort, {
      preset: "notebook",
      tasks: "SIGN",
      encoder: TOY_ENCODER,
      imageSize: TOY_SIZE,
      fusionWidth: 32,
      epochs: 15,
      batch: 4,
      augment: "none",
      learningRate: { encoder: 3e-3, rest: 3e-3 },
      device: "cpu",
    });
  });

  test.each([
    ["Grad-CAM", gradCam],
    ["Grad-CAM++", gradCamPlusPlus],
  ] as const)("%s points at the planted sign, in the image that has it", async (_, method) => {
    const before = tf.memory().numTensors;
    const result = await method(run, positive, { task: "SIGN", targetClass: "present" });
    expect(tf.memory().numTensors).toBe(before);
    const [core, edge] = result.maps;
    const sum = (grid: readonly (readonly number[])[]) => grid.flat().reduce((a, b) => a + b, 0);
    const inSign = sum(core!.grid.slice(0, 2).map((row) => row.slice(0, 2)));
    expect(inSign / sum(core!.grid)).toBeGreaterThan(0.5); // a quarter of the picture
    expect(sum(core!.grid)).toBeGreaterThan(sum(edge!.grid));
    expect(result).toMatchObject({
      task: "SIGN",
      targetClass: 1,
      className: "present",
      layers: ["blocks.1.norm1"],
    });
    expect(core!.grid).toHaveLength(4);
    expect(core!.range[1]).toBe(Math.max(...core!.grid.flat()));
  });

  test("the default class is the predicted one, with the probability that predict gives", async () => {
    const result = await gradCam(run, positive);
    const predictions = await run.predict([positive]);
    expect(result.className).toBe("present");
    expect(result.probability).toBeCloseTo(predictions.probabilities[0]![1]!, 5);
  });

  test("eager and compiled maps agree", async () => {
    const [a, b] = [
      await gradCamPlusPlus(run, positive, { device: "eager" }),
      await gradCamPlusPlus(run, positive, { device: "cpu" }),
    ];
    const scale = Math.max(...a.maps.map((map) => map.range[1]));
    a.maps.forEach((map, m) => {
      map.grid.flat().forEach((value, i) => {
        expect(Math.abs(b.maps[m]!.grid.flat()[i]! - value)).toBeLessThan(1e-3 * scale);
      });
    });
  });

  test.each([
    ["an unknown layer", { layers: "blocks.1.norm" }, "UnknownName", /Did you mean "blocks\.1\.norm1"/],
    ["an unknown task", { task: "SING" }, "UnknownName", /Did you mean "SIGN"/],
    ["an unknown class", { targetClass: "presnt" }, "UnknownName", /Did you mean "present"/],
    ["a class out of range", { targetClass: 2 }, "InvalidArgument", /0 \(absent\), 1 \(present\)/],
  ] as const)("%s is refused", async (_, options, code, message) => {
    const error = await gradCam(run, positive, options).catch((e: unknown) => e);
    expect(isOsccError(error, code)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  test("a patient with too few images is refused, naming what the model sees", async () => {
    const short = { ...positive, images: () => positive.images({ views: [TOY_VIEWS[0]] }) };
    await expect(gradCam(run, short)).rejects.toThrow(
      /has 1 images; the model sees 2[\s\S]*core x200, edge x200/,
    );
  });

  test("a flat map is said, not drawn", async () => {
    const warnings: string[] = [];
    const restore = installHost({
      display: () => ({ update: () => {} }),
      signal: () => undefined,
      warn: (m) => warnings.push(m),
    });
    try {
      // With a last layer of zeros no pixel can change the score.
      const weight = run.model.parameters["heads.SIGN.fc4.weight"]!;
      const dead: Model = {
        spec: run.model.spec,
        parameters: {
          ...run.model.parameters,
          "heads.SIGN.fc4.weight": { ...weight, data: new Float32Array(weight.data.length) },
        },
      };
      const result = await gradCamPlusPlus(dead, positive);
      expect(result.maps.every((map) => map.isFlat && map.range[1] === 0)).toBe(true);
      expect(result.notes).toHaveLength(1);
      expect(warnings[0]).toMatch(/every image is zero everywhere/);
    } finally {
      restore();
    }
  });
});
