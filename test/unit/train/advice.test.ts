/** What is advised when a training diverges: rates below those that were asked for, and what is not in use yet. */
import { expect, test } from "vitest";
import type { EpochRecord } from "../../../src/train";
import { lowerRates, runningAway } from "../../../src/train/divergence";

const wild = { learningRate: { encoder: 1e-4, rest: 10 }, clipNorm: false, warmup: 0 } as const;

test("a tenth of the rates, or a sensible one; clipping and warm-up only where they are not in use", () => {
  expect(lowerRates(wild)).toBe(
    "Lower the learning rate, for example learningRate: { encoder: 1e-5, rest: 1e-3 }, or clip gradients with clipNorm: 1, or rise to the rate over warmup: 2 epochs.",
  );
  expect(lowerRates({ ...wild, clipNorm: 1, warmup: 2 })).toMatch(/rest: 1e-3 }\.$/);
});

test("a loss that runs away is told with how far; one that falls, wavers or is near zero is not", () => {
  const history = (...losses: number[]) =>
    losses.map((trainLoss, i) => ({ epoch: i + 1, trainLoss }) as EpochRecord);
  expect(runningAway(history(0.7, 0.6, 6.1), wild)).toMatch(
    /rose to 6\.10, 10 times the least so far: the training diverges\. Lower/,
  );
  for (const losses of [[0.7], [0.7, 0.6], [0.7, 1.4], [0.7, 0.01, 0.09], []])
    expect(runningAway(history(...losses), wild)).toBeUndefined();
});
