/** Chains: what is kept between forward and backward, running link by link, and messages. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import {
  type ChainTraining,
  compile,
  compileChain,
  compileChainStep,
  filledTensor,
  type HostTensor,
  hostTensor,
  type Link,
  linear,
  type Program,
  runChain,
  selfAttention,
  tf,
} from "../../../src/engine";
import { planTraining } from "../../../src/engine/chain/train";
import { traceTrainedLink } from "../../../src/engine/chain/units";

const open: Program[] = [];
afterAll(async () => {
  for (const program of open) await program.dispose();
});

const CPU = { device: "cpu", precision: "f32" } as const;
const WEBGPU = { ...CPU, device: "webgpu" } as const;

const WIDTH = 160;
const rng = new Rng("chain");
const random = (...shape: number[]): HostTensor =>
  hostTensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal(0, 0.08)),
    shape,
  );

/** A residual layer with a bottleneck, [items, WIDTH] -> the same. */
const layer = (i: number): Link => ({
  kind: "layer",
  parameters: { up: `${i}.up`, down: `${i}.down` },
  apply: ({ up, down }, x) => tf.add(x, linear(tf.tanh(linear(x, up!)), down!)),
});

const chain = [layer(0), layer(1), layer(2)];
const parameters: Record<string, HostTensor> = {
  ...Object.fromEntries(
    [0, 1, 2].flatMap((i) => [
      [`${i}.up`, random(WIDTH, WIDTH)],
      [`${i}.down`, random(WIDTH, WIDTH)],
    ]),
  ),
  out: random(1, WIDTH),
};
const items = random(6, WIDTH);

/** Plain gradient descent with the rate as an input. */
const training: ChainTraining = {
  chain,
  items: { input: "x", group: 2 },
  inputs: { x: [6, WIDTH], rate: [] },
  parameters,
  loss: ({ out }, results) => tf.sum(tf.square(tf.sub(linear(results, out!), 1))),
  optimiser: {
    moments: {},
    sum: (name) => `gradient.${name}`,
    groupOf: () => "all",
    rates: () => ({ rate: "rate" }),
    update: ({ value, gradient }, { rate }) => ({ value: tf.sub(value!, tf.mul(rate!, gradient!)) }),
  },
};

describe("cutting a link", () => {
  const shapes = { up: [WIDTH, WIDTH], down: [WIDTH, WIDTH] };

  test("keeps the products that the gradient needs, and computes the rest again", () => {
    const { kept, backward, forward } = traceTrainedLink(CPU, chain[1]!, [2, WIDTH], shapes, false);
    // The gradient needs tanh(x up): the product is kept, the tangent computed again. x down it does not need.
    expect(kept.map(({ shape }) => shape)).toEqual([[2, WIDTH]]);
    expect(backward.inputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["x", "dy", kept[0]!.name, "parameter/up", "gradient/down"]),
    );
    expect(forward.outputs.map(({ name }) => name)).toEqual(["y", kept[0]!.name]);
  });

  test("keeps what the gradient only rearranges as the way there has rearranged it", () => {
    const link: Link = {
      kind: "attention",
      parameters: { weight: "weight", bias: "bias" },
      apply: ({ weight, bias }, x) => selfAttention(x, weight!, bias!, { heads: 4 }),
    };
    const [tokens, width] = [130, 256];
    const shapes = { weight: [3 * width, width], bias: [3 * width] };
    const { kept, backward, forward } = traceTrainedLink(CPU, link, [tokens, 1, width], shapes, false);
    // Queries, keys and values in heads, and the result, which is not computed again from what each head gave.
    const [queries, keys, values, ...rest] = kept.map(({ shape }) => shape);
    expect([queries, keys, values]).toEqual(Array(3).fill([tokens, 1, 4, width / 4]));
    const numbers = rest.map((shape) => shape.reduce((n, length) => n * length, 1));
    expect(numbers.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(tokens * width);
    for (const { name } of kept) expect(forward.outputs.map((output) => output.name)).toContain(name);
    for (const { name } of kept) expect(backward.inputs.map((input) => input.name)).toContain(name);
  });

  test("adds gradients inside the products: no Add of a whole matrix is left", () => {
    const { backward } = traceTrainedLink(CPU, chain[1]!, [2, WIDTH], shapes, false);
    expect(backward.outputs.map(({ name }) => name).sort()).toEqual(["dx", "next/down", "next/up"]);
    // Products: the gradients of x and of the hidden layer, and two of weights. Tanh once more. One residual sum.
    expect(backward.nodes).toBeLessThan(14);
  });

  test("the first link has no gradient of its input", () => {
    const { backward } = traceTrainedLink(CPU, chain[0]!, [2, WIDTH], shapes, true);
    expect(backward.outputs.map(({ name }) => name).sort()).toEqual(["next/down", "next/up"]);
  });
});

describe("a plan for a graphics device", () => {
  const plan = planTraining({ ...training, optimiser: { ...training.optimiser, moments: {} } }, WEBGPU);
  const length = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

  test("never shows a part of the state, which has to stay on the device", () => {
    const state = new Set(Object.values(plan.state).map((view) => plan.views[view]!.buffer));
    expect(state.size).toBe(Object.keys(plan.state).length);
    for (const { buffer, shape } of plan.views)
      if (state.has(buffer)) expect(length(shape)).toBe(plan.buffers[buffer]);
  });

  test("has one update graph for each shape, and uses no operator that the device lacks", () => {
    const names = plan.units.map((unit) => unit.name);
    expect(names.filter((name) => name.startsWith("update"))).toEqual([
      `update.${WIDTH}x${WIDTH}`,
      `update.1x${WIDTH}`,
    ]);
    expect(new Set(names).size).toBe(names.length);
    const text = plan.units.map((unit) => Buffer.from(unit.model).toString("latin1")).join();
    expect(text).not.toMatch(/FusedMatMul|SequenceConstruct/);
  });
});

describe("running link by link", () => {
  test("forward gives what the inline chain gives", async () => {
    const outputs = (live: Record<string, tf.Tensor>, results: tf.Tensor) => ({
      scores: linear(results, live.out!),
    });
    const byLink = await compileChain({ ...training, outputs });
    const inline = await compile(
      ({ x }, state) => ({ outputs: outputs(state, runChain(chain, state, x!)) }),
      { inputs: { x: { shape: [6, WIDTH] } }, state: parameters },
      { device: "cpu" },
    );
    open.push(byLink, inline);
    const [found, wanted] = [await byLink.run({ x: items, rate: 0 }), await inline.run({ x: items })];
    expect(found.scores!.shape).toEqual([6, 1]);
    wanted.scores!.data.forEach((value, i) => {
      expect(found.scores!.data[i]).toBeCloseTo(value, 5);
    });
    await byLink.writeState({ out: filledTensor([1, WIDTH]) });
    expect((await byLink.run({ x: items, rate: 0 })).scores!.data.every((value) => value === 0)).toBe(true);
  });

  test("without `apply` each run is a batch: the loss falls, the sums start anew", async () => {
    const program = await compileChainStep(training);
    open.push(program);
    const losses: number[] = [];
    for (let step = 0; step < 20; step++)
      losses.push((await program.run({ x: items, rate: 0.005 })).loss!.data[0]!);
    expect(losses[19]).toBeLessThan(losses[0]! / 20);
    const sums = await program.readState(["gradient.0.up", "gradient.out"]);
    for (const { data } of Object.values(sums)) expect(data.every((value) => value === 0)).toBe(true);
  });

  test("is saved as one file for each graph", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "oscc-chain-"));
    try {
      const program = await compileChainStep(training);
      open.push(program);
      await program.save(path.join(folder, "step.onnx"));
      expect(readdirSync(folder).sort()).toEqual([
        "step.layer.backward.onnx",
        "step.layer.first.backward.onnx",
        "step.layer.first.forward.onnx",
        "step.layer.forward.onnx",
        "step.loss.onnx",
        "step.update.onnx",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("messages", () => {
  const broken = (change: Partial<ChainTraining>) => compileChainStep({ ...training, ...change });

  test.each([
    [{ items: { input: "x", group: 4 } }, /items\.group.*4/s, /divisor of the 6 items/],
    [{ items: { input: "y", group: 2 } }, /"y"/, /x, rate/],
    [{ chain: [layer(7)] }, /"7\.up"/, /layer/],
    [{ chain: [] }, /chain/, /at least one link/],
    [{ apply: "last" }, /"last"/, /x, rate/],
  ] as const)("%#: says what is wrong and what there is", async (change, what, known) => {
    const error = await broken(change as Partial<ChainTraining>).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(error?.message).toMatch(what);
    expect(error?.message).toMatch(known);
  });
});
