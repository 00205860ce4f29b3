/** Training for longer: without taking more and more memory, beside another training, with the event loop turning. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../../src/core/paths";
import { compile } from "../../../src/engine";
import { batchOf, parametersOf, TINY, trainingState, trainingStep } from "../../parity/engine/step";

const INPUTS = {
  x: { shape: [TINY.images, TINY.side, TINY.side, 3] },
  y: { shape: [TINY.images, 2] },
  t: { shape: [] },
};

const open = () =>
  compile(
    trainingStep(TINY),
    { inputs: INPUTS, state: trainingState(parametersOf(TINY)) },
    { device: "cpu" },
  );

/** The loss of each step, another batch in each: the images shrink from step to step. */
async function* losses(program: Awaited<ReturnType<typeof open>>, steps: number) {
  const { x, y } = batchOf(TINY);
  for (let t = 1; t <= steps; t++)
    yield (await program.run({ x: x.map((value) => value * 0.99 ** t), y, t })).loss!.data[0]!;
}

async function all(program: Awaited<ReturnType<typeof open>>, steps: number) {
  const found: number[] = [];
  for await (const loss of losses(program, steps)) found.push(loss);
  return found;
}

describe("many steps", () => {
  it("two trainings at once give what each gives alone, to the last bit", async () => {
    const alone = async () => {
      const program = await open();
      const found = await all(program, 15);
      const state = await program.readState();
      await program.dispose();
      return { found, state };
    };
    const first = await alone();
    const [a, b] = await Promise.all([alone(), alone()]);
    expect(a).toEqual(first);
    expect(b).toEqual(first);
  });

  it("the event loop turns while steps are computed one after the other", async () => {
    const program = await open();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const started = performance.now();
    await all(program, 60);
    const elapsed = performance.now() - started;
    clearInterval(timer);
    // Held for whole steps it would turn once a step at most and this would be less; a busy machine may lose many turns.
    expect(turns).toBeGreaterThan(Math.min(20, elapsed / 50));
    await program.dispose();
  });
});

describe("memory", () => {
  /** Train in a process of its own, and measure it at rest every hundred steps. */
  const script = `
    const { compile, filledTensor, tf } = require(${JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"))});
    const size = 192;
    (async () => {
      const program = await compile(
        ({ x }, { w, m }) => {
          const { value, grads } = tf.valueAndGrads((w) => tf.mean(tf.square(tf.tanh(tf.matMul(x, w)))))([w]);
          const next = tf.add(tf.mul(m, 0.9), grads[0]);
          return { outputs: { loss: value, hidden: tf.matMul(x, w) }, state: { w: tf.sub(w, tf.mul(next, 0.1)), m: next } };
        },
        { inputs: { x: { shape: [size, size] } }, state: { w: filledTensor([size, size], 0.01), m: filledTensor([size, size]) } },
        { device: "cpu" },
      );
      const measured = [];
      for (let step = 0; step <= 600; step++) {
        await program.run({ x: new Float32Array(size * size).fill(0.01 * (step % 7)) });
        if (step % 50 === 0) await program.readState();
        if (step < 100 || step % 100 !== 0) continue;
        for (let i = 0; i < 3; i++) { global.gc(); await new Promise(setImmediate); }
        const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
        measured.push({ rss, heap: heapUsed, outside: external + arrayBuffers, tensors: tf.memory().numTensors });
      }
      await program.dispose();
      console.log(JSON.stringify(measured));
      process.exit(0);
    })();`;

  it("does not grow over 500 steps", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "-e", script], {
      timeout: 100_000,
    });
    const measured: Record<"rss" | "heap" | "outside" | "tensors", number>[] = JSON.parse(stdout);
    expect(measured).toHaveLength(6);
    const growth = (key: keyof (typeof measured)[0]) => measured[5]![key] - measured[0]![key];
    // One step makes 147 kB of input and as much of output: kept, 500 of them would be 147 MB.
    expect(growth("tensors")).toBe(0);
    expect(growth("heap")).toBeLessThan(4e6);
    expect(growth("outside")).toBeLessThan(4e6);
    expect(growth("rss")).toBeLessThan(40e6);
  });
});
