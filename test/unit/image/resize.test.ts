import { describe, expect, test } from "vitest";
import { planFit, publishedWeights, RgbImage, triangleWeights } from "../../../src/image";
import { resample } from "../../../src/image/resample";
import { picture } from "../cohort/make-cohort";

/**
 * `skimage.transform.resize` written out as it is defined: blur with a Gaussian (mirrored edges) along both
 * axes over the whole picture, then look up bilinearly. Slow, and independent of the per-axis weights.
 */
function skimageResize(image: RgbImage, width: number, height: number): number[] {
  const { data } = image;
  const at = (x: number, y: number, c: number) => data[(y * image.width + x) * 3 + c]!;
  const fold = (i: number, n: number) => {
    let k = i;
    while (k < 0 || k >= n) k = k < 0 ? -k : 2 * (n - 1) - k;
    return k;
  };
  const kernel = (factor: number) => {
    const sigma = Math.max(0, (factor - 1) / 2);
    if (sigma === 0) return [1];
    const radius = Math.floor(4 * sigma + 0.5);
    const taps = Array.from({ length: 2 * radius + 1 }, (_, i) =>
      Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
    );
    const sum = taps.reduce((a, b) => a + b, 0);
    return taps.map((t) => t / sum);
  };
  const fx = image.width / width;
  const fy = image.height / height;
  const kx = kernel(fx);
  const ky = kernel(fy);
  const blurred = (x: number, y: number, c: number) => {
    let sum = 0;
    for (let i = 0; i < ky.length; i++)
      for (let j = 0; j < kx.length; j++)
        sum +=
          ky[i]! *
          kx[j]! *
          at(
            fold(x + j - (kx.length - 1) / 2, image.width),
            fold(y + i - (ky.length - 1) / 2, image.height),
            c,
          );
    return sum;
  };
  const out: number[] = [];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let c = 0; c < 3; c++) {
        const x = (column + 0.5) * fx - 0.5;
        const y = (row + 0.5) * fy - 0.5;
        const x0 = Math.floor(x);
        const y0 = Math.floor(y);
        const lookUp = (px: number, py: number) => blurred(fold(px, image.width), fold(py, image.height), c);
        const top = (1 - (x - x0)) * lookUp(x0, y0) + (x - x0) * lookUp(x0 + 1, y0);
        const bottom = (1 - (x - x0)) * lookUp(x0, y0 + 1) + (x - x0) * lookUp(x0 + 1, y0 + 1);
        out.push((1 - (y - y0)) * top + (y - y0) * bottom);
      }
  return out;
}

describe("the published filter", () => {
  test("equals blur-then-look-up as scikit-image defines it, floored", async () => {
    const image = picture(41, 30, 3);
    const resized = await image.resize(8, 8, { filter: "published" });
    const reference = skimageResize(image, 8, 8);
    const worst = Math.max(...reference.map((value, i) => Math.abs(value - resized.data[i]! - 0.5)));
    expect(worst).toBeLessThanOrEqual(0.51); // floor: the exact value lies within [level, level + 1)
  });

  test("blurs by the published 2.031 and 1.398 pixels at 2592 x 1944 to 512 x 512", () => {
    for (const [from, sigma] of [
      [2592, 2.03125],
      [1944, 1.3984375],
    ] as const) {
      const { start, weights } = publishedWeights(from, 512);
      const i = 256;
      const row = weights[i]!;
      const mean = row.reduce((sum, w, k) => sum + w * (start[i]! + k), 0);
      const variance = row.reduce((sum, w, k) => sum + w * (start[i]! + k - mean) ** 2, 0);
      const fraction = mean - Math.floor(mean);
      // Bilinear look-up between two pixels adds f (1 - f).
      expect(Math.sqrt(variance - fraction * (1 - fraction))).toBeCloseTo(sigma, 2);
    }
  });
});

describe("the triangle filter", () => {
  test("in JavaScript equals the native one to two grey levels", async () => {
    const image = picture(300, 200, 5);
    for (const [width, height] of [
      [64, 64],
      [31, 90],
      [300, 100],
    ] as const) {
      const native = await image.resize(width, height);
      const ours = resample(
        image.data,
        image.width,
        triangleWeights(image.width, width),
        triangleWeights(image.height, height),
      );
      const worst = Math.max(...ours.map((value, i) => Math.abs(value - native.data[i]!)));
      expect(worst).toBeLessThanOrEqual(2);
    }
  });

  test("does not alias: a fine checkerboard becomes grey", async () => {
    const board = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return ((pixel % 64) + Math.floor(pixel / 64)) % 2 === 0 ? 0 : 255;
    });
    const small = await new RgbImage(64, 64, board).resize(13, 13);
    for (const value of small.data) expect(Math.abs(value - 127.5)).toBeLessThan(30);
  });
});

test("weights of every target pixel sum to 1 and stay inside the source", () => {
  for (const make of [triangleWeights, publishedWeights])
    for (const [from, to] of [
      [100, 7],
      [7, 100],
      [50, 50],
      [1, 5],
      [3, 1],
    ] as const) {
      const { start, weights } = make(from, to);
      weights.forEach((row, i) => {
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        expect(start[i]).toBeGreaterThanOrEqual(0);
        expect(start[i]! + row.length).toBeLessThanOrEqual(from);
      });
    }
});

describe("fit", () => {
  test("crop takes the middle and fills the target", () => {
    expect(planFit(400, 300, 100, 100, "crop")).toEqual({
      source: { x: 50, y: 0, width: 300, height: 300 },
      target: { x: 0, y: 0, width: 100, height: 100 },
    });
  });

  test("fit keeps everything and leaves white above and below", async () => {
    expect(planFit(400, 300, 100, 100, "fit").target).toEqual({ x: 0, y: 12, width: 100, height: 75 });
    const padded = await picture(400, 300).resize(100, 100, { fit: "fit" });
    expect(padded.pixel(50, 2)).toEqual([255, 255, 255]);
    expect(padded.pixel(50, 97)).toEqual([255, 255, 255]);
    expect(padded.pixel(50, 50)).not.toEqual([255, 255, 255]);
  });

  test("a constant picture stays constant under every filter and fit but the white border", async () => {
    const flat = new RgbImage(40, 30, new Uint8Array(40 * 30 * 3).fill(137));
    for (const filter of ["triangle", "published"] as const)
      for (const fit of ["squash", "crop"] as const) {
        const small = await flat.resize(11, 13, { filter, fit });
        expect(new Set(small.data)).toEqual(new Set([137]));
      }
  });

  test("a size, fit or filter that does not exist is named", async () => {
    const image = picture(8, 8);
    await expect(image.resize(0, 8)).rejects.toThrow(
      "width is 0; expected a whole number of pixels in 1-16384",
    );
    await expect(image.resize(8, 8, { fit: "stretch" as "fit" })).rejects.toThrow(
      'fit is "stretch"; expected one of squash, crop, fit',
    );
  });
});
