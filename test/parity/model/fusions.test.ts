/** Every built-in fusion block against PyTorch, with and without missing images: vectors, gradients, weights. */
import { describe, expect, test } from "vitest";
import { tf } from "../../../src/engine";
import { FUSIONS, type FusionKind, imageMask } from "../../../src/model";
import { largestDifference } from "./shared";
import { type FusionReference, liveWeights, references, uniform } from "./weights";

const SHAPE = { images: 3, featureWidth: 12, width: 16 };
const PATIENTS = 2;
const MASK = [
  [true, true, true],
  [false, true, true],
];
const REFERENCES = references().fusions;

function computed(kind: FusionKind, isMasked: boolean): FusionReference {
  return tf.tidy(() => {
    const block = FUSIONS[kind];
    const live = liveWeights(block.parameters(SHAPE));
    const rows = PATIENTS * SHAPE.images;
    const features = tf.tensor(Float32Array.from(uniform("features", rows * SHAPE.featureWidth)), [
      rows,
      SHAPE.featureWidth,
    ]);
    const direction = tf.tensor(Float32Array.from(uniform("direction", PATIENTS * SHAPE.width)), [
      PATIENTS,
      SHAPE.width,
    ]);
    const mask = isMasked ? tf.tensor(imageMask(MASK), [PATIENTS, SHAPE.images]) : undefined;
    const score = (x: tf.Tensor) =>
      tf.sum(tf.mul(block.forward(SHAPE, live, x, mask), direction)) as tf.Scalar;
    return {
      fused: Array.from(block.forward(SHAPE, live, features, mask).dataSync()),
      gradient: Array.from(tf.grad(score)(features).dataSync()),
      attention: Array.from(block.attention?.(SHAPE, live, features, mask).dataSync() ?? []),
    } as unknown as tf.TensorContainer;
  }) as unknown as FusionReference;
}

test("there is a reference for every block", () => {
  expect(Object.keys(REFERENCES).sort()).toEqual(Object.keys(FUSIONS).sort());
});

describe.each(Object.keys(FUSIONS) as FusionKind[])("%s equals PyTorch's within 1e-4", (kind) => {
  test.each(["all", "masked"] as const)("%s images", (key) => {
    const { fused, gradient, attention } = computed(kind, key === "masked");
    const expected = REFERENCES[kind]![key];
    expect(largestDifference(fused, expected.fused)).toBeLessThan(1e-4);
    expect(largestDifference(gradient, expected.gradient)).toBeLessThan(1e-4);
    if (expected.attention) expect(largestDifference(attention!, expected.attention)).toBeLessThan(1e-5);
  });
});
