/** Evidence on a model that learned a planted sign, and on models that learned nothing. */
import { beforeAll, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { tf } from "../../../src/engine";
import {
  agreement,
  cam,
  cams,
  contributions,
  contributionsOfPatients,
  faithfulness,
  judge,
  labelRandomisation,
  parameterRandomisation,
  stability,
  summariseContributions,
  truthScores,
} from "../../../src/explain";
import { createModel, type Model } from "../../../src/model";
import { fit, type Run } from "../../../src/train";
import {
  TOY_ENCODER,
  TOY_SIZE,
  TOY_VIEWS,
  type ToyPatient,
  type ToyTask,
  toyCohort,
} from "../train/toy-cohort";

const cohort = toyCohort({ patients: 30 });
const test20 = cohort.patients.filter(({ split }) => split === "test");
const positive = test20.find(({ labels }) => labels.SIGN === 1) as ToyPatient;
let run: Run<ToyTask>;
const untrained = (seed: number): Model => {
  const { spec } = run.model;
  return createModel(
    {
      encoder: TOY_ENCODER,
      fusion: "concat",
      fusionWidth: spec.fusion.width,
      tasks: spec.tasks,
      views: TOY_VIEWS,
      normalisation: spec.normalisation,
    },
    new Rng(seed),
  );
};

beforeAll(async () => {
  run = await fit(cohort, {
    preset: "notebook",
    tasks: "SIGN",
    encoder: TOY_ENCODER,
    imageSize: TOY_SIZE,
    fusionWidth: 32,
    epochs: 15,
    batch: 4,
    augment: "none",
    learningRate: { encoder: 3e-3, rest: 3e-3 },
    device: "cpu",
  });
});

test("integrated gradients that do not sum to what the score gained say so", async () => {
  // This model's head is all but a switch: its score jumps somewhere on the path, and one step cannot see where.
  const { notes } = await cam(run, positive, { method: "integratedGradients", targetClass: 1, steps: 1 });
  expect(notes.join()).toMatch(/should sum to .* Take more steps/);
});

describe("deletion and insertion", () => {
  test("a map of the planted sign is better than a random order, and the ends are what they must be", async () => {
    const before = tf.memory().numTensors;
    const result = await cam(run, positive, { method: "occlusion", targetClass: 1 });
    const { deletion, insertion } = await faithfulness(run, positive, result, { steps: 8, randomOrders: 4 });
    expect(tf.memory().numTensors).toBe(before);
    expect(deletion.auc).toBeLessThan(deletion.random.auc);
    expect(insertion.auc).toBeGreaterThan(insertion.random.auc);
    expect(deletion.probabilities[0]).toBeCloseTo(result.probability, 5);
    expect(insertion.probabilities[8]).toBeCloseTo(result.probability, 5);
    expect(insertion.probabilities[0]).toBeCloseTo(deletion.probabilities[8]!, 5);
    expect(deletion.shares).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
    for (const p of [...deletion.probabilities, ...insertion.random.probabilities]) {
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
    }
  });

  test("refuses a result of another patient", async () => {
    const result = await cam(run, positive, { targetClass: 1 });
    const other = test20.find(({ id }) => id !== positive.id)!;
    const error = await faithfulness(run, other, result).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidArgument")).toBe(true);
  });
});

describe("randomisation", () => {
  test("the maps of a trained model change when all its parameters are random", async () => {
    const check = await parameterRandomisation(run, positive, { method: "gradCamPlusPlus", targetClass: 1 });
    expect(check.stages.map(({ upTo }) => upTo)).toEqual([
      "heads",
      "fusion",
      "encoder.norm",
      "encoder.blocks.1",
      "encoder.blocks.0",
      "encoder.embedding",
    ]);
    expect(check).toMatchObject({ passes: true, threshold: 0.5 });
    expect(check.similarity).toBe(check.stages[5]!.similarity);
  });

  test("attention rollout does not notice random heads and fusion: it knows neither", async () => {
    const { stages } = await parameterRandomisation(run, positive, { method: "attentionRollout" });
    expect(stages[0]!.similarity).toBeCloseTo(1, 6);
    expect(stages[1]!.similarity).toBeCloseTo(1, 6);
    expect(stages[5]!.similarity).toBeLessThan(0.99);
  });

  test("labels: fails against the same model, passes against one that learned nothing", async () => {
    const question = { method: "hiResCam", targetClass: 1 } as const;
    expect(await labelRandomisation(run, run, positive, question)).toMatchObject({ passes: false });
    const other = await labelRandomisation(run, untrained(5), positive, question);
    expect(other.similarity).toBeLessThan(0.9);
  });
});

test("stability: a model without positions, on flat patches, is turned with its images", async () => {
  const model = untrained(3);
  const position = model.parameters["encoder.pos_embed"]!;
  const blind: Model = {
    spec: model.spec,
    parameters: {
      ...model.parameters,
      "encoder.pos_embed": { ...position, data: new Float32Array(position.data.length) },
    },
  };
  const rng = new Rng("patches");
  const flatPatches: ToyPatient = {
    ...positive,
    images: ({ views }) =>
      views.map(({ site }) => {
        const colours = Array.from({ length: 16 * 3 }, () => rng.integer(256));
        const data = Uint8Array.from({ length: TOY_SIZE * TOY_SIZE * 3 }, (_, i) => {
          const [y, x] = [Math.floor(i / 3 / TOY_SIZE), Math.floor(i / 3) % TOY_SIZE];
          return colours[(Math.floor(y / 4) * 4 + Math.floor(x / 4)) * 3 + (i % 3)]!;
        });
        const pixels = { width: TOY_SIZE, height: TOY_SIZE, data, resize: async () => pixels };
        return { site, load: async () => pixels };
      }),
  };
  const { changes } = await stability(blind, flatPatches, { method: "relevance", targetClass: 1 });
  for (const { change, similarity } of changes)
    if (change !== "stain") expect(similarity, change).toBeGreaterThan(0.999);
  expect(changes.map(({ change }) => change)).toContain("rows and columns swapped");
});

test("agreement: a method with itself, and the same both ways", async () => {
  const results = await cams(run, positive, {
    targetClass: 1,
    methods: ["gradCam", "hiResCam", "relevance"],
  });
  const { methods, correlations } = agreement(results);
  expect(methods).toEqual(["gradCam", "hiResCam", "relevance"]);
  correlations.forEach((row, i) => {
    expect(row[i]).toBeCloseTo(1, 9);
    row.forEach((value, j) => {
      expect(value).toBe(correlations[j]![i]);
    });
  });
  expect(() => agreement(results.slice(0, 1))).toThrow(/two results/);
});

test("judge puts a line under each map", async () => {
  const result = await cam(run, positive, { method: "gradCamPlusPlus", targetClass: 1 });
  const {
    result: judged,
    faithfulness,
    truth,
  } = await judge(run, positive, result, {
    faithfulness: { steps: 4, randomOrders: 2 },
  });
  expect(truth).toBeUndefined(); // toy patients have no masks
  expect(faithfulness?.deletion.probabilities).toHaveLength(5);
  expect(judged.maps[0]!.verdict).toMatch(
    /^passes randomisation; hiding what the maps mark leaves a mean probability of 0\.\d\d; in random order 0\.\d\d$/,
  );
  expect(judged.maps[0]!.grid).toEqual(result.maps[0]!.grid);
});

test("the truth of real images is not known, and that is said", async () => {
  const result = await cam(run, positive, { targetClass: 1 });
  await expect(truthScores(result, { sign: "TI" })).rejects.toThrow(/without truth masks[\s\S]*pathologist/);
});

describe("contributions", () => {
  test("the image with the sign carries the score", async () => {
    const { images, all, none, baseline } = await contributions(run, positive, {
      targetClass: "present",
      background: cohort.patients.filter(({ labels }) => labels.SIGN === 0),
    });
    const [core, edge] = images;
    expect(core!.value + edge!.value).toBeCloseTo(all - none, 4);
    expect(core!.value).toBeGreaterThan(Math.abs(edge!.value));
    expect(baseline).toMatch(/mean feature of its view over 15 patients/);
    expect(core!.attention).toBeUndefined(); // concatenation has no such shares
  });

  test("over a cohort, with the mean feature of its patients for a missing image", async () => {
    const before = tf.memory().numTensors;
    const results = await contributionsOfPatients(run, test20, { targetClass: 1 });
    expect(tf.memory().numTensors).toBe(before);
    expect(new Set(results.map(({ none }) => none.toFixed(5))).size).toBe(1);
    for (const { images, all, none } of results)
      expect(images.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(all - none, 4);
    const summary = summariseContributions(results, { bootstrap: 200 });
    expect(summary).toMatchObject({ task: "SIGN", className: "present", patients: test20.length });
    expect(summary.sites.map(({ name }) => name)).toEqual(["core", "edge"]);
    const [{ between, size }] = summary.siteDifferences as [(typeof summary.siteDifferences)[number]];
    expect(between).toEqual(["edge", "core"]);
    expect(size.high).toBeLessThan(0); // the sign is in the core
  });

  test("attention where the fusion block has it", async () => {
    const model = createModel(
      {
        encoder: TOY_ENCODER,
        fusion: "abmil",
        fusionWidth: 16,
        headHidden: [8],
        tasks: { SIGN: { title: "sign", classes: ["absent", "present"] } },
        views: TOY_VIEWS,
      },
      new Rng(2),
    );
    const { images } = await contributions(model, positive);
    expect(images.reduce((sum, { attention }) => sum + attention!, 0)).toBeCloseTo(1, 5);
  });
});

describe("what cannot be asked", () => {
  test.each([
    [
      "an unknown method",
      { method: "gradCamPlusPLus" as "gradCam" },
      "UnknownName",
      /Did you mean "gradCamPlusPlus"/,
    ],
    ["an unknown score", { score: "logits" as "logit" }, "UnknownName", /Did you mean "logit"/],
    ["no layer", { layers: [] }, "InvalidArgument", /at least one layer/],
    ["a square larger than the image", { method: "occlusion", window: 9 }, "InvalidArgument", /from 1 to 4/],
    ["a square that jumps", { method: "occlusion", window: 1, stride: 2 }, "InvalidArgument", /from 1 to 1/],
    [
      "a score of the wrong shape",
      { score: ({ SIGN }) => tf.sum(SIGN!) },
      "InvalidArgument",
      /one number a patient/,
    ],
  ] as const satisfies readonly (readonly [string, Parameters<typeof cam>[2], string, RegExp])[])(
    "%s",
    async (_, options, code, message) => {
      const error = await cam(run, positive, options).catch((e: unknown) => e);
      expect(isOsccError(error, code as "UnknownName")).toBe(true);
      expect((error as Error).message).toMatch(message);
    },
  );

  test("an encoder without places", async () => {
    const model = createModel(
      {
        encoder: { ...TOY_ENCODER, patch: 16 },
        tasks: { SIGN: { title: "sign", classes: ["absent", "present"] } },
        views: TOY_VIEWS,
        fusionWidth: 8,
      },
      new Rng(1),
    );
    await expect(cam(model, positive)).rejects.toThrow(/one token for the whole image[\s\S]*contributions/);
  });

  test("work that was stopped", async () => {
    const error = await cam(run, positive, { signal: AbortSignal.abort() }).catch((e: unknown) => e);
    expect(isOsccError(error, "Aborted")).toBe(true);
  });
});

test("any scalar of the output: the margin between two classes is their logits' difference", async () => {
  const margin = await cam(run, positive, {
    targetClass: 1,
    score: ({ SIGN }) => tf.sum(tf.mul(SIGN!, [[-1, 1]]), 1),
  });
  const odds = await cam(run, positive, { targetClass: 1, score: "logOdds" });
  expect(margin.score).toBe("custom");
  expect(margin.scoreValue).toBeCloseTo(odds.scoreValue, 4);
  margin.maps.forEach(({ grid }, i) => {
    grid.flat().forEach((value, p) => {
      expect(value).toBeCloseTo(odds.maps[i]!.grid.flat()[p]!, 3);
    });
  });
});
