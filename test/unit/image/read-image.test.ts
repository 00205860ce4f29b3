import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isOsccError, type OsccError } from "../../../src/core/errors";
import { decodeImage, type RgbImage, readImage, readResized } from "../../../src/image";
import { picture, put, sharedData, temporaryFolder } from "../cohort/make-cohort";

async function failure(work: Promise<unknown>): Promise<OsccError<"UnreadableImage">> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isOsccError(error, "UnreadableImage"))
    throw new Error(`expected UnreadableImage, got ${String(error)}`);
  return error;
}

/** Largest and mean difference in grey levels. */
function difference(a: RgbImage, b: RgbImage): { max: number; mean: number } {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  let max = 0;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Math.abs(a.data[i]! - b.data[i]!);
    max = Math.max(max, d);
    sum += d;
  }
  return { max, mean: sum / a.data.length };
}

describe("both decoders", () => {
  test.each(["sharp", "jimp"] as const)("%s reads a PNG without loss", async (decoder) => {
    const image = picture(61, 43);
    const back = await decodeImage(await image.toPng(), { decoder });
    expect(back.data).toEqual(image.data);
  });

  // The two inverse transforms round differently (3 grey levels); where colour is stored at half resolution,
  // libjpeg interpolates it and jimp repeats it, which shows at colour edges.
  test.each([
    ["4:4:4", 0.7, 4],
    ["4:2:0", 1.5, 12],
  ])("agree on a JPEG with %s colour", async (chromaSubsampling, meanBound, maxBound) => {
    const sharp = (await import("sharp")).default;
    const { data, width, height } = picture(160, 120);
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 95, chromaSubsampling })
      .toBuffer();
    const { max, mean } = difference(
      await decodeImage(jpeg, { decoder: "sharp" }),
      await decodeImage(jpeg, { decoder: "jimp" }),
    );
    expect(mean).toBeLessThan(meanBound);
    expect(max).toBeLessThanOrEqual(maxBound);
  });

  const photograph = sharedData("multi-oscc", "samples", "662768_slot1_rb-swapped.jpg");
  test.skipIf(!existsSync(photograph))("agree on a real photograph (needs shared data)", async () => {
    const native = await readImage(photograph, { decoder: "sharp" });
    const pure = await readImage(photograph, { decoder: "jimp" });
    expect(difference(native, pure).mean).toBeLessThan(3);
  });

  test("bgr exchanges red and blue", async () => {
    const image = picture(8, 6);
    const swapped = await decodeImage(await image.toPng(), { channels: "bgr" });
    const [r, g, b] = image.pixel(3, 2);
    expect(swapped.pixel(3, 2)).toEqual([b, g, r]);
  });

  test("a grey picture has three equal channels, a transparent one lies on white", async () => {
    const sharp = (await import("sharp")).default;
    const grey = await sharp(Buffer.from([10, 200]), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    const clear = await sharp(Buffer.from([255, 0, 0, 0, 0, 0, 255, 255]), {
      raw: { width: 2, height: 1, channels: 4 },
    })
      .png()
      .toBuffer();
    for (const decoder of ["sharp", "jimp"] as const) {
      expect([...(await decodeImage(grey, { decoder })).data]).toEqual([10, 10, 10, 200, 200, 200]);
      expect([...(await decodeImage(clear, { decoder })).data]).toEqual([255, 255, 255, 0, 0, 255]);
    }
  });

  test("16-bit pictures are scaled to 8 bits", async () => {
    const sharp = (await import("sharp")).default;
    const deep = await sharp(new Uint16Array([0, 32896, 65535]) as unknown as Buffer, {
      raw: { width: 1, height: 1, channels: 3 },
    })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    const [r, g, b] = (await decodeImage(deep)).pixel(0, 0);
    expect([r, b]).toEqual([0, 255]);
    expect(Math.abs(g - 128)).toBeLessThanOrEqual(1);
  });
});

describe("what is no whole image", () => {
  test.each(["sharp", "jimp"] as const)(
    "a truncated JPEG is an error, not half a picture (%s)",
    async (decoder) => {
      const jpeg = await picture(160, 120).toJpeg();
      for (const share of [0.3, 0.6, 0.95]) {
        const cut = jpeg.subarray(0, Math.floor(jpeg.length * share));
        const error = await failure(decodeImage(cut, { decoder, name: "17_1/01_4X.jpg" }));
        expect(error.message).toContain(
          "17_1/01_4X.jpg cannot be read as an image: it is cut off or damaged",
        );
      }
    },
  );

  test.each(["sharp", "jimp"] as const)("a truncated PNG is an error (%s)", async (decoder) => {
    const png = await picture(160, 120).toPng();
    await failure(decodeImage(png.subarray(0, png.length / 2), { decoder }));
  });

  test("text, an empty file, a folder and no file are told apart", async () => {
    const folder = temporaryFolder();
    put(folder, { "text.jpg": "patient,label\n1,2", "empty.jpg": "", "inner/x.txt": "" });
    const messageOf = async (name: string) => (await failure(readImage(path.join(folder, name)))).message;
    expect(await messageOf("text.jpg")).toContain('it begins with the text "patient,label');
    expect(await messageOf("empty.jpg")).toContain("it is empty");
    expect(await messageOf("inner")).toContain("cannot be read");
    expect(await messageOf("absent.jpg")).toContain("cannot be opened (ENOENT");
  });

  test("an SVG is not taken for a photograph", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
    await failure(decodeImage(Buffer.from(svg)));
  });

  test("a decompression bomb is refused by its header, before decoding", async () => {
    const png = await picture(10, 10).toPng();
    png.writeUInt32BE(100_000, 16);
    png.writeUInt32BE(100_000, 20);
    const before = process.memoryUsage().rss;
    const error = await failure(decodeImage(png));
    expect(error.message).toContain("declares 100000 x 100000 pixels; at most 100000000");
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  test("maxPixels can be lowered", async () => {
    await failure(decodeImage(await picture(20, 20).toJpeg(), { maxPixels: 399 }));
    expect((await decodeImage(await picture(20, 20).toJpeg(), { maxPixels: 400 })).width).toBe(20);
  });
});

describe("read and resize in one go", () => {
  test("equals reading, then resizing, on a smooth picture", async () => {
    const file = path.join(temporaryFolder(), "a.jpg");
    writeFileSync(file, await picture(400, 300).toJpeg(95));
    for (const fit of ["squash", "crop", "fit"] as const) {
      const direct = await readResized(file, { size: [48, 48], fit });
      const twoSteps = await (await readImage(file)).resize(48, 48, { fit });
      const { max, mean } = difference(direct, twoSteps);
      expect(mean).toBeLessThan(1);
      expect(max).toBeLessThan(12); // the border of the white filling may lie half a pixel elsewhere
    }
  });

  test("the published filter gives the study's 512 x 512 pixels", async () => {
    const file = path.join(temporaryFolder(), "a.png");
    writeFileSync(file, await picture(120, 90).toPng());
    const direct = await readResized(file, { size: [32, 32], filter: "published", channels: "bgr" });
    const twoSteps = await (await readImage(file)).swapRedBlue().resize(32, 32, { filter: "published" });
    expect(direct.data).toEqual(twoSteps.data);
  });
});

const sample = sharedData("multi-oscc", "samples", "219011_slot1_rb-swapped.jpg");
test.skipIf(!existsSync(sample))("a real sample, red and blue restored (needs shared data)", async () => {
  const image = await readImage(sample, { channels: "bgr" });
  expect([image.width, image.height]).toEqual([2592, 1944]);
  // The same photograph with its channels restored, squashed to 512 x 512 (bilinear) by another program.
  const reference = await readImage(sharedData("multi-oscc", "samples", "unswapped_512_5.png"));
  const ours = await image.resize(512, 512);
  const { mean } = difference(ours, reference);
  expect(mean).toBeLessThan(0.5);
  expect(difference(ours.swapRedBlue(), reference).mean).toBeGreaterThan(5);
});
