/** Whatever is passed to the engine, the answer is a result or a named error, never a stack trace alone. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { compile, type HostTensor, hostTensor, type Program, tf } from "../../../src/engine";

/** Things that are passed by mistake. */
const anything = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    true,
    "x",
    "",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    {},
    [],
    [1, 2, 3, 4],
  ),
  fc.double(),
  fc.array(fc.double(), { maxLength: 6 }).map((values) => Float32Array.from(values)),
  fc.array(fc.integer(), { maxLength: 6 }).map((values) => Int32Array.from(values)),
  fc.array(fc.integer(), { maxLength: 6 }).map((values) => Float64Array.from(values)),
  fc.record({ shape: fc.anything(), dtype: fc.anything(), data: fc.anything() }),
  fc.record({
    shape: fc.constantFrom([4], [2, 2], [3]),
    dtype: fc.constant("float32"),
    data: fc.constant(new Float32Array(3)),
  }),
);

async function answersProperly(call: () => Promise<unknown>): Promise<void> {
  const failure = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (failure === undefined) return;
  expect(isOsccError(failure), `an error without a name: ${String((failure as Error).stack)}`).toBe(true);
  expect((failure as Error).message.length).toBeGreaterThan(10);
}

describe.each(["eager", "cpu"] as const)("bad input on %s", (device) => {
  let program: Program<"x", "y", "s">;
  beforeAll(async () => {
    program = await compile(
      ({ x }: Record<"x", tf.Tensor>, { s }: Record<"s", tf.Tensor>) => ({
        outputs: { y: tf.add(x, s) },
        state: { s: tf.add(s, 1) },
      }),
      { inputs: { x: { shape: [4] } }, state: { s: hostTensor([0], []) } },
      { device },
    );
  });
  afterAll(() => program?.dispose());

  it("of a run", () =>
    fc.assert(
      fc.asyncProperty(anything, (x) => answersProperly(() => program.run({ x } as never))),
      { numRuns: 60, seed: 1 },
    ));

  it("of a run, as a whole", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(anything, fc.dictionary(fc.string(), anything, { maxKeys: 3 })), (inputs) =>
        answersProperly(() => program.run(inputs as never)),
      ),
      { numRuns: 40, seed: 2 },
    ));

  it("of the state", () =>
    fc.assert(
      fc.asyncProperty(fc.string(), anything, async (name, value) => {
        await answersProperly(() => program.writeState({ s: value } as never));
        await answersProperly(() => program.writeState({ [name]: value } as never));
        await answersProperly(() => program.readState([name] as never));
        await answersProperly(() => program.readState(value as never));
      }),
      { numRuns: 40, seed: 3 },
    ));

  it("leaves the program working", async () => {
    await program.writeState({ s: hostTensor([2], []) });
    const { y } = await program.run({ x: hostTensor([1, 2, 3, 4]) });
    expect(Array.from(y.data)).toEqual([3, 4, 5, 6]);
  });

  it("of compile", () =>
    fc.assert(
      fc.asyncProperty(anything, anything, async (shape, state) => {
        const build = async () => {
          const attempt = await compile(
            ({ x }: Record<string, tf.Tensor>) => ({ outputs: { y: tf.neg(x!) } }),
            { inputs: { x: { shape: shape as number[] } }, state: { s: state as HostTensor } },
            { device },
          );
          await attempt.dispose();
        };
        await answersProperly(build);
      }),
      { numRuns: 40, seed: 4 },
    ));
});
