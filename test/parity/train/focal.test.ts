/** The published focal loss and cross-entropy against PyTorch. */
import { describe, expect, test } from "vitest";
import { tf } from "../../../src/engine";
import { crossEntropy, encodeTargets, focal, focalElements } from "../../../src/train";
import { ABSENT, largestDifference, referenceValues, SHARED_DATA } from "../model/shared";

describe.skipIf(!SHARED_DATA)(`losses${SHARED_DATA ? "" : `: ${ABSENT}`}`, () => {
  test("focal: each element within 1e-6, the mean, and the cross-entropy", () => {
    const { focal: reference } = referenceValues();
    const { oneHot, weight } = encodeTargets(reference.labels, { classes: 2 });
    const found = tf.tidy(() => {
      const logits = tf.tensor2d(reference.logits);
      const targets = {
        oneHot: tf.tensor2d(oneHot, [reference.labels.length, 2]),
        weight: tf.tensor1d(weight),
      };
      return {
        elements: Array.from(focalElements(logits, targets.oneHot, 0.25, 2).dataSync()),
        mean: focal()(logits, targets).dataSync()[0]!,
        crossEntropy: crossEntropy(logits, targets).dataSync()[0]!,
      };
    }) as unknown as { elements: number[]; mean: number; crossEntropy: number };
    expect(largestDifference(found.elements, reference.elementwise.flat())).toBeLessThan(1e-6);
    expect(found.mean).toBeCloseTo(reference.mean, 6);
    expect(found.crossEntropy).toBeCloseTo(reference.ce_mean, 6);
  });
});
