/** Every kernel of the tracing backend against TensorFlow.js's `cpu` backend, on random shapes. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { tf } from "../../../src/engine";
import { TRACED_KERNELS } from "../../../src/engine/trace/kernels";
import { expectAgreement, randomBooleans, randomHost, randomIntegers } from "./agreement";

const length = fc.integer({ min: 1, max: 5 });
const shape = fc.array(length, { minLength: 1, maxLength: 4 });
const seed = fc.integer({ min: 0, max: 1_000_000 });

/** A shape, and one that broadcasts with it: some axes 1, leading ones left out. */
const broadcastShapes = fc
  .tuple(
    shape,
    fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
  )
  .map(([full, ones, dropped, swapped]) => {
    const small = full.map((n, i) => (ones[i] ? 1 : n)).slice(Math.min(dropped, full.length - 1));
    return (swapped ? [small, full] : [full, small]) as [number[], number[]];
  });

/** Check a property on a few random cases; a failure prints the smallest case. */
function forAll<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
  numRuns = 6,
): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, check), { numRuns, seed: 42 }) as Promise<void>;
}

/** Kernels that were run by the tests below. */
const covered = new Set<string>();
const original = tf.engine().runKernel;
tf.engine().runKernel = function (this: unknown, name: string, ...rest: never[]) {
  covered.add(name);
  return (original as (...args: unknown[]) => never).call(this, name, ...rest);
} as typeof original;

describe("compiled kernels equal TensorFlow.js", () => {
  it("functions of one tensor", () =>
    forAll(fc.tuple(shape, seed), ([s, n]) =>
      expectAgreement(
        ({ x, unit, positive, whole, flag }) => ({
          abs: tf.abs(x!),
          absWhole: tf.abs(whole!),
          acos: tf.acos(unit!),
          acosh: tf.acosh(tf.add(positive!, 1)),
          asin: tf.asin(unit!),
          asinh: tf.asinh(x!),
          atan: tf.atan(x!),
          atanh: tf.atanh(unit!),
          ceil: tf.ceil(x!),
          clip: tf.clipByValue(x!, -0.5, 0.7),
          cos: tf.cos(x!),
          cosh: tf.cosh(x!),
          elu: tf.elu(x!),
          erf: tf.erf(x!),
          exp: tf.exp(x!),
          expm1: tf.expm1(x!),
          expm1Tiny: tf.mul(tf.expm1(tf.mul(x!, 1e-6)), 1e6),
          floor: tf.floor(x!),
          isFinite: tf.isFinite(tf.div(x!, tf.relu(x!))),
          isInf: tf.isInf(tf.div(1, tf.relu(x!))),
          isNaN: tf.isNaN(tf.log(x!)),
          leakyRelu: tf.leakyRelu(x!, 0.3),
          log: tf.log(positive!),
          log1p: tf.log1p(positive!),
          log1pTiny: tf.mul(tf.log1p(tf.mul(x!, 1e-8)), 1e8),
          neg: tf.neg(x!),
          negWhole: tf.neg(whole!),
          not: tf.logicalNot(flag!),
          prelu: tf.prelu(x!, unit!),
          reciprocal: tf.reciprocal(positive!),
          relu: tf.relu(x!),
          reluWhole: tf.relu(whole!),
          relu6: tf.relu6(tf.mul(x!, 6)),
          round: tf.round(tf.mul(x!, 3)),
          roundHalf: tf.round(tf.div(whole!, 2)),
          rsqrt: tf.rsqrt(positive!),
          selu: tf.selu(x!),
          sigmoid: tf.sigmoid(x!),
          sign: tf.sign(x!),
          sin: tf.sin(x!),
          sinh: tf.sinh(x!),
          softplus: tf.softplus(tf.mul(x!, 10)),
          sqrt: tf.sqrt(positive!),
          square: tf.square(x!),
          step: tf.step(x!, 0.25),
          tan: tf.tan(unit!),
          tanh: tf.tanh(x!),
          toFloat: tf.cast(flag!, "float32"),
          toWhole: tf.cast(tf.mul(x!, 3), "int32"),
          toBool: tf.cast(whole!, "bool"),
          wholeToFloat: tf.cast(whole!, "float32"),
          clone: tf.clone(x!),
          zeros: tf.zerosLike(x!),
          ones: tf.onesLike(whole!),
        }),
        {
          x: randomHost(n, s),
          unit: randomHost(n + 1, s, -0.95, 0.95),
          positive: randomHost(n + 2, s, 0.1, 4),
          whole: randomIntegers(n, s, -5, 6),
          flag: randomBooleans(n, s),
        },
        { tolerance: 4e-6 },
      ),
    ));

  it("functions of two tensors, with broadcasting", () =>
    forAll(fc.tuple(broadcastShapes, seed), ([[a, b], n]) =>
      expectAgreement(
        ({ x, y, p, q, i, j, f, g }) => ({
          add: tf.add(x!, y!),
          addWhole: tf.add(i!, j!),
          sub: tf.sub(x!, y!),
          mul: tf.mul(x!, y!),
          mulMixed: tf.mul(x!, j!),
          div: tf.div(x!, q!),
          divWhole: tf.div(i!, tf.add(tf.abs(j!), tf.scalar(1, "int32"))),
          divWholeNegative: tf.floorDiv(i!, tf.neg(tf.add(tf.abs(j!), tf.scalar(1, "int32")))),
          floorDiv: tf.floorDiv(x!, q!),
          mod: tf.mod(x!, q!),
          modNegative: tf.mod(x!, tf.neg(q!)),
          modWhole: tf.mod(i!, tf.add(tf.abs(j!), tf.scalar(1, "int32"))),
          maximum: tf.maximum(x!, y!),
          maximumWhole: tf.maximum(i!, j!),
          minimum: tf.minimum(x!, y!),
          pow: tf.pow(p!, y!),
          powWhole: tf.pow(i!, tf.scalar(2, "int32")),
          squaredDifference: tf.squaredDifference(x!, y!),
          atan2: tf.atan2(x!, y!),
          equal: tf.equal(i!, j!),
          equalFlags: tf.equal(f!, g!),
          notEqual: tf.notEqual(i!, j!),
          greater: tf.greater(x!, y!),
          greaterEqual: tf.greaterEqual(i!, j!),
          less: tf.less(i!, j!),
          lessEqual: tf.lessEqual(x!, y!),
          and: tf.logicalAnd(f!, g!),
          or: tf.logicalOr(f!, g!),
          xor: tf.logicalXor(f!, g!),
          addN: tf.addN([x!, x!, p!]),
          where: tf.where(f!, x!, y!),
          whereWhole: tf.where(f!, i!, j!),
          whereFlag: tf.where(f!, f!, g!),
        }),
        {
          x: randomHost(n, a),
          y: randomHost(n + 1, b),
          p: randomHost(n + 2, a, 0.2, 3),
          q: randomHost(n + 3, b, 0.3, 3),
          i: randomIntegers(n, a, -6, 7),
          j: randomIntegers(n + 1, b, -6, 7),
          f: randomBooleans(n, a),
          g: randomBooleans(n + 1, b),
        },
        { tolerance: 4e-6 },
      ),
    ));

  it("reductions along any axes", () =>
    forAll(
      fc.tuple(shape, seed, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.boolean()),
      ([s, n, chosen, keep]) => {
        const axes = s.map((_, i) => i).filter((i) => chosen[i]);
        const axis = n % s.length;
        const last = s[s.length - 1]!;
        return expectAgreement(
          ({ x, i, f }) => ({
            sum: tf.sum(x!, axes, keep),
            sumAll: tf.sum(x!),
            sumWhole: tf.sum(i!, axes, keep),
            sumFlags: tf.sum(f!, axes, keep),
            mean: tf.mean(x!, axes, keep),
            meanWhole: tf.mean(i!, axes),
            max: tf.max(x!, axes, keep),
            maxWhole: tf.max(i!, axes),
            min: tf.min(x!, axes, keep),
            prod: tf.prod(x!, axes, keep),
            all: tf.all(f!, axes, keep),
            any: tf.any(f!, axes, keep),
            argMax: tf.argMax(x!, axis),
            argMin: tf.argMin(x!, axis),
            cumsum: tf.cumsum(x!, axis, n % 2 === 0, n % 3 === 0),
            cumprod: tf.cumprod(x!, axis, n % 2 === 0, n % 3 === 0),
            topValues: tf.topk(x!, Math.ceil(last / 2)).values,
            topIndices: tf.topk(x!, Math.ceil(last / 2)).indices,
            softmax: tf.softmax(x!),
            logSoftmax: tf.logSoftmax(x!),
            logSumExp: tf.logSumExp(x!, axes, keep),
          }),
          { x: randomHost(n, s), i: randomIntegers(n, s, -5, 6), f: randomBooleans(n, s) },
        );
      },
      10,
    ));

  it("sums down many rows, as layers make them", () =>
    forAll(fc.tuple(fc.integer({ min: 8, max: 200 }), length, seed), ([rows, columns, n]) =>
      expectAgreement(
        ({ x, y }) => ({ sum: tf.sum(x!, 0), kept: tf.sum(x!, 0, true), two: tf.sum(y!, [0, 1]) }),
        { x: randomHost(n, [rows, columns]), y: randomHost(n, [rows, 2, columns]) },
      ),
    ));

  it("moving, cutting and joining", () =>
    forAll(
      fc.tuple(shape, seed),
      ([s, n]) => {
        const axis = n % s.length;
        const size = s.reduce((a, b) => a * b, 1);
        const order = s.map((_, i) => (i + 1 + n) % s.length);
        const begin = s.map((k, i) => (n + i) % k);
        const part = s.map((k, i) => k - begin[i]!);
        const paddings = s.map((_, i) => [(n + i) % 3, (n + 2 * i) % 2] as [number, number]);
        const mirrors = s.map((k) => [k - 1, Math.min(1, k - 1)] as [number, number]);
        return expectAgreement(
          ({ x, i, f }) => ({
            reshape: tf.reshape(x!, [size, 1]),
            expand: tf.expandDims(x!, -1),
            transpose: tf.transpose(x!, order),
            transposeFlags: tf.transpose(f!, order),
            concat: tf.concat([x!, x!, x!], axis),
            concatWhole: tf.concat([i!, i!], axis),
            slice: tf.slice(x!, begin, part),
            strided: tf.stridedSlice(
              x!,
              begin,
              s,
              s.map(() => 2),
            ),
            stridedBack: tf.stridedSlice(
              x!,
              s.map((k) => k - 1),
              s.map((k) => -k - 1),
              s.map(() => -1),
            ),
            splitFirst: tf.split(x!, s[axis]!, axis)[0]!,
            stack: tf.stack([x!, x!], Math.min(axis, 2)),
            unstack: tf.unstack(x!, axis)[s[axis]! - 1]!,
            pad: tf.pad(x!, paddings, 1.5),
            padWhole: tf.pad(i!, paddings),
            reflect: tf.mirrorPad(x!, mirrors, "reflect"),
            symmetric: tf.mirrorPad(x!, mirrors, "symmetric"),
            tile: tf.tile(
              x!,
              s.map((_, k) => 1 + ((n + k) % 3)),
            ),
            tileFlags: tf.tile(
              f!,
              s.map(() => 2),
            ),
            broadcast: tf.broadcastTo(tf.sum(x!, axis, true), s),
            reverse: tf.reverse(x!, axis),
            fill: tf.add(x!, tf.fill(s, 3)),
            fillWhole: tf.fill(s, 3, "int32"),
            onesWhole: tf.ones(s, "int32"),
            flags: tf.zeros(s, "bool"),
            range: tf.range(0, size, 2, "int32"),
            linspace: tf.linspace(-1, 1, size + 1),
            eye: tf.eye(3),
          }),
          { x: randomHost(n, s), i: randomIntegers(n, s, -5, 6), f: randomBooleans(n, s) },
        );
      },
      10,
    ));

  it("products of matrices", () =>
    forAll(fc.tuple(length, length, length, length, seed), ([b, m, k, c, n]) =>
      expectAgreement(
        (t) => ({
          plain: tf.matMul(t.mk!, t.kc!),
          transposedA: tf.matMul(t.km!, t.kc!, true),
          transposedB: tf.matMul(t.mk!, t.ck!, false, true),
          both: tf.matMul(t.km!, t.ck!, true, true),
          batches: tf.matMul(t.bmk!, t.bkc!),
          batchesTransposed: tf.matMul(t.bmk!, tf.transpose(t.bkc!, [0, 2, 1]), false, true),
          batchesTransposedA: tf.matMul(tf.transpose(t.bmk!, [0, 2, 1]), t.bkc!, true),
          oneForAll: tf.matMul(t.bmk!, tf.expandDims(t.kc!, 0)),
          fused: tf.fused.matMul({ a: t.mk!, b: t.kc!, bias: t.c!, activation: "relu" }),
          fusedElu: tf.fused.matMul({ a: t.mk!, b: t.ck!, transposeB: true, activation: "elu" }),
          dot: tf.dot(t.mk!, t.kc!),
          outer: tf.outerProduct(t.c! as tf.Tensor1D, t.c! as tf.Tensor1D),
          einsum: tf.einsum("bmk,kc->bmc", t.bmk!, t.kc!),
          whole: tf.matMul(t.i!, t.i!, true, false),
        }),
        {
          mk: randomHost(n, [m, k]),
          km: randomHost(n + 1, [k, m]),
          kc: randomHost(n + 2, [k, c]),
          ck: randomHost(n + 3, [c, k]),
          c: randomHost(n + 4, [c]),
          bmk: randomHost(n + 5, [b, m, k]),
          bkc: randomHost(n + 6, [b, k, c]),
          i: randomIntegers(n, [m, k], -3, 4),
        },
      ),
    ));

  it("taking, placing and choosing", () =>
    forAll(fc.tuple(length, fc.integer({ min: 2, max: 5 }), length, seed), ([b, m, k, n]) =>
      expectAgreement(
        (t) => ({
          gather: tf.gather(t.x!, t.m1!, 1),
          gatherRows: tf.gather(t.x!, t.b1!),
          gatherMatrix: tf.gather(t.x!, t.m2!, 1),
          gatherBatches: tf.gather(t.x!, t.m2!, 1, 1),
          gatherWhole: tf.gather(t.w!, t.b1!),
          gatherND: tf.gatherND(t.x!, tf.stack([t.b1!, tf.zerosLike(t.b1!)], 1)),
          scatterND: tf.scatterND(tf.reshape(t.b1!, [-1, 1]), t.updates!, [b, k]),
          segmentSum: tf.unsortedSegmentSum(t.updates!, t.b1! as tf.Tensor1D, b),
          oneHot: tf.oneHot(t.m1!, m),
          oneHotOutside: tf.oneHot(tf.add(t.m1!, tf.scalar(1, "int32")), m, 2, -1, "float32"),
          oneHotMinus: tf.oneHot(tf.sub(t.m1!, tf.scalar(1, "int32")), m),
        }),
        {
          x: randomHost(n, [b, m, k]),
          w: randomIntegers(n, [b, m], -9, 10),
          m1: randomIntegers(n + 1, [4], 0, m),
          b1: randomIntegers(n + 2, [b], 0, b),
          m2: randomIntegers(n + 3, [b, 3], 0, m),
          updates: randomHost(n + 4, [b, k]),
        },
      ),
    ));

  it("resizing images", () =>
    forAll(
      fc.tuple(length, length, length, length, fc.constantFrom([false, false], [true, false], [false, true])),
      ([h, w, hh, ww, [align, half]]) =>
        expectAgreement(
          ({ x }) => ({
            bilinear: tf.image.resizeBilinear(x as tf.Tensor4D, [hh, ww], align, half),
            nearest: tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [hh, ww], align, half),
          }),
          { x: randomHost(h * w, [2, h, w, 3]) },
          { tolerance: 1e-5 },
        ),
    ));

  it("gradients of all of these, as one graph each", () =>
    forAll(fc.tuple(broadcastShapes, seed), ([[a, b], n]) =>
      expectAgreement(
        ({ x, y }) => {
          const functions: Record<string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor> = {
            arithmetic: (x, y) => tf.div(tf.mul(tf.add(x, y), tf.sub(x, y)), tf.add(tf.square(y), 1)),
            extremes: (x, y) => tf.sub(tf.maximum(x, y), tf.minimum(tf.mul(x, 2), y)),
            powers: (x, y) => tf.pow(tf.add(tf.abs(x), 0.5), y),
            elementwise: (x, y) => tf.add(tf.elu(tf.sin(x)), tf.tanh(tf.softplus(tf.erf(y)))),
            activations: (x, y) => tf.add(tf.selu(x), tf.leakyRelu(tf.clipByValue(y, -1, 1))),
            reductions: (x, y) => tf.add(tf.mean(tf.max(x, -1)), tf.sum(tf.cumsum(y, y.rank - 1))),
            softmax: (x, y) => tf.add(tf.softmax(x), tf.mean(tf.logSoftmax(y))),
            shapes: (x, y) =>
              tf.mul(
                tf.reverse(tf.concat([x, x], 0), 0),
                tf.sum(
                  tf.tile(
                    y,
                    y.shape.map(() => 2),
                  ),
                ),
              ),
            products: (x, y) => tf.mul(tf.prod(tf.add(x, 2.5), -1), tf.sum(y)),
            choices: (x, y) => tf.where(tf.greater(x, 0), tf.mul(x, 3), y),
          };
          const outputs: Record<string, tf.Tensor> = {};
          for (const [name, fn] of Object.entries(functions)) {
            const [dx, dy] = tf.grads((p, q) => fn(p!, q!))([x!, y!]);
            outputs[`${name} dx`] = dx!;
            outputs[`${name} dy`] = dy!;
          }
          return outputs;
        },
        { x: randomHost(n, a), y: randomHost(n + 1, b) },
        { tolerance: 1e-5 },
      ),
    ));
});

afterAll(() => {
  // Kernels that no public operation of TensorFlow.js's core dispatches, or that only gradients of others use.
  const indirect = ["EluGrad", "ResizeBilinearGrad", "ResizeNearestNeighborGrad"];
  const missing = TRACED_KERNELS.filter((name) => !covered.has(name) && !indirect.includes(name));
  expect(missing, "kernels without a test").toEqual([]);
});
