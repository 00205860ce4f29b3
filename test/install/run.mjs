// As a newcomer gets it: the packed package, installed by npm below a home that has never seen Jupyter, registered with it, found
// by Jupyter, and used from a notebook elsewhere on the machine.
//
//   node test/install/run.mjs
//
// Needs the npm registry and `jupyter` (apt-get install jupyter-client). Takes about two minutes.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkVsCode } from "./vscode-checks.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
/** What VS Code's Jupyter extension builds on. */
const SERVICES = "@jupyterlab/services@7.6.6";

/** A line of `jupyter kernelspec list`. */
const OURS = /^ *oscc-lab /m;

const base = realpathSync(mkdtempSync(path.join(tmpdir(), "oscc-lab-install-")));
/** Where things lie: names of people and folders have spaces and letters that are not English. */
const home = path.join(base, "Ada Löwe");
const project = path.join(home, "mein Projekt");
const notebooks = path.join(home, "Notizbücher & mehr");
const data = path.join(home, ".local", "share", "jupyter");
let failed = 0;

async function main() {
  for (const folder of [project, notebooks]) mkdirSync(folder, { recursive: true });
  if (!(await attempt("npm install of the packed package", installPackage))) return;
  await attempt("oscc-lab install, found by jupyter", checkFound);
  await attempt("the same in unusual places", checkPlaces);
  await attempt("VS Code's way", async () => checkVsCode(await services(), { home, notebooks }));
  await attempt("oscc-lab uninstall", checkUninstall);
  await attempt("a package that was not built", checkUnbuilt);
}

function installPackage() {
  const packed = path.join(
    base,
    npm(ROOT, "pack", "--silent", "--pack-destination", base).trim().split("\n").at(-1),
  );
  npm(project, "install", packed);
  assert.ok(existsSync(path.join(project, "node_modules", "oscc-lab", "dist", "kernel", "main.js")));
  return `${(statSync(packed).size / 1e6).toFixed(0)} MB packed`;
}

function checkFound() {
  // What others have registered, and must be there at the end.
  const neighbour = path.join(data, "kernels", "neighbour");
  mkdirSync(neighbour, { recursive: true });
  writeFileSync(
    path.join(neighbour, "kernel.json"),
    '{ "argv": ["true"], "display_name": "Neighbour", "language": "none" }',
  );
  const said = oscc({}, "install");
  assert.equal(oscc({}, "install"), said, "twice is the same as once");
  assert.match(kernelSpecs({}), OURS);
  rmSync(neighbour, { recursive: true });
  return "by jupyter kernelspec list";
}

/** Wherever the variables lead Jupyter, install follows. */
function checkPlaces() {
  // Debian's Jupyter looks into ~/.local as well, whatever the variables say.
  oscc({}, "uninstall");
  const elsewhere = path.join(base, "else where");
  const settings = [
    { JUPYTER_DATA_DIR: path.join(elsewhere, "data") },
    { XDG_DATA_HOME: path.join(elsewhere, "xdg") },
    { XDG_DATA_HOME: "", JUPYTER_PATH: path.join(elsewhere, "not here") },
    { JUPYTER_DATA_DIR: path.join(elsewhere, "first"), XDG_DATA_HOME: path.join(elsewhere, "second") },
  ];
  for (const env of settings) {
    oscc(env, "install");
    assert.match(kernelSpecs(env), OURS, JSON.stringify(env));
    oscc(env, "uninstall");
    assert.doesNotMatch(kernelSpecs(env), OURS, JSON.stringify(env));
  }
  const prefix = path.join(elsewhere, "prefix");
  oscc({}, "install", "--prefix", prefix);
  assert.match(kernelSpecs({ JUPYTER_PATH: path.join(prefix, "share", "jupyter") }), OURS);
  oscc({}, "uninstall", "--prefix", prefix);
  assert.deepEqual(filesBelow(elsewhere), []);
  oscc({}, "install");
  return `${settings.length} settings and a prefix`;
}

function checkUninstall() {
  const strange = path.join(data, "labextensions", "strange.txt");
  writeFileSync(strange, "");
  oscc({}, "uninstall");
  assert.deepEqual(
    filesBelow(data).filter((file) => !file.startsWith("runtime")),
    [path.join("labextensions", "strange.txt")],
  );
  assert.match(oscc({}, "uninstall"), /Nothing was registered/);
  return "nothing of ours is left, and all else is";
}

function checkUnbuilt() {
  const copy = path.join(base, "unbuilt");
  cpSync(path.join(project, "node_modules", "oscc-lab", "bin"), path.join(copy, "bin"), { recursive: true });
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(copy, "bin", "oscc-lab.cjs"), "install"],
    { encoding: "utf8" },
  );
  assert.equal(status, 1);
  assert.match(stderr, /is not built.*Run/s);
  return "says how to build it";
}

/** Run the installed command as a person would, in the project's folder. */
function oscc(env, ...words) {
  return execFileSync("npx", ["--no-install", "oscc-lab", ...words], options(project, env));
}

function kernelSpecs(env) {
  return execFileSync(
    "jupyter",
    ["kernelspec", "list"],
    options(base, { PYDEVD_DISABLE_FILE_VALIDATION: "1", ...env }),
  );
}

function npm(folder, ...words) {
  // ONNX Runtime's CUDA part comes from another host.
  return execFileSync("npm", words, options(folder, { ONNXRUNTIME_NODE_INSTALL: "skip" }));
}

/** A home of its own; what this machine needs to reach the registry stays. */
function options(cwd, env) {
  const { JUPYTER_PATH, JUPYTER_DATA_DIR, XDG_DATA_HOME, OSCC_CACHE, ...inherited } = process.env;
  return {
    cwd,
    encoding: "utf8",
    env: { ...inherited, HOME: home, npm_config_fund: "false", npm_config_audit: "false", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  };
}

/** The library below VS Code's extension, in a folder of its own: it is no dependency of ours. */
async function services() {
  const folder = path.join(base, "client");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "package.json"), "{}");
  npm(folder, "install", SERVICES);
  const require = createRequire(path.join(folder, "package.json"));
  // It tells of every step.
  console.debug = () => {};
  return {
    KernelConnection: require("@jupyterlab/services/lib/kernel/default.js").KernelConnection,
    ...require("@jupyterlab/services"),
  };
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}

async function attempt(name, check) {
  const began = Date.now();
  try {
    process.stdout.write(`PASS ${name}: ${await check()}, ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
    return true;
  } catch (error) {
    failed++;
    process.stdout.write(`FAIL ${name}: ${error.stack}\n`);
    return false;
  }
}

main().finally(() => {
  rmSync(base, { recursive: true, force: true });
  process.exitCode = failed > 0 ? 1 : 0;
});
