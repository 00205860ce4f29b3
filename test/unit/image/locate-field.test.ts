/** A field is found where it was taken from, and believed only then. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/random";
import { locateField } from "../../../src/image";
import { RgbImage } from "../../../src/image/rgb-image";

/** Blots of many sizes on a pale ground: a scene that is nowhere like itself. */
function blots(seed: string, width = 640, height = 480): RgbImage {
  const rng = new Rng(seed);
  const data = new Uint8Array(width * height * 3).fill(215);
  for (let n = 0; n < 420; n++) {
    const [cx, cy, radius, depth] = [
      rng.range(0, width),
      rng.range(0, height),
      rng.range(2, 22),
      rng.range(30, 150),
    ];
    for (let y = Math.max(0, Math.ceil(cy - radius)); y < Math.min(height, cy + radius); y++)
      for (let x = Math.max(0, Math.ceil(cx - radius)); x < Math.min(width, cx + radius); x++)
        if ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2)
          for (let c = 0; c < 3; c++) {
            const at = (y * width + x) * 3 + c;
            data[at] = Math.max(0, data[at]! - depth * (c === 1 ? 1 : 0.6));
          }
  }
  return new RgbImage(width, height, data);
}

/** The same tissue photographed again: other exposure, and grain. */
function photographed(image: RgbImage, seed: string): RgbImage {
  const rng = new Rng(seed);
  const data = image.data.map((value) => Math.min(255, Math.max(0, 20 + 0.8 * value + rng.normal(0, 6))));
  return new RgbImage(image.width, image.height, Uint8Array.from(data));
}

async function field(scene: RgbImage, x: number, y: number, ratio: number): Promise<RgbImage> {
  const [width, height] = [Math.round(scene.width * ratio), Math.round(scene.height * ratio)];
  return photographed(await scene.crop(x, y, width, height).resize(640, 480), `${x} ${y}`);
}

describe("locateField", () => {
  const scene = blots("scene");

  it.each([
    [0, 0, 0.5],
    [160, 120, 0.5],
    [301, 97, 0.5],
    [256, 192, 0.2],
    [37, 311, 0.2],
  ])("finds the field taken at %i, %i with ratio %f", async (x, y, ratio) => {
    const { found, place, correlation } = await locateField(scene, await field(scene, x, y, ratio), {
      ratio,
    });
    expect(found).toBe(true);
    expect(correlation).toBeGreaterThan(0.8);
    expect(Math.abs(place.left - x / scene.width)).toBeLessThan(0.006);
    expect(Math.abs(place.top - y / scene.height)).toBeLessThan(0.006);
    expect(place.width).toBeCloseTo(ratio, 1);
  });

  it.each([0.5, 0.2])("does not believe a field of another scene, ratio %f", async (ratio) => {
    for (const other of ["a", "b", "c"]) {
      const { found } = await locateField(scene, await field(blots(other), 100, 60, ratio), {
        ratio,
      });
      expect(found).toBe(false);
    }
  });

  it("does not believe a field of plain glass, nor a scene that repeats itself", async () => {
    const glass = new RgbImage(64, 48, new Uint8Array(64 * 48 * 3).fill(220));
    expect(await locateField(scene, glass, { ratio: 0.5 })).toMatchObject({ found: false, correlation: 0 });
    expect(await locateField(glass, scene, { ratio: 0.5 })).toMatchObject({ found: false });
    const stripes = new Uint8Array(640 * 480 * 3).map((_, i) =>
      Math.floor(((i / 3) % 640) / 20) % 2 ? 90 : 210,
    );
    const striped = new RgbImage(640, 480, stripes);
    const { found, correlation, runnerUp } = await locateField(striped, striped.crop(200, 100, 320, 240), {
      ratio: 0.5,
    });
    expect(correlation).toBeGreaterThan(0.9);
    expect(correlation - runnerUp).toBeLessThan(0.2);
    expect(found).toBe(false);
  });

  it("refuses a ratio that is none", async () => {
    await expect(locateField(scene, scene, { ratio: 1 })).rejects.toThrow(/0.05 to 0.95/);
    await expect(locateField(scene, scene, { ratio: Number.NaN })).rejects.toThrow(/0.05 to 0.95/);
  });
});
