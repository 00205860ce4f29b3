/** Choosing an epoch, and stopping when the score no longer rises. */
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { auc } from "../../../src/evaluate";
import {
  type EpochRecord,
  epochsWithoutProgress,
  type FitOptions,
  fit,
  selectionScore,
} from "../../../src/train";
import { stopsEarly } from "../../../src/train/early-stopping";
import { isBetter } from "../../../src/train/selection";
import { TOY_ENCODER, TOY_SIZE, type ToyTask, toyCohort } from "./toy-cohort";

const record = (epoch: number, scores: Partial<EpochRecord> = {}): EpochRecord => ({
  epoch,
  trainLoss: 1,
  learningRate: 1e-3,
  encoderLearningRate: 1e-3,
  seconds: 1,
  ...scores,
});
const ofAucs = (...aucs: (number | undefined)[]) =>
  aucs.map((value, i) => record(i + 1, { validLoss: 1, validAuc: { A: value } }));

describe("the score of an epoch", () => {
  const two = record(1, {
    validLoss: 0.7,
    validAuc: { A: 0.8, B: undefined, C: 0.6 },
    validF1: { A: 0.5, B: 0.1, C: 0.4 },
    validAccuracy: { A: 0.9, B: 0.2, C: 0.7 },
  });

  test("auc is the mean over the tasks where it is defined; loss is negated", () => {
    expect(selectionScore(two)).toBeCloseTo(0.7, 12);
    expect(selectionScore(two, "loss")).toBe(-0.7);
  });

  test("published is the study's mix, summed over tasks", () => {
    const a = 0.6 * 0.8 + 0.1 * 0.5 + 0.3 * 0.9;
    const c = 0.6 * 0.6 + 0.1 * 0.4 + 0.3 * 0.7;
    expect(selectionScore(two, "published")).toBeCloseTo(a + c, 12);
  });

  test("what is not defined has no score, not 0", () => {
    expect(selectionScore(record(1))).toBeUndefined();
    expect(selectionScore(record(1), "loss")).toBeUndefined();
    expect(selectionScore(record(1, { validAuc: { A: undefined } }), "published")).toBeUndefined();
  });

  test("the score decides, then the loss; without either the later epoch", () => {
    const low = record(1, { validLoss: 0.1, validAuc: { A: 0.6 } });
    const high = record(2, { validLoss: 0.9, validAuc: { A: 0.7 } });
    expect(isBetter(high, low, "auc")).toBe(true);
    expect(isBetter(high, low, "loss")).toBe(false);
    expect(isBetter(record(3, { validLoss: 0.05, validAuc: { A: 0.6 } }), low, "auc")).toBe(true);
    expect(isBetter(record(2), record(1), "auc")).toBe(true);
  });
});

describe("epochs without progress", () => {
  test("counts from the last rise above the best", () => {
    expect(epochsWithoutProgress(ofAucs(0.5))).toBe(0);
    expect(epochsWithoutProgress(ofAucs(0.5, 0.6, 0.6, 0.55))).toBe(2);
    expect(epochsWithoutProgress(ofAucs(0.5, 0.6, 0.55, 0.61))).toBe(0);
    expect(epochsWithoutProgress([])).toBe(0);
  });

  test("small steps are no progress until they add up to more than minDelta", () => {
    expect(epochsWithoutProgress(ofAucs(0.5, 0.54, 0.58), "auc", 0.05)).toBe(0);
    expect(epochsWithoutProgress(ofAucs(0.5, 0.52, 0.54), "auc", 0.05)).toBe(2);
  });

  test("where the AUC is not defined, the loss is watched", () => {
    const falling = [3, 2, 1].map((validLoss, i) => record(i + 1, { validLoss, validAuc: { A: undefined } }));
    const rising = [1, 2, 3].map((validLoss, i) => record(i + 1, { validLoss, validAuc: { A: undefined } }));
    expect(epochsWithoutProgress(falling)).toBe(0);
    expect(epochsWithoutProgress(rising)).toBe(2);
  });

  test("a run is over at the epoch where patience ends, and only with a rule", () => {
    const history = ofAucs(0.7, 0.6, 0.6);
    expect(stopsEarly(history, "auc", { patience: 2 })).toBe(true);
    expect(stopsEarly(history.slice(0, 2), "auc", { patience: 2 })).toBe(false);
    expect(stopsEarly(history, "auc", false)).toBe(false);
  });
});

describe("a run", () => {
  const QUICK: FitOptions<ToyTask> = {
    preset: "notebook",
    tasks: "SIGN",
    encoder: TOY_ENCODER,
    imageSize: TOY_SIZE,
    fusionWidth: 32,
    epochs: 30,
    batch: 4,
    augment: "none",
    learningRate: { encoder: 3e-3, rest: 3e-3 },
    device: "cpu",
  };

  test("stops after `patience` epochs without progress and has the parameters of its best epoch", async () => {
    const run = await fit(toyCohort({ noise: 60 }), { ...QUICK, earlyStopping: { patience: 3 } });
    expect(run.history.length).toBeLessThan(30);
    expect(run.history.length).toBe(epochOfLastProgress(run.history) + 3);
    const best = Math.max(...run.history.map(({ validAuc }) => validAuc!.SIGN!));
    expect(auc(await run.predict("valid"))).toBeCloseTo(best, 10);
  });

  test.each(["auc", "loss", "published"] as const)("chooses its epoch by %s", async (select) => {
    const run = await fit(toyCohort({ noise: 60 }), { ...QUICK, epochs: 6, select });
    const scores = run.history.map((one) => selectionScore(one, select)!);
    expect(selectionScore(run.best, select)).toBe(Math.max(...scores));
    expect(run.options.select).toBe(select);
  });

  test("with validation patients of one class, stops by the loss", async () => {
    const run = await fit(toyCohort({ oneClassIn: "valid" }), {
      ...QUICK,
      learningRate: { encoder: 0, rest: 0 },
      earlyStopping: { patience: 2 },
    });
    expect(run.history).toHaveLength(3);
    expect(run.history[0]!.validAuc!.SIGN).toBeUndefined();
  });

  test.each([
    [{ earlyStopping: { patience: 0 } }, /patience is 0; expected a whole number of epochs from 1/],
    [{ earlyStopping: { patience: 3, minDelta: -1 } }, /minDelta is -1/],
    [{ select: "acu" }, /Did you mean "auc"/],
    [{ earlyStopping: { patience: 3 }, split: { train: ["T0", "T1"], valid: [] } }, /validation patients/],
  ])("refuses %j", async (change, message) => {
    const error = await fit(toyCohort(), { ...QUICK, ...change } as FitOptions<ToyTask>).catch(
      (e: unknown) => e,
    );
    expect(isOsccError(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });
});

function epochOfLastProgress(history: readonly EpochRecord[]): number {
  let best = Number.NEGATIVE_INFINITY;
  let epoch = 0;
  for (const one of history)
    if (selectionScore(one)! > best) {
      best = selectionScore(one)!;
      epoch = one.epoch;
    }
  return epoch;
}
