// The loader of a training beside PyTorch's DataLoader: photographs of the study's size, decoded, resized, in batches.
//
//   node bench/loader.mjs [--python /path/to/python-with-torch] [--rounds 3] [--images 48] [--side 512]
//
// Each measure is a process of its own; ours and the peer's run in turn, so that a busy minute hits both. Printed are images a
// second (median of rounds) and peak memory, memory along a long epoch, and the time to prepare a batch beside that of a step.
import { execFileSync, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writePhotographs } from "./photographs.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    images: { type: "string", default: "48" },
    side: { type: "string", default: "512" },
    files: { type: "string", default: "16" },
    epoch: { type: "string", default: "384" },
    workers: { type: "string", default: String(os.availableParallelism()) },
    python: { type: "string", default: process.env.OSCC_BENCH_PYTHON ?? "python3" },
  },
});
const [rounds, images, side, files, epoch, workers] = [
  "rounds",
  "images",
  "side",
  "files",
  "epoch",
  "workers",
].map((name) => Number(values[name]));

const hasPeer = spawnSync(values.python, ["-c", "import torch, PIL"]).status === 0;
console.log(`${os.cpus()[0]?.model.trim()}, ${workers} workers, load ${os.loadavg()[0].toFixed(1)}`);
if (!hasPeer) console.log(`no PyTorch with Pillow found for "${values.python}": measuring ours alone`);

const folder = await writePhotographs({ files, width: 2592, height: 1944 });
try {
  const work = { folder, images, side, batch: 16, workers };
  const cases = {
    ours: () => ours({ ...work, mode: "decode" }),
    ...(hasPeer ? { pillow: () => peer({ ...work, draft: false }) } : {}),
    ...(hasPeer ? { "pillow, draft mode": () => peer({ ...work, draft: true }) } : {}),
    "ours, from the cache on disk": () => ours({ ...work, mode: "cached" }),
    "ours, the published filter": () => ours({ ...work, images: 16, mode: "published-filter" }),
    "ours, with the published augmentation": () => ours({ ...work, mode: "augmented" }),
  };
  const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(cases)) results[name].push(measure());
  for (const [name, found] of Object.entries(results)) print(name, found, results.ours);
  const { rss } = ours({ ...work, images: epoch, mode: "decode" });
  console.log(`memory along an epoch of ${epoch} images: ${rss.map(mebibytes).join(" ")} MiB`);
} finally {
  rmSync(folder, { recursive: true });
}
const prepared = ours({ mode: "beside-step" });
console.log(
  `a batch of 16 patients x 6 images at 96 px, published augmentation: ${ms(prepared.prepare)}; with our own recipe: ` +
    `${ms(prepared.prepareOwn)}; the tiny model's step on it: ${ms(prepared.step)}`,
);

function ours(work) {
  return run(process.execPath, [path.join(here, "ours", "loader.mjs"), JSON.stringify(work)]);
}

function peer(work) {
  return run(values.python, [path.join(here, "peers", "loader.py"), JSON.stringify(work)]);
}

/** Run a measuring script; its last line is JSON. */
function run(command, args) {
  const out = execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(out.trim().split("\n").at(-1));
}

function print(name, found, own) {
  const rate = middle(found.map((one) => one.rate));
  const parts = [name.padEnd(38), `${rate.toFixed(1)} images/s`];
  if (found !== own && name.startsWith("pillow"))
    parts.push(`ours is ${middle(own.map((one, i) => one.rate / found[i].rate)).toFixed(2)} times as fast`);
  parts.push(`${mebibytes(Math.max(...found.flatMap(({ rss }) => rss)))} MiB`);
  console.log(parts.join("  |  "));
}

function middle(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function mebibytes(bytes) {
  return (bytes / 2 ** 20).toFixed(0);
}

function ms(seconds) {
  return `${(1000 * seconds).toFixed(0)} ms`;
}
