/** Half precision within products: near single precision, and unharmed by gradients that overflow. */
import { afterAll, describe, expect, it, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import {
  compile,
  compileChainStep,
  layerNorm,
  type Precision,
  type Program,
  selfAttention,
  tf,
} from "../../../src/engine";
import { computeFailure } from "../../../src/engine/failures";
import { LOSS_SCALE, lossScaleState, SOUND_STEPS, withPrecision } from "../../../src/engine/precision";
import { traceGraph } from "../../../src/engine/trace/trace";
import { createModel } from "../../../src/model";
import { adamWCorrections } from "../../../src/train/adamw";
import { chainStep } from "../../../src/train/chain-step";
import { crossEntropy } from "../../../src/train/losses";
import {
  dropoutInput,
  dropoutWidth,
  oneHotInput,
  type StepOptions,
  stepInputs,
  stepState,
  sumName,
  trainingStep,
  weightInput,
} from "../../../src/train/step";

const open: Program[] = [];
afterAll(async () => {
  for (const program of open) await program.dispose();
});

const TASK = "TD";
const model = createModel(
  {
    encoder: { imageSize: [16, 24], patch: 8, width: 128, depth: 3, heads: 4, mlpRatio: 2 },
    fusionWidth: 16,
    headHidden: [8],
    tasks: { [TASK]: { title: "differentiation", classes: ["well", "poor"] } },
    views: [1, 2].map((n) => ({ site: "core", magnification: `x${n}00` })),
  },
  new Rng(5),
);
const names = Object.keys(model.parameters);
const FORMS = ["one graph", "chain"] as const;

function optionsOf(precision: Precision): StepOptions {
  return {
    size: 1,
    accumulate: true,
    source: "images",
    losses: { [TASK]: crossEntropy },
    adamW: { weightDecay: 0.05, epsilon: 1e-4 },
    clipNorm: 0.5,
    precision,
  };
}

async function opened(form: (typeof FORMS)[number], precision: Precision): Promise<Program> {
  const options = optionsOf(precision);
  const program =
    form === "chain"
      ? await compileChainStep(chainStep(model.spec, model.parameters, options), { precision })
      : await compile(
          trainingStep(model.spec, names, options),
          { inputs: stepInputs(model.spec, options), state: stepState(model.parameters, options) },
          { device: "cpu", precision },
        );
  open.push(program);
  return program;
}

const rng = new Rng(11);
const [height, width] = model.spec.encoder.imageSize;
const batch = (t: number, apply: number) => ({
  images: Float32Array.from({ length: 2 * height * width * 3 }, () => rng.range(0, 255)),
  [oneHotInput(TASK)]: Float32Array.of(0, 1),
  [weightInput(TASK)]: Float32Array.of(1),
  [dropoutInput(TASK)]: new Float32Array(dropoutWidth(model.spec)).fill(1),
  encoderRate: 1e-3,
  rate: 3e-3,
  ...adamWCorrections(t),
  apply,
});

/** The largest difference over the largest value. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 1e-30];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(a[i]!));
  }
  return worst / largest;
}

const values = async (program: Program, entry: string) => (await program.readState([entry]))[entry]!.data;

describe.each(FORMS)("half precision as %s", (form) => {
  // Half precision has 11 significant bits: 5e-4 a product, and some twenty products follow each other.
  test("gives losses within 0.5 % and gradients within 3 % of single precision, over five batches", async () => {
    const [single, half] = [await opened(form, "f32"), await opened(form, "f16")];
    for (let t = 1; t <= 5; t++)
      for (const apply of [0, 1]) {
        const inputs = batch(t, apply);
        const [expected, found] = [await single.run(inputs), await half.run(inputs)];
        expect(difference(expected.loss!.data, found.loss!.data), `batch ${t}`).toBeLessThan(5e-3);
        // The CPU runtime may compute neighbouring half-precision nodes in single precision; between graphs it cannot.
        if (form === "chain") expect(found.loss!.data[0]).not.toBe(expected.loss!.data[0]);
        if (t > 1 || apply === 1) continue;
        const scale = (await values(half, LOSS_SCALE))[0]!;
        for (const name of names) {
          // In theory the gradient of the keys' bias is zero: all of it is rounding.
          if (name.endsWith("qkv.bias")) continue;
          const unscaled = Array.from(await values(half, sumName(name)), (g) => g / scale);
          expect(difference(await values(single, sumName(name)), unscaled), name).toBeLessThan(0.03);
        }
      }
    expect((await values(half, SOUND_STEPS))[0]).toBe(5);
  });

  test("skips a batch whose gradients overflow, halves the scale, and goes on", async () => {
    const half = await opened(form, "f16");
    const [first] = names as [string];
    const before = Float32Array.from(await values(half, first));
    await half.writeState({
      [LOSS_SCALE]: { shape: [], dtype: "float32", data: Float32Array.of(1e9) },
      [SOUND_STEPS]: { shape: [], dtype: "float32", data: Float32Array.of(7) },
    });
    for (const apply of [0, 1]) expect((await half.run(batch(1, apply))).loss!.data[0]).toBeLessThan(10);
    expect(await values(half, first)).toEqual(before);
    expect((await values(half, LOSS_SCALE))[0]).toBe(5e8);
    expect((await values(half, SOUND_STEPS))[0]).toBe(0);
    expect((await values(half, sumName(first))).every((sum) => sum === 0)).toBe(true);

    await half.writeState(lossScaleState());
    for (const apply of [0, 1]) await half.run(batch(1, apply));
    expect(await values(half, first)).not.toEqual(before);
    expect((await values(half, SOUND_STEPS))[0]).toBe(1);
  });

  test("doubles the scale after two thousand sound steps", async () => {
    const half = await opened(form, "f16");
    const last = { shape: [], dtype: "float32" as const, data: Float32Array.of(1999) };
    await half.writeState({ ...lossScaleState(), [SOUND_STEPS]: last });
    await half.run(batch(1, 1));
    expect([(await values(half, LOSS_SCALE))[0], (await values(half, SOUND_STEPS))[0]]).toEqual([2 ** 17, 0]);
  });
});

it("is that of the products' operands only: sums, normalisation and softmax stay in single precision", () => {
  const shape = { x: [6, 2, 8], gain: [8], bias: [8], qkv: [24, 8], qkvBias: [24] };
  const specs = Object.fromEntries(
    Object.entries(shape).map(([name, shape]) => [name, { shape, dtype: "float32" as const }]),
  );
  const graph = traceGraph(
    (given) =>
      withPrecision("f16", () => {
        const [x, ...weights] = Object.keys(shape).map((name) => given[name]!) as [tf.Tensor, ...tf.Tensor[]];
        const loss = (gain: tf.Tensor, bias: tf.Tensor, qkv: tf.Tensor, qkvBias: tf.Tensor) =>
          tf.sum(selfAttention(layerNorm(x, gain, bias), qkv, qkvBias, { heads: 2 }));
        return Object.fromEntries(
          tf
            .grads(loss as never)(weights)
            .map((slope, i) => [`slope${i}`, slope]),
        );
      }),
    specs,
    "webgpu",
  );
  const HALF = 10; // TensorProto.DataType.FLOAT16
  const halves = new Set<string>();
  const operators = new Set<string>();
  for (const { operator, attributes, inputs, outputs } of graph.nodes) {
    if (operator === "Cast" && attributes.to === HALF) halves.add(outputs[0]!);
    if (operator === "Cast" || !inputs.some((input) => halves.has(input))) continue;
    operators.add(operator);
    expect(
      inputs.every((input) => halves.has(input)),
      operator,
    ).toBe(true);
    halves.add(outputs[0]!);
  }
  expect([...operators].sort()).toEqual(["Gemm", "MatMul", "Transpose"]);
  expect(graph.nodes.some(({ operator }) => operator === "Softmax")).toBe(true);
});

it("is refused by a device that lacks it with what to do instead", () => {
  const told = new Error("Program Cast requires f16 but the device does not support it.");
  const error = computeFailure({ program: "step", device: "webgpu", what: "running" }, told);
  expect(isOsccError(error, "DeviceUnavailable")).toBe(true);
  expect(error.message).toMatch(/half precision.*\n.*precision: "f32"/);
});

it("is refused by name where it is mistyped, and where there is none", async () => {
  const given = { inputs: { x: { shape: [1] } } };
  const same = ({ x }: Record<"x", tf.Tensor>) => ({ outputs: { x } });
  await expect(compile(same, given, { device: "cpu", precision: "fp16" as "f16" })).rejects.toThrow(/f16/);
  await expect(compile(same, given, { device: "eager", precision: "f16" })).rejects.toThrow(
    /TensorFlow.js has no half precision/,
  );
});
