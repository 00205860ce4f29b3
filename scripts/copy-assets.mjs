// What the JupyterLab extension serves to the browser: plotly.js, the letters of its figures and anywidget's front end, from
// the packages that are pinned in package.json.

import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const TARGET = path.join(ROOT, "labextensions", "oscc-lab", "static");
const FONTS = "@expo-google-fonts/open-sans";
const ASSETS = [
  "plotly.js-dist-min/plotly.min.js",
  `${FONTS}/400Regular/OpenSans_400Regular.ttf`,
  `${FONTS}/400Regular_Italic/OpenSans_400Regular_Italic.ttf`,
  `${FONTS}/700Bold/OpenSans_700Bold.ttf`,
];

mkdirSync(TARGET, { recursive: true });
for (const asset of ASSETS) {
  const source = path.join(ROOT, "node_modules", asset);
  const target = path.join(TARGET, path.basename(asset));
  if (!existsSync(target) || statSync(target).size !== statSync(source).size) copyFileSync(source, target);
}

// The extension registers anywidget's front end under the version that is installed.
const { version } = JSON.parse(
  readFileSync(path.join(ROOT, "node_modules", "anywidget", "package.json"), "utf8"),
);
if (!readFileSync(path.join(TARGET, "anywidget-plugin.js"), "utf8").includes(`"${version}+oscc-lab"`))
  throw new Error(`VERSION in anywidget-plugin.js is not that of the installed anywidget, ${version}`);

// It comes as a module of RequireJS, which JupyterLab does not have.
const ANYWIDGET = path.join(TARGET, "anywidget.js");
const [body, ...rest] = readFileSync(
  path.join(ROOT, "node_modules", "anywidget", "dist", "index.js"),
  "utf8",
).split(/^define\(\["@jupyter-widgets\/base"\], (?=\w+\);$)/m);
if (rest.length !== 1)
  throw new Error("anywidget's front end does not end in the one call of define() that is expected");
const module = `${body}export default ${rest[0].replace(/\);\s*$/, ";")}\n`;
if (!existsSync(ANYWIDGET) || readFileSync(ANYWIDGET, "utf8") !== module) writeFileSync(ANYWIDGET, module);
