import { readFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { decodeImage, RgbImage } from "../../../src/image";
import { readHeader } from "../../../src/image/header";
import { picture, temporaryFolder } from "../cohort/make-cohort";

test("prints as one line", () => {
  expect(inspect(picture(5, 4))).toBe("RgbImage 5 × 4");
});

test("refuses data of another length", () => {
  expect(() => new RgbImage(2, 2, new Uint8Array(11))).toThrow("image data");
  expect(() => new RgbImage(0, 2, new Uint8Array(0))).toThrow("image size");
});

test("pixel and crop stay inside", () => {
  const image = picture(6, 5);
  expect(image.crop(2, 1, 3, 2).pixel(0, 0)).toEqual(image.pixel(2, 1));
  expect(() => image.crop(4, 0, 3, 2)).toThrow("a rectangle inside 6x5");
  expect(() => image.pixel(6, 0)).toThrow("pixel");
});

test("goes to a Jimp bitmap, can be changed there, and comes back", async () => {
  const image = picture(12, 9);
  const bitmap = await image.toJimp();
  expect(RgbImage.fromJimp(bitmap).data).toEqual(image.data);
  bitmap.invert();
  const [r, g, b] = image.pixel(4, 4);
  expect(RgbImage.fromJimp(bitmap).pixel(4, 4)).toEqual([255 - r, 255 - g, 255 - b]);
});

test("is saved by its ending", async () => {
  const image = picture(12, 9);
  const folder = temporaryFolder();
  await image.save(path.join(folder, "a.png"));
  await image.save(path.join(folder, "a.jpg"));
  expect((await decodeImage(readFileSync(path.join(folder, "a.png")))).data).toEqual(image.data);
  expect(readHeader(readFileSync(path.join(folder, "a.jpg")))).toEqual({
    format: "jpeg",
    width: 12,
    height: 9,
  });
  await expect(image.save(path.join(folder, "a.gif"))).rejects.toThrow(".png or .jpg");
});

test("a notebook gets a small picture of any large one", async () => {
  const bundle = await picture(1440, 100)._repr_mimebundle_();
  const jpeg = Buffer.from(String(bundle["image/jpeg"]), "base64");
  expect(readHeader(jpeg)).toEqual({ format: "jpeg", width: 720, height: 50 });
  expect(bundle["text/plain"]).toBe("RgbImage 1440 × 100");
});
