import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as ort from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { PACKAGE_ROOT } from "../../../src/core/paths";
import { compile, type Device, filledTensor, hostTensor, tf } from "../../../src/engine";
import { Runner, runner } from "../../../src/engine/runner";
import { Sessions } from "../../../src/engine/sessions";

/** A running sum and the mean of the input. */
const running = ({ x }: Record<"x", tf.Tensor>, { total }: Record<"total", tf.Tensor>) => ({
  outputs: { mean: tf.mean(x) },
  state: { total: tf.add(total, tf.sum(x)) },
});
const SIGNATURE = { inputs: { x: { shape: [4] } }, state: { total: hostTensor([0], []) } };

let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

describe.each<Device>(["eager", "cpu"])("a program on %s", (device) => {
  it("carries its state from run to run, reads it and writes it", async () => {
    const program = await compile(running, SIGNATURE, { device });
    expect(program.device).toBe(device);
    const first = await program.run({ x: Float32Array.of(1, 2, 3, 4) });
    expect(Array.from(first.mean.data)).toEqual([2.5]);
    expect(first.mean.shape).toEqual([]);
    await program.run({ x: hostTensor([1, 1, 1, 1]) });
    expect(Array.from((await program.readState()).total.data)).toEqual([14]);
    await program.writeState({ total: hostTensor([100], []) });
    await program.run({ x: hostTensor([1, 1, 1, 1]) });
    expect(Array.from((await program.readState(["total"])).total.data)).toEqual([104]);
    await program.dispose();
  });

  it("keeps the first values that were passed: the caller's arrays stay his", async () => {
    const total = hostTensor([5], []);
    const program = await compile(running, { ...SIGNATURE, state: { total } }, { device });
    total.data[0] = 99;
    await program.run({ x: hostTensor([0, 0, 0, 0]) });
    expect(Array.from((await program.readState()).total.data)).toEqual([5]);
    expect(Array.from(total.data)).toEqual([99]);
    await program.dispose();
  });

  it("changes weights that the same step still reads, without reading the new ones", async () => {
    // Each step reads w twice: once before and once after the place where its new value is made.
    const swap = ({ x }: Record<"x", tf.Tensor>, { w }: Record<"w", tf.Tensor>) => {
      const next = tf.mul(tf.add(w, x), 2);
      return { outputs: { late: tf.sum(tf.mul(w, tf.sum(next))) }, state: { w: next } };
    };
    const program = await compile(
      swap,
      { inputs: { x: { shape: [2] } }, state: { w: hostTensor([1, 2]) } },
      { device },
    );
    let w = [1, 2];
    for (let i = 0; i < 4; i++) {
      const next = [(w[0]! + 1) * 2, (w[1]! + 1) * 2];
      const late = (w[0]! + w[1]!) * (next[0]! + next[1]!);
      expect(Array.from((await program.run({ x: hostTensor([1, 1]) })).late.data)).toEqual([late]);
      w = next;
      expect(Array.from((await program.readState()).w.data)).toEqual(w);
    }
    await program.dispose();
  });

  it("takes whole numbers and truth values, and numbers for scalars", async () => {
    const pick = (inputs: Record<"x" | "index" | "keep" | "factor", tf.Tensor>) => ({
      outputs: {
        picked: tf.mul(tf.gather(inputs.x, inputs.index), inputs.factor),
        kept: tf.where(inputs.keep, inputs.x, tf.zerosLike(inputs.x)),
        positive: tf.greater(inputs.x, 0),
        index: inputs.index,
      },
    });
    const program = await compile(
      pick,
      {
        inputs: {
          x: { shape: [3] },
          index: { shape: [2], dtype: "int32" },
          keep: { shape: [3], dtype: "bool" },
          factor: { shape: [] },
        },
      },
      { device },
    );
    const result = await program.run({
      x: Float32Array.of(-1, 5, 7),
      index: Int32Array.of(2, 0),
      keep: Uint8Array.of(0, 1, 1),
      factor: 10,
    });
    expect(Array.from(result.picked.data)).toEqual([70, -10]);
    expect(Array.from(result.kept.data)).toEqual([0, 5, 7]);
    expect(result.positive.dtype).toBe("bool");
    expect(Array.from(result.positive.data)).toEqual([0, 1, 1]);
    expect(result.index.data).toEqual(Int32Array.of(2, 0));
    await program.dispose();
  });

  it("says what does not fit", async () => {
    const program = await compile(running, SIGNATURE, { device, name: "running sum" });
    await expect(async () => program.run({ x: hostTensor([1, 2]) })).rejects.toThrow(
      /running sum: input "x" has shape \[2\] and 2 elements[\s\S]*Expected \[4\][\s\S]*Pad and mask/,
    );
    await expect(async () => program.run({ x: Int32Array.of(1, 2, 3, 4) })).rejects.toThrow(
      /Float32Array \(dtype float32\)/,
    );
    await expect(async () => program.run({} as never)).rejects.toThrow(/input "x" is undefined/);
    await expect(async () => program.run({ x: Float32Array.of(1, 2, 3, 4), y: 1 } as never)).rejects.toThrow(
      /no input of running sum "y"/,
    );
    await expect(async () => program.readState(["totl" as "total"])).rejects.toThrow(/Did you mean "total"/);
    await expect(async () => program.writeState({ total: hostTensor([1, 2]) })).rejects.toThrow(
      /state "total" has shape \[2\]/,
    );
    await program.dispose();
    await program.dispose();
    await expect(async () => program.run({ x: hostTensor([1, 2, 3, 4]) })).rejects.toThrow(
      /running sum is "disposed"/,
    );
  });

  it("refuses new state of another shape", async () => {
    const grow = ({ x }: Record<"x", tf.Tensor>) => ({ outputs: {}, state: { total: x } });
    const start = async () => {
      const program = await compile(grow, SIGNATURE, { device, name: "grow" });
      await program.run({ x: hostTensor([1, 2, 3, 4]) }).finally(() => program.dispose());
    };
    await expect(start).rejects.toThrow(
      /new value of state "total" is float32 \[4\][\s\S]*Expected float32 \[\]/,
    );
  });

  it("stops between steps when it is told to, and keeps the state of the step before", async () => {
    const controller = new AbortController();
    const program = await compile(running, SIGNATURE, { device, signal: controller.signal });
    await program.run({ x: hostTensor([1, 1, 1, 1]) });
    controller.abort();
    const stopped = program.run({ x: hostTensor([1, 1, 1, 1]) });
    await expect(stopped).rejects.toSatisfy((error) => isOsccError(error, "Aborted"));
    expect(Array.from((await program.readState()).total.data)).toEqual([4]);
    await program.dispose();
  });

  it("runs in order when it is not waited for, also beside another program", async () => {
    const [a, b] = [
      await compile(running, SIGNATURE, { device }),
      await compile(running, SIGNATURE, { device }),
    ];
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => [
        a.run({ x: hostTensor([i, 0, 0, 0]) }),
        b.run({ x: hostTensor([-i, 0, 0, 0]) }),
      ]).flat(),
    );
    expect(Array.from((await a.readState()).total.data)).toEqual([45]);
    expect(Array.from((await b.readState()).total.data)).toEqual([-45]);
    await Promise.all([a.dispose(), b.dispose()]);
  });

  it("saves a graph that runs elsewhere, with names and documentation", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "oscc-engine-"));
    try {
      const program = await compile(running, SIGNATURE, { device, name: "running sum" });
      const file = path.join(folder, "sum.onnx");
      await program.save(file);
      await program.dispose();
      const session = await ort.InferenceSession.create(file);
      expect(session.inputNames).toEqual(["x", "state/total"]);
      expect(session.outputNames).toEqual(["mean", "next/total"]);
      const tensor = (values: number[], shape: number[]) =>
        new ort.Tensor("float32", Float32Array.from(values), shape);
      const result = await session.run({ x: tensor([1, 2, 3, 6], [4]), "state/total": tensor([10], []) });
      expect(Array.from(result.mean!.data as Float32Array)).toEqual([3]);
      expect(Array.from(result["next/total"]!.data as Float32Array)).toEqual([22]);
      await session.release();
      expect((await readFile(file)).toString("latin1")).toContain("running sum: inputs x [4]");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("tracing", () => {
  const trace = (fn: (x: tf.Tensor) => tf.Tensor) =>
    compile(
      ({ x }: Record<"x", tf.Tensor>) => ({ outputs: { y: fn(x) } }),
      { inputs: { x: { shape: [1, 4, 4, 3] } } },
      { device: "cpu" },
    );

  it("names an operation that cannot be compiled, the line that called it, and what to use", async () => {
    const failing = trace((x) =>
      tf.conv2d(x as tf.Tensor4D, tf.zeros([3, 3, 3, 2]) as tf.Tensor4D, 1, "same"),
    );
    await expect(failing).rejects.toThrow(
      /operation Conv2D cannot be compiled at .*compile\.test\.ts:\d+:\d+[\s\S]*tf\.reshape, tf\.transpose and linear[\s\S]*device: "eager"/,
    );
    await expect(failing).rejects.toSatisfy((error) => isOsccError(error, "UnsupportedOperation"));
  });

  it("answers every other operation of TensorFlow.js as well", async () => {
    await expect(trace((x) => (tf.booleanMaskAsync as never) ?? x)).rejects.toThrow(/output "y"/);
    await expect(trace((x) => tf.unique(tf.reshape(x, [-1])).values)).rejects.toThrow(
      /Unique[\s\S]*depends on values/,
    );
    await expect(trace((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "same"))).rejects.toThrow(/MaxPool/);
  });

  it("does not let values be looked at", async () => {
    await expect(trace((x) => tf.mul(x, x.dataSync()[0]!))).rejects.toThrow(
      /value of a tensor was asked for while the function is being compiled at .*compile\.test\.ts[\s\S]*tf\.where/,
    );
    await expect(trace((x) => ((tf.max(x).arraySync() as number) > 0 ? x : x))).rejects.toThrow(
      /value of a tensor/,
    );
  });

  it("does not freeze random numbers into the graph", async () => {
    await expect(trace((x) => tf.add(x, tf.randomUniform([3])))).rejects.toThrow(/random numbers[\s\S]*Rng/);
    await expect(trace((x) => tf.add(x, tf.randomNormal([3])))).rejects.toThrow(/random numbers/);
    await expect(trace((x) => tf.dropout(x, 0.5))).rejects.toThrow(/random numbers/);
    await expect(trace((x) => tf.add(x, tf.randomUniform([3], 0, 1, "float32", 7)))).rejects.toThrow(
      /random numbers/,
    );
    const own = Math.random;
    await expect(trace((x) => tf.mul(x, Math.random()))).rejects.toThrow(/random numbers/);
    expect(Math.random).toBe(own);
    await expect(trace((x) => tf.mul(tf.truncatedNormal([3]), x))).rejects.toThrow(/random numbers/);
  });

  it("brings tensors from outside along as constants, and leaves them usable", async () => {
    const outside = tf.tensor1d([1, 2, 3]);
    const program = await trace((x) => tf.sum(tf.mul(x, outside)));
    const { y } = await program.run({ x: filledTensor([1, 4, 4, 3], 1) });
    expect(Array.from(y.data)).toEqual([96]);
    expect(Array.from(outside.dataSync())).toEqual([1, 2, 3]);
    expect(tf.getBackend()).toBe("cpu");
    outside.dispose();
    await program.dispose();
  });

  it("finds shapes that do not fit, and names the axes and the line", async () => {
    await expect(trace(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 4]), true))).resolves.toBeDefined();
    await expect(trace(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 4])))).rejects.toThrow(
      /matMul of \[2, 3\] and \[2, 4\]: the inner axes are 3 and 2 at .*compile\.test\.ts/,
    );
    await expect(trace((x) => tf.reshape(x, [5, 5]))).rejects.toThrow(
      /Reshape of \[1, 4, 4, 3\] at .*compile\.test\.ts[\s\S]*product of shape 5,5/,
    );
    await expect(trace((x) => tf.slice(x, [0, 2, 0, 0], [1, 4, 4, 3]))).rejects.toThrow(
      /begin\[1\] \+ size\[1\]/,
    );
    await expect(trace((x) => tf.concat([x, tf.ones([1, 3, 4, 3])], 3))).rejects.toThrow(
      /does not match the shape/,
    );
    await expect(trace((x) => tf.add(x, tf.ones([5])))).rejects.toThrow(
      /Add of \[1, 4, 4, 3\] and \[5\] at .*Axis -1 .* is 3 in one and 5 in the other/s,
    );
  });

  it("keeps the backend and goes on after a function that throws", async () => {
    await expect(trace(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])))).rejects.toThrow(/inner axes/);
    expect(tf.getBackend()).toBe("cpu");
    const program = await trace((x) => tf.neg(x));
    expect((await program.run({ x: filledTensor([1, 4, 4, 3], 2) })).y.data[0]).toBe(-2);
    await program.dispose();
  });

  it("gives constants, inputs and one value under two names as outputs", async () => {
    const program = await compile(
      ({ x }: Record<"x", tf.Tensor>) => {
        const twice = tf.mul(x, 2);
        return { outputs: { x, constant: tf.tensor1d([7]), a: twice, b: twice } };
      },
      { inputs: { x: { shape: [2] } } },
      { device: "cpu" },
    );
    const result = await program.run({ x: hostTensor([1, 2]) });
    expect(Object.fromEntries(Object.entries(result).map(([k, v]) => [k, Array.from(v.data)]))).toEqual({
      x: [1, 2],
      constant: [7],
      a: [2, 4],
      b: [2, 4],
    });
    await program.dispose();
  });
});

describe("the compute worker", () => {
  it("leaves the main thread free while it computes", async () => {
    const program = await compile(
      ({ x }: Record<"x", tf.Tensor>) => {
        let y = x;
        for (let i = 0; i < 6; i++) y = tf.tanh(tf.matMul(y, x));
        return { outputs: { sum: tf.sum(y) } };
      },
      { inputs: { x: { shape: [900, 900] } } },
      { device: "cpu" },
    );
    let ticks = 0;
    const timer = setInterval(() => ticks++, 4);
    const started = performance.now();
    await program.run({ x: filledTensor([900, 900], 1e-3) });
    const elapsed = performance.now() - started;
    clearInterval(timer);
    // One blocked call would leave no tick at all; a busy machine may lose many of the others.
    expect(ticks).toBeGreaterThan(Math.min(3, elapsed / 40));
    await program.dispose();
  });

  it("does not copy outputs with this version of the runtime", async () => {
    expect(await new Sessions().fenceWorks()).toBe(true);
  });

  it("has one session for equal graphs", async () => {
    const first = await compile(running, SIGNATURE, { device: "cpu" });
    const again = await compile(running, SIGNATURE, { device: "cpu" });
    await first.run({ x: hostTensor([1, 0, 0, 0]) });
    await first.dispose();
    // The session of the second lives on, and its state is its own.
    await again.run({ x: hostTensor([2, 0, 0, 0]) });
    expect(Array.from((await again.readState()).total.data)).toEqual([2]);
    await again.dispose();
  });

  it("is replaced after a crash, and its programs say so", async () => {
    const program = await compile(running, SIGNATURE, { device: "cpu" });
    const running1 = program.run({ x: hostTensor([1, 0, 0, 0]) });
    await runner().stop();
    await running1.catch(() => undefined);
    await expect(program.run({ x: hostTensor([1, 0, 0, 0]) })).rejects.toSatisfy((error) =>
      isOsccError(error, "WorkerCrashed"),
    );
    await program.dispose();
    const fresh = await compile(running, SIGNATURE, { device: "cpu" });
    expect(Array.from((await fresh.run({ x: hostTensor([4, 0, 0, 0]) })).mean.data)).toEqual([1]);
    await fresh.dispose();
  });

  it("reports an error inside the worker as a crash with its reason", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "oscc-worker-"));
    const file = path.join(folder, "broken.cjs");
    await writeFile(
      file,
      "require('node:worker_threads').parentPort.on('message', () => { throw new Error('burnt'); });",
    );
    const broken = new Runner(file);
    await expect(broken.request("unload", { program: 1 })).rejects.toThrow(/compute worker stopped: burnt/);
    expect(broken.alive).toBe(false);
    await expect(broken.request("unload", { program: 1 })).rejects.toThrow(/burnt/);
    await rm(folder, { recursive: true });
  });

  it("does not keep a process alive that forgot to dispose", async () => {
    const script = `
      const { compile, tf, hostTensor } = require(${JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"))});
      (async () => {
        const program = await compile(({ x }) => ({ outputs: { y: tf.neg(x) } }), { inputs: { x: { shape: [2] } } }, { device: "cpu" });
        const { y } = await program.run({ x: hostTensor([1, 2]) });
        console.log(Array.from(y.data).join(" "));
      })();`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { timeout: 30_000 });
    expect(stdout.trim()).toBe("-1 -2");
  });
});
