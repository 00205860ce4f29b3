/** Large states are updated tile by tile; the result is that of one piece. */
import { afterAll, describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/random";
import { compile, hostTensor, linear, type Program, type Step, tf } from "../../../src/engine";
import { traceFunction } from "../../../src/engine/trace/trace";
import { adamWCorrections, adamWFactors, adamWState, adamWUpdate } from "../../../src/train/adamw";
import { clipFactor, squaredNorm } from "../../../src/train/step";
import { largestDifference } from "../../property/engine/agreement";

const open: Program[] = [];
afterAll(async () => {
  for (const program of open) await program.dispose();
});

/** Rows that no number of tiles divides evenly. */
const [ROWS, COLUMNS, BATCH] = [515, 600, 4];
const rng = new Rng("tiles");
const random = (...shape: number[]) =>
  hostTensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal(0, 0.1)),
    shape,
  );
const parameters = { weight: random(ROWS, COLUMNS), bias: random(ROWS) };
const names = ["weight", "bias"] as const;
const state = { ...parameters, ...adamWState(parameters) };
const scalar = { shape: [] as number[] };
const inputs = { x: { shape: [BATCH, COLUMNS] }, rate: scalar, correction1: scalar, correction2: scalar };

/** With the usual epsilon, gradients that are all rounding make steps of full length. */
const ADAMW = { epsilon: 1e-4 };

type Live = Record<string, tf.Tensor>;

/** A linear layer that learns to give zeros; `more` may use the weight a second time. */
function step(options: { clipNorm?: number; late?: (next: tf.Tensor, old: tf.Tensor) => tf.Tensor } = {}) {
  return ({ x, ...rates }: Live, live: Live): Step => {
    const { value: loss, grads } = tf.valueAndGrads((weight: tf.Tensor, bias: tf.Tensor) =>
      tf.mean(tf.square(linear(x!, weight, bias))),
    )([live.weight!, live.bias!]);
    const { clipNorm } = options;
    const factor =
      clipNorm === undefined
        ? tf.scalar(1)
        : clipFactor(tf.add(squaredNorm(grads[0]!), squaredNorm(grads[1]!)), clipNorm);
    const factors = adamWFactors(
      { learningRate: rates.rate!, correction1: rates.correction1!, correction2: rates.correction2! },
      ADAMW,
    );
    const next: Live = {};
    names.forEach((name, i) => {
      const moments = { mean: live[`adamw.mean.${name}`]!, square: live[`adamw.square.${name}`]! };
      const update = adamWUpdate(
        { value: live[name]!, gradient: tf.mul(grads[i]!, factor), ...moments },
        factors,
        ADAMW,
      );
      next[name] = update.value;
      next[`adamw.mean.${name}`] = update.mean;
      next[`adamw.square.${name}`] = update.square;
    });
    const late = options.late ? { late: options.late(next.weight!, live.weight!) } : {};
    return { outputs: { loss, ...late }, state: next };
  };
}

function tilesOf(fn: ReturnType<typeof step>): Record<string, number> {
  const complete = <T extends { shape: readonly number[] }>(specs: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(specs).map(([k, { shape }]) => [k, { shape, dtype: "float32" as const }]),
    );
  const traced = traceFunction("step", fn, complete(inputs), complete(state), "cpu");
  return Object.fromEntries(traced.state.map(({ name, tiles }) => [name, tiles.length]));
}

function sameBits(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (x: ArrayBufferView) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
  return bytes(a).equals(bytes(b));
}

async function trained(fn: ReturnType<typeof step>, device: "cpu" | "eager") {
  const program = await compile(fn, { inputs, state }, { device });
  open.push(program);
  const x = Float32Array.from({ length: BATCH * COLUMNS }, (_, i) => Math.sin(i));
  const losses: number[] = [];
  for (let t = 1; t <= 3; t++)
    losses.push((await program.run({ x, rate: 3e-4, ...adamWCorrections(t) })).loss!.data[0]!);
  return { losses, state: await program.readState() };
}

describe("a large state", () => {
  it("is cut with its moments, a small one is not", () => {
    expect(tilesOf(step())).toEqual({
      weight: 2,
      "adamw.mean.weight": 2,
      "adamw.square.weight": 2,
      bias: 0,
      "adamw.mean.bias": 0,
      "adamw.square.bias": 0,
    });
  });

  it.each([
    ["alone", {}],
    ["with gradients clipped together", { clipNorm: 0.1 }],
  ])("has the values that TensorFlow.js gives it, %s", async (_, options) => {
    expect(tilesOf(step(options)).weight).toBe(2);
    const [expected, found] = [await trained(step(options), "eager"), await trained(step(options), "cpu")];
    expect(found.losses[2]!).toBeLessThan(found.losses[0]!);
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected.losses[i]! - 1), `step ${i}`).toBeLessThan(1e-5);
    });
    for (const [name, { data }] of Object.entries(expected.state)) {
      const worst = largestDifference(data, found.state[name]!.data);
      expect(worst, name).toBeLessThan(1e-5);
    }
  });

  it("can be written and read whole", async () => {
    const program = await compile(step(), { inputs, state }, { device: "cpu" });
    open.push(program);
    const other = random(ROWS, COLUMNS);
    await program.writeState({ weight: other });
    const weight = async () => (await program.readState(["weight"])).weight!.data;
    expect(sameBits(await weight(), other.data)).toBe(true);
    const before = (await program.readState(["adamw.mean.weight"]))["adamw.mean.weight"]!;
    expect(before.data.every((value) => value === 0)).toBe(true);
    await program.run({ x: new Float32Array(BATCH * COLUMNS).fill(1), rate: 0, ...adamWCorrections(1) });
    const after = await program.readState();
    expect(sameBits(await weight(), other.data)).toBe(true);
    expect(after["adamw.mean.weight"]!.data.some((value) => value !== 0)).toBe(true);
  });

  it("stays whole where its new value is needed whole", () => {
    const product = (next: tf.Tensor, old: tf.Tensor) => tf.sum(tf.matMul(next, old, false, true));
    expect(tilesOf(step({ late: product })).weight).toBe(0);
    // A sum over everything is no reason: it is the sum of the sums over the tiles.
    expect(tilesOf(step({ late: (next) => tf.sum(next) })).weight).toBe(2);
  });

  it("has a sum of all its new values", async () => {
    const program = await compile(
      step({ late: (next) => tf.sum(next) }),
      { inputs, state },
      { device: "cpu" },
    );
    open.push(program);
    const x = new Float32Array(BATCH * COLUMNS).fill(0.5);
    const { late } = await program.run({ x, rate: 1e-3, ...adamWCorrections(1) });
    const { weight } = await program.readState(["weight"]);
    const sum = (weight!.data as Float32Array).reduce((total, value) => total + value, 0);
    expect(Math.abs(late!.data[0]! - sum)).toBeLessThan(1e-2);
  });
});
