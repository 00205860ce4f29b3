/** A training that stops being numbers says when, what was first, and what to do. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { tf } from "../../../src/engine";
import { loadModel } from "../../../src/model";
import { type FitOptions, fit, type LossFunction } from "../../../src/train";
import { readTrainingState } from "../../../src/train/training-state";
import { TOY_SIZE, type ToyTask, toyCohort } from "./toy-cohort";

const forced = vi.hoisted(() => ({ chain: false }));

vi.mock("../../../src/train/chain-step", async (original) => {
  const actual = await original<typeof import("../../../src/train/chain-step")>();
  return {
    ...actual,
    prefersChain: (...given: Parameters<typeof actual.prefersChain>) =>
      forced.chain || actual.prefersChain(...given),
  };
});

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: { imageSize: [16, 16], patch: 8, width: 8, depth: 2, heads: 1, mlpRatio: 1 },
  imageSize: TOY_SIZE,
  fusionWidth: 16,
  epochs: 4,
  batch: 4,
  warmup: 0,
  clipNorm: false,
  device: "cpu",
};

let folder: string;
let restore: () => void;
beforeEach(() => {
  forced.chain = false;
  folder = mkdtempSync(path.join(tmpdir(), "oscc-divergence-"));
  restore = installHost({ display: () => ({ update: () => {} }), signal: () => undefined, warn: () => {} });
});
afterEach(() => {
  restore();
  rmSync(folder, { recursive: true });
});

async function diverged(options: FitOptions<ToyTask>, cohort = toyCohort()) {
  const tensors = tf.memory().numTensors;
  const error = await fit(cohort, { ...QUICK, ...options }).catch((e: unknown) => e);
  expect(tf.memory().numTensors).toBe(tensors);
  if (!isOsccError(error, "NotFinite")) throw new Error(`expected NotFinite, found ${String(error)}`);
  return error;
}

/** A loss that is a number as long as the logits stay below a height, in the units of the loss. */
const rootOfHeadroom =
  (height: number): LossFunction =>
  (logits, { oneHot, weight }) => {
    const chosen = tf.sum(tf.mul(logits, oneHot), 1);
    return tf.sum(tf.mul(weight, tf.sqrt(tf.sub(height, chosen))));
  };

describe.each([false, true])("in the form of a chain: %s", (chain) => {
  beforeEach(() => {
    forced.chain = chain;
  });

  test("a learning rate that diverges", async () => {
    const error = await diverged({ learningRate: { encoder: 1e30, rest: 1e30 } });
    expect(error.message).toMatch(/the loss became NaN at step 2 \(epoch 1\)/);
    expect(error.message).toMatch(/first that was not finite, at step 2: .*encoder\.blocks\.0\.(norm1|attn)/);
    expect(error.message).toMatch(/learning rate was 1\.0e\+30[\s\S]*Lower the learning rate/);
    expect(error.data.step).toBe(2);
    expect(error.data.tensor).toMatch(/encoder\.blocks\.0/);
  });

  test("a loss function that is no number at the start is blamed, not the learning rate", async () => {
    const error = await diverged({ loss: rootOfHeadroom(-10) });
    expect(error.message).toMatch(/at step 1[\s\S]*not the learning rate: look at the loss function/);
    if (!chain) expect(error.message).toMatch(/Sqrt of logits of SIGN.* at .*divergence\.test\.ts:\d+/);
  });

  test("a loss that breaks later, in a batch of several passes: the step is found from the last checkpoint", async () => {
    const options = { loss: rootOfHeadroom(2), microBatch: 3, learningRate: { encoder: 5e-3, rest: 5e-3 } };
    const error = await diverged({ ...options, epochs: 40, checkpoint: { folder, everySeconds: 0 } });
    expect(error.data.step).toBeGreaterThan(3);
    const seen = Number(/NaN at step (\d+)/.exec(error.message)![1]);
    expect(error.data.step).toBeLessThanOrEqual(seen);
    if (!chain) expect(error.data.tensor).toMatch(/Sqrt|logits|gradient|Div|Mul/);
    // The last good state is still there: finite, and not after the step that broke.
    const { state } = await readTrainingState(path.join(folder, "training.safetensors"));
    const { epoch, batch } = state.position;
    expect(epoch * 3 + batch).toBeLessThan(error.data.step);
    for (const { data } of Object.values(state.tensors)) expect(data.every(Number.isFinite)).toBe(true);
    expect(error.message).toContain(`Kept in ${folder}`);
    const best = await loadModel(path.join(folder, "best.safetensors"));
    for (const { data } of Object.values(best.parameters)) expect(data.every(Number.isFinite)).toBe(true);
  });
});

test("weights that broke in an epoch's only step show in the validation, and the training is to blame", async () => {
  const error = await diverged({ batch: 64, microBatch: 64, learningRate: { encoder: 1e30, rest: 1e30 } });
  expect(error.message).toMatch(/of validation patients is not finite at step 1 \(epoch 1\)/);
  expect(error.message).toMatch(/learning rate was 1\.0e\+30[\s\S]*Lower the learning rate/);
});

test("without a checkpoint the message says how to have one", async () => {
  const error = await diverged({ learningRate: { encoder: 1e38, rest: 1e38 } });
  expect(error.message).toMatch(/With {2}checkpoint: "folder" {2}the last good state would be kept/);
});

test("eager runs find it as well", async () => {
  const error = await diverged({ device: "eager", loss: rootOfHeadroom(-10), epochs: 1 });
  expect(error.data.tensor).toMatch(/Sqrt of logits of SIGN/);
});
