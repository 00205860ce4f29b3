/** Training on patients who lack images: masked ones change nothing, in either form of the computation. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { compile, compileChain, tf } from "../../../src/engine";
import { auc, defined } from "../../../src/evaluate";
import { gradCam } from "../../../src/explain";
import {
  createModel,
  forward,
  type ModelSpec,
  modelImages,
  normalise,
  presentImages,
} from "../../../src/model";
import { type FitOptions, fit } from "../../../src/train";
import { chainForward } from "../../../src/train/chain-step";
import {
  incompleteToyCohort,
  TOY_ENCODER,
  TOY_SIZE,
  TOY_VIEWS,
  type ToyPatient,
  type ToyTask,
  toyCohort,
  withoutSites,
} from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusion: "mean",
  fusionWidth: 32,
  epochs: 12,
  batch: 4,
  augment: "none",
  warmup: 1,
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
  missing: "mask",
};

let restore: () => void;
beforeEach(() => {
  restore = installHost({
    display: () => ({ update: () => {} }),
    signal: () => undefined,
    warn: () => {},
  });
});
afterEach(() => restore());

const SPEC = { missing: "mask", views: TOY_VIEWS } as unknown as ModelSpec;

describe("which images a model sees", () => {
  const [patient] = toyCohort().patients as [ToyPatient];

  test("an image stands in for a missing one, and is marked", () => {
    const coreOnly = withoutSites(patient, ["edge"]);
    expect(presentImages(SPEC, coreOnly)).toEqual([true, false]);
    expect(modelImages(SPEC, coreOnly).map(({ site }) => site)).toEqual(["core", "core"]);
    expect(presentImages(SPEC, patient)).toEqual([true, true]);
  });

  test("a patient without any image is refused by name", () => {
    try {
      modelImages(SPEC, withoutSites(patient, ["core", "edge"]));
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "NoImages") && error.data.patient).toBe(patient.id);
      expect((error as Error).message).toMatch(/none of the images[\s\S]*core x200, edge x200/);
    }
  });

  test("without masks nothing is marked", () => {
    const { missing: _, ...spec } = SPEC;
    expect(presentImages(spec as ModelSpec, withoutSites(patient, ["edge"]))).toEqual([true, true]);
  });
});

describe("fit with missing images masked", () => {
  test("learns from what is there, says so in the specification, and heeds the mask when predicting", async () => {
    const cohort = incompleteToyCohort();
    const run = await fit(cohort, QUICK);
    expect(run.model.spec.missing).toBe("mask");
    expect(run.options.missing).toBe("mask");
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.9);

    // With an image in its own place, in that of a missing one, or in both: the mask tells them apart.
    const whole = toyCohort({ patients: 30 }).patients[1]!;
    const [both, edge, core] = (
      await run.predict([
        { ...whole, id: "whole" },
        { ...withoutSites(whole, ["core"]), id: "edge alone" },
        { ...withoutSites(whole, ["edge"]), id: "core alone" },
      ])
    ).probabilities.map((row) => row[1]!);
    expect(new Set([both, edge, core]).size).toBe(3);
  });

  test.each(["frozen", "linear-probe"] as const)("trains on features too: %s", async (mode) => {
    const { fusion: _, fusionWidth: __, ...rest } = QUICK;
    const run = await fit(incompleteToyCohort(), {
      ...rest,
      ...(mode === "frozen" ? { fusion: "abmil", fusionWidth: 32 } : {}),
      mode,
      epochs: 2,
    });
    expect((await run.predict("test")).probabilities.flat().every(Number.isFinite)).toBe(true);
  });

  test("cannot be joined with SMOTE, whose patients have no images", async () => {
    await expect(fit(incompleteToyCohort(), { ...QUICK, mode: "frozen", sampler: "smote" })).rejects.toThrow(
      /missing is "mask"[\s\S]*smote/,
    );
  });

  test("a map of a patient with a missing image is refused", async () => {
    const cohort = incompleteToyCohort();
    const run = await fit(cohort, { ...QUICK, epochs: 1 });
    const error = await gradCam(run, cohort.patients[0]!).catch((e: unknown) => e);
    expect(isOsccError(error, "MissingImage")).toBe(true);
    expect((error as Error).message).toMatch(/has no edge x200 image[\s\S]*masks missing ones/);
  });
});

test("one graph and a chain of graphs give the same logits for masked patients", async () => {
  const model = createModel(
    {
      encoder: TOY_ENCODER,
      fusion: "transformer",
      fusionWidth: 16,
      headHidden: [8],
      tasks: { SIGN: { title: "sign", classes: ["no", "yes"] } },
      views: TOY_VIEWS,
      missing: "mask",
    },
    new Rng(7),
  );
  const { spec, parameters } = model;
  const rng = new Rng("pixels");
  const images = Float32Array.from({ length: 2 * 16 * 16 * 3 }, () => Math.floor(rng.range(0, 256)));
  const graph = await compile(
    ({ images, mask }, state) => ({
      outputs: {
        logits: forward(spec, state, normalise(images!, spec.normalisation), { mask: mask! }).logits.SIGN!,
      },
    }),
    { inputs: { images: { shape: [1, 2, 16, 16, 3] }, mask: { shape: [1, 2] } }, state: parameters },
    { device: "cpu" },
  );
  const chain = await compileChain(chainForward(spec, parameters), { device: "cpu" });
  const before = tf.memory().numTensors;
  for (const mask of [Float32Array.of(1, 1), Float32Array.of(1, 0)]) {
    const { logits } = await graph.run({ images, mask });
    const { SIGN } = await chain.run({ images, mask });
    SIGN!.data.forEach((value, i) => {
      expect(value).toBeCloseTo(logits!.data[i]!, 4);
    });
    // What stands in the missing image's place changes nothing.
    if (mask[1] === 0) {
      const other = images.slice();
      other.fill(3, images.length / 2);
      expect((await chain.run({ images: other, mask })).SIGN!.data).toEqual(SIGN!.data);
    }
  }
  expect(tf.memory().numTensors).toBe(before);
  await graph.dispose();
  await chain.dispose();
});
