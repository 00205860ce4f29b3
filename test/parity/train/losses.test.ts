/** Losses and their gradients against PyTorch, with a missing label among the six; and batches without any label. */
import { describe, expect, test } from "vitest";
import { tf } from "../../../src/engine";
import type { TargetOptions } from "../../../src/train";
import {
  crossEntropy,
  encodeTargets,
  focal,
  LOSSES,
  type LossFunction,
  type LossName,
} from "../../../src/train";
import { largestDifference } from "../model/shared";
import { references, uniform } from "../model/weights";

const LABELS = [2, 0, -1, 1, 1, 0];
const REFERENCES = references().losses;

const CASES: [string, LossFunction, Omit<TargetOptions, "classes">][] = [
  ["cross-entropy", crossEntropy, {}],
  ["class weights", crossEntropy, { classWeights: [0.5, 1.5, 2] }],
  ["label smoothing", crossEntropy, { labelSmoothing: 0.1 }],
  ["class weights and label smoothing", crossEntropy, { classWeights: [0.5, 1.5, 2], labelSmoothing: 0.1 }],
  ["focal", focal(), {}],
];

function computed(loss: LossFunction, labels: readonly number[], options: Omit<TargetOptions, "classes">) {
  return tf.tidy(() => {
    const { oneHot, weight } = encodeTargets(labels, { classes: 3, ...options });
    const targets = { oneHot: tf.tensor2d(oneHot, [labels.length, 3]), weight: tf.tensor1d(weight) };
    const logits = tf.tensor2d(
      Float32Array.from(uniform("logits", labels.length * 3), (v) => 4 * v),
      [labels.length, 3],
    );
    const score = (z: tf.Tensor) => tf.reshape(loss(z, targets), []) as tf.Scalar;
    return {
      loss: score(logits).dataSync()[0]!,
      gradient: Array.from(tf.grad(score)(logits).dataSync()),
    } as unknown as tf.TensorContainer;
  }) as unknown as { loss: number; gradient: number[] };
}

test("there is a case for every reference", () => {
  expect(Object.keys(REFERENCES).sort()).toEqual(CASES.map(([name]) => name).sort());
});

describe("loss and gradient equal PyTorch's within 1e-6", () => {
  test.each(CASES)("%s", (name, loss, options) => {
    const { loss: value, gradient } = computed(loss, LABELS, options);
    expect(Math.abs(value - REFERENCES[name]!.loss)).toBeLessThan(1e-6);
    expect(largestDifference(gradient, REFERENCES[name]!.gradient)).toBeLessThan(1e-6);
    expect(gradient.slice(6, 9)).toEqual([0, 0, 0]);
  });
});

describe("a batch without any label has loss 0 and gradient 0", () => {
  test.each(Object.keys(LOSSES) as LossName[])("%s", (name) => {
    const { loss, gradient } = computed(LOSSES[name], [-1, -1], { classWeights: [1, 2, 3] });
    expect(loss).toBe(0);
    expect(gradient.every((v) => v === 0)).toBe(true);
  });
});
