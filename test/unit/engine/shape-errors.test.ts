/** Tensors that do not fit, in every family of operations: which axes or elements, and which line of the user's. */
import { describe, expect, test } from "vitest";
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
import { TRACED_KERNELS } from "../../../src/engine/trace/kernels";

const ones = (...shape: number[]) => tf.ones(shape);

/** `x` is [2, 3, 4]. What is called, and what the message must say. */
const WRONG: readonly [what: string, call: (x: tf.Tensor) => tf.Tensor | tf.Tensor[], says: RegExp][] = [
  ["add", (x) => tf.add(x, ones(5)), /Add of \[2, 3, 4\] and \[5\].*Axis -1 .* is 4 in one and 5/s],
  ["sub, an axis in the middle", (x) => tf.sub(x, ones(2, 4)), /Sub of .*Axis -2 .* is 3 in one and 2/s],
  ["mul", (x) => tf.mul(x, ones(3, 3, 4)), /Multiply of .*Axis -3 .* is 2 in one and 3/s],
  ["div", (x) => tf.div(x, ones(3)), /RealDiv.*Axis -1/s],
  ["maximum", (x) => tf.maximum(x, ones(3)), /4.*3/s],
  ["pow", (x) => tf.pow(x, ones(3)), /Pow.*Axis -1/s],
  ["greater", (x) => tf.greater(x, ones(3)), /4.*3/s],
  ["logicalAnd", (x) => tf.logicalAnd(tf.greater(x, 0), tf.greater(ones(3), 0)), /Axis -1|broadcast/],
  ["where", (x) => tf.where(tf.greater(ones(5), 0), x, x), /2,3,4|5|Axis/],
  ["matMul", (x) => tf.matMul(x, ones(2, 3, 4)), /inner axes are 4 and 3/],
  ["matMul of batches", (x) => tf.matMul(x, ones(5, 4, 2)), /2.*5|batch/],
  ["dot", (x) => tf.dot(tf.slice(tf.reshape(x, [24]), 0, 3), ones(4)), /3.*4/],
  ["reshape", (x) => tf.reshape(x, [5, 5]), /Reshape of \[2, 3, 4\]/],
  ["expandDims", (x) => tf.expandDims(x, 7), /[Aa]xis/],
  ["squeeze", (x) => tf.squeeze(x, [0]), /Can't squeeze axis 0|dim 0.*not one/],
  ["transpose", (x) => tf.transpose(x, [0, 1]), /rank|perm/],
  ["concat", (x) => tf.concat([x, ones(2, 5, 4)], 2), /Shape of tensors\[1\] \(2,5,4\)|2,5,4/],
  ["stack", (x) => tf.stack([x, ones(2, 3, 5)]), /Tensor 1 is \[2, 3, 5\]; expected the shape of the first/],
  ["slice", (x) => tf.slice(x, [0, 2, 0], [1, 4, 4]), /begin\[1\] \+ size\[1\] \(6\)/],
  ["split", (x) => tf.split(x, [1, 1], 1), /sum of sizes|must/],
  ["tile", (x) => tf.tile(x, [2, 2]), /rank|reps/],
  ["pad", (x) => tf.pad(x, [[1, 1]]), /borders for 1 axes; expected one pair for each of 3/],
  ["gather along an axis that is not there", (x) => tf.gather(x, tf.tensor1d([0], "int32"), 5), /axis|5/],
  ["gather of a place that is not there", (x) => tf.gather(x, tf.tensor1d([9], "int32"), 1), /9/],
  ["oneHot", () => tf.oneHot(tf.tensor1d([0], "int32"), 1), /depth/],
  ["sum", (x) => tf.sum(x, 3), /axis/],
  ["mean", (x) => tf.mean(x, [0, 5]), /axis/],
  ["max", (x) => tf.max(x, -4), /axis/],
  ["argMax", (x) => tf.argMax(x, 3), /axis/],
  ["cumsum", (x) => tf.cumsum(x, 4), /axis/i],
  ["topk", (x) => tf.topk(x, 9).values, /last dimension.*4|k/],
  ["softmax", (x) => tf.softmax(x, 1), /last dimension|dim 1/],
  ["clipByValue", (x) => tf.clipByValue(x, 2, 1), /min \(2\).*max \(1\)/],
  ["resizeBilinear", () => tf.image.resizeBilinear(ones(2, 2) as tf.Tensor3D, [4, 4]), /rank/],
  ["linear", (x) => linear(x, ones(5, 3)), /weight has shape \[5, 3\].*in 4/s],
  ["linear, its bias", (x) => linear(x, ones(5, 4), ones(4)), /bias has shape \[4\].*out 5/s],
  ["mlp", (x) => mlp(x, ones(8, 4), ones(8), ones(4, 7), ones(4)), /second layer: weight.*in 8/s],
  ["layerNorm", (x) => layerNorm(x, ones(3), ones(3)), /gain has shape \[3\].*width 4/s],
  ["selfAttention", (x) => selfAttention(x, ones(12, 4), ones(12), { heads: 3 }), /heads|3/],
  ["attention", (x) => attention(x, ones(2, 3, 8), ones(2, 3, 4), 2), /keys has shape \[2, 3, 8\].*width 4/s],
  [
    "softmaxCrossEntropy",
    (x) => softmaxCrossEntropy(tf.reshape(x, [6, 4]), ones(6, 3)),
    /targets has shape \[6, 3\].*classes 4/s,
  ],
];

const run = (call: (x: tf.Tensor) => tf.Tensor | tf.Tensor[]) =>
  compile(
    ({ x }: Record<"x", tf.Tensor>) => {
      const result = call(x);
      return { outputs: { y: Array.isArray(result) ? result[0]! : result } };
    },
    { inputs: { x: { shape: [2, 3, 4] } } },
    { device: "cpu" },
  );

describe("while a function is compiled, tensors that do not fit", () => {
  test.each(WRONG)("in %s", async (_, call, says) => {
    const error = await run(call).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(error?.message).toMatch(says);
    expect(error?.message).toMatch(/shape-errors\.test\.ts:\d+:\d+/);
    expect(isOsccError(error)).toBe(true);
  });

  test("leave the engine as it was", async () => {
    await run((x) => tf.add(x, ones(5))).catch(() => undefined);
    expect(tf.getBackend()).toBe("cpu");
    const limit = Error.stackTraceLimit;
    const program = await run((x) => gelu(x));
    expect(Error.stackTraceLimit).toBe(limit);
    await program.dispose();
  });

  test("an error of the user's own comes through as it is", async () => {
    const own = new TypeError("mine");
    const error = await run(() => {
      throw own;
    }).catch((e: unknown) => e);
    expect(error).toBe(own);
  });
});

/** Every operation that TensorFlow.js knows and that is not traced, called directly. */
const UNTRACED = tf
  .getKernelsForBackend("cpu")
  .map(({ kernelName }) => kernelName)
  .filter((name) => !TRACED_KERNELS.includes(name));

test.each(UNTRACED)(
  "the operation %s says that it cannot be compiled, where, and what to use",
  async (name) => {
    const error = await run(
      (x) => tf.engine().runKernel(name, { x, a: x, b: x } as never, {}) as tf.Tensor,
    ).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(isOsccError(error, "UnsupportedOperation")).toBe(true);
    expect(error?.message).toContain(`the operation ${name} cannot be compiled at `);
    expect(error?.message).toMatch(/shape-errors\.test\.ts:\d+:\d+/);
    expect(error?.message).toMatch(/\n {2}\S.{10,}\n {2}Or run the whole function as it is/);
  },
);
