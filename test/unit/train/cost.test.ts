/** The estimate of what a training costs, against published counts. */
import { expect, test } from "vitest";
import { cost } from "../../../src/train";

test.each([
  // Multiply-adds of a forward pass as the DeiT paper and timm print them, in 10^9.
  ["vit-ti/16", 224, 1.26],
  ["vit-s/16", 224, 4.61],
  ["vit-b/16", 224, 17.58],
] as const)("%s at %i pixels: %d billion multiply-adds", (encoder, imageSize, published) => {
  const { flopsPerImage } = cost({ encoder, imageSize, teraflops: 1 });
  expect(Math.abs(flopsPerImage / 2e9 / published - 1)).toBeLessThan(0.01);
});

test("the study's training: three passes, 200 epochs, 925 patients of six images", () => {
  const { flopsPerImage, flops, hours } = cost({ teraflops: 20 });
  expect(flops).toBeCloseTo(3 * 200 * 925 * 6 * flopsPerImage, -6);
  expect(hours).toBeCloseTo(flops / 20e12 / 3600, 10);
  expect(cost({ teraflops: 20, mode: "frozen" }).flops).toBeCloseTo(flops / 600, -6);
});

test("refuses a rate of 0", () => {
  expect(() => cost({ teraflops: 0 })).toThrow(/teraflops is 0; expected a number above 0/);
});
