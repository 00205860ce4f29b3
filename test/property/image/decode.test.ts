import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { decodeImage, RgbImage } from "../../../src/image";
import { readHeader } from "../../../src/image/header";
import { picture } from "../../unit/cohort/make-cohort";

const DECODERS = ["sharp", "jimp"] as const;
/** Mutated headers may ask for any size; a low limit keeps each trial small. */
const maxPixels = 1_000_000;

/** Decoding ends with a picture of consistent size or with UnreadableImage, and with nothing else. */
async function decodesOrSaysWhy(bytes: Uint8Array, decoder: "sharp" | "jimp"): Promise<boolean> {
  try {
    const image = await decodeImage(bytes, { decoder, maxPixels });
    expect(image.data).toHaveLength(image.width * image.height * 3);
    return true;
  } catch (error) {
    if (!isOsccError(error, "UnreadableImage")) throw error;
    expect(error.message).toContain("cannot be read as an image");
    return false;
  }
}

let files: Buffer[];
beforeAll(async () => {
  const image = picture(40, 30);
  const { default: sharp } = await import("sharp");
  const raw = { width: 40, height: 30, channels: 3 } as const;
  const bmp = await (await image.toJimp()).getBuffer("image/bmp");
  const tiff = await sharp(image.data, { raw }).tiff().toBuffer();
  const webp = await sharp(image.data, { raw }).webp().toBuffer();
  files = [await image.toJpeg(), await image.toPng(), bmp, tiff, webp];
});

test("random bytes are no image", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom(...DECODERS),
      async (bytes, decoder) => {
        expect(await decodesOrSaysWhy(bytes, decoder)).toBe(false);
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});

test("random bytes after the beginning of an image", async () => {
  const beginnings = fc.constantFrom(
    [0xff, 0xd8, 0xff, 0xe0],
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    [0x49, 0x49, 0x2a, 0x00],
    [0x42, 0x4d],
  );
  await fc.assert(
    fc.asyncProperty(
      beginnings,
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(...DECODERS),
      async (start, rest, decoder) => {
        await decodesOrSaysWhy(Uint8Array.from([...start, ...rest]), decoder);
      },
    ),
    { numRuns: 80, seed: 2 },
  );
});

test("whole files with some bytes changed, or cut off anywhere", async () => {
  const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(4),
      fc.array(change, { maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(...DECODERS),
      async (which, changes, keep, decoder) => {
        const bytes = Buffer.from(files[which]!);
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        await decodesOrSaysWhy(bytes.subarray(0, Math.ceil(bytes.length * keep)), decoder);
      },
    ),
    { numRuns: 150, seed: 3 },
  );
});

test("a JPEG or PNG cut off anywhere before its last bytes is never half a picture", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1),
      fc.double({ min: 0, max: 0.98, noNaN: true }),
      fc.constantFrom(...DECODERS),
      async (which, keep, decoder) => {
        const bytes = files[which]!;
        expect(await decodesOrSaysWhy(bytes.subarray(0, Math.floor(bytes.length * keep)), decoder)).toBe(
          false,
        );
      },
    ),
    { numRuns: 80, seed: 4 },
  );
});

test("the header reader never throws and never reads outside", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      readHeader(bytes);
      for (const start of [
        [0xff, 0xd8, 0xff],
        [0x49, 0x49, 0x2a, 0],
        [0x42, 0x4d],
      ])
        readHeader(Uint8Array.from([...start, ...bytes]));
    }),
    { seed: 5 },
  );
});

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }), fc.nat(1000))
  .map(([width, height, seed]) => picture(width, height, seed));

test("PNG and Jimp round trips keep every pixel; exchanging red and blue twice changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(pictures, async (image) => {
      expect((await decodeImage(await image.toPng())).data).toEqual(image.data);
      expect(RgbImage.fromJimp(await image.toJimp()).data).toEqual(image.data);
      expect(image.swapRedBlue().swapRedBlue().data).toEqual(image.data);
    }),
    { numRuns: 25, seed: 6 },
  );
});

test("a resized picture stays within the range of the source", async () => {
  await fc.assert(
    fc.asyncProperty(
      pictures,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("triangle" as const, "published" as const),
      async (image, width, height, filter) => {
        const { data } = await image.resize(width, height, { filter });
        for (let c = 0; c < 3; c++) {
          const of = (bytes: Uint8Array) => bytes.filter((_, i) => i % 3 === c);
          expect(Math.min(...of(data))).toBeGreaterThanOrEqual(Math.min(...of(image.data)) - 1);
          expect(Math.max(...of(data))).toBeLessThanOrEqual(Math.max(...of(image.data)) + 1);
        }
      },
    ),
    { numRuns: 40, seed: 7 },
  );
});
