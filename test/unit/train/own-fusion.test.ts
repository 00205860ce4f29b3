/** A student's own fusion block and loss: defined in one cell, trained compiled, saved and read back. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { linear, tf, toTensor } from "../../../src/engine";
import { auc, defined } from "../../../src/evaluate";
import { createModel, forwardFeatures, fusion, loadModel, saveModel } from "../../../src/model";
import { type FitOptions, fit, loadRun } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, TOY_VIEWS, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 32,
  epochs: 12,
  batch: 4,
  augment: "none",
  warmup: 1,
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
};

let warnings: string[];
let restore: () => void;
let folder: string;
beforeEach(() => {
  warnings = [];
  folder = mkdtempSync(path.join(tmpdir(), "oscc-own-fusion-"));
  restore = installHost({
    display: () => ({ update: () => {} }),
    signal: () => undefined,
    warn: (message) => warnings.push(message),
  });
});
afterEach(() => {
  restore();
  rmSync(folder, { recursive: true });
});

/** As a cell would define it. */
function maxPool(name: string) {
  return fusion({
    name,
    parameters: ({ featureWidth, width }) => ({ weight: [width, featureWidth], bias: [width] }),
    forward: (tokens, p) => tf.max(linear(tokens, p.weight, p.bias), 1), // [B, M, D] -> [B, F]
  });
}

function modelWith(block: ReturnType<typeof fusion>) {
  return createModel(
    {
      encoder: TOY_ENCODER,
      fusion: block,
      fusionWidth: 8,
      headHidden: [4],
      tasks: { A: { title: "a", classes: ["no", "yes"] } },
      views: TOY_VIEWS,
    },
    new Rng(7),
  );
}

function fusedBy(model: ReturnType<typeof modelWith>): number[][] {
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(model.parameters).map(([name, t]) => [name, toTensor(t)]));
    return forwardFeatures(model.spec, live, tf.ones([2, 16])).fused.arraySync();
  }) as unknown as number[][];
}

describe("a fusion block of one's own", () => {
  test("learns the planted sign, is counted and named like a built-in one", async () => {
    const run = await fit(toyCohort({ patients: 30 }), { ...QUICK, fusion: maxPool("max-pool") });
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.9);
    expect(run.options.fusion).toBe("max-pool");
    expect(run.name).toMatch(/^max-pool/);
    expect(run.toJSON().parameters.find(({ part }) => part === "fusion")?.parameters).toBe(32 * 16 + 32);
    expect(JSON.parse(JSON.stringify(run.model.spec))).toEqual(run.model.spec);
  });

  test("a saved run is read back once the block is defined, and says what to run before that", async () => {
    const cohort = toyCohort();
    const run = await fit(cohort, { ...QUICK, epochs: 2, fusion: maxPool("to be saved") });
    await run.save(folder);
    const again = await loadRun(folder, cohort);
    expect((await again.predict("test")).probabilities).toEqual((await run.predict("test")).probabilities);
    expect(warnings).toEqual([]);
  });

  test("a file whose block is not defined in this process is refused with the line to run", async () => {
    const model = modelWith(maxPool("gone"));
    const file = path.join(folder, "model.safetensors");
    const elsewhere = { ...model.spec, fusion: { ...model.spec.fusion, kind: "of another notebook" } };
    await saveModel({ ...model, spec: elsewhere }, file);
    try {
      await loadModel(file);
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "UnknownName")).toBe(true);
      expect((error as Error).message).toMatch(
        /fuses with "of another notebook"[\s\S]*model\.fusion\({ name: "of another notebook"/,
      );
    }
  });

  test("a model keeps its block when the name is defined anew; a file gets the new one and a warning", async () => {
    const model = modelWith(maxPool("changed"));
    const before = fusedBy(model);
    const file = path.join(folder, "model.safetensors");
    await saveModel(model, file);
    fusion({
      name: "changed",
      parameters: ({ featureWidth, width }) => ({ weight: [width, featureWidth], bias: [width] }),
      forward: (tokens, p) => tf.min(linear(tokens, p.weight, p.bias), 1),
    });
    expect(fusedBy(model)).toEqual(before);
    fusedBy(await loadModel(file));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/"changed" is defined differently here/);
  });

  test("a vector of the wrong shape is refused, naming the block and both shapes", async () => {
    const wrong = fusion({ name: "wrong", forward: (tokens) => tf.max(tokens, 2) });
    await expect(fit(toyCohort(), { ...QUICK, fusion: wrong })).rejects.toThrow(
      /fusion block "wrong" gives shape \[4, 2\][\s\S]*\[patients 4, width 32\]/,
    );
  });

  test.each([
    ["a built-in block's name", { name: "gated", forward: (x: tf.Tensor) => x }, /name is "gated"/],
    ["no name", { name: " ", forward: (x: tf.Tensor) => x }, /name is " "/],
    ["no function", { name: "f", forward: 3 as never }, /forward is 3/],
  ])("%s is refused", (_, definition, message) => {
    expect(() => fusion(definition)).toThrow(message);
  });

  test("a parameter of an impossible shape is refused", () => {
    const block = fusion({
      name: "impossible",
      parameters: () => ({ weight: [0, 3] }),
      forward: (tokens) => tokens,
    });
    expect(() => modelWith(block)).toThrow(/shape of weight is "\[0, 3\]"/);
  });

  test("its parameters are typed by name", () => {
    fusion({
      name: "typed",
      parameters: ({ width }) => ({ weight: [width] }),
      // @ts-expect-error there is no parameter of that name
      forward: (tokens, p) => tf.mul(tokens, p.wieght),
    });
  });
});

describe("a loss of one's own", () => {
  test("is traced into the training step and learns", async () => {
    const run = await fit(toyCohort({ patients: 30 }), {
      ...QUICK,
      // Brier score: the squared distance of the probabilities to the truth.
      loss: (logits, { oneHot, weight }) =>
        tf.sum(tf.mul(weight, tf.sum(tf.square(tf.sub(tf.softmax(logits), oneHot)), 1))),
    });
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.9);
    expect(run.options.loss.SIGN).toBe("custom");
    expect(run.history[0]!.trainLoss).toBeLessThan(1);
  });

  test("one that gives no single number is refused with its shape", async () => {
    await expect(fit(toyCohort(), { ...QUICK, loss: (logits) => logits })).rejects.toThrow(
      /loss of SIGN gives shape \[4, 2\][\s\S]*one number/,
    );
  });
});
