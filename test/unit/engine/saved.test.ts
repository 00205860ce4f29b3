/** Saved programs: opened without the function, and readable by every ONNX tool. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as ort from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import {
  compile,
  compileChain,
  type Device,
  filledTensor,
  hostTensor,
  named,
  openProgram,
  type Program,
  tf,
} from "../../../src/engine";
import { batchOf, parametersOf, TINY, trainingState, trainingStep } from "../../parity/engine/step";

let folder: string;
let file: string;
let open: Program[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-saved-"));
  file = path.join(folder, "program.onnx");
  open = [];
});
afterEach(async () => {
  for (const program of open) await program.dispose();
  rmSync(folder, { recursive: true });
});
const kept = <P>(program: P): P => {
  open.push(program as unknown as Program);
  return program;
};

/** A running sum, with an input and a state of every kind of element. */
async function runningSum(device: Device = "cpu") {
  return kept(
    await compile(
      (
        { x, keep }: Record<"x" | "keep", tf.Tensor>,
        { total, count }: Record<"total" | "count", tf.Tensor>,
      ) => ({
        outputs: { mean: named(tf.mean(tf.where(keep, x, tf.zerosLike(x))), "mean of what is kept") },
        state: { total: tf.add(total, tf.sum(x)), count: tf.add(count, tf.scalar(1, "int32")) },
      }),
      {
        inputs: { x: { shape: [4] }, keep: { shape: [4], dtype: "bool" } },
        state: { total: hostTensor([0], []), count: hostTensor(Int32Array.of(0), []) },
      },
      { device, name: "running sum" },
    ),
  );
}

const BATCH = { x: Float32Array.of(1, 2, 3, 6), keep: Uint8Array.of(1, 1, 0, 1) };

describe.each<Device>(["cpu", "eager"])("saved on %s", (device) => {
  test("with its state, a program goes on where it was", async () => {
    const program = await runningSum(device);
    await program.run(BATCH);
    await program.save(file, { state: true });
    const again = kept(await openProgram<"x" | "keep", "mean", "total" | "count">(file));
    expect(again.device).toBe("cpu");
    expect(again.inputs).toEqual(program.inputs);
    expect(again.state).toEqual(program.state);
    expect(again.outputs).toEqual({ mean: { shape: [], dtype: "float32" } });
    expect(await again.readState()).toEqual(await program.readState());
    expect(await again.run(BATCH)).toEqual(await program.run(BATCH));
    const state = await again.readState();
    expect(state).toEqual(await program.readState());
    expect([state.total.data[0], state.count.data[0]]).toEqual([24, 2]);
    await expect(again.run({ ...BATCH, x: Float32Array.of(1) })).rejects.toThrow(
      /running sum: input "x" has 1 elements/,
    );
    await expect(again.firstNotFinite(BATCH)).rejects.toThrow(/opened from a file.*no function/);
  });

  test("without it, the state is given, all or what differs", async () => {
    const program = await runningSum(device);
    await program.save(file);
    const error = await openProgram(file).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidProgram") && [error.data.reason, error.data.names]).toEqual([
      "state",
      ["total", "count"],
    ]);
    expect((error as Error).message).toMatch(/needs values of its state: total, count[\s\S]*state: true/);
    const state = { total: hostTensor([5], []), count: hostTensor(Int32Array.of(7), []) };
    const again = kept(await openProgram(file, { state }));
    await again.run(BATCH);
    expect((await again.readState()).total!.data[0]).toBe(17);
    // What was opened is saved again, with the state it has now.
    await again.save(file, { state: true });
    const third = kept(
      await openProgram<"x" | "keep", "mean", "total" | "count">(file, { state: { count: state.count } }),
    );
    const read = await third.readState();
    expect([read.total.data[0], read.count.data[0]]).toEqual([17, 7]);
    await third.save(file);
    await expect(openProgram(file)).rejects.toThrow(/needs values of its state/);
    await expect(openProgram(file, { state: { totl: state.total } })).rejects.toThrow(/Did you mean "total"/);
    await expect(openProgram(file, { state: { ...state, total: hostTensor([1, 2]) } })).rejects.toThrow(
      /state "total" has shape \[2\]/,
    );
  });
});

test("a training step goes on from its file to the last bit", async () => {
  const inputs = {
    x: { shape: [TINY.images, TINY.side, TINY.side, 3] },
    y: { shape: [TINY.images, 2] },
    t: { shape: [] },
  };
  const step = kept(
    await compile(
      trainingStep(TINY),
      { inputs, state: trainingState(parametersOf(TINY)) },
      { device: "cpu" },
    ),
  );
  const run = async (program: typeof step, t: number) =>
    (await program.run({ ...batchOf(TINY), t })).loss!.data[0];
  await run(step, 1);
  await step.save(file, { state: true });
  const again = kept(await openProgram(file));
  for (let t = 2; t < 5; t++) expect(await run(again, t)).toBe(await run(step, t));
  expect(await again.readState()).toEqual(await step.readState());
});

describe("for other tools", () => {
  test("ONNX Runtime runs the file with the state as what nothing needs to be fed for", async () => {
    const program = await runningSum();
    await program.writeState({ total: hostTensor([30], []) });
    await program.save(file, { state: true });
    const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
    const feeds = {
      x: new ort.Tensor("float32", BATCH.x, [4]),
      keep: new ort.Tensor("bool", BATCH.keep, [4]),
    };
    const result = await session.run(feeds);
    expect(result.mean!.data[0]).toBe(2.25);
    expect(result["next/total"]!.data[0]).toBe(42);
    await session.release();
  });

  const python = ["/usr/bin/python3", "python3"].find(
    (command) => spawnSync(command, ["-c", "import onnx"]).status === 0,
  );

  test.skipIf(python === undefined)(
    "Python's onnx finds no fault with it, and reads names, shapes and documentation (needs python3-onnx)",
    async () => {
      await (await runningSum()).save(file, { state: true });
      const script = `
import json, sys, onnx, onnx.numpy_helper
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
shape = lambda v: [d.dim_value for d in v.type.tensor_type.shape.dim]
graph = model.graph
print(json.dumps({
    "name": graph.name, "producer": model.producer_name, "doc": model.doc_string,
    "inputs": {v.name: [v.doc_string, shape(v), v.type.tensor_type.elem_type] for v in graph.input},
    "outputs": {v.name: [v.doc_string, shape(v)] for v in graph.output},
    "notes": [n.doc_string for n in graph.node if n.doc_string],
    "metadata": [p.key for p in model.metadata_props],
    "initial": {t.name: onnx.numpy_helper.to_array(t).tolist() for t in graph.initializer if t.name.startswith("state/")},
}))`;
      const read = JSON.parse(execFileSync(python!, ["-c", script, file], { encoding: "utf8" }));
      expect(read).toMatchObject({
        name: "running sum",
        producer: "oscc-lab",
        doc: expect.stringMatching(
          /^running sum: inputs x \[4\], keep \[4\]; outputs mean \[\]\. .*state\/x/,
        ),
        inputs: {
          x: ["input", [4], 1],
          keep: ["input", [4], 9],
          "state/total": ["state before the step", [], 1],
          "state/count": ["state before the step", [], 6],
        },
        outputs: {
          mean: ["output", []],
          "next/total": ["state after the step", []],
          "next/count": ["state after the step", []],
        },
        notes: ["mean of what is kept"],
        metadata: ["oscc-lab.program"],
        initial: { "state/total": 0, "state/count": 0 },
      });
    },
  );
});

describe("what is refused, by name", () => {
  const refused = async (reason: string, message: RegExp) => {
    const error = await openProgram(file).catch((e: unknown) => e);
    expect((error as Error).message).toMatch(message);
    expect(isOsccError(error, "InvalidProgram") && error.data.reason).toBe(reason);
  };

  test("a file that is not there", () =>
    refused("missing", /program\.onnx does not exist[\s\S]*program\.save/));

  test("a file that is cut short, at any place", async () => {
    await (await runningSum()).save(file, { state: true });
    const whole = readFileSync(file);
    for (let length = 1; length < whole.length; length += 7) {
      writeFileSync(file, whole.subarray(0, length));
      const error = await openProgram(file).catch((e: unknown) => e);
      expect(isOsccError(error, "InvalidProgram"), `${length} of ${whole.length} bytes`).toBe(true);
    }
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    await refused("truncated", /cut short or damaged[\s\S]*Copy it again/);
  });

  test("another kind of file", async () => {
    for (const text of ["", "hello, this is a text", "PK\x03\x04"]) {
      writeFileSync(file, text);
      await refused("not-a-program", /is no ONNX file/);
    }
  });

  test("a graph of somebody else's, and one of a chain's", async () => {
    const chain = kept(
      await compileChain({
        chain: [{ kind: "layer", parameters: { w: "w" }, apply: ({ w }, x) => tf.mul(x, w!) }],
        items: { input: "x", group: 1 },
        inputs: { x: [1, 2] },
        parameters: { w: filledTensor([2], 1) },
        outputs: (_, results) => ({ results }),
      }),
    );
    await chain.save(file);
    file = path.join(folder, "program.layer.forward.onnx");
    await refused("not-a-program", /not a program of this package[\s\S]*compile the function again/);
    await expect(chain.save(file, { state: true })).rejects.toThrow(/false for a chain/);
  });

  test("another version's", async () => {
    await (await runningSum()).save(file, { state: true });
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('{"format":1') + '{"format":'.length] = "9".charCodeAt(0);
    writeFileSync(file, bytes);
    await refused(
      "version",
      /saved in form 9; this version of the package reads form 1[\s\S]*Compile the function again/,
    );
  });

  test("another device than it was compiled for", async () => {
    await (await runningSum()).save(file, { state: true });
    await expect(openProgram(file, { device: "webgpu" })).rejects.toThrow(
      /compiled for cpu and cannot run on webgpu[\s\S]*Compile the function for webgpu/,
    );
  });
});
