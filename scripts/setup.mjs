// All set-up, on a machine that has only Node: install, build, copy assets, and (for notebooks) the phantom cohort.
// Plain Node without dependencies, because nothing is installed yet when it runs. Does nothing, in a moment, when
// there is nothing to do.
//
//   node scripts/setup.mjs             install and build if needed
//   node scripts/setup.mjs --phantom   and make the phantom cohort, unless $OSCC_DATA names another
//   node scripts/setup.mjs --build     build even if nothing changed

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const LEAST_NODE = [20, 19];
const at = (...parts) => path.join(ROOT, ...parts);

function main(options) {
  checkNode();
  installIfNeeded();
  buildIfNeeded(options.has("--build"));
  run("copy assets", process.execPath, [at("scripts", "copy-assets.mjs")]);
  if (options.has("--phantom") && !process.env.OSCC_DATA)
    run("make the phantom cohort", process.execPath, [at("bin", "oscc-lab.cjs"), "phantom", "--quiet"]);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  stop(
    `Node ${process.versions.node} is too old; oscc-lab needs Node ${LEAST_NODE.join(".")} or later.`,
    "Get a current Node from https://nodejs.org or from your system's packages, then run this again.",
  );
}

// ---- install ----------------------------------------------------------------------------------------------------

/** What stands in node_modules was installed from this lock file; written after each install. */
const INSTALLED = at("node_modules", ".oscc-lab-installed");

function installIfNeeded() {
  const wanted = sha256(readFileSync(at("package-lock.json")));
  if (textOf(INSTALLED) === wanted) return;
  if (!npmInstalledIt()) {
    say("Installing packages (once; about a minute) ...");
    install();
  }
  writeFileSync(INSTALLED, wanted);
}

/** Somebody ran npm already: its own record of what it installed names every package that we want. */
function npmInstalledIt() {
  const record = textOf(at("node_modules", ".package-lock.json"));
  if (record === undefined) return false;
  const there = JSON.parse(record).packages;
  const wanted = JSON.parse(readFileSync(at("package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    // Optional packages are those of other platforms: npm leaves them out.
    ([place, { version, optional }]) =>
      place === "" || there[place]?.version === version || (optional && !there[place]),
  );
}

/** No package here needs its install script, so a script that fails (a download out of reach) is no reason to stop. */
function install() {
  const arguments_ = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  if (npm(arguments_) === 0) return;
  say("That did not succeed; trying once more without the packages' install scripts (none is needed) ...");
  if (npm([...arguments_, "--ignore-scripts"]) === 0) return;
  stop(
    "npm ci failed; its message stands above.",
    "Usual causes: no connection to the npm registry (npm config get registry), a read-only folder, or an npm before 10,",
    "as Debian has it, which says that there is no package-lock.json (npm install --global npm@10).",
  );
}

/** The npm that started us, else the one on the PATH. */
function npm(arguments_) {
  const own = process.env.npm_execpath;
  const [command, before, options] = own?.endsWith(".js")
    ? [process.execPath, [own], {}]
    : ["npm", [], { shell: process.platform === "win32" }];
  return spawnSync(command, [...before, ...arguments_], { cwd: ROOT, stdio: "inherit", ...options }).status;
}

// ---- build ------------------------------------------------------------------------------------------------------

/** What dist/ was built from; written after each build. */
const BUILT = at("dist", ".built-from");

function buildIfNeeded(always) {
  const sources = fingerprint();
  if (!always && textOf(BUILT) === sources) return;
  say("Building ...");
  removeOrphans();
  // The compiler by its path: the `tsc` in node_modules/.bin may be the one that tslab brings, an older one.
  run("build", process.execPath, [at("node_modules", "typescript", "bin", "tsc"), "-p", at("tsconfig.json")]);
  writeFileSync(BUILT, sources);
}

/** Changes with any source file: names and contents. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const file of [...filesUnder(at("src")), at("tsconfig.json"), at("package.json")])
    hash.update(path.relative(ROOT, file)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** Output of sources that are gone would still be importable: remove it. */
function removeOrphans() {
  if (!existsSync(at("dist"))) return;
  for (const file of filesUnder(at("dist"))) {
    const source = path.relative(at("dist"), file).replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts");
    if (!existsSync(at("src", source))) rmSync(file);
  }
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// ---- helpers ----------------------------------------------------------------------------------------------------

function run(what, command, arguments_) {
  const { status, error } = spawnSync(command, arguments_, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) stop(`Could not ${what}${error ? `: ${error.message}` : "; the message stands above"}.`);
}

function textOf(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function stop(...lines) {
  process.stderr.write(`\n${lines.join("\n  ")}\n`);
  process.exit(1);
}

main(new Set(process.argv.slice(2)));
