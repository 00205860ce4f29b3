/** Kernels of updates compute, bit for bit, what single-precision arithmetic gives element by element. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WireUpdates } from "../../../src/engine/protocol";
import {
  ELEMENT_OPERATORS,
  type ElementOperator,
  type Expression,
  type Operand,
} from "../../../src/engine/updates/expression";
import { kernelModule } from "../../../src/engine/updates/kernel";
import { ResidentUpdates } from "../../../src/engine/updates/resident";

const f = Math.fround;
const IN_WORDS: Readonly<Record<ElementOperator, (a: number, b: number) => number>> = {
  Abs: (a) => Math.abs(a),
  Add: (a, b) => f(a + b),
  Div: (a, b) => f(a / b),
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
  Mul: (a, b) => f(a * b),
  Neg: (a) => -a,
  Reciprocal: (a) => f(1 / a),
  Sqrt: (a) => f(Math.sqrt(a)),
  Sub: (a, b) => f(a - b),
};
const ONE_OPERAND: readonly ElementOperator[] = ["Abs", "Neg", "Reciprocal", "Sqrt"];

const single = fc.float({ noNaN: false });

/** Any expression whose steps read what is there before them. */
const expression: fc.Arbitrary<Expression> = fc
  .record({
    tensors: fc.integer({ min: 1, max: 5 }),
    numbers: fc.integer({ min: 0, max: 4 }),
    constants: fc.array(single, { maxLength: 3 }),
    draws: fc.array(fc.tuple(fc.constantFrom(...ELEMENT_OPERATORS), fc.nat(1000), fc.nat(1000)), {
      minLength: 1,
      maxLength: 14,
    }),
    written: fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 5 }),
  })
  .map(({ tensors, numbers, constants, draws, written }) => {
    const sources = (steps: number): Operand[] => [
      ...Array.from({ length: tensors }, (_, i): Operand => ["tensor", i]),
      ...Array.from({ length: numbers }, (_, i): Operand => ["number", i]),
      ...constants.map((_, i): Operand => ["constant", i]),
      ...Array.from({ length: steps }, (_, i): Operand => ["step", i]),
    ];
    const pick = (from: readonly Operand[], n: number) => from[n % from.length]!;
    const steps = draws.map(([operator, a, b], i) => {
      const from = sources(i);
      return {
        operator,
        operands: ONE_OPERAND.includes(operator) ? [pick(from, a)] : [pick(from, a), pick(from, b)],
      };
    });
    const results = new Map(
      written.map(([tensor, from]) => [tensor % tensors, pick(sources(steps.length), from)]),
    );
    return {
      tensors,
      numbers,
      constants,
      steps,
      results: [...results].map(([tensor, from]) => ({ tensor, from })),
    };
  });

/** The new tensors, computed one element after the other. */
function inWords({ constants, steps, results }: Expression, tensors: Float32Array[], numbers: number[]) {
  const next = tensors.map((tensor) => tensor.slice());
  for (let i = 0; i < tensors[0]!.length; i++) {
    const made: number[] = [];
    const value = ([source, index]: Operand): number => {
      if (source === "tensor") return tensors[index]![i]!;
      if (source === "number") return f(numbers[index]!);
      return source === "constant" ? f(constants[index]!) : made[index]!;
    };
    for (const { operator, operands } of steps)
      made.push(IN_WORDS[operator](value(operands[0]!), operands[1] ? value(operands[1]) : 0));
    for (const { tensor, from } of results) next[tensor]![i] = value(from);
  }
  return next;
}

/** Not-a-number has many forms, all the same here. */
function bits(values: Float32Array): string[] {
  return Array.from(values, (x) => (Number.isNaN(x) ? "NaN" : Object.is(x, -0) ? "-0" : String(x)));
}

describe("a kernel", () => {
  test("computes any expression, of any length, over what it reads", () => {
    fc.assert(
      fc.property(
        expression,
        fc.integer({ min: 1, max: 70 }),
        fc.infiniteStream(single),
        (work, length, stream) => {
          const next = () => stream.next().value as number;
          const tensors = Array.from({ length: work.tensors }, () => Float32Array.from({ length }, next));
          const numbers = Array.from({ length: work.numbers }, next);
          const names = tensors.map((_, i) => `t${i}`);
          const request: WireUpdates = {
            kernels: [kernelModule(work)],
            tensors: names.map((value) => ({ value, shape: [length], handed: false })),
            calls: [{ kernel: 0, tensors: names, numbers: numbers.map((_, i) => `n${i}`) }],
          };
          const resident = new ResidentUpdates(request);
          tensors.forEach((tensor, i) => {
            resident.tensors.get(`t${i}`)!.set(tensor);
          });
          const expected = inWords(work, tensors, numbers);
          resident.apply((name) => numbers[Number(name.slice(1))]!);
          for (const [i, tensor] of expected.entries())
            expect(bits(resident.tensors.get(`t${i}`)!), `tensor ${i}`).toEqual(bits(tensor));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("stays in its tensors: what lies beside them is as it was", () => {
    const work: Expression = {
      tensors: 1,
      numbers: 1,
      constants: [],
      steps: [
        {
          operator: "Add",
          operands: [
            ["tensor", 0],
            ["number", 0],
          ],
        },
      ],
      results: [{ tensor: 0, from: ["step", 0] }],
    };
    const lengths = [1, 15, 16, 17, 33, 2];
    const request: WireUpdates = {
      kernels: [kernelModule(work)],
      tensors: lengths.map((length, i) => ({ value: `t${i}`, shape: [length], handed: false })),
      calls: [1, 3].map((i) => ({ kernel: 0, tensors: [`t${i}`], numbers: ["n"] })),
    };
    const resident = new ResidentUpdates(request);
    resident.apply(() => 1);
    lengths.forEach((length, i) => {
      const expected = new Float32Array(length).fill(i === 1 || i === 3 ? 1 : 0);
      expect(resident.tensors.get(`t${i}`)).toEqual(expected);
    });
  });
});
