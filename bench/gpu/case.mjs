// Measures one case on a device: node bench/gpu/case.mjs '{"kind": "step", "device": "webgpu", ...}'. Prints JSON.
import open from "../ours/vit.mjs";

const WARM_UP = 2;

const given = JSON.parse(process.argv[2]);
const { run, facts } = await open(given);
const times = [];
for (let i = 1; i <= given.repeats + WARM_UP; i++) {
  const started = performance.now();
  await run(i);
  if (i > WARM_UP) times.push((performance.now() - started) / 1000);
}
times.sort((a, b) => a - b);
const result = { least: times[0], median: times[times.length >> 1], ...facts() };
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0); // Do not wait for the driver's threads.
