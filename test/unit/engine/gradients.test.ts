import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tf } from "../../../src/engine";
import { gradientError, randomTensor } from "./finite-differences";

/** Single precision and central differences agree to about this, relative to the largest slope. */
const TOLERANCE = 5e-3;

const x = (low = -1, high = 1, shape = [2, 3]) => randomTensor("x", shape, low, high);
const y = (low = -1, high = 1, shape = [2, 3]) => randomTensor("y", shape, low, high);

type Case = [name: string, fn: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: () => tf.Tensor[]];

const ONE_INPUT: Case[] = [
  ["abs", tf.abs, () => [x(0.2, 1)]],
  ["acos", tf.acos, () => [x(-0.8, 0.8)]],
  ["acosh", tf.acosh, () => [x(1.5, 3)]],
  ["asin", tf.asin, () => [x(-0.8, 0.8)]],
  ["asinh", tf.asinh, () => [x()]],
  ["atan", tf.atan, () => [x()]],
  ["atanh", tf.atanh, () => [x(-0.8, 0.8)]],
  ["cos", tf.cos, () => [x()]],
  ["cosh", tf.cosh, () => [x()]],
  ["erf", tf.erf, () => [x()]],
  ["exp", tf.exp, () => [x()]],
  ["expm1", tf.expm1, () => [x()]],
  ["log", tf.log, () => [x(0.5, 2)]],
  ["log1p", tf.log1p, () => [x(-0.5, 2)]],
  ["neg", tf.neg, () => [x()]],
  ["reciprocal", tf.reciprocal, () => [x(0.5, 2)]],
  ["rsqrt", tf.rsqrt, () => [x(0.5, 2)]],
  ["sigmoid", tf.sigmoid, () => [x()]],
  ["sin", tf.sin, () => [x()]],
  ["sinh", tf.sinh, () => [x()]],
  ["softplus", tf.softplus, () => [x()]],
  ["sqrt", tf.sqrt, () => [x(0.5, 2)]],
  ["square", tf.square, () => [x()]],
  ["tan", tf.tan, () => [x()]],
  ["tanh", tf.tanh, () => [x()]],
  ["relu, positive", tf.relu, () => [x(0.1, 1)]],
  ["relu, negative", tf.relu, () => [x(-1, -0.1)]],
  ["relu6", tf.relu6, () => [x(4.5, 5.5)]],
  ["leakyRelu", (a) => tf.leakyRelu(a!, 0.3), () => [x(-1, -0.1)]],
  ["elu", tf.elu, () => [x(-1, -0.1)]],
  ["selu, positive", tf.selu, () => [x(0.1, 1)]],
  ["selu, negative", tf.selu, () => [x(-1, -0.1)]],
  ["clip, inside", (a) => tf.clipByValue(a!, -2, 2), () => [x()]],
  ["clip, outside", (a) => tf.clipByValue(a!, 2, 3), () => [x()]],
  ["floor", tf.floor, () => [x(0.2, 0.8)]],
  ["sign", tf.sign, () => [x(0.2, 0.8)]],
  ["cast", (a) => tf.mul(tf.cast(a!, "float32"), a!), () => [x()]],
];

const TWO_INPUTS: Case[] = [
  ["add", tf.add, () => [x(), y()]],
  ["add, broadcast", tf.add, () => [x(), y(-1, 1, [3])]],
  ["add, broadcast both", tf.add, () => [x(-1, 1, [2, 1]), y(-1, 1, [1, 3])]],
  ["sub, broadcast", tf.sub, () => [x(-1, 1, [3]), y()]],
  ["mul, broadcast", tf.mul, () => [x(), y(-1, 1, [2, 1])]],
  ["div", tf.div, () => [x(), y(0.5, 2)]],
  ["div, broadcast", tf.div, () => [x(), y(0.5, 2, [1])]],
  ["squaredDifference", tf.squaredDifference, () => [x(), y(-1, 1, [3])]],
  ["pow", tf.pow, () => [x(0.5, 2), y(0.5, 2)]],
  ["pow, whole", (a) => tf.pow(a!, tf.scalar(3, "int32")), () => [x()]],
  ["atan2", tf.atan2, () => [x(0.5, 1), y(0.5, 1)]],
  ["mod", tf.mod, () => [x(0.2, 0.8), y(2, 3)]],
  ["maximum", tf.maximum, () => [x(), y(-1, 1, [3])]],
  ["minimum", tf.minimum, () => [x(), y(-1, 1, [2, 1])]],
  ["prelu", tf.prelu as Case[1], () => [x(-1, -0.1), y(0.1, 0.5, [3])]],
  ["addN", (a, b) => tf.addN([a!, b!, a!]), () => [x(), y()]],
  [
    "where",
    (a, b) =>
      tf.where(
        tf.tensor2d(
          [
            [1, 0, 1],
            [0, 1, 0],
          ],
          [2, 3],
          "bool",
        ),
        a!,
        b!,
      ),
    () => [x(), y()],
  ],
];

const REDUCTIONS: Case[] = [
  ["sum", (a) => tf.sum(a!), () => [x()]],
  ["sum, axis", (a) => tf.sum(a!, 0), () => [x()]],
  ["sum, axes kept", (a) => tf.sum(a!, [0, 2], true), () => [x(-1, 1, [2, 3, 2])]],
  ["mean", (a) => tf.mean(a!), () => [x()]],
  ["mean, axis", (a) => tf.mean(a!, -1, true), () => [x()]],
  ["prod", (a) => tf.prod(a!), () => [x(0.5, 2)]],
  ["prod, axis", (a) => tf.prod(a!, 0), () => [x(0.5, 2, [2, 3, 2])]],
  ["max, axis", (a) => tf.max(a!, 1), () => [x()]],
  ["min", (a) => tf.min(a!), () => [x()]],
  ["cumsum", (a) => tf.cumsum(a!, 1), () => [x()]],
  ["cumsum, exclusive from the end", (a) => tf.cumsum(a!, 0, true, true), () => [x()]],
  ["softmax", (a) => tf.softmax(a!), () => [x()]],
  ["logSoftmax", (a) => tf.logSoftmax(a!), () => [x()]],
  ["logSumExp", (a) => tf.logSumExp(a!, 1), () => [x()]],
];

const SHAPES: Case[] = [
  ["reshape", (a) => tf.reshape(a!, [3, 2]), () => [x()]],
  ["expandDims", (a) => tf.expandDims(a!, 1), () => [x()]],
  ["transpose", (a) => tf.transpose(a!, [2, 0, 1]), () => [x(-1, 1, [2, 3, 4])]],
  ["reverse", (a) => tf.reverse(a!, [1]), () => [x()]],
  [
    "pad",
    (a) =>
      tf.pad(a!, [
        [1, 0],
        [2, 1],
      ]),
    () => [x()],
  ],
  ["slice", (a) => tf.slice(a!, [0, 1], [2, 2]), () => [x()]],
  ["tile", (a) => tf.tile(a!, [3, 2]), () => [x()]],
  ["broadcastTo", (a) => tf.broadcastTo(a!, [4, 2, 3]), () => [x(-1, 1, [2, 1])]],
  ["concat", (a, b) => tf.concat([a!, b!], 1), () => [x(), y(-1, 1, [2, 2])]],
  ["stack", (a, b) => tf.stack([a!, b!], 1), () => [x(), y()]],
  ["unstack", (a) => tf.mul(tf.unstack(a!, 1)[0]!, tf.unstack(a!, 1)[2]!), () => [x()]],
  ["split", (a) => tf.mul(tf.split(a!, [1, 2], 1)[1]!, 2), () => [x()]],
];

const MATRICES: Case[] = [
  ["matMul", (a, b) => tf.matMul(a!, b!), () => [x(), y(-1, 1, [3, 2])]],
  ["matMul, a transposed", (a, b) => tf.matMul(a!, b!, true), () => [x(), y()]],
  ["matMul, b transposed", (a, b) => tf.matMul(a!, b!, false, true), () => [x(), y()]],
  ["matMul, both transposed", (a, b) => tf.matMul(a!, b!, true, true), () => [x(), y(-1, 1, [4, 2])]],
  [
    "matMul, batches broadcast",
    (a, b) => tf.matMul(a!, b!),
    () => [x(-1, 1, [2, 2, 3]), y(-1, 1, [1, 3, 2])],
  ],
  ["gather", (a) => tf.gather(a!, tf.tensor1d([2, 0, 2], "int32"), 1), () => [x()]],
  [
    "gather, batches",
    (a) =>
      tf.gather(
        a!,
        tf.tensor2d(
          [
            [0, 2],
            [1, 1],
          ],
          [2, 2],
          "int32",
        ),
        1,
        1,
      ),
    () => [x(-1, 1, [2, 3, 2])],
  ],
  ["segment sum", (a) => tf.unsortedSegmentSum(a!, tf.tensor1d([1, 0], "int32"), 3), () => [x()]],
  [
    "resizeBilinear",
    (a) => tf.image.resizeBilinear(a as tf.Tensor4D, [5, 3]),
    () => [x(-1, 1, [1, 3, 4, 2])],
  ],
  [
    "resizeNearest",
    (a) => tf.image.resizeNearestNeighbor(a as tf.Tensor4D, [5, 3]),
    () => [x(-1, 1, [1, 3, 4, 2])],
  ],
];

describe("gradients equal finite differences", () => {
  let tensors = 0;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([...ONE_INPUT, ...TWO_INPUTS, ...REDUCTIONS, ...SHAPES, ...MATRICES])("%s", (_name, fn, inputs) => {
    const error = tf.tidy(() => gradientError(fn, inputs()));
    expect(error).toBeLessThan(TOLERANCE);
  });

  it("flows through comparison, rounding and one-hot as zero", () => {
    tf.tidy(() => {
      const at = tf.tensor1d([0.3, 0.7]);
      expect(
        Array.from(
          tf
            .grad((v) => tf.sum(tf.round(v)))(at)
            .dataSync(),
        ),
      ).toEqual([0, 0]);
    });
  });
});
