import { existsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type CohortSchema, importArrays, openCohort } from "../../../src/cohort";
import { put, sharedData, temporaryFolder } from "./make-cohort";
import { npy } from "./npy-bytes";

function arrays(images: Buffer, labels: Buffer) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "x.npy"), images);
  writeFileSync(path.join(folder, "y.npy"), labels);
  return {
    images: path.join(folder, "x.npy"),
    labels: path.join(folder, "y.npy"),
    classes: ["normal", "carcinoma"],
    folder: path.join(folder, "cohort"),
    name: "toy",
    task: "OSCC",
    title: "carcinoma",
  };
}

const TWO_GREY = npy("|u1", [2, 2, 3], [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]);

test("grey images and labels become a cohort, pixel for pixel", async () => {
  const options = arrays(TWO_GREY, npy("<i8", [2], [1, 0]));
  const folder = await importArrays({ ...options, caveats: ["toy data"], notice: "toy data" });
  const cohort = await openCohort<CohortSchema>(folder);
  expect(cohort.name).toBe("toy");
  expect(cohort.provenance.notice).toBe("toy data");
  expect(cohort.caveats[0]).toBe("toy data");
  expect(cohort.caveats.join()).toContain("each image counts as one patient");
  expect(cohort.schema.tasks).toEqual({ OSCC: { title: "carcinoma", classes: ["normal", "carcinoma"] } });
  expect(cohort.patients.map((patient) => patient.className("OSCC"))).toEqual(["carcinoma", "normal"]);
  const pixels = await cohort.patients[1]!.images()[0]!.load();
  expect([...pixels.data]).toEqual([10, 20, 30, 40, 50, 60].flatMap((v) => [v, v, v]));
});

test("RGB planes, interleaved RGB and floats in 0-1 give the same pixels", async () => {
  const labels = npy("|u1", [1], [0]);
  const interleaved = npy("|u1", [1, 1, 2, 3], [0, 51, 102, 153, 204, 255]);
  const planes = npy("|u1", [1, 3, 1, 2], [0, 153, 51, 204, 102, 255]);
  const floats = npy("<f4", [1, 1, 2, 3], [0, 0.2, 0.4, 0.6, 0.8, 1]);
  for (const images of [interleaved, planes, floats]) {
    const cohort = await openCohort<CohortSchema>(await importArrays(arrays(images, labels)));
    const { data } = await cohort.patients[0]!.images()[0]!.load();
    expect([...data]).toEqual([0, 51, 102, 153, 204, 255]);
  }
});

test("the same import again changes nothing; another one replaces it; a foreign folder is refused", async () => {
  const options = arrays(TWO_GREY, npy("|u1", [2], [1, 0]));
  const folder = await importArrays(options);
  const { ino } = statSync(path.join(folder, "manifest.csv"));
  await importArrays(options);
  expect(statSync(path.join(folder, "manifest.csv")).ino).toBe(ino);
  await importArrays({ ...options, name: "other" });
  expect((await openCohort<CohortSchema>(folder)).name).toBe("other");
  const foreign = temporaryFolder();
  put(foreign, { "thesis.txt": "years of work" });
  await expect(importArrays({ ...options, folder: foreign })).rejects.toThrow("nothing was written");
  expect(existsSync(path.join(foreign, "thesis.txt"))).toBe(true);
});

test("identical images are counted in a caveat", async () => {
  const images = npy("|u1", [3, 1, 2], [1, 2, 1, 2, 3, 4]);
  const cohort = await openCohort<CohortSchema>(
    await importArrays(arrays(images, npy("|u1", [3], [0, 0, 1]))),
  );
  expect(cohort.caveats).toContain("1 image is byte-identical to an earlier one: folds can leak");
});

test("labels that do not fit are all reported, and nothing is written", async () => {
  const options = arrays(TWO_GREY, npy("<f4", [3], [0.5, 7, 1]));
  await expect(importArrays(options)).rejects.toMatchObject({
    code: "InvalidDataset",
    data: { problems: ["3 labels for 2 images", "2 labels outside 0 to 1: 0.5 at 0, 7 at 1"] },
  });
  expect(existsSync(options.folder)).toBe(false);
});

test.each([
  [{ task: "split" }, "tasks.split: this name is a manifest column"],
  [{ classes: ["a", "a"] }, "tasks.OSCC.classes: expected names that are all different"],
  [{ classes: ["a"] }, "tasks.OSCC.classes: too small"],
  [{ name: " " }, "name: too small"],
])("names that no cohort can have are refused before anything is written: %j", async (bad, problem) => {
  const options = { ...arrays(TWO_GREY, npy("|u1", [2], [0, 0])), ...bad };
  await expect(importArrays(options)).rejects.toMatchObject({
    code: "InvalidDataset",
    data: { problems: [expect.stringContaining(problem)] },
  });
  expect(existsSync(options.folder)).toBe(false);
});

test("images of another shape or range are refused", async () => {
  const labels = npy("|u1", [2], [0, 1]);
  await expect(importArrays(arrays(npy("|u1", [2], [1, 2]), labels))).rejects.toMatchObject({
    code: "ShapeMismatch",
  });
  await expect(importArrays(arrays(npy("|u1", [2, 0, 4], []), labels))).rejects.toMatchObject({
    code: "ShapeMismatch",
  });
  const tooBright = npy("<f4", [2, 1, 1], [0, 300]);
  await expect(importArrays(arrays(tooBright, labels))).rejects.toThrow("grey levels in 0-255");
  const notANumber = npy("<f4", [2, 1, 1], [0, Number.NaN]);
  await expect(importArrays(arrays(notANumber, labels))).rejects.toThrow("grey levels in 0-255");
});

const real = sharedData("rahman126", "oscc126_x.npy");
test.skipIf(!existsSync(real))("126 real oral tissue images (needs shared data)", async () => {
  const folder = await importArrays({
    images: real,
    labels: sharedData("rahman126", "oscc126_y.npy"),
    classes: ["normal", "carcinoma"],
    folder: path.join(temporaryFolder(), "oral-126"),
    name: "oral-126",
    task: "OSCC",
    title: "carcinoma",
  });
  const cohort = await openCohort<CohortSchema>(folder);
  expect(cohort.warnings).toEqual([]);
  expect(cohort.classCounts().map((row) => row.total)).toEqual([31, 95]);
  const image = await cohort.patient(1).images()[0]!.load();
  expect([image.width, image.height]).toEqual([50, 50]);
  const folds = cohort.folds({ folds: 5, stratify: "OSCC" });
  for (const { heldOut } of folds)
    expect([6, 7]).toContain(heldOut.filter((patient) => patient.className("OSCC") === "normal").length);
});
