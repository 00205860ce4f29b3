/** Balancing methods against PyTorch and SciPy, and the facts that the compiled step hands them. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { compile, tf, toTensor } from "../../../src/engine";
import { createModel, forward, normalise } from "../../../src/model";
import { minNorm } from "../../../src/train";
import { crossEntropy } from "../../../src/train/losses";
import { gradNorm } from "../../../src/train/multitask/grad-norm";
import type { BalancingMethod, TaskFacts } from "../../../src/train/multitask/method";
import { weightsOfGram } from "../../../src/train/multitask/min-norm";
import { lastSharedLayer } from "../../../src/train/multitask/place";
import { uncertainty } from "../../../src/train/multitask/uncertainty";
import {
  dropoutInput,
  dropoutOf,
  dropoutWidth,
  lossOf,
  oneHotInput,
  type StepOptions,
  stepInputs,
  stepState,
  trainingStep,
  weightInput,
} from "../../../src/train/step";

const FIXTURES = path.resolve(__dirname, "../../fixtures/train");
const SHARED = path.resolve(__dirname, "../../../../shared/data/fixtures/reference_values.json");
const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));

interface Steps {
  readonly steps: readonly (TaskFacts & { readonly weights: number[] })[];
}

function expectClose(found: readonly number[], wanted: readonly number[], within: number): void {
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(within);
  });
}

function follow(method: BalancingMethod, { steps }: Steps): void {
  let state = method.start(steps[0]!.losses.length);
  for (const { weights, ...facts } of steps) {
    state = method.next(state, facts);
    expectClose(state.weights, weights, 1e-9);
  }
}

describe("weights over twelve steps of training, against PyTorch's autograd and Adam", () => {
  const { gradNorm: runs, uncertainty: noise } = read(path.join(FIXTURES, "balancing.json"));

  test.each([0, 1, 2])("GradNorm, case %i", (i) => {
    const { alpha, renormalise, learningRate, ...steps } = runs[i];
    follow(gradNorm({ alpha, renormalise, learningRate, gradientsOf: "lastSharedLayer" }), steps);
  });

  test("uncertainty", () => {
    const { learningRate, ...steps } = noise;
    follow(uncertainty({ learningRate }), steps);
  });
});

describe("the point of least norm", () => {
  test("against SciPy's SLSQP; single precision", () => {
    for (const { vectors, weights, normSquared } of read(path.join(FIXTURES, "min-norm.json")).cases) {
      const found = minNorm(vectors);
      expectClose(found.weights, weights, 2e-4);
      expect(found.normSquared / normSquared).toBeLessThan(1 + 1e-4);
    }
  });

  test.skipIf(!existsSync(SHARED))("against the reference values of the project", () => {
    for (const { vectors, weights, min_norm_sq } of read(SHARED).min_norm) {
      const found = minNorm(vectors);
      expectClose(found.weights, weights, 1e-4);
      expect(found.normSquared).toBeCloseTo(min_norm_sq, 4);
    }
  });
});

describe("the compiled step", () => {
  const TASKS = {
    A: { title: "a", classes: ["no", "yes"] },
    B: { title: "b", classes: ["low", "middle", "high"] },
    C: { title: "c", classes: ["no", "yes"] },
  };
  const model = createModel(
    {
      encoder: { imageSize: [8, 8], patch: 4, width: 8, depth: 2, heads: 2, mlpRatio: 2 },
      fusionWidth: 6,
      headHidden: [5],
      tasks: TASKS,
      views: [1, 2].map((n) => ({ site: "core", magnification: `x${n}00` })),
    },
    new Rng(5),
  );
  const { spec, parameters } = model;
  const losses = { A: crossEntropy, B: crossEntropy, C: crossEntropy };
  const size = 4;
  const names = Object.keys(parameters);

  function inputs(): Record<string, Float32Array> {
    const rng = new Rng("inputs");
    const drawn: Record<string, Float32Array> = {
      images: Float32Array.from({ length: size * 2 * 8 * 8 * 3 }, () => rng.range(0, 255)),
      taskWeights: Float32Array.of(0.5, 2, 1),
    };
    for (const [task, { classes }] of Object.entries(TASKS)) {
      const oneHot = new Float32Array(size * classes.length);
      for (let i = 0; i < size; i++) oneHot[i * classes.length + rng.integer(classes.length)] = 1;
      drawn[oneHotInput(task)] = oneHot;
      drawn[weightInput(task)] = new Float32Array(size).fill(1 / size);
      drawn[dropoutInput(task)] = Float32Array.from({ length: size * dropoutWidth(spec) }, () =>
        rng.chance(0.5) ? 0 : 2,
      );
    }
    return drawn;
  }

  /** Losses and gradients of each task by TensorFlow.js alone, one operation after the other. */
  function eager(variables: readonly string[]): { losses: number[]; gram: number[][] } {
    return tf.tidy(() => {
      const live = Object.fromEntries(
        Object.entries(parameters).map(([name, host]) => [name, toTensor(host)]),
      );
      const shapes = stepInputs(spec, { ...options, tasks: {} });
      const given = Object.fromEntries(
        Object.entries(inputs()).map(([name, data]) => [name, tf.tensor(data, [...shapes[name]!.shape])]),
      );
      const images = normalise(given.images!, spec.normalisation);
      const dropout = dropoutOf(spec, given);
      const of = (task: string) => (changed: Record<string, tf.Tensor>) =>
        lossOf(
          task,
          forward(spec, { ...live, ...changed }, images, { dropout }).logits[task]!,
          given,
          losses,
        );
      const found = Object.keys(TASKS).map((task) => {
        const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
          of(task)(Object.fromEntries(variables.map((name, i) => [name, values[i]!]))),
        )(variables.map((name) => live[name]!));
        return { value: value.dataSync()[0]!, gradient: grads.flatMap((g) => [...g.dataSync()]) };
      });
      const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
      return {
        losses: found.map(({ value }) => value),
        gram: found.map((a) => found.map((b) => dot(a.gradient, b.gradient))),
      };
    });
  }

  const options: StepOptions = {
    size,
    accumulate: false,
    source: "images",
    losses,
    adamW: {},
  };

  async function compiled(tasks: NonNullable<StepOptions["tasks"]>) {
    const given = { ...options, tasks };
    const program = await compile(
      trainingStep(spec, names, given),
      { inputs: stepInputs(spec, given), state: stepState(parameters, given) },
      { device: "cpu" },
    );
    try {
      const { taskWeights, ...rest } = inputs();
      return await program.run({
        ...rest,
        ...(tasks.scaling ? {} : { taskWeights: taskWeights! }),
        encoderRate: 0,
        rate: 0,
        correction1: 0.1,
        correction2: 0.001,
      });
    } finally {
      await program.dispose();
    }
  }

  test.each([
    ["lastSharedLayer", [lastSharedLayer(spec)!]],
    ["shared", names.filter((name) => !name.startsWith("heads."))],
  ] as const)("compares gradients by %s as a loop over tasks does", async (place, variables) => {
    const outputs = await compiled({ place });
    const wanted = eager(variables);
    expectClose([...outputs.losses!.data], wanted.losses, 1e-5);
    const largest = Math.max(...wanted.gram.flat());
    expectClose([...outputs.gram!.data], wanted.gram.flat(), 1e-5 * largest);
    const weighted = wanted.losses.reduce((sum, loss, i) => sum + loss * [0.5, 2, 1][i]!, 0);
    expect(outputs.loss!.data[0]).toBeCloseTo(weighted, 5);
  });

  test("MGDA inside the step gives the weights of its own gradients", async () => {
    const outputs = await compiled({ place: "representation", scaling: "none" });
    const flat = [...outputs.gram!.data];
    const gram = [0, 1, 2].map((i) => flat.slice(3 * i, 3 * i + 3));
    const weights = [...outputs.weights!.data];
    expectClose(
      weights,
      weightsOfGram(gram).map((w) => 3 * w),
      1e-4,
    );
    const expected = weights.reduce((sum, w, i) => sum + w * outputs.losses!.data[i]!, 0);
    expect(outputs.loss!.data[0]).toBeCloseTo(expected, 5);
  });
});
