// Measures one case with our engine: node bench/ours.mjs '{"kind": "step", ...}'. Prints one line of JSON.
import { gflopOf } from "./cases.mjs";

const MEASURES = {
  step: () => import("./ours/vit.mjs"),
  forward: () => import("./ours/vit.mjs"),
  head: () => import("./ours/head.mjs"),
  loading: () => import("./ours/loading.mjs"),
  weights: () => import("./ours/weights.mjs"),
};

/** Runs before the measured ones: memory is taken, files are in the cache. */
const WARM_UP = 2;

const given = JSON.parse(process.argv[2]);
const { default: open } = await MEASURES[given.kind]();
const { run, close, facts } = await open(given);
const times = [];
for (let i = 1; i <= given.repeats + WARM_UP; i++) {
  const started = performance.now();
  await run(i);
  if (i > WARM_UP) times.push((performance.now() - started) / 1000);
}
await close?.();
times.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    median: times[times.length >> 1],
    least: times[0],
    peakBytes: process.resourceUsage().maxRSS * 1024,
    gflop: gflopOf(given),
    ...facts?.(),
  }),
);
