/** Targets, losses, schedule, sampler, statistics, folds: each against its definition. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { compile, tf } from "../../../src/engine";
import {
  balancedClassWeights,
  balancedTuples,
  cosine,
  crossEntropy,
  encodeTargets,
  epochOrder,
  focal,
  type LossFunction,
  pixelStatistics,
} from "../../../src/train";

const LOGITS = [
  [1.2, -0.4, 0.3],
  [0.1, 0.9, -2],
  [-0.5, 0.2, 0.7],
];

function lossOf(loss: LossFunction, logits: number[][], labels: number[], options = {}): number {
  const classes = logits[0]!.length;
  const { oneHot, weight } = encodeTargets(labels, { classes, ...options });
  return tf.tidy(
    () =>
      loss(tf.tensor2d(logits), {
        oneHot: tf.tensor2d(oneHot, [labels.length, classes]),
        weight: tf.tensor1d(weight),
      }).dataSync()[0]!,
  ) as unknown as number;
}

/** -log softmax, in doubles. */
function surprise(logits: number[], label: number): number {
  const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
  return Math.log(total) - logits[label]!;
}

describe("targets and cross-entropy", () => {
  test("the loss is the mean surprise of the labelled patients", () => {
    const expected = (surprise(LOGITS[0]!, 0) + surprise(LOGITS[2]!, 1)) / 2;
    expect(lossOf(crossEntropy, LOGITS, [0, -1, 1])).toBeCloseTo(expected, 6);
  });

  test("class weights make a weighted mean", () => {
    const expected = (3 * surprise(LOGITS[0]!, 0) + 0.5 * surprise(LOGITS[1]!, 1)) / 3.5;
    expect(lossOf(crossEntropy, LOGITS.slice(0, 2), [0, 1], { classWeights: [3, 0.5, 1] })).toBeCloseTo(
      expected,
      6,
    );
  });

  test("label smoothing mixes the surprise of all classes", () => {
    const [logits] = LOGITS;
    const even = [0, 1, 2].reduce((sum, c) => sum + surprise(logits!, c) / 3, 0);
    const expected = 0.8 * surprise(logits!, 2) + 0.2 * even;
    expect(lossOf(crossEntropy, [logits!], [2], { labelSmoothing: 0.2 })).toBeCloseTo(expected, 6);
  });

  test.each([
    ["crossEntropy", crossEntropy],
    ["focal", focal()],
  ] as const)("%s: a batch without labels has loss 0 and gradient 0", (_, loss) => {
    const { oneHot, weight } = encodeTargets([-1, -1], { classes: 2 });
    const { value, gradient } = tf.tidy(() => {
      const step = tf.valueAndGrad((z: tf.Tensor) =>
        loss(z, { oneHot: tf.tensor2d(oneHot, [2, 2]), weight: tf.tensor1d(weight) }),
      )(
        tf.tensor2d([
          [3, -1],
          [0, 5],
        ]),
      );
      return { value: step.value.dataSync()[0]!, gradient: Array.from(step.grad.dataSync()) };
    }) as unknown as { value: number; gradient: number[] };
    expect(value).toBe(0);
    expect(gradient.map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  test("a label that is no class is refused", () => {
    expect(() => encodeTargets([0, 2], { classes: 2 })).toThrow(
      /label is 2; expected a class index from 0 to 1/,
    );
  });

  test("a class of weight 0 cannot be smoothed", () => {
    const wishes = { classes: 2, classWeights: [0, 1] };
    expect(encodeTargets([0, 1], wishes).weight).toEqual(Float32Array.of(0, 1));
    expect(() => encodeTargets([0, 1], { ...wishes, labelSmoothing: 0.1 })).toThrow(
      /classWeights is 0; expected weights above 0 with label smoothing/,
    );
  });

  test("balanced class weights give every class the same total", () => {
    const labels = [0, 0, 0, 1, -1, 0, 1];
    const weights = balancedClassWeights(labels, 3);
    expect(weights[0]! * 4).toBeCloseTo(weights[1]! * 2, 12);
    expect(weights[2]).toBe(1);
  });
});

describe("gradients of losses against finite differences", () => {
  const cases: [string, LossFunction][] = [
    ["crossEntropy", crossEntropy],
    ["focal", focal()],
    ["focal, gamma 1.5", focal({ gamma: 1.5, alpha: 0.6 })],
  ];
  test.each(cases)("%s, eager and compiled", async (_, loss) => {
    const labels = [0, 2, -1];
    const { oneHot, weight } = encodeTargets(labels, { classes: 3, classWeights: [1, 2, 0.5] });
    const step = (inputs: Record<string, tf.Tensor>) => {
      const { value, grad } = tf.valueAndGrad((z: tf.Tensor) =>
        loss(z, { oneHot: inputs.oneHot!, weight: inputs.weight! }),
      )(inputs.logits!);
      return { outputs: { value: tf.reshape(value, []), grad } };
    };
    const signature = {
      inputs: { logits: { shape: [3, 3] }, oneHot: { shape: [3, 3] }, weight: { shape: [3] } },
    };
    for (const device of ["eager", "cpu"] as const) {
      const program = await compile(step, signature, { device, name: "loss" });
      const at = async (logits: Float32Array) => program.run({ logits, oneHot, weight });
      const point = Float32Array.from(LOGITS.flat());
      const gradient = (await at(point)).grad!.data;
      const h = 0.02;
      for (let i = 0; i < point.length; i++) {
        const moved = async (by: number) => {
          const p = point.slice();
          p[i]! += by;
          return (await at(p)).value!.data[0]!;
        };
        const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
        expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-4);
      }
      await program.dispose();
    }
  });
});

describe("cosine schedule", () => {
  test("starts at the rate, ends at the minimum, is half-way in the middle, as torch's CosineAnnealingLR", () => {
    const options = { start: 1e-6, minimum: 1e-9, epochs: 200 };
    expect(cosine(0, options)).toBeCloseTo(1e-6, 15);
    expect(cosine(100, options)).toBeCloseTo((1e-6 + 1e-9) / 2, 15);
    expect(cosine(200, options)).toBeCloseTo(1e-9, 15);
  });

  test("rises in equal steps during the warm-up, then falls", () => {
    const rates = Array.from({ length: 8 }, (_, epoch) =>
      cosine(epoch, { start: 1, minimum: 0, epochs: 8, warmup: 3 }),
    );
    expect(rates.slice(0, 3)).toEqual([0.25, 0.5, 0.75]);
    expect(rates[3]).toBe(1);
    for (let i = 4; i < 8; i++) expect(rates[i]!).toBeLessThan(rates[i - 1]!);
  });
});

describe("samplers", () => {
  test("shuffle shows each patient once, in another order each epoch, the same for the same seed", () => {
    const labels = Array.from({ length: 30 }, () => [0]);
    const order = (epoch: number, seed: number) => epochOrder("shuffle", labels, epoch, new Rng(seed));
    expect([...order(0, 7)].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    expect(order(0, 7)).toEqual(order(0, 7));
    expect(order(0, 7)).not.toEqual(order(1, 7));
    expect(order(0, 7)).not.toEqual(order(0, 8));
  });

  test("balanced tuples: every tuple as often as the largest, in turn, nobody left out", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -1, max: 1 })), {
          minLength: 1,
          maxLength: 40,
        }),
        (labels) => {
          const order = balancedTuples(labels, new Rng(1));
          const key = (i: number) => labels[i]!.join(" ");
          const kinds = new Set(labels.map((l) => l.join(" ")));
          const largest = Math.max(...[...kinds].map((k) => labels.filter((l) => l.join(" ") === k).length));
          expect(order).toHaveLength(largest * kinds.size);
          expect(new Set(order).size).toBe(labels.length);
          for (let turn = 0; turn < largest; turn++)
            expect(new Set(order.slice(turn * kinds.size, (turn + 1) * kinds.size).map(key)).size).toBe(
              kinds.size,
            );
        },
      ),
    );
  });

  test("balanced tuples keep order and duplicates in every epoch, as published", () => {
    const labels = [[0], [0], [0], [1]];
    expect(epochOrder("balanced-tuples", labels, 0, new Rng(1))).toEqual(
      epochOrder("balanced-tuples", labels, 9, new Rng(1)),
    );
  });
});

test("pixel statistics are the mean over patients of each patient's own", () => {
  const { mean, std } = pixelStatistics([
    [10, 0, 7, 20, 0, 9],
    [30, 200, 8, 30, 100, 8],
  ]);
  expect(mean).toEqual([22.5, 75, 8]);
  expect(std).toEqual([2.5, 25, 1]); // the third channel: (1 + 0) / 2, raised to one grey level
});
