/** Whole runs on a cohort in memory: learning, determinism, selection, bad input. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost, type MimeBundle } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { tf } from "../../../src/engine";
import { auc, defined, isUndefined } from "../../../src/evaluate";
import { createModel, loadModel, writeSafetensors } from "../../../src/model";
import { crossValidate, type EpochRecord, type FitOptions, fit, type LossFunction } from "../../../src/train";
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

const TASKS = { SIGN: { title: "planted sign", classes: ["absent", "present"] } };

let warnings: string[];
let shown: MimeBundle[];
let restore: () => void;
beforeEach(() => {
  warnings = [];
  shown = [];
  restore = installHost({
    display: (bundle) => {
      shown.push(bundle);
      return { update: (next) => shown.push(next) };
    },
    signal: () => undefined,
    warn: (message) => warnings.push(message),
  });
});
afterEach(() => {
  restore();
  vi.unstubAllEnvs();
});

describe("learning", () => {
  test("finds the planted sign in patients it has never seen", async () => {
    const before = tf.memory().numTensors;
    const run = await fit(toyCohort({ patients: 30 }), QUICK);
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.95);
    expect(tf.memory().numTensors).toBe(before);
    expect(run.history.at(-1)!.trainLoss).toBeLessThan(run.history[0]!.trainLoss);
  });

  test("overfits eight patients whose labels are chance: loss below 0.05 in 60 epochs", async () => {
    const cohort = toyCohort({ patients: 8 });
    const ids = cohort.patients.map((patient) => patient.id);
    const run = await fit(cohort, {
      ...QUICK,
      tasks: "COIN",
      epochs: 60,
      batch: 8,
      dropout: 0,
      classWeights: "none",
      weightDecay: 0,
      split: { train: ids, valid: [] },
    });
    expect(run.history.at(-1)!.trainLoss).toBeLessThan(0.05);
    expect(run.history[0]!.trainLoss).toBeGreaterThan(0.5);
  });

  test("a chance label stays a chance label on patients never seen", async () => {
    const folds = await crossValidate(toyCohort({ patients: 40 }), {
      ...QUICK,
      tasks: "COIN",
      folds: 4,
      epochs: 4,
    });
    const value = defined(auc(folds.predictions()), "AUC");
    expect(value).toBeGreaterThan(0.2);
    expect(value).toBeLessThan(0.8);
  });

  test("frozen mode learns from features computed once and leaves the encoder as it was", async () => {
    const cohort = toyCohort({ patients: 30 });
    const run = await fit(cohort, { ...QUICK, mode: "frozen", epochs: 25 });
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.8);
    const again = await fit(cohort, { ...QUICK, mode: "frozen", epochs: 1, seed: 7 });
    const name = "encoder.blocks.0.attn.qkv.weight";
    expect(run.model.parameters[name]).toEqual(again.model.parameters[name]);
    expect(run.model.parameters["fusion.fc.weight"]).not.toEqual(again.model.parameters["fusion.fc.weight"]);
  });

  test("several tasks are learned by the sum of their losses, missing labels left out", async () => {
    const cohort = toyCohort({ patients: 20, unlabelled: 3 });
    const { tasks: _, ...all } = QUICK;
    const run = await fit(cohort, { ...all, epochs: 2 });
    expect(run.options.tasks).toEqual(["SIGN", "COIN"]);
    expect(Object.keys(run.history[0]!.validAuc!)).toEqual(["SIGN", "COIN"]);
    expect((await run.predict("train", "SIGN")).yTrue.slice(0, 4)).toEqual([-1, -1, -1, 1]);
    await expect(run.predict("test")).rejects.toThrow(/task is undefined; expected one of SIGN, COIN/);
  });

  test("a loss of one's own trains", async () => {
    const brier: LossFunction = (logits, { oneHot, weight }) =>
      tf.sum(tf.mul(weight, tf.sum(tf.squaredDifference(tf.softmax(logits), oneHot), 1)));
    const run = await fit(toyCohort(), { ...QUICK, loss: brier });
    expect(run.options.loss).toEqual({ SIGN: "custom" });
    expect(run.history.at(-1)!.trainLoss).toBeLessThan(run.history[0]!.trainLoss);
  });

  test.each(["gated", "transformer", "lmf"] as const)("the %s fusion trains", async (fusion) => {
    const run = await fit(toyCohort(), { ...QUICK, fusion, epochs: 3 });
    expect(run.history.every(({ trainLoss }) => Number.isFinite(trainLoss))).toBe(true);
    expect(run.history.at(-1)!.trainLoss).toBeLessThan(run.history[0]!.trainLoss * 1.2);
  });
});

describe("reproducibility", () => {
  test("same seed, same run; another seed, another run", async () => {
    const strip = (history: readonly EpochRecord[]) => history.map(({ seconds: _, ...rest }) => rest);
    const options = { ...QUICK, epochs: 3, augment: "dihedral" } as const;
    const [a, b, c] = [
      await fit(toyCohort(), options),
      await fit(toyCohort(), options),
      await fit(toyCohort(), { ...options, seed: 8 }),
    ];
    expect(strip(a.history)).toEqual(strip(b.history));
    expect(a.model.parameters["heads.SIGN.fc4.weight"]).toEqual(b.model.parameters["heads.SIGN.fc4.weight"]);
    expect(strip(a.history)).not.toEqual(strip(c.history));
  });

  test("computing a batch in several passes gives the same run", async () => {
    const options = { ...QUICK, batch: 8, epochs: 3, augment: "dihedral", clipNorm: 0.5 } as const;
    const [whole, inThrees] = [
      await fit(toyCohort({ unlabelled: 2 }), { ...options, microBatch: 8 }),
      await fit(toyCohort({ unlabelled: 2 }), { ...options, microBatch: 3 }),
    ];
    whole.history.forEach((record, i) => {
      expect(inThrees.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 4);
      expect(inThrees.history[i]!.validLoss).toBeCloseTo(record.validLoss!, 4);
    });
  });

  test("eager and compiled runs agree", async () => {
    const [eager, compiled] = [
      await fit(toyCohort(), { ...QUICK, epochs: 2, device: "eager" }),
      await fit(toyCohort(), { ...QUICK, epochs: 2, device: "cpu" }),
    ];
    eager.history.forEach((record, i) => {
      expect(compiled.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 4);
    });
  });

  test("run.json and the model come back as they were", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "oscc-run-"));
    try {
      const run = await fit(toyCohort(), { ...QUICK, epochs: 2 });
      await run.save(folder);
      const record = JSON.parse(readFileSync(path.join(folder, "run.json"), "utf8"));
      expect(record).toMatchObject({ format: "oscc-lab run 1", options: { seed: 7, tasks: ["SIGN"] } });
      expect(record.history).toHaveLength(2);
      expect(record.split.sha256).toMatch(/^[0-9a-f]{64}$/);
      const model = await loadModel(path.join(folder, "model.safetensors"));
      expect(model.spec).toEqual(run.model.spec);
      expect(model.parameters["fusion.fc.weight"]).toEqual(run.model.parameters["fusion.fc.weight"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("weights from a file", () => {
  test("weights from the environment start the encoder, which is the one the file was made for", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "oscc-weights-"));
    try {
      const file = path.join(folder, "encoder.safetensors");
      const wide = { imageSize: [8, 8], patch: 8, width: 64, depth: 1, heads: 1, mlpRatio: 1 } as const;
      const source = createModel(
        { encoder: wide, tasks: TASKS, views: TOY_VIEWS },
        new Rng("weights"),
      ).parameters;
      const encoder = Object.fromEntries(
        Object.entries(source).filter(([name]) => name.startsWith("encoder.")),
      );
      await writeSafetensors(file, encoder);
      vi.stubEnv("OSCC_WEIGHTS", file);
      const { encoder: _, ...rest } = QUICK;
      const run = await fit(toyCohort(), { ...rest, epochs: 1, learningRate: { encoder: 0, rest: 1e-3 } });
      expect(run.model.spec.encoder).toMatchObject({ patch: 8, width: 64, depth: 1, imageSize: [16, 16] });
      expect(run.weights).toMatchObject({ loaded: 18, positions: "1 x 1 to 2 x 2, bicubic-2d" });
      const name = "encoder.blocks.0.mlp.fc1.weight";
      expect(run.model.parameters[name]!.data).toEqual(encoder[name]!.data);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("selection and display", () => {
  test("the model has the parameters of the best epoch, not of the last", async () => {
    const run = await fit(toyCohort({ noise: 60 }), { ...QUICK, epochs: 8 });
    const best = Math.max(...run.history.map((record) => record.validAuc!.SIGN!));
    expect(run.best.validAuc!.SIGN).toBe(best);
    expect(auc(await run.predict("valid"))).toBeCloseTo(best, 10);
  });

  test("a validation set of one class: AUC not defined, said once with the reason, never 0", async () => {
    const run = await fit(toyCohort({ oneClassIn: "valid" }), { ...QUICK, epochs: 2 });
    expect(run.history.every((record) => record.validAuc!.SIGN === undefined)).toBe(true);
    expect(isUndefined(auc(await run.predict("valid")))).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/AUC of SIGN is not defined: all 4 patients of SIGN are negative/);
    expect(inspect(run)).toMatch(/no validation AUC/);
  });

  test("onEpoch gets all epochs so far; without it a notebook shows a curve that is updated", async () => {
    const lengths: number[] = [];
    await fit(toyCohort(), { ...QUICK, epochs: 3, onEpoch: (history) => void lengths.push(history.length) });
    expect(lengths).toEqual([1, 2, 3]);
    shown = [];
    await fit(toyCohort(), { ...QUICK, epochs: 2 });
    expect(shown.some((bundle) => /train loss[\s\S]*AUC SIGN/.test(String(bundle["text/plain"])))).toBe(true);
  });

  test("prints as one line", async () => {
    const run = await fit(toyCohort(), { ...QUICK, epochs: 1 });
    expect(inspect(run)).toMatch(
      /^Run · SIGN · concat, own encoder · 1 epochs · validation AUC \d\.\d{3} at epoch 1$/,
    );
  });
});

describe("what is refused", () => {
  test.each([
    ["an unknown task", { tasks: "SING" }, /Did you mean "SIGN"/],
    ["an unknown preset", { preset: "notebok" }, /Did you mean "notebook"/],
    ["an unknown fusion", { fusion: "gates" }, /Did you mean "gated"/],
    ["an unknown loss", { loss: "focl" }, /Did you mean "focal"/],
    ["an unknown sampler", { sampler: "balanced" }, /sampler/],
    ["a site that is not there", { views: [{ site: "rim", magnification: "x200" }] }, /no site "rim"/],
    ["no epochs", { epochs: 0 }, /epochs is 0; expected a whole number from 1/],
    ["a size that does not fit the patch", { imageSize: 18 }, /multiple of the patch size 4[\s\S]*16 or 20/],
    [
      "smoothing of weighted classes with the focal loss",
      { loss: "focal", labelSmoothing: 0.1, classWeights: "balanced" },
      /labelSmoothing is 0\.1; expected 0 for SIGN, whose loss is focal/,
    ],
    ["a patient that is not there", { split: { train: ["nobody"], valid: [] } }, /"nobody"/],
  ])("%s", async (_, change, message) => {
    await expect(fit(toyCohort(), { ...QUICK, ...change } as FitOptions<ToyTask>)).rejects.toThrow(message);
  });

  test("a learning rate that diverges is an error that names the step", async () => {
    const error = await fit(toyCohort(), {
      ...QUICK,
      clipNorm: false,
      warmup: 0,
      learningRate: { encoder: 1e38, rest: 1e38 },
    }).catch((e: unknown) => e);
    expect(isOsccError(error, "NotFinite")).toBe(true);
    if (isOsccError(error, "NotFinite")) {
      expect(error.data.step).toBeGreaterThan(0);
      expect(error.message).toMatch(/at step \d+ \(epoch \d+\)[\s\S]*Lower the learning rate/);
    }
  });

  test("a stopped run ends with Aborted, and soon", async () => {
    const controller = new AbortController();
    const error = await fit(toyCohort(), {
      ...QUICK,
      epochs: 1000,
      signal: controller.signal,
      onEpoch: () => controller.abort(),
    }).catch((e: unknown) => e);
    expect(isOsccError(error, "Aborted")).toBe(true);
  });

  test("a cohort without a split leads to cross-validation", async () => {
    const cohort = toyCohort();
    const bare = {
      ...cohort,
      patients: cohort.patients.map((patient) => ({ ...patient, split: undefined })),
    };
    await expect(fit(bare, QUICK)).rejects.toThrow(/crossValidate/);
  });

  test("a weights file that is not there is an error", async () => {
    vi.stubEnv("OSCC_WEIGHTS", "/nowhere/weights.pth");
    const error = await fit(toyCohort(), QUICK).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidCheckpoint")).toBe(true);
  });

  test("a task that no training patient has a label for, alone and beside another", async () => {
    const cohort = toyCohort({ unlabelled: 12 });
    await expect(fit(cohort, QUICK)).rejects.toThrow(
      /tasks is "?SIGN"?; expected tasks that some training patient has a label for; none of the 12 has[\s\S]*classCounts/,
    );
    await expect(fit(cohort, { ...QUICK, tasks: ["SIGN", "COIN"] })).rejects.toThrow(
      /Leave it out: {2}tasks: \["COIN"\]/,
    );
  });
});

describe("cross-validation", () => {
  test("each patient is predicted once, by a run that never saw them", async () => {
    const cohort = toyCohort({ patients: 24, unlabelled: 2 });
    const folds = await crossValidate(cohort, { ...QUICK, folds: 3, epochs: 14 });
    const predictions = folds.predictions();
    expect(new Set(predictions.patients).size).toBe(22);
    expect(predictions.split).toBe("out of fold");
    for (const patient of cohort.patients.slice(2)) {
      const run = folds.runFor(patient);
      expect([...run.trainIds, ...run.validIds]).not.toContain(patient.id);
    }
    expect(defined(auc(predictions), "AUC")).toBeGreaterThan(0.8);
  });

  test("fewer than three folds leave nobody to choose the epoch by", async () => {
    await expect(crossValidate(toyCohort(), { ...QUICK, folds: 2 })).rejects.toThrow(/from 3 to 20/);
  });
});
