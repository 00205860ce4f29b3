/** What happens when memory, a device or the worker is gone. */
import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isOsccError, OsccError } from "../../../src/core/errors";
import { PACKAGE_ROOT } from "../../../src/core/paths";
import { compile, hostTensor, tf } from "../../../src/engine";
import { computeFailure } from "../../../src/engine/failures";
import { Graph } from "../../../src/engine/onnx/graph";
import { peakBytes } from "../../../src/engine/onnx/memory";
import { runner } from "../../../src/engine/runner";
import type { FitSettings } from "../../../src/train";
import { withMemoryAdvice } from "../../../src/train/out-of-memory";

const running = ({ x }: Record<"x", tf.Tensor>, { total }: Record<"total", tf.Tensor>) => ({
  outputs: { mean: tf.mean(x) },
  state: { total: tf.add(total, tf.sum(x)) },
});
const SIGNATURE = { inputs: { x: { shape: [4] } }, state: { total: hostTensor([0], []) } };
const ONES = { x: Float32Array.of(1, 1, 1, 1) };

/** Takes ten seconds. */
const runsSlowTests = process.env.OSCC_SLOW_TESTS === "1";

/** Run a script of the compiled package in a process that may take so much address space; what it prints, as JSON. */
function within(gibibytes: number, script: string) {
  const program = `
    const { compile, filledTensor, tf } = require(${JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"))});
    const { fit } = require(${JSON.stringify(path.join(PACKAGE_ROOT, "dist/train"))});
    (async () => { ${script} })().then(
      () => ({}),
      ({ code, message, data }) => ({ code, message, data }),
    ).then((found) => process.stdout.write(JSON.stringify(found), () => process.exit(0)));`;
  const limit = `ulimit -v ${gibibytes * 2 ** 20} && exec "$0" -e "$1"`;
  const printed = execFileSync("bash", ["-c", limit, process.execPath, program], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  return JSON.parse(printed.trim().split("\n").at(-1)!);
}

describe.skipIf(process.platform !== "linux")("too little memory (limits need Linux)", () => {
  test("for an intermediate value: how much it takes, and what to do", () => {
    const error = within(
      4,
      `const program = await compile(
         ({ x }) => ({ outputs: { y: tf.sum(tf.exp(tf.matMul(x, x, false, true))) } }),
         { inputs: { x: { shape: [40000, 1] } } },
         { device: "cpu", name: "all pairs" },
       );
       await program.run({ x: new Float32Array(40000) });`,
    );
    expect(error.code).toBe("OutOfMemory");
    expect(error.message).toMatch(/not enough memory for running all pairs: it takes at least 1[0-9] GiB/);
    expect(error.message).toMatch(/smaller batch, or in fit a smaller microBatch/);
    // The product and its exponential, 40,000 x 40,000 each.
    expect(error.data.needed / (2 * 4 * 40_000 ** 2)).toBeCloseTo(1, 2);
  });

  test("for the memory of kernels: the graph does their work", () => {
    const after = within(
      4,
      `const program = await compile(
         ({ x }, { w }) => ({ outputs: { y: tf.sum(w) }, state: { w: tf.add(w, tf.mul(w, x)) } }),
         { inputs: { x: { shape: [] } }, state: { w: filledTensor([3], 1) } },
         { device: "cpu" },
       );
       for (let i = 0; i < 3; i++) await program.run({ x: 1 });
       throw { code: "done", data: [...(await program.readState()).w.data] };`,
    );
    expect(after).toEqual({ code: "done", data: [8, 8, 8] });
  });

  test("for the memory of kernels, in the low-memory form", () => {
    const after = within(
      4,
      `const { compileChainStep, linear } = require(${JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"))});
       const program = await compileChainStep(
         {
           chain: [{ kind: "layer", parameters: { weight: "w" }, apply: ({ weight }, x) => linear(x, weight) }],
           items: { input: "x", group: 1 },
           inputs: { x: [2, 4], rate: [] },
           parameters: { w: filledTensor([4, 4], 1) },
           loss: (_, results) => tf.mean(results),
           optimiser: {
             moments: {},
             sum: (name) => "sum of " + name,
             groupOf: () => "all",
             rates: () => ({ rate: "rate" }),
             update: ({ value, gradient }, { rate }) => ({ value: tf.sub(value, tf.mul(gradient, tf.mul(rate, 2))) }),
           },
         },
         { device: "cpu" },
       );
       await program.run({ x: new Float32Array(8).fill(1), rate: 1 });
       throw { code: "done", data: [...(await program.readState(["w"])).w.data] };`,
    );
    // The gradient is 2 / 8 everywhere.
    expect(after).toEqual({ code: "done", data: new Array(16).fill(0.5) });
  });

  test("for the state, which is copied before anything runs", () => {
    // 2.2 GiB of state: once, beside all that the process and its worker need, but not twice.
    const error = within(
      5,
      `await compile(
         ({ x }, { w }) => ({ outputs: { y: tf.sum(w) }, state: { w: tf.add(w, x) } }),
         { inputs: { x: { shape: [] } }, state: { w: filledTensor([24000, 24000]) } },
         { device: "cpu", name: "large state" },
       );`,
    );
    expect(error.code).toBe("OutOfMemory");
    expect(error.message).toMatch(/not enough memory for loading large state/);
  });

  test.skipIf(!runsSlowTests)("for a training: fewer patients at once (needs OSCC_SLOW_TESTS=1)", () => {
    // Few tokens, so that the step is one graph, but 800 MB of pixels in a batch.
    const error = within(
      4,
      `const side = 2048;
       const image = { width: side, height: side, data: new Uint8Array(side * side * 3), resize: async () => image };
       const patients = Array.from({ length: 34 }, (_, i) => ({
         id: "P" + i, split: i < 32 ? "train" : "valid", labels: { SIGN: i % 2 }, images: () => [{ load: async () => image }],
       }));
       const cohort = {
         provenance: { cohort: "in memory", synthetic: true }, tasks: ["SIGN"], patients,
         schema: { tasks: { SIGN: { title: "sign", classes: ["a", "b"] } } }, views: [{ site: "core", magnification: "x200" }],
       };
       await fit(cohort, {
         preset: "notebook", device: "cpu", imageSize: side, batch: 16, microBatch: 16, epochs: 1,
         normalisation: "multi-oscc", augment: "none", fusionWidth: 8,
         encoder: { imageSize: [side, side], patch: 512, width: 8, depth: 1, heads: 1, mlpRatio: 1 },
       });`,
    );
    expect(error.code).toBe("OutOfMemory");
    expect(error.message).toMatch(/not enough memory for/);
    expect(error.message).toMatch(/microBatch: 8 {2}\(now 16\)/);
  });
});

test("a training that does not fit is told how many patients to compute at once", () => {
  const settings = (microBatch: number) => ({ microBatch, batch: 16, imageSize: 512 }) as FitSettings;
  const tooLarge = new OsccError("OutOfMemory", ["no memory.", "It takes 9 GiB.", "Use less."], {
    program: "step",
  });
  const advised = withMemoryAdvice(tooLarge, settings(5)) as OsccError<"OutOfMemory">;
  expect(advised.message).toMatch(
    /^no memory\.\n {2}It takes 9 GiB\.\n {2}Compute fewer .*microBatch: 2 {2}\(now 5\)\.$/,
  );
  expect(advised.cause).toBe(tooLarge);
  expect((withMemoryAdvice(tooLarge, settings(1)) as Error).message).toMatch(
    /smaller images \(imageSize, now 512\)/,
  );
  const array = withMemoryAdvice(new RangeError("Array buffer allocation failed"), settings(32));
  expect((array as Error).message).toMatch(
    /not enough memory for the images[\s\S]*microBatch: 8 {2}\(now 16\)/,
  );
  const other = new Error("something else");
  expect(withMemoryAdvice(other, settings(4))).toBe(other);
});

test("the estimate counts what is alive at one time", () => {
  const graph = new Graph();
  const info = { type: "float32", shape: [100] } as const;
  const value = (operator: string, inputs: string[]) => {
    const name = graph.node(operator, inputs);
    graph.shapes.set(name, info.shape);
    return name;
  };
  graph.input({ name: "x", ...info });
  const a = value("Exp", ["x"]);
  const b = value("Exp", [value("Reshape", [a])]); // a lives until b is made
  const c = value("Add", [b, "x"]); // then b until c is
  graph.finish([{ name: "y", ...info, value: value("Neg", [c]) }]);
  // x and y throughout, and two of a, b and c at a time.
  expect(peakBytes(graph)).toBe(4 * 400);
});

describe("what the runtime says of a device", () => {
  const said = (device: "cpu" | "webgpu" | "cuda", message: string) =>
    computeFailure({ program: "step", device, what: "running" }, new Error(message));

  test.each([
    ["webgpu", "WebGPU device lost (1): A valid external Instance reference no longer exists."],
    ["webgpu", "Non-zero status code returned while running Gemm: Device was lost"],
    ["cuda", "CUDA failure 719: unspecified launch failure ; GPU=0"],
    ["cuda", "CUDA failure 46: all CUDA-capable devices are busy or unavailable"],
  ] as const)("a %s device that disappears has a name: %s", (device, message) => {
    const error = said(device, message);
    expect(isOsccError(error, "DeviceUnavailable") && error.data.device).toBe(device);
    expect(error.message).toMatch(
      /was lost while running step[\s\S]*checkpoint, or compute with \{ device: "cpu" \}/,
    );
  });

  test("its memory is not the device", () => {
    for (const message of ["CUDA failure 2: out of memory", "VK_ERROR_OUT_OF_DEVICE_MEMORY: out of memory"])
      expect(isOsccError(said("cuda", message), "OutOfMemory"), message).toBe(true);
    expect(isOsccError(said("cpu", "the wind took it"), "ComputeFailed")).toBe(true);
  });
});

describe("a process that ends while the worker is at work ends as it was told to", () => {
  const engine = JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"));
  const ended = (script: string) =>
    spawnSync(
      process.execPath,
      ["-e", `const { compile, filledTensor, tf } = require(${engine}); ${script}`],
      {
        encoding: "utf8",
        timeout: 50_000,
      },
    );

  test.each([0, 40, 80, 120, 160, 200, 240])("%d ms after the worker was asked for", (milliseconds) => {
    const { status, stderr } = ended(`
      compile(({ x }) => ({ outputs: { y: tf.sum(x) } }), { inputs: { x: { shape: [2] } } }, { device: "cpu" });
      setTimeout(() => process.exit(7), ${milliseconds});`);
    expect(stderr).toBe("");
    expect(status).toBe(7);
  });

  test("in the middle of a run", () => {
    const { status, stderr } = ended(`
      compile(
        ({ x }, { w }) => ({ outputs: { y: tf.sum(tf.matMul(w, w)) }, state: { w: tf.add(w, x) } }),
        { inputs: { x: { shape: [] } }, state: { w: filledTensor([1500, 1500], 1) } },
        { device: "cpu" },
      ).then(async (program) => {
        await program.run({ x: 1 });
        for (let i = 0; i < 30; i++) program.run({ x: 1 });
        setTimeout(() => process.exit(7), 100);
      });`);
    expect(stderr).toBe("");
    expect(status).toBe(7);
  });
});

describe("a worker that is gone", () => {
  test("is named by everything that is asked of its programs; a new one is there for the next program", async () => {
    const program = await compile(running, SIGNATURE, { device: "cpu" });
    await program.run(ONES);
    const underWay = program.run(ONES).catch((error: unknown) => error);
    await runner().stop();
    const crashed = (error: unknown) => isOsccError(error, "WorkerCrashed");
    const late = [program.run(ONES), program.readState(), program.writeState({ total: hostTensor([1], []) })];
    for (const attempt of late) await expect(attempt).rejects.toSatisfy(crashed);
    const first = await underWay;
    if (first instanceof Error) expect(crashed(first)).toBe(true);
    await program.dispose();
    const next = await compile(running, SIGNATURE, { device: "cpu" });
    await next.run(ONES);
    expect((await next.readState()).total.data[0]).toBe(4);
    await next.dispose();
  });
});

test("runs that wait when the signal comes are not begun: at most the one under way is finished", async () => {
  const controller = new AbortController();
  const program = await compile(running, SIGNATURE, { device: "cpu", signal: controller.signal });
  const runs = Array.from({ length: 20 }, () => program.run(ONES));
  const ended = Promise.allSettled(runs);
  await runs[0];
  controller.abort();
  const before = (await ended).filter(({ status }) => status === "fulfilled").length;
  // The first, and whatever the worker had begun when the signal came.
  expect(before).toBeLessThanOrEqual(3);
  for (const outcome of await ended)
    if (outcome.status === "rejected") expect(isOsccError(outcome.reason, "Aborted")).toBe(true);
  expect((await program.readState()).total.data[0]).toBe(4 * before);
  await program.dispose();
});
