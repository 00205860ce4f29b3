// npm run bench [-- case ...] [--rounds 5] : our engine beside PyTorch, in one run on one machine.
//
// Each case runs in a process of its own; ours and the peer's rounds alternate, so that a busy minute hits both. A round's
// figure is the median of its steps; printed are the least step, the median over rounds, and the median of the rounds' ratios. Without PyTorch ours stands alone. Results go to bench/results/ as JSON with the machine's description.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases.mjs";

/** What measures the same work in Python. */
const PEERS = {
  step: "vit.py",
  forward: "vit.py",
  head: "head.py",
  loading: "loading.py",
  weights: "weights.py",
};

const here = path.dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    python: { type: "string", default: process.env.OSCC_BENCH_PYTHON ?? "python3" },
  },
});
const wanted =
  positionals.length > 0 ? positionals : Object.keys(CASES).filter((name) => CASES[name].byDefault);
for (const name of wanted)
  if (!(name in CASES)) {
    console.error(`There is no case "${name}". Known: ${Object.keys(CASES).join(", ")}.`);
    process.exit(1);
  }
if (
  !existsSync(path.join(here, "..", "dist", "index.js")) &&
  !existsSync(path.join(here, "..", "dist", "engine"))
) {
  console.error("Nothing is built yet. Run  npm run build  first.");
  process.exit(1);
}

const peer = describePeer(values.python);
console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} threads, load ${os.loadavg()[0].toFixed(1)}`,
);
console.log(
  peer ? `peer: ${peer.description}` : `no PyTorch found for "${values.python}": measuring ours alone`,
);

const gemm = measure(process.execPath, [path.join(here, "gemm.mjs")]);
console.log(`matrix product: ${gemm.gflops.toFixed(0)} GFLOP/s (768 x 768 x 3072, single precision)\n`);

const results = [];
for (const name of wanted) {
  const { work, clean } = await prepared(CASES[name]);
  const beside = peer !== undefined && work.passes === undefined;
  const rounds = { ours: [], peer: [] };
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.ours.push(measure(process.execPath, [path.join(here, "ours.mjs"), JSON.stringify(work)]));
      if (beside)
        rounds.peer.push(
          measure(values.python, [path.join(here, "peers", PEERS[work.kind]), JSON.stringify(work)]),
        );
    }
  } finally {
    clean();
  }
  const ours = summary(rounds.ours);
  const theirs = beside ? summary(rounds.peer) : undefined;
  // Of each round, so that a busy minute, which hits both, does not count.
  const ratio = theirs ? middle(rounds.ours.map((own, i) => own.median / rounds.peer[i].median)) : undefined;
  const fractionOfGemm = ours.gflop === undefined ? undefined : ours.gflop / ours.median / gemm.gflops;
  results.push({ name, case: CASES[name], ours, peer: theirs, ratio, fractionOfGemm });
  const parts = [name.padEnd(18), `ours ${seconds(ours)}, ${gibibytes(ours)}`];
  if (fractionOfGemm !== undefined) parts.push(`${(100 * fractionOfGemm).toFixed(0)} % of the matrix rate`);
  if (theirs)
    parts.push(
      `PyTorch ${seconds(theirs)}, ${gibibytes(theirs)}`,
      `time ratio ${ratio.toFixed(2)}, memory ratio ${(ours.peakBytes / theirs.peakBytes).toFixed(2)}`,
    );
  console.log(parts.join("  |  "));
}

mkdirSync(path.join(here, "results"), { recursive: true });
const file = path.join(here, "results", `${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.json`);
writeFileSync(
  file,
  JSON.stringify(
    {
      machine: {
        cpu: os.cpus()[0]?.model,
        threads: os.availableParallelism(),
        node: process.version,
        load: os.loadavg(),
      },
      peer,
      gemm,
      results,
    },
    null,
    2,
  ),
);
console.log(`\nwritten to ${path.relative(process.cwd(), file)}`);

/** Run a measuring script; its last line is JSON. */
function measure(command, args) {
  const out = execFileSync(command, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 24,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(out.trim().split("\n").at(-1));
}

function describePeer(python) {
  const probe = spawnSync(
    python,
    ["-c", "import torch;print(torch.__version__, torch.get_num_threads(), 'threads')"],
    { encoding: "utf8" },
  );
  return probe.status === 0 ? { python, description: `PyTorch ${probe.stdout.trim()}` } : undefined;
}

/** The case with what it needs on disk, and how to remove that. */
async function prepared(work) {
  if (work.kind === "weights") {
    const { writeWeights } = await import("./weight-files.mjs");
    const { folder, file } = await writeWeights(work);
    return { work: { ...work, file }, clean: () => rmSync(folder, { recursive: true }) };
  }
  if (work.kind !== "loading") return { work, clean: () => {} };
  const { writePhotographs } = await import("./photographs.mjs");
  const folder = await writePhotographs(work);
  return { work: { ...work, folder }, clean: () => rmSync(folder, { recursive: true }) };
}

function summary(rounds) {
  return {
    least: Math.min(...rounds.map((round) => round.least)),
    median: middle(rounds.map((round) => round.median)),
    peakBytes: Math.max(...rounds.map((round) => round.peakBytes)),
    gflop: rounds[0].gflop,
    rounds,
  };
}

function middle(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function gibibytes({ peakBytes }) {
  return `${(peakBytes / 2 ** 30).toFixed(2)} GiB`;
}

function seconds({ least, median }) {
  return `${least.toFixed(3)} / ${median.toFixed(3)} s (least / median)`;
}
