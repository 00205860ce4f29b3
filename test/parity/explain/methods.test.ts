/** Every method, from pixels to map, against a reference implementation of its own; see test/fixtures/explain/methods.py. */
import { describe, expect, test } from "vitest";
import { tf } from "../../../src/engine";
import { CAM_METHODS, cam, camOfEachLayer } from "../../../src/explain";
import { LAYER_METHODS, OTHER_METHODS, reference, tinyModel, tinyPatient } from "./tiny";

/** Of the largest value: single against double precision, through three blocks and back. */
const TOLERANCE = 1e-5;

const model = tinyModel();
const patient = tinyPatient();
const { target } = reference;
const question = { targetClass: target, device: "cpu", steps: 16, window: 2, stride: 1 } as const;
const LAYERS = ["blocks.0.norm1", `blocks.${reference.model.depth - 1}.norm1`];

function expectNear(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  const scale = Math.max(...expected.flat().map(Math.abs));
  expect(scale).toBeGreaterThan(0.001);
  found.forEach((map, i) => {
    expect(map).toHaveLength(expected[i]!.length);
    map.forEach((value, p) => {
      expect(Math.abs(value - expected[i]![p]!)).toBeLessThan(TOLERANCE * scale);
    });
  });
}

describe("methods equal the reference implementation within 1e-5 of the largest value", () => {
  test("there is a reference for every method", () => {
    expect([...LAYER_METHODS, ...OTHER_METHODS].sort()).toEqual(Object.keys(CAM_METHODS).sort());
  });

  test.each(LAYER_METHODS)("%s, at the first and at the last layer", async (method) => {
    const before = tf.memory().numTensors;
    const layers = await camOfEachLayer(model, patient, { ...question, method, layers: LAYERS });
    expect(tf.memory().numTensors).toBe(before);
    layers.forEach(({ maps, layers: [layer] }, l) => {
      expect(layer).toBe(LAYERS[l]);
      const expected = reference[method][l]!;
      expectNear(
        maps.map(({ grid }) => grid.flat()),
        expected,
      );
    });
  });

  test.each(OTHER_METHODS)("%s", async (method) => {
    const result = await cam(model, patient, { ...question, method });
    expectNear(
      result.maps.map(({ grid, signedGrid = grid }) => signedGrid.flat()),
      reference[method],
    );
    for (const { grid, signedGrid = grid } of result.maps)
      expect(grid.flat()).toEqual(signedGrid.flat().map((value) => Math.max(0, value)));
  });

  test.each(["gradCamPlusPlus", "relevance", "integratedGradients"] as const)(
    "%s is the same operation by operation",
    async (method) => {
      const before = tf.memory().numTensors;
      const result = await cam(model, patient, { ...question, method, device: "eager" });
      expect(tf.memory().numTensors).toBe(before);
      const expected = method === "gradCamPlusPlus" ? reference[method][1]! : reference[method];
      expectNear(
        result.maps.map(({ grid, signedGrid = grid }) => signedGrid.flat()),
        expected,
      );
    },
  );

  test("integrated gradients sum to what the score gained over a blank patient (completeness)", async () => {
    const { all, none } = reference.shapley; // none: every image blank
    const off = async (steps: number) => {
      const { maps, notes } = await cam(model, patient, {
        ...question,
        method: "integratedGradients",
        steps,
      });
      const sum = maps.flatMap(({ signedGrid }) => signedGrid!.flat()).reduce((a, b) => a + b, 0);
      return { share: Math.abs(sum - (all - none)) / Math.abs(all - none), notes };
    };
    const [coarse, fine] = [await off(4), await off(256)];
    expect(fine.share).toBeLessThan(0.05); // five units under a LayerNorm turn sharply
    expect(fine.share).toBeLessThan(coarse.share / 3);
    expect(fine.notes.join()).not.toMatch(/should sum/);
  });

  test("several layers are the mean of their maps, each by its largest value", async () => {
    const { maps, layers } = await cam(model, patient, { ...question, method: "hiResCam", layers: LAYERS });
    expect(layers).toEqual(LAYERS);
    const expected = reference.hiResCam.map((images) => {
      const largest = Math.max(...images.flat());
      return images.map((map) => map.map((value) => value / largest / 2));
    });
    expectNear(
      maps.map(({ grid }) => grid.flat()),
      expected[0]!.map((map, i) => map.map((value, p) => value + expected[1]![i]![p]!)),
    );
  });

  test("the score is the logit of the class, the probability its softmax", async () => {
    const { scoreValue, probability } = await cam(model, patient, question);
    const exponentials = reference.logits.map(Math.exp);
    expect(scoreValue).toBeCloseTo(reference.logits[target]!, 5);
    expect(probability).toBeCloseTo(exponentials[target]! / exponentials.reduce((a, b) => a + b, 0), 5);
  });
});
