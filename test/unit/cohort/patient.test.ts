import { expect, test } from "vitest";
import { openCohort } from "../../../src/cohort";
import { put, rawCohort, somePatients } from "./make-cohort";

test("a missing view is a view with status missing, and an error when it is loaded", async () => {
  const folder = await rawCohort([{ pid: 1, views: ["01_2X", "02_2X", "02_4X"] }, { pid: 2 }, { pid: 3 }]);
  const image = (await openCohort(folder)).patient(1).image("core", "x400");
  expect(image.status).toBe("missing");
  expect(image.path).toBeUndefined();
  await expect(image.load()).rejects.toMatchObject({
    code: "MissingImage",
    data: { patient: "1", site: "core", magnification: "x400" },
    message: expect.stringMatching(
      /patient 1 has no x400 image at the core site\.\n.*1_a\n.*has: core x200, edge x200, edge x400\.\n.*onMissing: "skip"/,
    ),
  });
});

test("substitute-site takes the same magnification of the other site, in place", async () => {
  const folder = await rawCohort([
    { pid: 1, views: ["01_2X", "01_10X", "02_2X", "02_4X", "02_10X"] },
    { pid: 2 },
    { pid: 3 },
  ]);
  const patient = (await openCohort(folder)).patient(1);
  const images = patient.images();
  expect(images).toHaveLength(6);
  expect(images[1]).toMatchObject({ site: "edge", magnification: "x400", standsFor: "core" });
  expect(images[1]?.path).toBe(images[4]?.path);
  expect(images[4]?.standsFor).toBeUndefined();
  expect((await images[1]!.load()).width).toBe(48);
  expect(patient.images({ onMissing: "skip" })).toHaveLength(5);
  expect(() => patient.images({ onMissing: "error" })).toThrow("no x400 image at the core site");
});

test("when both sites lack a magnification, substitution is an error and skip is not", async () => {
  const folder = await rawCohort([{ pid: 1, views: ["01_2X"] }, { pid: 2 }, { pid: 3 }]);
  const patient = (await openCohort(folder)).patient(1);
  expect(() => patient.images()).toThrow("has no x400 image");
  expect(patient.images({ onMissing: "skip" })).toHaveLength(1);
  expect(() => patient.images({ onMissing: "zero" as "skip" })).toThrow(
    'onMissing is "zero"; expected one of substitute-site, skip, error',
  );
});

test("views choose and order", async () => {
  const patient = (await openCohort(await rawCohort(somePatients(3)))).patient(1);
  const views = [
    { site: "edge", magnification: "x1000" },
    { site: "core", magnification: "x200" },
  ] as const;
  expect(patient.images({ views }).map((image) => image.site)).toEqual(["edge", "core"]);
});

test("names that do not exist come with the nearest one", async () => {
  const cohort = await openCohort(await rawCohort(somePatients(3, 669910)));
  expect(() => cohort.patient(669919)).toThrow('there is no patient "669919"');
  expect(() => cohort.patient(669919)).toThrow("Did you mean");
  // @ts-expect-error a magnification that does not exist
  expect(() => cohort.patient(669910).image("core", "x4000")).toThrow('Did you mean "x400"?');
  // @ts-expect-error a site that does not exist
  expect(() => cohort.patient(669910).image("corr", "x200")).toThrow('Did you mean "core"?');
  // @ts-expect-error a task that does not exist
  expect(() => cohort.labels("TO")).toThrow('there is no task "TO"');
  // @ts-expect-error a part that does not exist
  expect(() => cohort.split("validation")).toThrow('there is no split "validation"');
  // a name that every object has is no task
  expect(() => cohort.task("toString" as "TD")).toThrow("there is no task");
});

test("where filters by split, class index and class name, and refuses what does not exist", async () => {
  const cohort = await openCohort(
    await rawCohort([
      { pid: 1, labels: { TD: 2 } },
      { pid: 2, labels: { TD: 2, REC: 1 } },
      { pid: 3, labels: { TD: -1 } },
      { pid: 4 },
    ]),
  );
  const ids = (patients: { id: string }[]) => patients.map((patient) => patient.id);
  expect(ids(cohort.where({ TD: 2 }))).toEqual(["1", "2"]);
  expect(ids(cohort.where({ TD: "poor", REC: "recurrence" }))).toEqual(["2"]);
  expect(ids(cohort.where({ split: "train", TD: "poor" }))).toEqual(["1", "2"]);
  expect(ids(cohort.where({ TD: undefined }))).toEqual(["3"]);
  expect(ids(cohort.where({}))).toHaveLength(4);
  expect(() => cohort.where({ TD: 3 })).toThrow("0 (well), 1 (moderate), 2 (poor)");
  // @ts-expect-error a class that does not exist
  expect(() => cohort.where({ TD: "bad" })).toThrow("TD");
  // @ts-expect-error a task that does not exist
  expect(() => cohort.where({ grade: 1 })).toThrow('there is no task "grade"');
});

test("a damaged file is named when it is loaded", async () => {
  const folder = await rawCohort(somePatients(3));
  put(folder, { "1_a/01_4X.jpg": "this is text" });
  await expect((await openCohort(folder)).patient(1).image("core", "x400").load()).rejects.toMatchObject({
    code: "UnreadableImage",
    message: expect.stringContaining('begins with the text "this is text"'),
  });
});
