// Photographs of the study's size for the loading case: smooth colours with fine grain, about as hard to decode as tissue.
import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(import.meta.url);
const { RgbImage } = require("../dist/image");
const { Rng } = require("../dist/core/random");

/** Write them into a new temporary folder, which the caller removes. */
export async function writePhotographs({ files, width, height }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-bench-"));
  const rng = new Rng("photographs");
  const grain = Int8Array.from({ length: 2 ** 16 }, () => Math.round(rng.normal(0, 8)));
  for (let n = 0; n < files; n++) {
    const data = new Uint8Array(width * height * 3);
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++, i++)
          data[i] =
            150 + 60 * Math.sin((x + 31 * n) / 57 + c) * Math.cos(y / 43) + grain[(i * 7 + n) & 65535];
    const file = path.join(folder, `${String(n).padStart(2, "0")}.jpg`);
    await new RgbImage(width, height, data).save(file);
  }
  return folder;
}
