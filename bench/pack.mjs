// npm run bench:pack : one archive that runs the GPU bench and the GPU tests on a bare Linux x64 machine.
//
// It holds this Node, the compiled engine, model and training step, ONNX Runtime with WebGPU for Linux x64, and just
// those files of the packages that these read. The other machine needs a Vulkan driver; no network, no installation.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const NAME = "oscc-lab-gpu";
const MOST_BYTES = 60 * 2 ** 20;

/** Programs that run on the other machine, and what they open by name at run time. */
const ENTRIES = [
  "bench/gpu/run.mjs",
  "bench/gpu/case.mjs",
  "bench/cases.mjs",
  "bench/ours/vit.mjs",
  "test/unit/engine/webgpu-child.cjs",
  "test/unit/engine/webgpu-step-child.cjs",
  "dist/engine/worker.js",
  "dist/engine/lanes/mate-worker.js",
  "dist/engine/probe.js",
];

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(
    `The archive is for Linux on x64, and holds the Node it is made with; this is ${process.platform} on ${process.arch}.`,
  );
  process.exit(1);
}
if (!existsSync(path.join(root, "dist", "engine", "worker.js"))) {
  console.error("Nothing is built yet. Run  npm run build  first.");
  process.exit(1);
}

const target = path.resolve(process.argv[2] ?? path.join(root, `${NAME}.tar.xz`));
const stage = mkdtempSync(path.join(os.tmpdir(), `${NAME}-`));
try {
  const folder = path.join(stage, NAME);
  for (const file of filesReadBy(ENTRIES)) copyInto(folder, file);
  copyNativeParts(folder);
  copyNode(folder);
  writeFileSync(path.join(folder, "run.sh"), readFileSync(path.join(root, "bench/gpu/run.sh")));
  chmodSync(path.join(folder, "run.sh"), 0o755);
  execFileSync("tar", ["-C", stage, "-cf", target, "-I", "xz -2 -T0", NAME]);
} finally {
  rmSync(stage, { recursive: true });
}
const { size } = statSync(target);
console.log(`${path.relative(process.cwd(), target)}: ${(size / 2 ** 20).toFixed(1)} MiB`);
if (size > MOST_BYTES) {
  console.error(`That is more than ${MOST_BYTES / 2 ** 20} MiB.`);
  process.exit(1);
}

/** The files, and all that they require or import in turn. */
function filesReadBy(entries) {
  const found = new Set();
  const open = entries.map((entry) => realpathSync(path.join(root, entry)));
  while (open.length > 0) {
    const file = open.pop();
    if (found.has(file)) continue;
    found.add(file);
    for (const manifest of manifestsOf(file)) found.add(manifest);
    if (!/\.[cm]?js$/.test(file)) continue;
    for (const name of namesIn(readFileSync(file, "utf8"))) {
      const read = pathOf(file, name);
      if (read) open.push(read);
    }
  }
  return found;
}

/** What a module names in `require("...")`, `from "..."` and `import("...")`, and in paths joined to `root`. */
function namesIn(source) {
  const calls = source.matchAll(/(?:\brequire|\bimport|\brequire\.resolve)\s*\(\s*["']([^"']+)["']\s*\)/g);
  const imports = source.matchAll(/\bfrom\s*["']([^"']+)["']|\bimport\s*["']([^"']+)["']/g);
  const joined = source.matchAll(/path\.join\(root,\s*["']([^"']+)["']\)/g);
  return [
    ...[...calls].map((match) => match[1]),
    ...[...imports].map((match) => match[1] ?? match[2]),
    ...[...joined].map((match) => path.join(root, "dist", match[1])),
  ];
}

/** The file that a name stands for; none for Node's own modules and for optional packages that are not here. */
function pathOf(file, name) {
  if (name.startsWith("node:")) return undefined;
  try {
    const resolved = createRequire(file).resolve(name);
    return path.isAbsolute(resolved) ? realpathSync(resolved) : undefined;
  } catch {
    return undefined;
  }
}

/** The package.json of a file's package, and those in folders on the way, which say what kind of module it is. */
function manifestsOf(file) {
  const top = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? realpathSync(root);
  const folders = [];
  for (let folder = path.dirname(file); folder.startsWith(top); folder = path.dirname(folder))
    folders.push(folder);
  return folders.map((folder) => path.join(folder, "package.json")).filter(existsSync);
}

function copyInto(folder, file) {
  const marker = `${path.sep}node_modules${path.sep}`;
  const relative = file.includes(marker)
    ? file.slice(file.indexOf(marker) + 1)
    : path.relative(realpathSync(root), file);
  const to = path.join(folder, relative);
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(file, to);
}

/** The runtime for this platform, without the names that only a debugger reads. */
function copyNativeParts(folder) {
  const parts = path.join("node_modules", "onnxruntime-node", "bin", "napi-v6", "linux", "x64");
  cpSync(path.join(root, parts), path.join(folder, parts), { recursive: true, dereference: true });
  strip(path.join(folder, parts, "libonnxruntime.so.1"));
}

/** Node, and the two libraries of the C++ compiler that a bare machine may lack. */
function copyNode(folder) {
  copyFileSync(process.execPath, path.join(folder, "node"));
  strip(path.join(folder, "node"));
  chmodSync(path.join(folder, "node"), 0o755);
  mkdirSync(path.join(folder, "lib"));
  const needed = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
  for (const [, name, file] of needed.matchAll(/^\s*(\S+) => (\S+)/gm))
    if (/^lib(stdc\+\+|gcc_s|node|uv|z|cares|nghttp2|ssl|crypto|icu\w+|brotli\w+|ada)(?=[.-])/.test(name))
      copyFileSync(realpathSync(file), path.join(folder, "lib", name));
}

function strip(file) {
  try {
    execFileSync("strip", ["--strip-unneeded", file]);
  } catch {
    console.error(`strip is not here: ${path.basename(file)} stays larger than it need be`);
  }
}
