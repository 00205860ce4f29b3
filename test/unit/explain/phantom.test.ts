/**
 * Maps of trained models against the phantom's truth masks. Slow: a cohort is rendered and six tasks are learned, on an
 * encoder that knows phantoms. OSCC_SLOW_TESTS=1 runs it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { type Cohort, type MultiOscc, openCohort, type Task } from "../../../src/cohort";
import { PHANTOM_TINY, phantomCohort } from "../../../src/cohort/phantom";
import { Rng } from "../../../src/core/random";
import { aucInterval } from "../../../src/evaluate";
import { type Explainable, type ScoreName, truthOfPatients } from "../../../src/explain";
import { initialise, modelParameters } from "../../../src/model";
import { fit, type Run } from "../../../src/train";

const SLOW = process.env.OSCC_SLOW_TESTS === "1";

describe.skipIf(!SLOW)(`on the phantom${SLOW ? "" : ": OSCC_SLOW_TESTS=1 runs it"}`, () => {
  let cohort: Cohort<MultiOscc>;
  let run: Run<Task>;

  beforeAll(async () => {
    const folder = await phantomCohort({
      patients: 160,
      width: 216,
      height: 162,
      preset: "easy",
      balanced: true,
      seed: "explain",
    });
    cohort = (await openCohort(folder)) as unknown as Cohort<MultiOscc>;
    run = await fit(cohort, { preset: "notebook", ...PHANTOM_TINY });
  }, 1_200_000);

  const heldOut = () => cohort.patients.filter(({ split }) => split !== "train");
  const having = (task: Task) => heldOut().filter(({ labels }) => labels[task] === 1);
  const truthOf = (model: Explainable, task: Task, score: ScoreName) =>
    truthOfPatients(model, having(task), { task, targetClass: 1, score });

  test.each(["CE", "PI"] as const)(
    "Grad-CAM++ points at the sign of %s better than chance, and not with random weights",
    async (task) => {
      const predictions = await run.predict(heldOut(), task);
      expect(aucInterval(predictions).low).toBeGreaterThan(0.6); // it was learned
      const { pointing, energy } = await truthOf(run, task, "logit");
      expect(pointing!.gain.low).toBeGreaterThan(0);
      expect(energy!.gain.low).toBeGreaterThan(0);
      const { spec } = run.model;
      const gains = [];
      for (const seed of [7, 8, 9]) {
        const parameters = initialise(modelParameters(spec), new Rng(seed));
        gains.push((await truthOf({ spec, parameters }, task, "logit")).pointing!.gain.value);
      }
      expect(gains.reduce((sum, gain) => sum + gain / gains.length, 0)).toBeLessThan(0.05);
    },
    600_000,
  );

  // Not the pointing game, of every task: of TI the model reads the muscle as well, of which the mask has only the tumour
  // between; the sign of REC fills most patches, so that chance wins, too.
  test.each(["TI", "REC"] as const)(
    "Grad-CAM++'s energy lies on the sign of %s",
    async (task) => {
      const { energy } = await truthOf(run, task, "logOdds");
      expect(energy!.gain.low).toBeGreaterThan(0);
    },
    600_000,
  );
});
