/**
 * Do maps find what a model learned, and nothing in a model that learned nothing? The quick form, on a sign that hides
 * anywhere in noise. On the phantom: phantom.test.ts, a slow one.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import {
  type CamMethod,
  camsOfPatients,
  type Explainable,
  parameterRandomisation,
  summariseTruth,
  truthScores,
} from "../../../src/explain";
import { initialise, modelParameters } from "../../../src/model";
import { fit, type Run } from "../../../src/train";
import { HIDDEN_ENCODER, HIDDEN_SIZE, hiddenSigns } from "./hidden-sign";

const cohort = hiddenSigns(160);
const positives = cohort.patients.filter(({ split, labels }) => split !== "train" && labels.SIGN === 1);
let run: Run<"SIGN">;

beforeAll(async () => {
  run = await fit(cohort, {
    preset: "notebook",
    tasks: "SIGN",
    encoder: HIDDEN_ENCODER,
    imageSize: HIDDEN_SIZE,
    fusionWidth: 32,
    epochs: 20,
    batch: 8,
    augment: "none",
    learningRate: { encoder: 2e-3, rest: 2e-3 },
    device: "cpu",
  });
});

async function truthOf(model: Explainable, method: CamMethod) {
  const question = { task: "SIGN", targetClass: 1, score: "logOdds", method } as const;
  const results = await camsOfPatients(model, positives, question);
  return Promise.all(results.map((result) => truthScores(result)));
}

describe("a model that learned to see the sign", () => {
  test("has learned it", async () => {
    expect(run.best.validAuc?.SIGN).toBeGreaterThan(0.75);
  });

  test.each(["gradCam", "gradCamPlusPlus", "layerCam", "hiResCam", "relevance", "occlusion"] as const)(
    "%s beats chance on the pointing game, and its energy lies on the sign",
    async (method) => {
      const { pointing, energy } = summariseTruth(await truthOf(run, method));
      expect(pointing!.gain.low).toBeGreaterThan(0.1);
      expect(energy!.gain.low).toBeGreaterThan(0.05);
      expect(pointing!.patients).toBe(positives.length);
      expect(pointing!.images).toBe(positives.length); // one of two images shows it
    },
  );

  test("Grad-CAM++ passes parameter randomisation", async () => {
    const check = await parameterRandomisation(run, positives[0]!, {
      method: "gradCamPlusPlus",
      targetClass: 1,
    });
    expect(check.passes).toBe(true);
  });
});

test("with random weights Grad-CAM++ does not beat chance", async () => {
  const { spec } = run.model;
  const scores = [];
  for (const seed of [0, 1, 2, 3])
    scores.push(
      ...(await truthOf(
        { spec, parameters: initialise(modelParameters(spec), new Rng(seed)) },
        "gradCamPlusPlus",
      )),
    );
  const { pointing } = summariseTruth(scores);
  expect(pointing!.gain.low).toBeLessThanOrEqual(0);
  expect(pointing!.gain.value).toBeLessThan(0.1);
});
