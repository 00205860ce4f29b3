/** Where sharp's native part is missing: everything still works, with jimp, and that is said once. */
import path from "node:path";
import { expect, test, vi } from "vitest";
import { installHost } from "../../../src/core/host";
import { decodeImage, readResized } from "../../../src/image";
import { picture, temporaryFolder } from "../cohort/make-cohort";

vi.mock("sharp", () => {
  throw new Error('Could not load the "sharp" module using the linux-x64 runtime');
});

test("reading, resizing and writing fall back to jimp and one warning", async () => {
  const warnings: string[] = [];
  const restore = installHost({
    display: () => ({ update: () => undefined }),
    signal: () => undefined,
    warn: (message) => warnings.push(message),
  });
  try {
    const image = picture(60, 40);
    expect((await decodeImage(await image.toPng())).data).toEqual(image.data);
    const jpeg = await decodeImage(await image.toJpeg(95));
    expect([jpeg.width, jpeg.height]).toEqual([60, 40]);
    const small = await image.resize(20, 20, { fit: "fit" });
    expect(small.pixel(10, 0)).toEqual([255, 255, 255]);
    const file = path.join(temporaryFolder(), "a.png");
    await image.save(file);
    expect((await readResized(file, { size: [10, 15] })).data).toEqual((await image.resize(15, 10)).data);
    await expect(decodeImage(await image.toPng(), { decoder: "sharp" })).rejects.toThrow(
      "native part is missing",
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("images are decoded with jimp");
  } finally {
    restore();
  }
});
