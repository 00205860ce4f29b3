import { expect, test } from "vitest";
import { openCohort } from "../../../src/cohort";
import { rawCohort, somePatients } from "./make-cohort";

const CSV = [
  "\ufeffPID,Gender(0male/1female),Age(Y),Weight(kg),Height(cm),SurgicalMethod,HPV(0/1),Chemotherapy(0no/1yes),[annotation] recurrence time,[annotation] last followup time",
  '1,1,58,62,/,"Resection, left",0,1,Not recurred,1076',
  "2,0,/,70,171,/,/,0,158,158",
  "3,0,44,55.5,160,Resection,0,/,Not recurred,900",
].join("\r\n");

test("counts per class and split add up", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(12)));
  const rows = cohort.classCounts();
  expect(rows).toHaveLength(13);
  for (const row of rows) expect(row.train + row.valid + row.test + row.noSplit).toBe(row.total);
  for (const task of cohort.tasks)
    expect(rows.filter((row) => row.task === task).reduce((sum, row) => sum + row.total, 0)).toBe(12);
  expect(rows.find((row) => row.task === "TD" && row.className === "poor")).toEqual({
    task: "TD",
    title: "tumour differentiation",
    className: "poor",
    label: 2,
    train: 3,
    valid: 0,
    test: 1,
    noSplit: 0,
    total: 4,
  });
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
});

test("a cross table counts pairs and leaves out missing labels", async () => {
  const cohort = await openCohort(
    await rawCohort([
      { pid: 1, labels: { TD: 2, REC: 1 } },
      { pid: 2, labels: { TD: 2, REC: 1 } },
      { pid: 3, labels: { TD: 0, REC: 0 } },
      { pid: 4, labels: { TD: -1, REC: 1 } },
    ]),
  );
  const table = cohort.crossTable("TD", "REC");
  expect(table.rows).toEqual(["well", "moderate", "poor"]);
  expect(table.counts).toEqual([
    [1, 0],
    [0, 0],
    [0, 2],
  ]);
  expect(table.missing).toBe(1);
});

test("clinical cells are typed, and what is missing is undefined", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(3), { "clinical_data_2024.csv": CSV }));
  expect(cohort.patient(1).clinical).toMatchObject({
    female: true,
    ageYears: 58,
    heightCm: undefined,
    surgicalMethod: "Resection, left",
    hpv: false,
    chemotherapy: true,
    recurrenceDays: null,
    followUpDays: 1076,
  });
  expect(cohort.patient(2).clinical).toMatchObject({
    ageYears: undefined,
    hpv: undefined,
    recurrenceDays: 158,
  });
  expect(cohort.clinical?.column("weightKg")).toEqual([62, 70, 55.5]);
  // @ts-expect-error a column that does not exist
  expect(() => cohort.clinical?.column("weight")).toThrow("there is no clinical column");
});

test("missingness covers labels, split, images and clinical columns", async () => {
  const cohort = await openCohort(
    await rawCohort([{ pid: 1, views: ["01_2X"] }, { pid: 2, labels: { CE: -1 } }, { pid: 3 }], {
      "clinical_data_2024.csv": CSV,
    }),
  );
  const missing = Object.fromEntries(cohort.missingness().map((row) => [row.name, row.missing]));
  expect(missing).toMatchObject({
    CE: 1,
    TD: 0,
    split: 0,
    "core x200": 0,
    "core x400": 1,
    ageYears: 1,
    recurrenceDays: 0,
  });
});

test("table() is a DataFrame with the same rows", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(5)));
  const table = await cohort.table();
  expect(table.shape).toEqual([5, 9]);
  expect(table.columns).toEqual(["patient", "split", "images", "REC", "LNM", "TD", "TI", "CE", "PI"]);
  expect(table.query(table.TD.eq(1)).shape[0]).toBe(cohort.where({ TD: 1 }).length);
  const means = table.groupby(["split"]).col(["images"]).mean();
  expect(means.values).toEqual([
    ["train", 6],
    ["valid", 6],
    ["test", 6],
  ]);
  expect(cohort.rows()[4]).toMatchObject({ patient: "5", split: "test", images: 6, TD: 1 });
});

test("gaps of a DataFrame are NaN in numbers, so danfojs knows them", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(3), { "clinical_data_2024.csv": CSV }));
  const table = await cohort.table();
  expect(table.ageYears.values).toEqual([58, Number.NaN, 44]);
  expect(table.hpv.values).toEqual([0, Number.NaN, 0]);
  expect(table.surgicalMethod.values).toEqual(["Resection, left", null, "Resection"]);
  expect(table.ageYears.mean()).toBe(51);
  expect(table.ageYears.dropNa().values).toEqual([58, 44]);
  expect(table.query(table.ageYears.lt(50)).shape[0]).toBe(1);
});
