import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type CohortSchema, openCohort } from "../../../src/cohort";
import { insideFolder } from "../../../src/cohort/layout/plain";
import { isOsccError } from "../../../src/core/errors";
import { PLAIN_DECLARATION, picture, put, temporaryFolder } from "./make-cohort";

async function plainCohort(manifest: string, declaration: object = PLAIN_DECLARATION): Promise<string> {
  const folder = temporaryFolder();
  const png = await picture(20, 16).toPng();
  put(folder, {
    "cohort.json": declaration,
    "manifest.csv": manifest,
    "images/1.png": png,
    "images/1b.png": png,
    "images/2.png": png,
  });
  return folder;
}

const HEADER = "patient,site,magnification,path,split,OSCC,GRADE";

async function problemsOf(folder: string): Promise<readonly string[]> {
  const error = await openCohort(folder).catch((reason: unknown) => reason);
  if (!isOsccError(error, "InvalidDataset")) throw new Error(`expected InvalidDataset, got ${String(error)}`);
  return error.data.problems;
}

test("a folder of one's own images opens", async () => {
  const folder = await plainCohort(
    [
      HEADER,
      "anna,tissue,x100,images/1.png,train,carcinoma,high",
      "anna,tissue,x400,images/1b.png,train,1,2",
      "ben,tissue,x400,images/2.png,test,normal,",
    ].join("\n"),
    { ...PLAIN_DECLARATION, notice: "a test, not patients", umPerPx: { x400: 0.5 } },
  );
  const schema = {
    name: "my-cohort",
    sites: ["tissue"],
    magnifications: ["x100", "x400"],
    tasks: {
      OSCC: { title: "carcinoma", classes: ["normal", "carcinoma"] },
      GRADE: { title: "grade", classes: ["low", "middle", "high"] },
    },
  } as const;
  const cohort = await openCohort(folder, { schema });
  expect(cohort.warnings).toEqual([]);
  expect(cohort.caveats).toEqual(["made for a test"]);
  expect(cohort.provenance).toEqual({
    cohort: "my-cohort",
    synthetic: false,
    notice: "a test, not patients",
  });
  expect(cohort.patient("anna").labels).toEqual({ OSCC: 1, GRADE: 2 });
  expect(cohort.patient("ben").labels.GRADE).toBeUndefined();
  expect(cohort.patient("ben").image("tissue", "x400").umPerPx).toBe(0.5);
  expect(inspect(cohort.patient("ben"))).toBe("Patient ben · 1/2 images · carcinoma: normal · test");
  expect((await cohort.patient("anna").image("tissue", "x100").load()).width).toBe(20);
  expect(() => cohort.patient("ben").images()).toThrow("no x100 image at the tissue site");
});

test("a schema that differs from the folder is refused", async () => {
  const folder = await plainCohort(`${HEADER}\nanna,tissue,x100,images/1.png,train,normal,low`);
  await expect(openCohort(folder, { schema: { ...PLAIN_DECLARATION, sites: ["margin"] } })).rejects.toThrow(
    'sites: the folder has ["tissue"], the schema ["margin"]',
  );
});

test("files that are not there become missing views, with one warning", async () => {
  const folder = await plainCohort(
    `${HEADER}\nanna,tissue,x100,images/1.png,train,normal,low\nben,tissue,x100,images/9.png,train,normal,low`,
  );
  const cohort = await openCohort<CohortSchema>(folder);
  expect(cohort.warnings).toEqual(["1 image of manifest.csv not found, taken as missing: images/9.png"]);
  expect(cohort.patient("ben").image("tissue", "x100").status).toBe("missing");
});

test("every problem of the manifest is reported at once", async () => {
  const folder = await plainCohort(
    [
      HEADER,
      "anna,tissue,x100,../../etc/passwd,train,normal,low",
      "anna,margin,x40,images/1.png,train,normal,low",
      "anna,tissue,x400,images/1.png,valid,carcinoma,low",
      "anna,tissue,x400,images/2.png,train,normal,low",
      "ben,tissue,x100,images/2.png,holdout,cancer,5",
      ",tissue,x100,images/2.png,train,normal,low",
    ].join("\n"),
  );
  expect(await problemsOf(folder)).toEqual([
    'manifest.csv line 2: path "../../etc/passwd" leads out of the folder; give a path inside it',
    'manifest.csv line 3: site "margin" is not one of tissue',
    'manifest.csv line 3: magnification "x40" is not one of x100, x400',
    "manifest.csv line 4: patient anna is in another part of the split than in an earlier row",
    "manifest.csv line 4: patient anna has another OSCC label than in an earlier row",
    "manifest.csv line 5: patient anna is in another part of the split than in an earlier row",
    "manifest.csv line 5: patient anna has a second tissue x400 image",
    'manifest.csv line 6: split "holdout" is not one of train, valid, test',
    'manifest.csv line 6: OSCC: "cancer" is no class (normal, carcinoma, or 0 to 1)',
    'manifest.csv line 6: GRADE: "5" is no class (low, middle, high, or 0 to 2)',
    "manifest.csv line 7: no patient",
  ]);
});

test("a class may be called like a missing cell or like an index", async () => {
  const tasks = { MARGIN: { title: "margin", classes: ["na", "0"] } };
  const folder = await plainCohort(
    "patient,site,magnification,path,MARGIN\na,tissue,x100,images/1.png,na\nb,tissue,x100,images/2.png,0\nc,tissue,x100,images/1b.png,",
    { ...PLAIN_DECLARATION, tasks },
  );
  const cohort = await openCohort<CohortSchema>(folder);
  expect(cohort.labels("MARGIN")).toEqual([0, 1, -1]);
});

test("a mistyped class is told the nearest one", async () => {
  const folder = await plainCohort(`${HEADER}\nanna,tissue,x100,images/1.png,train,carcinome,low`);
  expect((await problemsOf(folder))[0]).toContain('did you mean "carcinoma"?');
});

describe("cohort.json", () => {
  test("unknown keys, empty lists, one class, a task named like a column, a manifest outside", async () => {
    const folder = await plainCohort(`${HEADER}\n`, {
      ...PLAIN_DECLARATION,
      sites: [],
      task: "OSCC",
      tasks: { split: { title: "x", classes: ["a", "b"] }, GRADE: { title: "grade", classes: ["low"] } },
    });
    const problems = (await problemsOf(folder)).join("\n");
    for (const part of ["sites", "tasks", "GRADE.classes", "manifest column", '"task"'])
      expect(problems).toContain(part);
    const outside = await plainCohort(`${HEADER}\n`, { ...PLAIN_DECLARATION, manifest: "../manifest.csv" });
    expect((await problemsOf(outside))[0]).toContain("leads out of the folder");
  });

  test("a manifest without the needed columns, and one without rows", async () => {
    expect(await problemsOf(await plainCohort("patient,file\n1,a.png"))).toEqual([
      "manifest.csv lacks the columns site, magnification, path, OSCC, GRADE; it has patient, file",
    ]);
    expect(await problemsOf(await plainCohort(`${HEADER}\n`))).toEqual(["manifest.csv lists no image"]);
  });
});

test("paths are taken inside the folder only", () => {
  const inside = (name: string) => insideFolder("/cohort", name);
  expect(inside("images/1.png")).toBe("/cohort/images/1.png");
  expect(inside("./images//1.png")).toBe("/cohort/images/1.png");
  expect(inside("images/../1.png")).toBe("/cohort/1.png");
  for (const bad of [
    "",
    ".",
    "..",
    "../1.png",
    "a/../../1.png",
    "/etc/passwd",
    "C:\\x.png",
    "..\\1.png",
    "a\0.png",
  ])
    expect(inside(bad)).toBeUndefined();
});
