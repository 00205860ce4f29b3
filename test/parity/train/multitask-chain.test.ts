/** Several tasks in the low-memory form of the step: the same losses, weights and cosines as in one graph. */
import { expect, test, vi } from "vitest";
import { fit } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, TOY_VIEWS, toyCohort } from "../../unit/train/toy-cohort";

const forced = vi.hoisted(() => ({ chain: false }));

vi.mock("../../../src/train/chain-step", async (original) => {
  const actual = await original<typeof import("../../../src/train/chain-step")>();
  return {
    ...actual,
    prefersChain: (...given: Parameters<typeof actual.prefersChain>) =>
      forced.chain || actual.prefersChain(...given),
  };
});

const run = (
  chain: boolean,
  balancing: "gradNorm" | "uncertainty" | { pareto: { gradientsOf: "shared" } },
) => {
  forced.chain = chain;
  return fit(toyCohort({ unlabelled: 2 }), {
    preset: "notebook",
    encoder: TOY_ENCODER,
    imageSize: TOY_SIZE,
    views: TOY_VIEWS,
    fusionWidth: 16,
    batch: 1, // one patient a pass in either form: gradients of tasks are compared pass by pass
    microBatch: 1,
    epochs: 2,
    balancing,
    device: "cpu",
  });
};

test.each(["gradNorm", "uncertainty"] as const)("%s", async (balancing) => {
  const [chained, whole] = [await run(true, balancing), await run(false, balancing)];
  whole.history.forEach((record, i) => {
    const other = chained.history[i]!;
    expect(other.trainLoss).toBeCloseTo(record.trainLoss, 3);
    for (const task of ["SIGN", "COIN"]) {
      expect(other.byTask![task]!.trainLoss).toBeCloseTo(record.byTask![task]!.trainLoss, 3);
      record.byTask![task]!.weights.forEach((weight, step) => {
        expect(other.byTask![task]!.weights[step]).toBeCloseTo(weight, 2);
      });
    }
    expect(other.gradientCosines![0]![1]).toBeCloseTo(record.gradientCosines![0]![1]!, 1);
  });
});

test("gradients by all shared parameters are refused where the encoder is computed piece by piece", async () => {
  await expect(run(true, { pareto: { gradientsOf: "shared" } })).rejects.toThrow(
    /gradientsOf is "shared"; expected a place after the encoder[\s\S]*MGDA-UB/,
  );
});
