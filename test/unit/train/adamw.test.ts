/** AdamW against its published algorithm in doubles. */
import { expect, test } from "vitest";
import { compile, type HostTensor, hostTensor } from "../../../src/engine";
import { adamWCorrections, adamWFactors, adamWState, adamWUpdate } from "../../../src/train";

const OPTIONS = { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 };
const RATE = 0.05;

/** Algorithm 2 of Loshchilov and Hutter, with torch's decay by rate times weight decay. */
function reference(start: readonly number[], gradients: readonly (readonly number[])[]): number[] {
  const value = [...start];
  const mean = start.map(() => 0);
  const square = start.map(() => 0);
  gradients.forEach((gradient, step) => {
    const t = step + 1;
    gradient.forEach((g, i) => {
      mean[i] = OPTIONS.beta1 * mean[i]! + (1 - OPTIONS.beta1) * g;
      square[i] = OPTIONS.beta2 * square[i]! + (1 - OPTIONS.beta2) * g * g;
      const m = mean[i]! / (1 - OPTIONS.beta1 ** t);
      const v = square[i]! / (1 - OPTIONS.beta2 ** t);
      value[i] = value[i]! * (1 - RATE * OPTIONS.weightDecay) - (RATE * m) / (Math.sqrt(v) + OPTIONS.epsilon);
    });
  });
  return value;
}

test.each(["eager", "cpu"] as const)(
  "five steps on %s equal the published algorithm within 1e-5",
  async (device) => {
    const start = [1, -2, 0.5, 3];
    const gradients = [
      [0.1, -3, 0, 7],
      [0.2, 2, 1e-4, -7],
      [-0.4, 0.5, -1e-4, 0],
      [0.1, 0.1, 1e-3, 1],
      [0, -1, 2, 0.5],
    ];
    const state = { w: hostTensor(start, [4]), ...adamWState({ w: { shape: [4] } }) } as Record<
      string,
      HostTensor
    >;
    const program = await compile(
      (inputs, live) => {
        const factors = adamWFactors(
          { learningRate: inputs.rate!, correction1: inputs.correction1!, correction2: inputs.correction2! },
          OPTIONS,
        );
        const next = adamWUpdate(
          {
            value: live.w!,
            gradient: inputs.gradient!,
            mean: live["adamw.mean.w"]!,
            square: live["adamw.square.w"]!,
          },
          factors,
          OPTIONS,
        );
        return {
          outputs: { value: next.value },
          state: { w: next.value, "adamw.mean.w": next.mean, "adamw.square.w": next.square },
        };
      },
      {
        inputs: {
          gradient: { shape: [4] },
          rate: { shape: [] },
          correction1: { shape: [] },
          correction2: { shape: [] },
        },
        state,
      },
      { device, name: "adamw" },
    );
    let found: ArrayLike<number> = [];
    for (const [step, gradient] of gradients.entries())
      found = (
        await program.run({
          gradient: Float32Array.from(gradient),
          rate: RATE,
          ...adamWCorrections(step + 1, OPTIONS),
        })
      ).value!.data;
    await program.dispose();
    reference(start, gradients).forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5);
    });
  },
);
