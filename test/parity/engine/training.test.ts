/** A training step compiled into one graph equals the same step run by TensorFlow.js. */
import { describe, expect, it } from "vitest";
import { compile, type Device, type HostTensor, tf } from "../../../src/engine";
import { traceFunction } from "../../../src/engine/trace/trace";
import { largestDifference } from "../../property/engine/agreement";
import { batchOf, lossOf, parametersOf, TINY, trainingState, trainingStep } from "./step";

const INPUTS = {
  x: { shape: [TINY.images, TINY.side, TINY.side, 3] },
  y: { shape: [TINY.images, 2] },
  t: { shape: [] },
};

async function train(device: Device, steps: number) {
  const state = trainingState(parametersOf(TINY));
  const program = await compile(trainingStep(TINY), { inputs: INPUTS, state }, { device });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) losses.push((await program.run({ ...batchOf(TINY), t })).loss!.data[0]!);
  const weights = await program.readState();
  await program.dispose();
  return { losses, weights };
}

describe("a training step", () => {
  it("gives the same losses and weights as TensorFlow.js for 50 steps of AdamW: losses within 2e-5", async () => {
    const before = tf.memory().numTensors;
    const [eager, compiled] = [await train("eager", 50), await train("cpu", 50)];
    expect(compiled.losses[49]!).toBeLessThan(compiled.losses[0]! / 2);
    compiled.losses.forEach((loss, i) => {
      expect(Math.abs(loss - eager.losses[i]!), `step ${i + 1}`).toBeLessThan(2e-5);
    });
    // AdamW divides by the gradient's size: where a gradient is all rounding (the key bias has none in theory),
    // its steps are rounding too, at most the learning rate each.
    for (const [name, value] of Object.entries(eager.weights) as [string, HostTensor][])
      if (!name.includes("qkv.bias"))
        expect(largestDifference(value.data, compiled.weights[name]!.data), name).toBeLessThan(2e-4);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is repeatable to the last bit", async () => {
    const [first, second] = [await train("cpu", 5), await train("cpu", 5)];
    expect(second.losses).toEqual(first.losses);
  });

  it("has the gradients of TensorFlow.js, each within 2e-6 of its largest slope", async () => {
    const parameters = parametersOf(TINY);
    const names = Object.keys(parameters);
    const gradients = (inputs: Record<string, tf.Tensor>, state: Record<string, tf.Tensor>) => {
      const loss = (...weights: tf.Tensor[]) =>
        lossOf(TINY, Object.fromEntries(names.map((name, i) => [name, weights[i]!])), inputs.x!, inputs.y!);
      const slopes = tf.grads(loss)(names.map((name) => state[name]!));
      return { outputs: Object.fromEntries(names.map((name, i) => [name, slopes[i]!])) };
    };
    const { x, y } = batchOf(TINY);
    const results: Record<string, HostTensor>[] = [];
    for (const device of ["eager", "cpu"] as const) {
      const program = await compile(
        gradients,
        { inputs: { x: INPUTS.x, y: INPUTS.y }, state: parameters },
        { device },
      );
      results.push(await program.run({ x, y }));
      await program.dispose();
    }
    for (const name of names) {
      const [eager, compiled] = [results[0]![name]!.data, results[1]![name]!.data];
      let [largest, worst] = [1e-3, 0];
      for (let i = 0; i < eager.length; i++) {
        largest = Math.max(largest, Math.abs(eager[i]!));
        worst = Math.max(worst, Math.abs(eager[i]! - compiled[i]!));
      }
      expect(worst / largest, name).toBeLessThan(2e-6);
    }
  });

  it("writes moments in place and weights into a second buffer", () => {
    const state = trainingState(parametersOf(TINY));
    const specs = Object.fromEntries(
      Object.entries(INPUTS).map(([k, v]) => [k, { ...v, dtype: "float32" as const }]),
    );
    const traced = traceFunction("step", trainingStep(TINY), specs, state, "cpu");
    const inPlace = (name: string) => traced.state.find((entry) => entry.name === name)!.inPlace;
    expect(traced.state.filter((entry) => /^[mv]\//.test(entry.name)).every((entry) => entry.inPlace)).toBe(
      true,
    );
    for (const name of ["0.qkv.weight", "0.proj.weight", "1.fc2.weight", "head.weight", "0.norm2.weight"])
      expect(inPlace(`w/${name}`), name).toBe(false);
  });

  it("does not overwrite state that is still read through a view or a scaling", () => {
    const spec = { shape: [2, 2], dtype: "float32" as const };
    const inPlace = (late: (w: tf.Tensor) => tf.Tensor) =>
      traceFunction(
        "late reader",
        ({ x }, { w }) => {
          const next = tf.add(tf.mul(w!, 0.5), x!);
          // `late` reads w by way of something that the runtime may optimise away, after the new value is there.
          return { outputs: { late: tf.matMul(late(w!), tf.exp(next)) }, state: { w: next } };
        },
        { x: spec },
        { w: spec },
        "cpu",
      ).state[0]!.inPlace;
    expect(inPlace(() => tf.ones([2, 2]))).toBe(true);
    expect(inPlace((w) => tf.mul(w, 0.5))).toBe(false);
    expect(inPlace((w) => tf.transpose(w))).toBe(false);
    expect(inPlace((w) => tf.reshape(tf.reshape(w, [4]), [2, 2]))).toBe(false);
    expect(inPlace((w) => tf.slice(tf.concat([w, w]), 0, 2))).toBe(false);
  });

  it("drops what leads to no output: no gradient of the images is computed", () => {
    const specs = Object.fromEntries(
      Object.entries(INPUTS).map(([k, v]) => [k, { ...v, dtype: "float32" as const }]),
    );
    const state = trainingState(parametersOf(TINY));
    const forward = traceFunction(
      "forward",
      ({ x, y }, s) => {
        const weights = Object.fromEntries(
          Object.keys(parametersOf(TINY)).map((name) => [name, s[`w/${name}`]!]),
        );
        tf.grad((images) => lossOf(TINY, weights, images, y!))(x!);
        return { outputs: { loss: lossOf(TINY, weights, x!, y!) } };
      },
      specs,
      state,
      "cpu",
    );
    const step = traceFunction("step", trainingStep(TINY), specs, state, "cpu");
    expect(forward.nodes).toBeLessThan(step.nodes / 4);
  });
});
