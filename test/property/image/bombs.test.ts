/** Files that are small and claim to be large: refused or read in memory that the pixels need, by both decoders. */
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { decodeImage } from "../../../src/image";
import { missingPngData } from "../../../src/image/png-data";
import { picture } from "../../unit/cohort/make-cohort";

const DECODERS = ["sharp", "jimp"] as const;

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** An RGB PNG that declares a size and holds what it is given. */
function png(width: number, height: number, packed: Uint8Array, extra: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    ...extra,
    chunk("IDAT", packed),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** What became of it, and how much memory that took. */
async function outcome(bytes: Uint8Array, decoder: "sharp" | "jimp") {
  const before = process.memoryUsage().rss;
  const found = await decodeImage(bytes, { decoder }).then(
    ({ width, height }) => `${width}x${height}`,
    (error: unknown) => {
      if (!isOsccError(error, "UnreadableImage")) throw error;
      return error.message;
    },
  );
  return { found, grown: process.memoryUsage().rss - before };
}

const zeros = deflateSync(Buffer.alloc(300_000_000));
const small = deflateSync(Buffer.alloc(31 * 10));
const text = Buffer.concat([Buffer.from("Comment\0\0", "latin1"), zeros]);

describe.each(DECODERS)("with %s", (decoder) => {
  test("a PNG of 9999 x 9999 pixels that holds a few hundred is cut off", async () => {
    const { found, grown } = await outcome(png(9999, 9999, small), decoder);
    expect(found).toMatch(/cut off or damaged/);
    expect(grown).toBeLessThan(200e6);
  });

  test("300 MB packed behind 10 x 10 pixels, or as a comment or colour profile, are not unpacked", async () => {
    for (const bytes of [
      png(10, 10, zeros),
      png(10, 10, small, [chunk("zTXt", text)]),
      png(10, 10, small, [chunk("iCCP", text)]),
    ]) {
      const { found, grown } = await outcome(bytes, decoder);
      expect(found).toMatch(/^10x10$|cut off or damaged/);
      expect(grown).toBeLessThan(150e6);
    }
  });

  test("a JPEG that declares 4,225 megapixels is refused by its header, wherever that stands", async () => {
    const jpeg = Buffer.from(await picture(16, 16).toJpeg());
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(65000, frame + 5);
    jpeg.writeUInt16BE(65000, frame + 7);
    const note = Buffer.concat([Buffer.from([0xff, 0xe1, 0xff, 0xff]), Buffer.alloc(65533)]);
    for (const bytes of [jpeg, Buffer.concat([jpeg.subarray(0, 2), note, note, jpeg.subarray(2)])])
      expect((await outcome(bytes, decoder)).found).toMatch(/65000 x 65000 pixels; at most/);
  });
});

test("every whole PNG is whole, in every kind there is; without its last bytes of pixels none is", async () => {
  const kinds = fc.record({
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    progressive: fc.boolean(),
    kind: fc.constantFrom("rgb", "rgba", "grey", "palette", "16 bit"),
  });
  await fc.assert(
    fc.asyncProperty(kinds, async ({ width, height, progressive, kind }) => {
      const { data } = picture(width, height, 5);
      let image = sharp(data, { raw: { width, height, channels: 3 } });
      if (kind === "rgba") image = image.ensureAlpha();
      if (kind === "grey") image = image.toColourspace("b-w");
      if (kind === "16 bit") image = image.toColourspace("rgb16");
      const bytes = await image.png({ progressive, palette: kind === "palette" }).toBuffer();
      expect(missingPngData(bytes)).toBeUndefined();
      const taller = Buffer.from(bytes);
      taller.writeUInt32BE(height + 9, 20); // declares more rows than there are
      expect(missingPngData(taller)).toMatch(/fewer pixels/);
    }),
    { numRuns: 60, seed: 1 },
  );
});
