/** Lanes: groups of a chain's items on threads of their own. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../../src/core/paths";
import { Rng } from "../../../src/core/random";
import {
  type ChainTraining,
  compileChainStep,
  type HostTensor,
  hostTensor,
  type Link,
  linear,
  type Program,
  tf,
} from "../../../src/engine";
import { planTraining } from "../../../src/engine/chain/train";
import { lanesOf } from "../../../src/engine/lanes/count";
import { buffersOfLane, divided, laneOf } from "../../../src/engine/lanes/division";

const open: Program[] = [];
afterAll(async () => {
  for (const program of open) await program.dispose();
});

const WIDTH = 24;
const GROUPS = 6;
const rng = new Rng("lanes");
const random = (...shape: number[]): HostTensor =>
  hostTensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal(0, 0.3)),
    shape,
  );

const layer = (i: number): Link => ({
  kind: "layer",
  parameters: { up: `${i}.up`, down: `${i}.down` },
  apply: ({ up, down }, x) => tf.add(x, linear(tf.tanh(linear(x, up!)), down!)),
});
const parameters = Object.fromEntries([
  ...[0, 1, 2].flatMap((i) => [
    [`${i}.up`, random(WIDTH, WIDTH)],
    [`${i}.down`, random(WIDTH, WIDTH)],
  ]),
  ["out", random(1, WIDTH)],
]) as Record<string, HostTensor>;
const items = random(GROUPS, WIDTH);

/** Gradient descent with momentum, over as many runs as a batch takes. */
const training: ChainTraining = {
  chain: [layer(0), layer(1), layer(2)],
  items: { input: "x", group: 1 },
  inputs: { x: [GROUPS, WIDTH], rate: [], apply: [] },
  parameters,
  apply: "apply",
  loss: ({ out }, results) => tf.sum(tf.square(tf.sub(linear(results, out!), 1))),
  optimiser: {
    moments: { momentum: (name) => `momentum.${name}` },
    sum: (name) => `gradient.${name}`,
    groupOf: () => "all",
    rates: () => ({ rate: "rate" }),
    update: ({ value, gradient, momentum }, { rate }) => {
      const next = tf.add(tf.mul(momentum!, 0.9), gradient!);
      return { value: tf.sub(value!, tf.mul(rate!, next)), momentum: next };
    },
  },
};

async function compiled(lanes: number, changed: Partial<ChainTraining> = {}): Promise<Program> {
  const program = await compileChainStep({ ...training, ...changed }, { device: "cpu", lanes });
  open.push(program);
  return program;
}

describe("a training step in lanes", () => {
  const inputs = (run: number) => ({
    x: items.data.map((value) => value * (1 + run / 10)),
    rate: 0.001,
    apply: run % 2,
  });

  async function trained(lanes: number) {
    const program = await compiled(lanes);
    const losses: number[] = [];
    for (let run = 0; run < 6; run++) losses.push((await program.run(inputs(run))).loss!.data[0]!);
    return { losses, state: await program.readState() };
  }

  // 4 lanes: groups not shared out evenly. 7: one lane has nothing to do.
  test.each([2, 3, 4, 7])("computes what one lane computes: %d lanes", async (lanes) => {
    const [expected, found] = [await trained(1), await trained(lanes)];
    expect(expected.losses[5]).toBeLessThan(0.7 * expected.losses[0]!);
    found.losses.forEach((loss, run) => {
      expect(loss).toBeCloseTo(expected.losses[run]!, 5);
    });
    for (const [name, { data }] of Object.entries(expected.state)) {
      const other = found.state[name]!.data;
      const off = (value: number, i: number) => Math.abs(value - other[i]!) / Math.max(1, Math.abs(value));
      const worst = Math.max(...Array.from(data, off));
      expect(worst, name).toBeLessThan(1e-5);
    }
  });

  test("gives the same numbers to the last bit each time", async () => {
    expect(await trained(3)).toEqual(await trained(3));
  });

  test("two programs in lanes do not disturb each other", async () => {
    const [a, b] = [await compiled(2), await compiled(2)];
    const alone: number[] = [];
    for (let run = 0; run < 4; run++) alone.push((await a.run(inputs(run))).loss!.data[0]!);
    await a.writeState(await b.readState());
    const both = await Promise.all(
      [0, 1, 2, 3].map((run) => Promise.all([a.run(inputs(run)), b.run(inputs(run))])),
    );
    both.forEach((outcomes, run) => {
      for (const { loss } of outcomes) expect(loss!.data[0]).toBe(alone[run]);
    });
  });

  test.each([0, 1.5, 65])("a number of lanes that is none: %d", async (lanes) => {
    await expect(compiled(lanes)).rejects.toThrow(/lanes[\s\S]*whole number from 1 to 64/);
  });
});

describe("the first value that is not finite, in lanes", () => {
  /** Layer `i` takes the logarithm of what is `i` below zero. */
  const brittle = (i: number): Link => ({
    ...layer(i),
    kind: `layer ${i}`,
    apply: ({ up, down }, x) => {
      const broken = tf.mul(0, tf.log(tf.add(tf.slice(x, [0, i], [1, 1]), 1)));
      return tf.add(tf.add(x, linear(tf.tanh(linear(x, up!)), down!)), broken);
    },
  });
  const chain = [brittle(0), brittle(1), brittle(2)];
  /** A group breaks in a layer. */
  const breaking = (...places: [group: number, layer: number][]) => {
    const x = items.data.map(() => 0);
    for (const [group, layer] of places) x[group * WIDTH + layer] = -3;
    return { x, rate: 0.01, apply: 1 };
  };

  test.each([
    ["of this thread", [[2, 1]]],
    ["of a mate", [[3, 1]]],
    [
      "of a mate, although a later stage of this thread breaks as well",
      [
        [2, 2],
        [3, 1],
      ],
    ],
    [
      "of this thread, although a later stage of a mate breaks as well",
      [
        [1, 2],
        [0, 0],
      ],
    ],
    ["nobody's", []],
  ] as [string, [number, number][]][])("is found: %s", async (_whose, places) => {
    const zero = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, data }]) => [
        name,
        hostTensor(
          data.map(() => 0),
          shape,
        ),
      ]),
    );
    const [one, two] = [await compiled(1, { chain }), await compiled(2, { chain })];
    const found: unknown[] = [];
    for (const program of [one, two]) {
      await program.writeState(zero);
      found.push(await program.firstNotFinite(breaking(...places)));
      // The state is as before, and the program goes on.
      expect((await program.readState(["1.up"]))["1.up"]!.data.every((value) => value === 0)).toBe(true);
      expect((await program.run(breaking())).loss!.data[0]).toBe(GROUPS);
    }
    expect(found[1]).toEqual(found[0]);
    if (places.length === 0) expect(found[0]).toBeUndefined();
    else expect(found[0]).toMatchObject({ title: expect.stringMatching(/^the result of layer \d/) });
  });
});

describe("dividing a plan", () => {
  const plan = planTraining(training, { device: "cpu", precision: "f32" });

  test("no buffer of a lane is seen by another lane or by calls outside stages", () => {
    for (const lanes of [2, 3]) {
      const calls = plan.phases.flatMap((phase) => phase.calls);
      for (let lane = 0; lane < lanes; lane++) {
        const own = new Set(buffersOfLane(plan, lane, lanes));
        expect(own.size).toBeGreaterThan(0);
        for (const call of calls.filter((call) => laneOf(call, lanes) !== lane))
          for (const view of [...Object.values(call.feeds), ...Object.values(call.fetches)])
            expect(own.has(plan.views[view]!.buffer)).toBe(false);
      }
    }
  });

  test("weights are lent, gradients summed, results returned; every call has one lane", () => {
    const parts = divided(plan, 0, 2);
    const [ahead, loss, back] = parts as [
      ReturnType<typeof divided>[0],
      number,
      ReturnType<typeof divided>[0],
    ];
    expect(typeof loss).toBe("number");
    const stages = [ahead, back] as Exclude<typeof ahead, number>[];
    expect(stages.map((pass) => pass.length)).toEqual([3, 3]);
    const made = stages
      .flat()
      .flatMap(({ own, shares }) => [...own, ...shares.flatMap(({ calls }) => calls)]);
    expect([...made, loss].sort((a, b) => a - b)).toEqual(plan.phases[0]!.calls.map((_, i) => i));
    const named = (views: readonly number[]) =>
      views.flatMap((view) => Object.keys(plan.state).filter((name) => plan.state[name] === view)).sort();
    const [first] = stages[0]!;
    expect(named(first!.shares[0]!.lent)).toEqual(["0.down", "0.up"]);
    expect(first!.shares[0]!.summed).toEqual([]);
    const backOfLast = stages[1]![0]!.shares[0]!;
    expect(named(backOfLast.summed)).toEqual(["gradient.2.down", "gradient.2.up"]);
    expect(stages[0]![2]!.shares[0]!.returned).toHaveLength(GROUPS / 2);
  });
});

test("large plans have as many lanes as share out groups and threads evenly, small ones and other devices one", () => {
  const plan = (groups: number, numbers = 2 ** 25, device: "cpu" | "webgpu" = "cpu") => ({
    device,
    buffers: [numbers],
    phases: [
      {
        clear: [],
        calls: Array.from({ length: groups }, (_, group) => ({
          graph: 0,
          feeds: {},
          fetches: {},
          stage: 0,
          group,
        })),
      },
    ],
  });
  expect([1, 2, 3, 4, 6, 8, 16].map((threads) => lanesOf(plan(6), threads))).toEqual([1, 2, 3, 2, 6, 2, 2]);
  expect(lanesOf(plan(1), 2)).toBe(1);
  expect(lanesOf(plan(0), 2)).toBe(1);
  expect(lanesOf(plan(6, 2 ** 20), 2)).toBe(1);
  expect(lanesOf(plan(6, 2 ** 25, "webgpu"), 2)).toBe(1);
});

test("a process that ends while mates are at work ends as it was told to", () => {
  const engine = JSON.stringify(path.join(PACKAGE_ROOT, "dist/engine"));
  const script = `
    const { compileChainStep, filledTensor, linear, tf } = require(${engine});
    compileChainStep(
      {
        chain: [0, 1].map((i) => ({ kind: "layer", parameters: { w: "w" + i }, apply: ({ w }, x) => tf.tanh(linear(x, w)) })),
        items: { input: "x", group: 64 },
        inputs: { x: [256, 1024], rate: [] },
        parameters: { w0: filledTensor([1024, 1024], 0.01), w1: filledTensor([1024, 1024], 0.01) },
        loss: (_, results) => tf.mean(results),
        optimiser: {
          moments: {}, sum: (name) => "sum of " + name, groupOf: () => "all", rates: () => ({ rate: "rate" }),
          update: ({ value, gradient }, { rate }) => ({ value: tf.sub(value, tf.mul(gradient, rate)) }),
        },
      },
      { device: "cpu", lanes: 4 },
    ).then(async (program) => {
      const inputs = { x: new Float32Array(256 * 1024).fill(1), rate: 0 };
      await program.run(inputs);
      for (let i = 0; i < 100; i++) program.run(inputs);
      setTimeout(() => process.exit(7), 100);
    });`;
  const { status, stderr } = spawnSync(process.execPath, ["-e", script], {
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(stderr).toBe("");
  expect(status).toBe(7);
});
