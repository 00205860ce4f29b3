// The bench and the tests of a graphics device: ./run.sh [--allow-software] [--only-tests] [case ...]
//
// Tests first: training steps equal the processor's, and every node runs on the device. Then each case on the device,
// in single and, where the device has it, in half precision. A software device is refused unless asked for.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GPU_CASES, gflopOf } from "../cases.mjs";

const require = createRequire(import.meta.url);
const { describeDevices, selectDevice } = require("../../dist/engine");
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "allow-software": { type: "boolean" }, "only-tests": { type: "boolean" } },
});
const unknown = positionals.find((name) => !(name in GPU_CASES));
if (unknown) fail(`There is no case "${unknown}". Known: ${Object.keys(GPU_CASES).join(", ")}.`);

const device = (await describeDevices()).find(({ name }) => name === "webgpu");
console.log(`${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} threads; WebGPU: ${device.detail}`);
if (!device.available) fail(device.fix ?? "There is no graphics device to measure.");
const isWorthwhile = (await selectDevice("auto")).device !== "cpu";
if (!isWorthwhile && !values["allow-software"])
  fail("This is no GPU, or a slow one. Measure it all the same with  --allow-software.");

const results = {
  machine: { cpu: os.cpus()[0]?.model, webgpu: device.detail },
  tests: runTests(),
  cases: [],
};
if (!values["only-tests"])
  for (const name of positionals.length > 0 ? positionals : Object.keys(GPU_CASES))
    for (const precision of ["f32", "f16"]) results.cases.push(measured(name, precision));
const file = path.join(process.cwd(), "gpu-results.json");
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
console.log(`written to ${file}`);
process.exit(Object.values(results.tests).every(Boolean) ? 0 : 1);

/** Whether each statement holds. */
function runTests() {
  const step = output(path.join(root, "test/unit/engine/webgpu-step-child.cjs"));
  const block = output(path.join(root, "test/unit/engine/webgpu-child.cjs"));
  const isClose = ({ loss, parameters }) => loss < 1e-4 && parameters < 1e-4;
  const onlyDevice = (providers) => Object.keys(providers).join() === "webgpu";
  const tests = {
    "a training step as one graph equals the processor's": isClose(step.oneGraph),
    "a training step as a chain equals the processor's": isClose(step.chain),
    "every node of the graph runs on the device": onlyDevice(step.providersOfOneGraph),
    "every node of the chain runs on the device": onlyDevice(step.providersOfChain),
    "a block's losses equal the processor's": block.webgpu.every((v, i) => Math.abs(v - block.cpu[i]) < 1e-4),
  };
  for (const [statement, holds] of Object.entries(tests))
    console.log(`${holds ? "PASS" : "FAIL"}  ${statement}`);
  return tests;
}

function measured(name, precision) {
  const work = { ...GPU_CASES[name], device: "webgpu", precision };
  try {
    const result = output(path.join(here, "case.mjs"), JSON.stringify(work));
    const rate = gflopOf(work) / result.median;
    const times = `${result.least.toFixed(3)} / ${result.median.toFixed(3)} s (least / median)`;
    console.log(`${name.padEnd(20)} ${precision}  ${times}, ${rate.toFixed(0)} GFLOP/s`);
    return { name, precision, ...result, gflops: rate };
  } catch (error) {
    const reason = /^\w*Error[^\n]*/m.exec(String(error.stderr))?.[0] ?? String(error.message);
    console.log(`${name.padEnd(20)} ${precision}  not measured: ${reason.slice(0, 200)}`);
    return { name, precision, error: reason };
  }
}

/** What a program prints as its last line of JSON. */
function output(...args) {
  const out = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return JSON.parse(out.split("\n").findLast((line) => line.startsWith("{")));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
