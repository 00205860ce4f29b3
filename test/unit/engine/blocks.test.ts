import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import {
  attention,
  compile,
  gelu,
  layerNorm,
  linear,
  mlp,
  selfAttention,
  softmaxCrossEntropy,
  tf,
} from "../../../src/engine";
import { gradientError, randomTensor } from "./finite-differences";

const TOLERANCE = 5e-3;
const r = randomTensor;

/** The largest difference of two tensors. */
function difference(a: tf.Tensor, b: tf.Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);
}

describe("blocks equal their definition", () => {
  it("linear is x Wᵀ + b over the last axis", () => {
    tf.tidy(() => {
      const [x, w, b] = [r("x", [2, 3, 4]), r("w", [5, 4]), r("b", [5])];
      const expected = tf.add(tf.reshape(tf.matMul(tf.reshape(x, [6, 4]), w, false, true), [2, 3, 5]), b);
      expect(difference(linear(x, w, b), expected)).toBeLessThan(1e-6);
      expect(difference(linear(x, w), tf.sub(expected, b))).toBeLessThan(1e-6);
    });
  });

  it("layerNorm gives rows of mean 0 and variance 1 before gain and bias", () => {
    tf.tidy(() => {
      const x = tf.add(tf.mul(r("x", [4, 64]), 7), 3);
      const { mean, variance } = tf.moments(layerNorm(x, tf.ones([64]), tf.zeros([64])), 1);
      expect(difference(mean, tf.zeros([4]))).toBeLessThan(1e-5);
      expect(difference(variance, tf.ones([4]))).toBeLessThan(1e-5);
    });
  });

  it("gelu has the values of the exact form", () => {
    tf.tidy(() => {
      // x * (1 + erf(x / sqrt 2)) / 2, from tables of the normal distribution function.
      const values = gelu(tf.tensor1d([-3, -1, 0, 0.5, 2])).dataSync();
      [-0.0040496, -0.1586553, 0, 0.3457312, 1.9544997].forEach((v, i) => {
        expect(values[i]).toBeCloseTo(v, 5);
      });
    });
  });

  it("mlp is linear, gelu, linear", () => {
    tf.tidy(() => {
      const [x, w1, b1, w2, b2] = [
        r("x", [2, 3, 4]),
        r("w1", [8, 4]),
        r("b1", [8]),
        r("w2", [4, 8]),
        r("b2", [4]),
      ];
      expect(difference(mlp(x, w1, b1, w2, b2), linear(gelu(linear(x, w1, b1)), w2, b2))).toBeLessThan(1e-6);
    });
  });

  it("attention of one head and one image is softmax(q kᵀ / √d) v", () => {
    tf.tidy(() => {
      const [q, k, v] = [r("q", [5, 4]), r("k", [6, 4]), r("v", [6, 4])];
      const expected = tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), 2)), v);
      const found = attention(
        tf.reshape(q, [5, 1, 4]),
        tf.reshape(k, [6, 1, 4]),
        tf.reshape(v, [6, 1, 4]),
        1,
      );
      expect(difference(tf.reshape(found, [5, 4]), expected)).toBeLessThan(1e-6);
    });
  });

  it("attention of some queries at a time equals that of all at once, with its gradients", async () => {
    // A rectangle of 3 x 5 patches and a class token, two images, two heads: 5 queries at a time, and 1.
    const shapes = { q: [16, 2, 4], k: [16, 2, 4], v: [16, 2, 4], dy: [16, 2, 4] };
    const values = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, r(name, shape, -2, 2).dataSync() as Float32Array]),
    );
    const bias = Array.from({ length: 32 }, (_, i) => (i % 7 === 3 ? -1e9 : 0));
    const run = async (mostScores: number, device: "eager" | "cpu") => {
      const program = await compile(
        ({ q, k, v, dy }) => {
          const masked = tf.tensor4d(bias, [2, 1, 1, 16]);
          const attend = (...[q, k, v]: tf.Tensor[]) => attention(q!, k!, v!, 2, masked, mostScores);
          const { value, grads } = tf.valueAndGrads(attend)([q!, k!, v!], dy!);
          return { outputs: { value, dq: grads[0]!, dk: grads[1]!, dv: grads[2]! } };
        },
        { inputs: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }])) },
        { device },
      );
      const outputs = await program.run(values);
      await program.dispose();
      return outputs;
    };
    const whole = await run(Number.POSITIVE_INFINITY, "eager");
    for (const device of ["eager", "cpu"] as const)
      for (const mostScores of [5 * 2 * 2 * 16, 1]) {
        const parts = await run(mostScores, device);
        for (const [name, { data }] of Object.entries(whole)) {
          const found = parts[name as keyof typeof whole].data;
          const worst = Math.max(...Array.from(data, (value, i) => Math.abs(value - found[i]!)));
          expect(worst, `${name}, ${mostScores} scores, ${device}`).toBeLessThan(2e-6);
        }
      }
  });

  it("selfAttention keeps images and heads apart, and `queries` cuts the result only", () => {
    tf.tidy(() => {
      const [x, w, b] = [r("x", [5, 2, 6]), r("w", [18, 6]), r("b", [18])];
      const all = selfAttention(x, w, b, { heads: 3 });
      const first = selfAttention(x, w, b, { heads: 3, queries: 1 });
      expect(difference(first, tf.slice(all, [0, 0, 0], [1, 2, 6]))).toBeLessThan(1e-6);
      const alone = selfAttention(tf.slice(x, [0, 1, 0], [5, 1, 6]), w, b, { heads: 3 });
      expect(difference(alone, tf.slice(all, [0, 1, 0], [5, 1, 6]))).toBeLessThan(1e-6);
      // The second head alone: its own rows of the weights, one head of width 2.
      const rows = (from: tf.Tensor) => tf.concat([2, 8, 14].map((i) => tf.slice(from, i, 2)));
      const projected = tf.add(tf.matMul(tf.reshape(x, [10, 6]), rows(w), false, true), rows(b));
      const [q, k, v] = tf.split(tf.reshape(projected, [5, 2, 6]), 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor];
      expect(difference(attention(q, k, v, 1), tf.slice(all, [0, 0, 2], [5, 2, 2]))).toBeLessThan(1e-6);
    });
  });

  it.each([
    ["all heads at once", 9, 3],
    ["of one sequence", 33, 1],
    // 2 MiB of weights for each head: heads take turns.
    ["one head at a time", 725, 1],
  ])(
    "selfAttention is attention of three projections, with its gradients: %s",
    async (_how, tokens, batch) => {
      const shapes = { x: [tokens, batch, 4], w: [12, 4], b: [12], dy: [tokens, batch, 4] };
      const values = Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [
          name,
          r(name, shape, -2, 2).dataSync() as Float32Array,
        ]),
      );
      const bias = Array.from({ length: batch * tokens }, (_, i) => (i % 7 === 3 ? -1e9 : 0));
      const masked = () => tf.tensor4d(bias, [batch, 1, 1, tokens]);
      const joint = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
        selfAttention(x, w, b, { heads: 2, bias: masked() });
      const threeProjections = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
        const [q, k, v] = [0, 1, 2].map((i) => linear(x, tf.slice(w, 4 * i, 4), tf.slice(b, 4 * i, 4)));
        return attention(q!, k!, v!, 2, masked());
      };
      const run = async (attend: typeof joint, device: "eager" | "cpu") => {
        const program = await compile(
          ({ x, w, b, dy }) => {
            const { value, grads } = tf.valueAndGrads((...[x, w, b]: tf.Tensor[]) => attend(x!, w!, b!))(
              [x!, w!, b!],
              dy!,
            );
            return { outputs: { value, dx: grads[0]!, dw: grads[1]!, db: grads[2]! } };
          },
          { inputs: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }])) },
          { device },
        );
        const outputs = await program.run(values);
        await program.dispose();
        return outputs;
      };
      const expected = await run(threeProjections, "eager");
      for (const device of ["eager", "cpu"] as const) {
        const found = await run(joint, device);
        for (const [name, { data }] of Object.entries(expected)) {
          const other = found[name as keyof typeof found].data;
          const largest = Math.max(1, ...Array.from(data, (value) => Math.abs(value)));
          const worst = Math.max(...Array.from(data, (value, i) => Math.abs(value - other[i]!)));
          expect(worst / largest, `${name}, ${device}`).toBeLessThan(1e-5);
        }
      }
    },
  );

  it("softmaxCrossEntropy is -Σ t log softmax, 0 for a missing label, and survives huge logits", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([
        [1, 2, 3],
        [1000, 0, -1000],
        [5, 5, 5],
      ]);
      const targets = tf.tensor2d([
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, 0],
      ]);
      const loss = softmaxCrossEntropy(logits, targets).dataSync();
      expect(loss[0]).toBeCloseTo(Math.log(1 + Math.exp(-1) + Math.exp(-2)), 5);
      expect(loss[1]).toBeCloseTo(1000, 2);
      expect(loss[2]).toBeCloseTo(0, 7);
    });
  });
});

describe("gradients of blocks equal finite differences", () => {
  it.each<[string, (...inputs: tf.Tensor[]) => tf.Tensor, () => tf.Tensor[]]>([
    ["linear", (x, w, b) => linear(x!, w!, b!), () => [r("x", [4, 3]), r("w", [2, 3]), r("b", [2])]],
    [
      "layerNorm",
      (x, g, b) => layerNorm(x!, g!, b!),
      () => [r("x", [3, 5], -2, 2), r("g", [5]), r("b", [5])],
    ],
    ["gelu", (x) => gelu(x!), () => [r("x", [3, 4], -3, 3)]],
    [
      "mlp",
      (x, w1, b1, w2, b2) => mlp(x!, w1!, b1!, w2!, b2!),
      () => [r("x", [3, 2]), r("w1", [4, 2]), r("b1", [4]), r("w2", [2, 4]), r("b2", [2])],
    ],
    [
      "attention",
      (q, k, v) => attention(q!, k!, v!, 2),
      () => [r("q", [2, 2, 4], -2, 2), r("k", [3, 2, 4], -2, 2), r("v", [3, 2, 4])],
    ],
    [
      "selfAttention",
      (x, w, b) => selfAttention(x!, w!, b!, { heads: 2 }),
      () => [r("x", [3, 2, 4]), r("w", [12, 4]), r("b", [12])],
    ],
    [
      "selfAttention, some queries",
      (x, w, b) => selfAttention(x!, w!, b!, { heads: 2, queries: 2 }),
      () => [r("x", [3, 2, 4]), r("w", [12, 4]), r("b", [12])],
    ],
    [
      "softmaxCrossEntropy",
      (z) =>
        softmaxCrossEntropy(
          z!,
          tf.tensor2d([
            [0, 1],
            [1, 0],
            [0, 0],
            [0.3, 0.7],
          ]),
        ),
      () => [r("z", [4, 2], -2, 2)],
    ],
  ])("%s", (_name, fn, inputs) => {
    const before = tf.memory().numTensors;
    expect(tf.tidy(() => gradientError(fn, inputs()))).toBeLessThan(TOLERANCE);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("blocks say what does not fit", () => {
  it("names the axes of a weight in another layout", () => {
    tf.tidy(() => {
      const call = () => linear(tf.ones([2, 3]), tf.ones([3, 5]), tf.ones([5]));
      expect(call).toThrow(/linear: weight has shape \[3, 5\][\s\S]*\[out, in 3\]/);
      try {
        call();
      } catch (error) {
        expect(isOsccError(error, "ShapeMismatch")).toBe(true);
      }
    });
  });

  it("wants heads that divide the width", () => {
    tf.tidy(() => {
      const t = tf.ones([4, 1, 10]);
      expect(() => attention(t, t, t, 3)).toThrow(/heads is 3; expected a divisor of the width 10/);
      expect(() => selfAttention(t, tf.ones([30, 10]), tf.ones([30]), { heads: 2, queries: 9 })).toThrow(
        /queries is 9/,
      );
    });
  });
});
