import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { openCohort, type TruthMask } from "../../../src/cohort";
import { isOsccError } from "../../../src/core/errors";
import { RgbImage } from "../../../src/image";
import {
  labelEntry,
  picture,
  put,
  rawCohort,
  said,
  somePatients,
  temporaryFolder,
  VIEWS,
} from "./make-cohort";

async function problemsOf(folder: string): Promise<readonly string[]> {
  const error = await openCohort(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isOsccError(error, "InvalidDataset")) throw new Error(`expected InvalidDataset, got ${String(error)}`);
  return error.data.problems;
}

describe("a whole cohort", () => {
  test("opens with labels, split and all views", async () => {
    const cohort = await openCohort(await rawCohort(somePatients(6)));
    expect(cohort.warnings).toEqual([]);
    expect(cohort.patients.map((patient) => patient.id)).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(cohort.provenance).toEqual({ cohort: "Multi-OSCC", synthetic: false });
    expect(cohort.split("train").map((patient) => patient.id)).toEqual(["1", "2", "3", "4"]);
    expect(cohort.split("valid").map((patient) => patient.id)).toEqual(["5"]);
    const patient = cohort.patient(2);
    expect(patient.labels).toEqual({ REC: 1, LNM: 0, TD: 1, TI: 0, CE: 0, PI: 0 });
    expect(patient.images().map(({ site, magnification }) => `${site} ${magnification}`)).toEqual([
      "core x200",
      "core x400",
      "core x1000",
      "edge x200",
      "edge x400",
      "edge x1000",
    ]);
    expect(path.basename(patient.image("edge", "x1000").path ?? "")).toBe("02_10X.jpg");
  });

  test.each(["images", "Images", "data"])("finds patient folders in %s/", async (place) => {
    const folder = temporaryFolder();
    const jpeg = await picture(8, 6).toJpeg();
    put(folder, {
      "all_metadata.json": { datainfo: [labelEntry({ pid: 7 })] },
      [`${place}/7/01_4X.JPG`]: jpeg,
      [`${place}/notes/01_4X.jpg`]: jpeg,
    });
    const cohort = await openCohort(folder);
    expect(cohort.patient("7").image("core", "x400").status).toBe("present");
    expect(cohort.patient(7).imageCount).toBe(1);
  });

  test("prints in one line each", async () => {
    const cohort = await openCohort(await rawCohort(somePatients(3)));
    expect(inspect(cohort.patient(2))).toBe("Patient 2 · 6/6 images · recurrence: yes · valid");
    expect(inspect(cohort.patient(1).image("core", "x400"))).toBe("Patient 1 · core x400 · present");
    const line =
      "Multi-OSCC · 3 patients · 18 images · tasks REC, LNM, TD, TI, CE, PI · train 1, valid 1, test 1";
    expect(inspect(cohort)).toBe(line);
  });

  test("-1 is a missing label: undefined at the patient, -1 in labels()", async () => {
    const cohort = await openCohort(
      await rawCohort([{ pid: 1, labels: { TD: -1 } }, { pid: 2 }, { pid: 3 }]),
    );
    expect(cohort.patient(1).labels.TD).toBeUndefined();
    expect(cohort.labels("TD")).toEqual([-1, 0, 0]);
    expect(
      cohort
        .classCounts()
        .filter((row) => row.task === "TD")
        .map((row) => row.total),
    ).toEqual([2, 0, 0]);
    expect(inspect(cohort.patient(1))).toContain("recurrence: no");
  });
});

describe("phantom.json", () => {
  test("marks the cohort synthetic and gives pixel sizes and truth masks", async () => {
    const truth = new RgbImage(2, 1, Uint8Array.from([0, 0, 0, 70, 70, 70])); // 70 = tumour 64 + PI 4 + TI 2
    const cohort = await openCohort(
      await rawCohort(somePatients(3), {
        "phantom.json": { generator: "phantom-1", umPerPx: { x400: 1.2 }, bits: { TI: 2, PI: 4, CE: 8 } },
        "masks/1/01_4X.png": await truth.toPng(),
      }),
    );
    expect(cohort.provenance).toEqual({
      cohort: "phantom-1",
      synthetic: true,
      notice: "phantom cohort, not patient data",
    });
    expect(cohort.caveats.join()).toContain("says nothing about patients");
    const image = cohort.patient(1).image("core", "x400");
    expect(image.umPerPx).toBe(1.2);
    const mask = (await image.mask()) as TruthMask;
    expect([...mask.of("PI")]).toEqual([0, 1]);
    expect([...mask.of("CE")]).toEqual([0, 0]);
    expect(mask.fraction("TI")).toBe(0.5);
    expect(() => mask.of("PJ")).toThrow('Did you mean "PI"?');
    expect(inspect(cohort)).toContain("phantom cohort, not patient data");
  });

  test("a real cohort has no masks", async () => {
    const cohort = await openCohort(await rawCohort(somePatients(3)));
    expect(await cohort.patient(1).image("core", "x400").mask()).toBeUndefined();
  });
});

describe("what can be worked around is listed", () => {
  test("missing views, missing patients, strangers in every file", async () => {
    const folder = await rawCohort(
      [{ pid: 1 }, { pid: 2, views: ["01_2X", "02_4X"] }, { pid: 3, views: [] }, { pid: 4 }],
      {
        "split_seed=2024.json": { train: [1, 99], valid: [2], test: [3, 98] },
        "clinical_data_2024.csv": "\ufeffPID,Age(Y),HPV(0/1)\n1,61,/\n97,50,0\n2,old,0\n",
        "55_x/01_2X.jpg": await picture(8, 6).toJpeg(),
        "1_a/scan.tif": "x",
      },
    );
    const { warnings, clinical } = await openCohort(folder);
    expect(warnings).toEqual([
      "split_seed=2024.json names 2 patients without labels: 99, 98; left out",
      "1 patient with labels is in no part of split_seed=2024.json: 4",
      expect.stringMatching(/^clinical_data_2024.csv lacks 22 columns: Gender, /),
      "clinical_data_2024.csv has rows of 1 patient without labels: 97; left out",
      "clinical_data_2024.csv has no row for 2 patients: 3, 4",
      'clinical_data_2024.csv: 1 cell not understood and taken as missing: patient 2 ageYears "old"',
      "1 image in patient folders not named like 01_2X.jpg: 1_a/scan.tif; left out",
      "image folders of 1 patient without labels: 55; left out",
      "1 patient with labels has no image: 3",
      "1 patient has fewer than 6 images: 2 (2/6)",
    ]);
    expect(clinical?.of(1)?.ageYears).toBe(61);
    expect(clinical?.of(1)?.hpv).toBeUndefined();
    expect(clinical?.of(97)).toBeUndefined();
  });

  test("labels without any image open, with one warning about images", async () => {
    const folder = temporaryFolder();
    put(folder, { "all_metadata.json": { datainfo: [1, 2].map((pid) => labelEntry({ pid })) } });
    const { warnings, patients } = await openCohort(folder);
    expect(patients).toHaveLength(2);
    expect(warnings).toEqual([
      expect.stringContaining("no split file"),
      expect.stringContaining(
        "no patient folder with images was found: labels, split and clinical data of 2 patients",
      ),
    ]);
  });

  test("the first warning is said when the cohort is opened, once", async () => {
    const folder = await rawCohort([{ pid: 71, views: ["01_2X"] }, { pid: 72, views: [] }, { pid: 73 }]);
    const before = said.length;
    const cohort = await openCohort(folder);
    await openCohort(folder);
    expect(said.slice(before)).toEqual([
      "Multi-OSCC: 1 patient with labels has no image: 72 (and 1 more: see cohort.warnings)",
    ]);
    expect(inspect(cohort)).toContain(" · 2 warnings (see .warnings)");
  });

  test("two folders of one patient are joined when their views differ", async () => {
    const jpeg = await picture(8, 6).toJpeg();
    const folder = await rawCohort([{ pid: 1, views: ["01_2X"] }, { pid: 2 }, { pid: 3 }], {
      "1_b/01_4X.jpg": jpeg,
    });
    const cohort = await openCohort(folder);
    expect(cohort.patient(1).imageCount).toBe(2);
    expect(cohort.warnings).toContain("patient 1 has two folders, 1_a and 1_b; their images were joined");
  });

  test("links that lead nowhere or in a circle do no harm", async () => {
    const folder = await rawCohort(somePatients(3));
    symlinkSync(folder, path.join(folder, "9_loop"));
    symlinkSync(path.join(folder, "nowhere"), path.join(folder, "8_lost"));
    rmSync(path.join(folder, "1_a", "01_2X.jpg"));
    symlinkSync("01_2X.jpg", path.join(folder, "1_a", "01_2X.jpg"));
    const cohort = await openCohort(folder);
    expect(cohort.patients).toHaveLength(3);
    await expect(cohort.patient(1).image("core", "x200").load()).rejects.toThrow("cannot be opened (ELOOP");
  });
});

describe("what makes a cohort unusable is reported all at once", () => {
  test("labels, split and clinical table together", async () => {
    const folder = await rawCohort(somePatients(3), {
      "all_metadata.json": {
        datainfo: [
          labelEntry({ pid: 1, labels: { TD: 3 } }),
          { ...labelEntry({ pid: 2 }), REC: "yes" },
          { pid: "three" },
        ],
      },
      "split_seed=2024.json": { train: [1, 2], valid: [2], test: [3, 3] },
      "clinical_data_2024.csv": "PID,Age(Y)\n1,61\n1,62\nx,3\n",
    });
    const problems = await problemsOf(folder);
    expect(problems).toContain(
      "all_metadata.json: datainfo[0].TD: expected a label from 0 to 2, or -1 where it is missing",
    );
    expect(problems).toContain(
      "all_metadata.json: datainfo[1].REC: expected a label from 0 to 1, or -1 where it is missing",
    );
    expect(problems.some((problem) => problem.startsWith("all_metadata.json: datainfo[2].pid: "))).toBe(true);
    expect(problems).toContain("split_seed=2024.json has patient 2 both in train and in valid");
    expect(problems).toContain("split_seed=2024.json names patient 3 twice in test");
    expect(problems).toContain("clinical_data_2024.csv names patient 1 twice");
    expect(problems).toContain('clinical_data_2024.csv has a row whose PID is "x"; expected a number');
  });

  test("the message shows the first twenty and counts the rest", async () => {
    const datainfo = Array.from({ length: 50 }, (_, pid) => labelEntry({ pid, labels: { TD: 7 } }));
    const folder = temporaryFolder();
    put(folder, { "all_metadata.json": { datainfo } });
    const error = await openCohort(folder).catch((reason: Error) => reason);
    expect((error as Error).message).toContain("cannot be used as a cohort: 50 problems.");
    expect((error as Error).message).toContain("- and 30 more (all in error.data.problems)");
    expect((error as Error).message.split("\n")).toHaveLength(23);
    expect(await problemsOf(folder)).toHaveLength(50);
  });

  test("duplicate patients, in labels and in folders", async () => {
    const jpeg = await picture(8, 6).toJpeg();
    const folder = await rawCohort(somePatients(3), {
      "all_metadata.json": { datainfo: [1, 1, 2].map((pid) => labelEntry({ pid })) },
      "2_again/01_2X.jpg": jpeg,
      "3_a/01_2X.png": jpeg,
    });
    expect(await problemsOf(folder)).toEqual([
      "all_metadata.json names patient 1 twice",
      "patient 2 has two core x200 images, in 2_a and 2_again; keep one",
      "patient 3 has two core x200 images, 01_2X.jpg and 01_2X.png; keep one",
    ]);
  });

  test("broken JSON, text that is not UTF-8, broken CSV, missing labels", async () => {
    const folder = await rawCohort(somePatients(3), {
      "all_metadata.json": '{"datainfo": [',
      "split_seed=2024.json": Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]),
      "clinical_data_2024.csv": 'PID,Age(Y)\n1,"61\n2,3\n',
    });
    const problems = await problemsOf(folder);
    expect(problems[0]).toContain("all_metadata.json is not valid JSON (");
    expect(problems).toContain("split_seed=2024.json is not UTF-8 text; save it as UTF-8");
    expect(problems.some((problem) => problem.startsWith("clinical_data_2024.csv is not valid CSV ("))).toBe(
      true,
    );
    rmSync(path.join(folder, "all_metadata.json"));
    expect((await problemsOf(folder))[0]).toContain("there is no label file");
  });

  test("several split files are a choice, which can be made", async () => {
    const folder = await rawCohort(somePatients(3), {
      "split_b.json": { train: [], valid: [], test: [1, 2, 3] },
    });
    expect(await problemsOf(folder)).toEqual([expect.stringContaining("there are 2 split files")]);
    const cohort = await openCohort(folder, { split: "split_b.json" });
    expect(cohort.split("test")).toHaveLength(3);
    await expect(openCohort(folder, { split: "split_c.json" })).rejects.toThrow(
      'there is no split file "split_c.json"',
    );
  });
});

describe("no cohort", () => {
  test("a missing, an empty and a foreign folder", async () => {
    const folder = temporaryFolder();
    await expect(openCohort(path.join(folder, "nowhere"))).rejects.toMatchObject({
      code: "MissingDataset",
      message: expect.stringContaining("there is no such folder"),
    });
    await expect(openCohort(folder)).rejects.toThrow("the folder is empty");
    await expect(openCohort(__filename)).rejects.toThrow("this is a file; give the folder it stands in");
    put(folder, { "readme.txt": "hello" });
    const error = await openCohort(folder).catch((reason: Error) => reason);
    expect((error as Error).message).toContain("*metadata*.json, split*.json, clinical*.csv");
    expect((error as Error).message).toContain("OSCC_DATA");
    expect((error as Error).message).toContain("phantom");
  });

  test("the folder above a cohort: the right one is offered", async () => {
    const folder = temporaryFolder();
    put(folder, { "Data/all_metadata.json": { datainfo: [] } });
    await expect(openCohort(folder)).rejects.toThrow(`Did you mean  ${path.join(folder, "Data")}?`);
  });

  test("OSCC_DATA is used, and named when it is wrong", async () => {
    const former = process.env.OSCC_DATA;
    try {
      process.env.OSCC_DATA = await rawCohort(somePatients(3));
      expect((await openCohort()).patients).toHaveLength(3);
      process.env.OSCC_DATA = path.join(temporaryFolder(), "nowhere");
      await expect(openCohort()).rejects.toThrow("comes from the environment variable OSCC_DATA");
    } finally {
      if (former === undefined) delete process.env.OSCC_DATA;
      else process.env.OSCC_DATA = former;
    }
  });
});

test("1,325 patients with 7,950 images open", async () => {
  const folder = temporaryFolder();
  const ids = Array.from({ length: 1325 }, (_, i) => i + 1);
  put(folder, {
    "all_metadata.json": { datainfo: ids.map((pid) => labelEntry({ pid })) },
    "split.json": { train: ids.slice(0, 925), valid: ids.slice(925, 1125), test: ids.slice(1125) },
  });
  for (const pid of ids) {
    mkdirSync(path.join(folder, `${pid}_a`));
    for (const view of VIEWS) writeFileSync(path.join(folder, `${pid}_a`, `${view}.jpg`), "");
  }
  const cohort = await openCohort(folder);
  expect(cohort.patients.every((patient) => patient.imageCount === 6)).toBe(true);
});
