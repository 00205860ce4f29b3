// Decode and resize photographs, several at once.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const { readResized } = require("../../dist/image");

/** As many at the same time as the training's reader. */
const AT_ONCE = 8;

export default async function open({ folder, side }) {
  const files = readdirSync(folder).map((name) => path.join(folder, name));
  return {
    run: async () => {
      const waiting = [...files];
      const work = async () => {
        for (let file = waiting.shift(); file; file = waiting.shift())
          await readResized(file, { size: [side, side] });
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    },
    facts: () => ({ files: files.length }),
  };
}
