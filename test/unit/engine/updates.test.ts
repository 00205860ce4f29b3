/** Updates of state that leave the graph: what leaves, what stays, and that the numbers are the same. */
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

/** Lengths that are no multiple of a vector. */
const [ROWS, COLUMNS, BATCH] = [51, 61, 4];
const rng = new Rng("updates");
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

/** A linear layer that learns to give zeros; `late` may use the weight a second time. */
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

type AnyStep = (inputs: Live, state: Live) => Step;
type Shapes = Record<string, { readonly shape: readonly number[] }>;

function tracedOf(fn: AnyStep, given: Shapes = inputs, held: Shapes = state) {
  const complete = (specs: Shapes) =>
    Object.fromEntries(
      Object.entries(specs).map(([k, { shape }]) => [k, { shape: [...shape], dtype: "float32" as const }]),
    );
  return traceFunction("step", fn, complete(given), complete(held), "cpu");
}

/** The states that kernels work on: those they update, and those they only read. */
function updatedBy(fn: AnyStep, given?: Shapes, held?: Shapes): string[] {
  const { state, updates } = tracedOf(fn, given, held);
  const worked = new Set(updates.calls.flatMap(({ tensors }) => tensors));
  return state.filter(({ value, next }) => worked.has(value) && next === undefined).map(({ name }) => name);
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

describe("an optimiser", () => {
  it("leaves the graph whole, and has one kernel for all parameters", () => {
    const { updates, nodes } = tracedOf(step());
    expect(updatedBy(step())).toEqual(Object.keys(state));
    expect(updates.kernels).toHaveLength(1);
    expect(updates.calls).toHaveLength(names.length);
    // What the graph hands out beside the moments is the gradient of each parameter.
    expect(updates.tensors.filter(({ handed }) => handed)).toHaveLength(names.length);
    expect(nodes).toBeGreaterThan(20); // a file has them all
  });

  it("does not leave it for a graphics device", () => {
    const complete = (specs: Shapes) =>
      Object.fromEntries(
        Object.entries(specs).map(([k, { shape }]) => [k, { shape: [...shape], dtype: "float32" as const }]),
      );
    const { updates, state: ports } = traceFunction(
      "step",
      step(),
      complete(inputs),
      complete(state),
      "webgpu",
    );
    expect(updates.calls).toEqual([]);
    expect(ports.every(({ next }) => next !== undefined)).toBe(true);
  });

  it.each([
    ["alone", {}],
    ["with gradients clipped together", { clipNorm: 0.1 }],
    ["with its result used", { late: (next: tf.Tensor) => tf.sum(next) }],
  ])("has the values that TensorFlow.js gives it, %s", async (_, options) => {
    const [expected, found] = [await trained(step(options), "eager"), await trained(step(options), "cpu")];
    expect(found.losses[2]!).toBeLessThan(found.losses[0]!);
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected.losses[i]! - 1), `step ${i}`).toBeLessThan(1e-5);
    });
    for (const [name, { data }] of Object.entries(expected.state))
      expect(largestDifference(data, found.state[name]!.data), name).toBeLessThan(1e-5);
  });

  it("goes over state that was written from outside", async () => {
    const program = await compile(step(), { inputs, state }, { device: "cpu" });
    open.push(program);
    const other = random(ROWS, COLUMNS);
    await program.writeState({ weight: other });
    await program.run({ x: new Float32Array(BATCH * COLUMNS).fill(1), rate: 0, ...adamWCorrections(1) });
    const after = await program.readState();
    expect(after.weight!.data).toEqual(other.data);
    expect(after["adamw.mean.weight"]!.data.some((value) => value !== 0)).toBe(true);
  });
});

describe("an update stays in the graph", () => {
  const one = { a: { shape: [5] } };
  const two = { a: { shape: [5] }, b: { shape: [5] } };
  const rest = (next: Live, more: Live = {}): Step => ({
    outputs: { n: tf.scalar(1), ...more },
    state: next,
  });

  it("where its new value is read by other work", () => {
    const fn = (_: Live, { a }: Live) => {
      const next = tf.mul(a!, 2);
      return rest({ a: next }, { sum: tf.sum(next) });
    };
    expect(updatedBy(fn, {}, one)).toEqual([]);
  });

  it("where it reads an input of the program, which lies elsewhere", () => {
    expect(
      updatedBy(({ x }: Live, { a }: Live) => rest({ a: tf.add(a!, x!) }), { x: { shape: [5] } }, one),
    ).toEqual([]);
  });

  it("where it reads a state that the graph changes", () => {
    const fn = (_: Live, { a, b }: Live) => rest({ a: tf.add(a!, b!), b: tf.reverse(b!, 0) });
    expect(updatedBy(fn, {}, two)).toEqual([]);
  });

  it("where it is not arithmetic on elements of one place", () => {
    expect(updatedBy((_: Live, { a }: Live) => rest({ a: tf.cumsum(a!) }), {}, one)).toEqual([]);
    expect(updatedBy((_: Live, { a }: Live) => rest({ a: tf.exp(a!) }), {}, one)).toEqual([]);
  });

  it("where nothing else would be left of the program", () => {
    expect(
      updatedBy((_: Live, { a }: Live) => ({ outputs: {}, state: { a: tf.mul(a!, 2) } }), {}, one),
    ).toEqual([]);
  });
});

describe("states that hang together", () => {
  it("exchange their old values", async () => {
    const values = { a: hostTensor([1, 2, 3], [3]), b: hostTensor([10, 20, 30], [3]) };
    const fn = ({ x }: Live, { a, b }: Live): Step => ({
      outputs: { y: tf.mul(x!, 1) },
      state: { a: tf.sub(b!, 1), b: tf.add(a!, 1) },
    });
    expect(updatedBy(fn, { x: scalar }, values)).toEqual(["a", "b"]);
    const program = await compile(fn, { inputs: { x: scalar }, state: values }, { device: "cpu" });
    open.push(program);
    await program.run({ x: 0 });
    await program.run({ x: 0 });
    const { a, b } = await program.readState();
    expect([...a!.data, ...b!.data]).toEqual([1, 2, 3, 10, 20, 30]);
  });

  it("take a scalar input, a computed scalar and a state that stays", async () => {
    const values = { a: hostTensor([1, -2, 3, 0.5, 5], [5]), b: hostTensor([1, 2, 3, 4, 5], [5]) };
    const fn = ({ x }: Live, { a, b }: Live): Step => {
      const root = tf.sqrt(x!);
      const next = tf.maximum(tf.neg(tf.abs(a!)), tf.sub(tf.mul(b!, x!), tf.mul(root, b!)));
      return { outputs: { root }, state: { a: next } };
    };
    expect(updatedBy(fn, { x: scalar }, values)).toEqual(["a", "b"]);
    const program = await compile(fn, { inputs: { x: scalar }, state: values }, { device: "cpu" });
    open.push(program);
    expect((await program.run({ x: 4 })).root!.data[0]).toBe(2);
    expect([...(await program.readState()).a!.data]).toEqual([2, 4, 6, 8, 10]);
  });
});
