// What the JupyterLab extension serves to the browser: plotly.js, from the package that is pinned in package.json.

import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const source = path.join(ROOT, "node_modules", "plotly.js-dist-min", "plotly.min.js");
const target = path.join(ROOT, "labextensions", "oscc-lab", "static", "plotly.min.js");

if (!existsSync(target) || statSync(target).size !== statSync(source).size) {
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(source, target);
}
