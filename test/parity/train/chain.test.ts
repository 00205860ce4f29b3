/** The low-memory form of a training step against the form of one graph. */
import { afterAll, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { compile, compileChainStep, type Program } from "../../../src/engine";
import { createModel, type Model, type Pooling } from "../../../src/model";
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

function smallModel(depth: number, pooling: Pooling): Model {
  return createModel(
    {
      encoder: { imageSize: [24, 32], patch: 8, width: 128, depth, heads: 4, mlpRatio: 2, pooling },
      fusionWidth: 24,
      headHidden: [16, 8],
      tasks: { [TASK]: { title: "differentiation", classes: ["well", "moderate", "poor"] } },
      views: [1, 2, 3].map((n) => ({ site: "core", magnification: `x${n}00` })),
    },
    new Rng(5),
  );
}

async function both(model: Model, options: StepOptions): Promise<[Program, Program]> {
  const names = Object.keys(model.parameters);
  const one = await compile(
    trainingStep(model.spec, names, options),
    { inputs: stepInputs(model.spec, options), state: stepState(model.parameters, options) },
    { device: "cpu", name: "one graph" },
  );
  const chain = await compileChainStep(chainStep(model.spec, model.parameters, options), { name: "chain" });
  open.push(one, chain);
  return [one, chain];
}

/** Random images, labels and dropout for one pass. */
function inputsOf(model: Model, size: number, rng: Rng): Record<string, Float32Array> {
  const { spec } = model;
  const [height, width] = spec.encoder.imageSize;
  const classes = spec.tasks[TASK]!.classes.length;
  const oneHot = new Float32Array(size * classes);
  for (let i = 0; i < size; i++) oneHot[i * classes + rng.integer(classes)] = 1;
  const values = (length: number, draw: () => number) => Float32Array.from({ length }, draw);
  return {
    images: values(size * spec.views.length * height * width * 3, () => rng.range(0, 255)),
    [oneHotInput(TASK)]: oneHot,
    [weightInput(TASK)]: values(size, () => 1 / size),
    [dropoutInput(TASK)]: values(size * dropoutWidth(spec), () => (rng.chance(0.5) ? 0 : 2)),
  };
}

/** The largest difference, relative to the largest value. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  let largest = 1e-30;
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(a[i]!));
  }
  return worst / largest;
}

test.each([
  { depth: 3, pooling: "class", clipNorm: 0.5 },
  { depth: 1, pooling: "class", clipNorm: undefined },
  { depth: 2, pooling: "class+mean", clipNorm: 0.5 },
] as const)(
  "losses, gradients and parameters of 5 batches are those of one graph ($depth blocks, $pooling, clipped to $clipNorm)",
  async ({ depth, pooling, clipNorm }) => {
    const model = smallModel(depth, pooling);
    const options: StepOptions = {
      size: 2,
      accumulate: true,
      source: "images",
      losses: { [TASK]: crossEntropy },
      adamW: { weightDecay: 0.05, epsilon: 1e-4 },
      ...(clipNorm === undefined ? {} : { clipNorm }),
    };
    const [one, chain] = await both(model, options);
    const rng = new Rng(11);
    for (let batch = 0; batch < 5; batch++)
      for (const apply of [0, 1]) {
        const inputs = {
          ...inputsOf(model, options.size, rng),
          encoderRate: 1e-3,
          rate: 3e-3,
          ...adamWCorrections(batch + 1),
          apply,
        };
        const [expected, found] = [await one.run(inputs), await chain.run(inputs)];
        expect(difference(expected.loss!.data, found.loss!.data)).toBeLessThan(1e-5);
        if (apply === 1) continue;
        const [wanted, sums] = [await one.readState(), await chain.readState()];
        for (const name of Object.keys(model.parameters)) {
          const error = difference(wanted[sumName(name)]!.data, sums[sumName(name)]!.data);
          expect(error, `gradient of ${name}, batch ${batch}`).toBeLessThan(1e-5);
        }
      }
    const [wanted, found] = [await one.readState(), await chain.readState()];
    for (const name of Object.keys(model.parameters))
      expect(difference(wanted[name]!.data, found[name]!.data), name).toBeLessThan(1e-5);
    expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  },
);
