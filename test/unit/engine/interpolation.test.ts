import { describe, expect, it } from "vitest";
import { resizeImages, tf } from "../../../src/engine";
import { interpolationWeights } from "../../../src/engine/interpolation";
import { gradientError, randomTensor } from "./finite-differences";

describe("resizing", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])("bilinear and nearest equal TensorFlow.js (align corners %s, half pixels %s)", (align, half) => {
    tf.tidy(() => {
      const x = randomTensor("x", [2, 5, 4, 3]) as tf.Tensor4D;
      const sampling = { alignCorners: align, halfPixelCenters: half };
      for (const size of [
        [7, 9],
        [3, 2],
        [5, 4],
        [1, 1],
      ] as [number, number][]) {
        const ours = (method: "bilinear" | "nearest") => resizeImages(x, size, method, sampling);
        const far = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
        expect(far(ours("bilinear"), tf.image.resizeBilinear(x, size, align, half))).toBeLessThan(1e-5);
        expect(far(ours("nearest"), tf.image.resizeNearestNeighbor(x, size, align, half))).toBeLessThan(1e-5);
      }
    });
  });

  it("bicubic keeps constants and reproduces PyTorch's weights at a quarter", () => {
    const weights = interpolationWeights("bicubic", 8, 16, { alignCorners: false, halfPixelCenters: true });
    // Output 8 of 16 lies at 3.75: Keys' kernel with -0.75 at distances 1.75, 0.75, 0.25, 1.25.
    const row = Array.from(weights.slice(8 * 8, 9 * 8));
    [0, 0, -0.03515625, 0.26171875, 0.87890625, -0.10546875, 0, 0].forEach((w, i) => {
      expect(row[i]).toBeCloseTo(w, 6);
    });
    for (let i = 0; i < 16; i++) {
      const sum = weights.slice(i * 8, i * 8 + 8).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 6);
    }
  });

  it("has the right gradient, also where TensorFlow.js's own has not (images that are not square)", () => {
    const error = tf.tidy(() =>
      gradientError((x) => resizeImages(x!, [5, 7], "bicubic"), [randomTensor("x", [1, 3, 4, 2])]),
    );
    expect(error).toBeLessThan(5e-3);
  });
});
