// How long phantom photographs take: a cohort on all cores, then single views of the study's size.
//
//   node bench/phantom.mjs [--patients 96] [--width 648] [--cohort-only]      (needs the built package)
//
// On a busy machine the time on the clock says little: processor seconds, the workers' together, are printed beside it.
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const { phantom } = createRequire(import.meta.url)("../dist/index.js");

const { values } = parseArgs({
  options: {
    patients: { type: "string", default: "96" },
    width: { type: "string", default: "648" },
    "cohort-only": { type: "boolean", default: false },
  },
});
const patients = Number(values.patients);
const width = Number(values.width);
const height = Math.round(width * 0.75);
const workers = os.availableParallelism();

console.log(`${os.cpus()[0]?.model.trim()}, ${workers} threads, load ${os.loadavg()[0].toFixed(1)}`);
const folder = path.join(os.tmpdir(), `phantom-bench-${process.pid}`);
try {
  const { clock, processor } = await timed(() =>
    phantom.phantomCohort({ patients, width, height, seed: "bench", folder, workers }),
  );
  console.log(
    `${patients} patients, ${6 * patients} images of ${width} x ${height} with masks, ${workers} workers: ` +
      `${clock.toFixed(1)} s, ${processor.toFixed(1)} processor seconds (${(processor / patients).toFixed(2)} a patient)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const magnification of values["cohort-only"] ? [] : ["x200", "x400", "x1000"]) {
  const { clock, processor } = await timed(() =>
    phantom.renderPhantomView({ labels: { TI: 1 }, site: "edge", magnification, width: 2592, height: 1944 }),
  );
  console.log(
    `one view of 2592 x 1944 at ${magnification}: ${clock.toFixed(1)} s, ${processor.toFixed(1)} processor seconds`,
  );
}

/** Seconds on the clock, and of all processors together. */
async function timed(work) {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { clock: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
}
