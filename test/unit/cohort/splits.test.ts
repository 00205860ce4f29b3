import path from "node:path";
import { expect, test } from "vitest";
import { openCohort, saveSplit, toSplitFile } from "../../../src/cohort";
import { labelEntry, put, rawCohort, somePatients, temporaryFolder } from "./make-cohort";

async function labelsOnly(count: number) {
  const folder = temporaryFolder();
  put(folder, { "all_metadata.json": { datainfo: somePatients(count).map(labelEntry) } });
  return openCohort(folder);
}

test("five folds of 53 patients: each held out once, classes even", async () => {
  const cohort = await labelsOnly(53);
  const folds = cohort.folds({ folds: 5, stratify: "TD" });
  expect(folds.flatMap((fold) => fold.heldOut.map((patient) => patient.id)).sort()).toEqual(
    cohort.patients.map((patient) => patient.id).sort(),
  );
  for (const { train, heldOut } of folds) {
    expect(train.length + heldOut.length).toBe(53);
    expect([10, 11]).toContain(heldOut.length);
    for (const label of [0, 1, 2])
      expect([3, 4]).toContain(heldOut.filter((patient) => patient.labels.TD === label).length);
  }
});

test("the seed decides, the order of patients does not", async () => {
  const cohort = await labelsOnly(30);
  const ids = (seed: number, patients = cohort.patients) =>
    cohort
      .folds({ folds: 3, seed, stratify: ["TD", "REC"] }, patients)
      .map((fold) => fold.heldOut.map((patient) => patient.id).sort());
  expect(ids(7)).toEqual(ids(7, [...cohort.patients].reverse()));
  expect(ids(7)).not.toEqual(ids(8));
});

test("impossible folds are refused", async () => {
  const cohort = await labelsOnly(4);
  for (const folds of [1, 5, 2.5, Number.NaN]) expect(() => cohort.folds({ folds })).toThrow("folds");
  // @ts-expect-error a task that does not exist
  expect(() => cohort.folds({ folds: 2, stratify: "TX" })).toThrow('there is no task "TX"');
});

test("a split is saved and read back", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(6)));
  const split = toSplitFile(cohort.patients);
  expect(split).toEqual({ train: [1, 2, 3, 4], valid: [5], test: [6] });
  const folder = await rawCohort(somePatients(6));
  await saveSplit(path.join(folder, "split_mine.json"), { train: [1], valid: [2, 3], test: [4, 5, 6] });
  const again = await openCohort(folder, { split: "split_mine.json" });
  expect(again.split("valid").map((patient) => patient.id)).toEqual(["2", "3"]);
  await expect(
    saveSplit(path.join(folder, "bad.json"), { train: [1], valid: [1], test: [] }),
  ).rejects.toThrow("each patient in one part only");
});
