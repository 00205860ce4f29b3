/** Somebody's own folder: two sites, one magnification, a task of three classes. Nothing knows the study's names here. */
import { describe, expect, test } from "vitest";
import { type CohortSchema, openCohort } from "../../../src/cohort";
import { Rng } from "../../../src/core/random";
import { rocPerClass } from "../../../src/evaluate";
import { RgbImage } from "../../../src/image";
import { type FitOptions, fit, smote } from "../../../src/train";
import { put, temporaryFolder } from "../cohort/make-cohort";

const SCHEMA = {
  name: "tongue biopsies",
  sites: ["surface", "margin"],
  magnifications: ["x100"],
  tasks: {
    GRADE: { title: "grade", classes: ["low", "middle", "high"] },
    HPV: { title: "HPV", classes: ["negative", "positive"] },
  },
} as const satisfies CohortSchema;

const SIDE = 32;

/** The higher the grade, the more dark dots; HPV makes the whole picture bluer. */
function picture(grade: number, hpv: number, rng: Rng): RgbImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let i = 0; i < data.length; i += 3)
    data.set(
      [190 - 40 * hpv, 120, 170 + 40 * hpv].map((value) => value + rng.integer(20)),
      i,
    );
  for (let dot = 0; dot < 60 * grade; dot++) data.set([60, 20, 80], 3 * rng.integer(SIDE * SIDE));
  return new RgbImage(SIDE, SIDE, data);
}

/** 36 patients on disk, few of the highest grade; some labels missing. */
async function ownFolder(): Promise<string> {
  const folder = temporaryFolder();
  const rng = new Rng("own");
  const rows = ["patient,site,magnification,path,split,GRADE,HPV"];
  for (let n = 0; n < 36; n++) {
    const grade = n % 6 === 5 ? 2 : n % 2;
    const hpv = n % 3 === 0 ? 1 : 0;
    const split = n < 24 ? "train" : n < 30 ? "valid" : "test";
    for (const site of SCHEMA.sites) {
      const path = `images/${n}-${site}.png`;
      put(folder, { [path]: await picture(grade, hpv, rng).toPng() });
      const known = n === 4 ? "" : SCHEMA.tasks.HPV.classes[hpv];
      rows.push(`case ${n},${site},x100,${path},${split},${SCHEMA.tasks.GRADE.classes[grade]},${known}`);
    }
  }
  put(folder, { "cohort.json": SCHEMA, "manifest.csv": `${rows.join("\n")}\n` });
  return folder;
}

const QUICK: FitOptions<"GRADE" | "HPV"> = {
  preset: "notebook",
  encoder: { imageSize: [SIDE, SIDE], patch: 8, width: 32, depth: 2, heads: 2, mlpRatio: 2 },
  imageSize: SIDE,
  fusionWidth: 32,
  epochs: 10,
  batch: 9,
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
};

describe("a user's own cohort", () => {
  test("opens typed, is filtered, and trains on two tasks at once with an augmentation of its own", async () => {
    const cohort = await openCohort(await ownFolder(), { schema: SCHEMA });
    expect(cohort.views).toEqual([
      { site: "surface", magnification: "x100" },
      { site: "margin", magnification: "x100" },
    ]);
    expect(cohort.where({ split: "train", GRADE: "high" }).length).toBeGreaterThan(0);
    expect(cohort.where({ HPV: undefined }).map(({ id }) => id)).toEqual(["case 4"]);
    // @ts-expect-error: this cohort has no such task
    expect(() => cohort.where({ TD: 2 })).toThrow(/there is no task "TD"/);

    const run = await fit(cohort, {
      ...QUICK,
      augment: { draw: "image", steps: [{ kind: "symmetry", horizontal: 0.5, vertical: 0.5 }] },
    });
    expect(run.model.spec.views).toHaveLength(2);
    expect(run.options.augment).toMatchObject({ draw: "image" });
    expect(JSON.parse(JSON.stringify(run)).options.augment.steps).toHaveLength(1);
    const grade = await run.predict("test", "GRADE");
    expect(grade.probabilities.every((row) => row.length === 3)).toBe(true);
    expect(Object.keys(rocPerClass(grade))).toHaveLength(3);
    expect(run.history.at(-1)!.trainLoss).toBeLessThan(run.history[0]!.trainLoss);
  });

  test("trains on a frozen encoder's features with SMOTE, the same each time", async () => {
    const cohort = await openCohort(await ownFolder(), { schema: SCHEMA });
    const options = { ...QUICK, tasks: "GRADE", mode: "frozen", sampler: "smote", epochs: 4 } as const;
    const run = await fit(cohort, options);
    const train = cohort.split("train");
    expect(run.trainIds).toEqual(train.map(({ id }) => id)); // none of the synthetic ones
    const again = await fit(cohort, options);
    expect(again.history.map((record) => record.trainLoss)).toEqual(
      run.history.map((record) => record.trainLoss),
    );
    const plain = await fit(cohort, { ...options, sampler: "shuffle" });
    expect(plain.history[0]!.trainLoss).not.toBe(run.history[0]!.trainLoss);
    const labels = cohort.labels("GRADE", train);
    const made = smote(
      train.map((_, i) => [i]),
      labels,
    );
    expect(made.groups.map(({ members, added }) => members + added)).toEqual([12, 12, 12]);
  });

  test("SMOTE between photographs is refused, with what to do instead", async () => {
    const cohort = await openCohort(await ownFolder(), { schema: SCHEMA });
    await expect(fit(cohort, { ...QUICK, sampler: "smote" })).rejects.toThrow(
      /points between features, not between photographs.*mode: "frozen"/s,
    );
    await expect(fit(cohort, { ...QUICK, augment: "flip" as "flips" })).rejects.toThrow(
      /Did you mean "flips"/,
    );
  });
});
