/** Runs of several tasks: what each method does in a training, and what the history says of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../../src/core/errors";
import { tf } from "../../../../src/engine";
import { auc, defined } from "../../../../src/evaluate";
import {
  crossEntropy,
  type EpochRecord,
  type FitOptions,
  fit,
  gradientConflict,
  type LossFunction,
  loadRun,
} from "../../../../src/train";
import { TOY_ENCODER, TOY_SIZE, type ToyTask, toyCohort } from "../toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 32,
  epochs: 4,
  batch: 4,
  augment: "none",
  classWeights: "none",
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
};
const cohort = toyCohort({ patients: 30 });
const last = (history: readonly EpochRecord[]) => history.at(-1)!.byTask!;
const lastWeight = (history: readonly EpochRecord[], task: string) => last(history)[task]!.weights.at(-1)!;

test.each(["sum", "gradNorm", "pareto", "uncertainty"] as const)(
  "%s learns the planted sign beside a coin, and records every batch",
  async (balancing) => {
    const run = await fit(cohort, { ...QUICK, epochs: 12, balancing });
    expect(defined(auc(await run.predict("test", "SIGN")), "AUC")).toBeGreaterThan(0.9);
    for (const record of run.history) {
      const [sign, coin] = [record.byTask!.SIGN!, record.byTask!.COIN!];
      expect(sign.weights).toHaveLength(5); // 18 patients in batches of 4
      expect(sign.trainLoss + coin.trainLoss).toBeCloseTo(record.trainLoss, 5);
      expect(sign.validLoss! + coin.validLoss!).toBeCloseTo(record.validLoss!, 5);
      expect(sign.gradientNorm).toBeGreaterThan(0);
      const [[one, cosine], [same]] = record.gradientCosines as [[number, number], [number, number]];
      expect(one).toBeCloseTo(1, 5);
      expect(Math.abs(cosine)).toBeLessThanOrEqual(1);
      expect(same).toBeCloseTo(cosine, 6);
    }
  },
);

test("uncertainty: the coin, whose loss stays, counts less than the sign, whose loss falls", async () => {
  const run = await fit(cohort, { ...QUICK, epochs: 12, balancing: { uncertainty: { learningRate: 0.05 } } });
  expect(lastWeight(run.history, "SIGN")).toBeGreaterThan(1.5 * lastWeight(run.history, "COIN"));
});

test("GradNorm: a loss twenty times as loud is turned down", async () => {
  const loud: LossFunction = (logits, targets) => tf.mul(crossEntropy(logits, targets), 20);
  const run = await fit(cohort, {
    ...QUICK,
    epochs: 8,
    loss: { COIN: loud },
    balancing: { gradNorm: { alpha: 0, learningRate: 0.1 } },
  });
  const [first, end] = [run.history[0]!.byTask!, last(run.history)];
  const imbalance = (byTask: typeof end, at: number) =>
    (byTask.COIN!.weights.at(at)! * byTask.COIN!.gradientNorm!) /
    (byTask.SIGN!.weights.at(at)! * byTask.SIGN!.gradientNorm!);
  expect(imbalance(end, -1)).toBeLessThan(imbalance(first, 0) / 2);
  expect(end.COIN!.weights.at(-1)! + end.SIGN!.weights.at(-1)!).toBeCloseTo(2, 4);
});

test("MGDA: weights of the very batch, from 0, summing to the number of tasks", async () => {
  const run = await fit(cohort, { ...QUICK, balancing: "pareto" });
  const { SIGN, COIN } = run.history[1]!.byTask!;
  SIGN!.weights.forEach((w, i) => {
    expect(w).toBeGreaterThanOrEqual(0);
    expect(w + COIN!.weights[i]!).toBeCloseTo(2, 3);
  });
  expect(new Set(SIGN!.weights).size).toBeGreaterThan(1);
});

test.each([
  ["gradNorm", { gradNorm: { gradientsOf: "representation" } }],
  ["uncertainty", "uncertainty"],
] as const)("%s: a batch in several passes gives the same run", async (_, balancing) => {
  const options = { ...QUICK, batch: 8, epochs: 3, balancing } as const;
  const [whole, inTwos] = [
    await fit(cohort, { ...options, microBatch: 8 }),
    await fit(cohort, { ...options, microBatch: 2 }),
  ];
  whole.history.forEach((record, i) => {
    expect(inTwos.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 3);
    for (const task of ["SIGN", "COIN"])
      record.byTask![task]!.weights.forEach((w, step) => {
        expect(inTwos.history[i]!.byTask![task]!.weights[step]).toBeCloseTo(w, 3);
      });
  });
});

test("a run that was interrupted goes on with its weights", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-tasks-"));
  const options = { ...QUICK, epochs: 4, balancing: "gradNorm" } as const;
  const strip = (history: readonly EpochRecord[]) => history.map(({ seconds: _, ...rest }) => rest);
  try {
    const whole = await fit(cohort, options);
    const controller = new AbortController();
    const stopped = await fit(cohort, {
      ...options,
      checkpoint: { folder, everySeconds: 0 },
      signal: controller.signal,
      onEpoch: (history) => {
        if (history.length === 2) controller.abort();
      },
    }).catch((error: unknown) => error);
    expect(isOsccError(stopped, "Aborted")).toBe(true);
    const resumed = await fit(cohort, { ...options, checkpoint: folder });
    expect(strip(resumed.history)).toEqual(strip(whole.history));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("the conflict of gradients", () => {
  test("is a matrix for each epoch and their mean; it survives run.json", async () => {
    const run = await fit(cohort, { ...QUICK, epochs: 2 });
    const conflict = gradientConflict(run);
    expect(conflict).toMatchObject({
      tasks: ["SIGN", "COIN"],
      epochs: [1, 2],
      provenance: { cohort: "toy" },
    });
    const [a, b] = conflict.cosines.map((matrix) => matrix[0]![1]!);
    expect(conflict.mean[0]![1]).toBeCloseTo((a! + b!) / 2, 10);

    const folder = mkdtempSync(path.join(tmpdir(), "oscc-conflict-"));
    try {
      await run.save(folder);
      expect(gradientConflict(await loadRun(folder, cohort))).toEqual(conflict);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the same labels twice agree at every layer that their heads share", async () => {
    const twins = {
      ...cohort,
      patients: cohort.patients.map((patient) => ({
        ...patient,
        labels: { ...patient.labels, COIN: patient.labels.SIGN },
      })),
    };
    const run = await fit(twins, { ...QUICK, epochs: 6 });
    expect(Math.max(...gradientConflict(run).cosines.map((matrix) => matrix[0]![1]!))).toBeGreaterThan(0.2);
  });

  test("is not computed when it is not wanted, and then it is undefined, not 0", async () => {
    const run = await fit(cohort, { ...QUICK, epochs: 1, gradientConflict: false });
    expect(run.history[0]!.gradientCosines).toBeUndefined();
    expect(() => gradientConflict(run)).toThrow(/undefined because no epoch compared gradients/);
  });
});
