/**
 * Drawn figures against stored SVG text, so that a reviewer reads what changed.
 *
 * To accept a change: `UPDATE_GOLDEN=1 npx vitest run test/golden/plot`, then look at the diff and at the figures.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { GALLERY } from "../../unit/plot/gallery";

const FOLDER = path.join(__dirname, "svg");
const STORED = [
  "roc of one curve",
  "training, one epoch",
  "confusion of two",
  "comparison with an undefined estimate",
  "table",
  "magnifications with nested fields",
  "magnifications, as a viewer",
  "two patients, one view",
  "activation maps, as a viewer",
  "activation maps aligned",
];

/** One element a line; embedded pictures are left out, because compressed bytes differ between versions of Node. */
function readable(svg: string): string {
  return `${svg.replace(/(data:image\/\w+);base64,[A-Za-z0-9+/=]+/g, "$1").replace(/></g, ">\n<")}\n`;
}

describe.each(STORED)("%s", (name) => {
  it("is drawn as before", async () => {
    const file = path.join(FOLDER, `${name.replace(/[^a-z0-9]+/g, "-")}.svg`);
    const drawn = readable(await (await GALLERY[name]!()).svg());
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, drawn);
    }
    expect(existsSync(file)).toBe(true);
    expect(drawn).toBe(readFileSync(file, "utf8"));
  });
});
