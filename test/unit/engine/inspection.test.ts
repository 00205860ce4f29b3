/** Where values stop being finite: found on every device and in chains, by name and by line. */
import { afterAll, describe, expect, test } from "vitest";
import {
  compile,
  compileChainStep,
  type Device,
  filledTensor,
  hostTensor,
  type Link,
  linear,
  named,
  type Program,
  tf,
} from "../../../src/engine";

const open: Program[] = [];
afterAll(async () => {
  for (const program of open) await program.dispose();
});

type Fn = (
  inputs: Record<"x", tf.Tensor>,
  state: Record<"w", tf.Tensor>,
) => { outputs: Record<string, tf.Tensor>; state?: Record<string, tf.Tensor> };

describe.each<Device>(["eager", "cpu"])("on %s", (device) => {
  const program = async (fn: Fn) => {
    const made = await compile(
      fn,
      { inputs: { x: { shape: [3] } }, state: { w: hostTensor([1, 2, 3]) } },
      { device },
    );
    open.push(made as unknown as Program);
    return made;
  };

  test("nothing, where all is finite; the state is as it was", async () => {
    const step = await program(({ x }, { w }) => ({
      outputs: { y: tf.div(x, w) },
      state: { w: tf.add(w, x) },
    }));
    expect(await step.firstNotFinite({ x: Float32Array.of(1, 2, 3) })).toBeUndefined();
    expect(Array.from((await step.readState()).w.data)).toEqual([1, 2, 3]);
  });

  test("an input or the state, before anything is computed", async () => {
    const step = await program(({ x }, { w }) => ({ outputs: { y: tf.mul(x, w) } }));
    expect(await step.firstNotFinite({ x: Float32Array.of(1, Number.NaN, 0) })).toEqual({
      title: 'input "x"',
      place: "",
    });
    await step.writeState({ w: hostTensor([1, Number.NEGATIVE_INFINITY, 3]) });
    expect(await step.firstNotFinite({ x: Float32Array.of(1, 2, 0) })).toEqual({
      title: 'state "w"',
      place: "",
    });
  });

  test("the first operation, by what it reads and by its line, though later ones are broken too", async () => {
    const step = await program(({ x }, { w }) => {
      const shifted = tf.sub(tf.reshape(x, [3, 1]), 1);
      const roots = tf.sqrt(shifted);
      return { outputs: { y: tf.mul(tf.sum(roots), w) } };
    });
    const found = await step.firstNotFinite({ x: Float32Array.of(1, 0.5, 2) });
    expect(found?.title).toBe("Sqrt of x");
    expect(found?.place).toMatch(/^ at .*inspection\.test\.ts:\d+:\d+$/);
    expect(await step.firstNotFinite({ x: Float32Array.of(1, 1.5, 2) })).toBeUndefined();
  });

  test("by the name that the code gave it, in the gradient as well", async () => {
    const step = await program(({ x }, { w }) => {
      const loss = (weights: tf.Tensor) => tf.sum(named(tf.sqrt(tf.mul(weights, x)), "root"));
      const gradient = named(tf.grad(loss)(w), "gradient of w");
      return { outputs: { y: loss(w), gradient }, state: { w: tf.sub(w, gradient) } };
    });
    // The root of zero is zero; its slope is not finite.
    const found = await step.firstNotFinite({ x: Float32Array.of(0, 1, 1) });
    expect(found?.title).toMatch(/^(Div|Reciprocal|Mul) of root|gradient of w/);
    expect((await step.firstNotFinite({ x: Float32Array.of(-1, 1, 1) }))?.title).toBe("root");
  });
});

describe("in a chain", () => {
  const layer = (i: number): Link => ({
    kind: "layer",
    parameters: { weight: `${i}.weight` },
    apply: ({ weight }, x) => tf.sqrt(linear(x, weight!)),
  });
  const chainStep = () =>
    compileChainStep({
      chain: [layer(0), layer(1)],
      items: { input: "x", group: 1 },
      inputs: { x: [2, 4], rate: [] },
      parameters: { "0.weight": filledTensor([4, 4], 1), "1.weight": filledTensor([4, 4], 1) },
      loss: (_, results) => tf.sum(results),
      optimiser: {
        moments: {},
        sum: (name) => `gradient.${name}`,
        groupOf: () => "all",
        rates: () => ({ rate: "rate" }),
        update: ({ value, gradient }, { rate }) => ({ value: tf.sub(value!, tf.mul(rate!, gradient!)) }),
      },
    });

  test("the link, by the first parameter it reads; then the program runs on as before", async () => {
    const [step, other] = [await chainStep(), await chainStep()];
    open.push(step, other);
    const x = new Float32Array(8).fill(1);
    expect(await step.firstNotFinite({ x, rate: 0.1 })).toBeUndefined();
    await step.writeState({ "1.weight": filledTensor([4, 4], -1) });
    expect(await step.firstNotFinite({ x, rate: 0.1 })).toEqual({
      title: "the result of layer.forward (reads 1.weight and others)",
      place: "",
    });
    await step.writeState({ "1.weight": filledTensor([4, 4], 1) });
    expect(await step.run({ x, rate: 0.1 })).toEqual(await other.run({ x, rate: 0.1 }));
    expect(await step.readState()).toEqual(await other.readState());
    expect((await step.firstNotFinite({ x: x.map(() => Number.NaN), rate: 0.1 }))?.title).toBe('input "x"');
  });
});
