// Draws the kernel's logos, as Jupyter wants them, from logo-svg.svg:  node kernels/oscc-lab/make-logos.mjs
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

const folder = path.dirname(fileURLToPath(import.meta.url));
const drawing = readFileSync(path.join(folder, "logo-svg.svg"), "utf8");
for (const size of [32, 64]) {
  const picture = new Resvg(drawing, { fitTo: { mode: "width", value: size } }).render();
  writeFileSync(path.join(folder, `logo-${size}x${size}.png`), picture.asPng());
}
