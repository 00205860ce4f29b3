/** Folders made to do harm: each ends with a named error, soon, in bounded memory, and nothing is written but the cache. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Cohort,
  type CohortSchema,
  importArrays,
  openCohort,
  readNpy,
  saveSplit,
} from "../../../src/cohort";
import { readNpyItem } from "../../../src/cohort/npy";
import { isOsccError } from "../../../src/core/errors";
import { readImage } from "../../../src/image";
import { labelEntry, PLAIN_DECLARATION, picture, put, temporaryFolder } from "../../unit/cohort/make-cohort";
import { npy } from "../../unit/cohort/npy-bytes";

const HEADER = "patient,site,magnification,path,split,OSCC,GRADE";
type Files = Record<string, string | Uint8Array | object>;

function folderOf(files: Files): string {
  const folder = temporaryFolder();
  put(folder, files);
  return folder;
}

const plain = (...rows: string[]): Files => ({
  "cohort.json": PLAIN_DECLARATION,
  "manifest.csv": [HEADER, ...rows].join("\n"),
});

/** Opens, or fails with the problems. */
async function opened(folder: string): Promise<Cohort<CohortSchema> | string> {
  try {
    return await openCohort<CohortSchema>(folder);
  } catch (error) {
    if (isOsccError(error, "InvalidDataset")) return error.data.problems.join("\n");
    throw error;
  }
}

const former = process.env.OSCC_CACHE;
const scratch = mkdtempSync(path.join(os.tmpdir(), "oscc-hostile-"));
beforeAll(() => {
  process.env.OSCC_CACHE = path.join(scratch, "cache");
});
afterAll(() => {
  if (former === undefined) delete process.env.OSCC_CACHE;
  else process.env.OSCC_CACHE = former;
  rmSync(scratch, { recursive: true, force: true });
});

describe("labels and tables", () => {
  test.each<[string, Files, RegExp]>([
    ["JSON ten thousand lists deep", { "all_metadata.json": "[".repeat(10_000) }, /not valid JSON/],
    [
      "the prototype as a key",
      {
        "cohort.json": '{"name":"x","sites":["a"],"magnifications":["b"],"tasks":{"__proto__":{}}}',
      },
      /key named __proto__/,
    ],
    [
      "four hundred thousand columns of one name",
      { ...plain(), "manifest.csv": "a,".repeat(4e5) },
      /two columns named a$/,
    ],
    [
      "a hundred thousand columns",
      { ...plain(), "manifest.csv": Array.from({ length: 1e5 }, (_, i) => `c${i}`).join(",") },
      /lacks the columns/,
    ],
    ["a quote that never ends", plain(`"${"x".repeat(2e6)}`), /not valid CSV/],
    ["UTF-16", { ...plain(), "manifest.csv": Buffer.from("\ufeffpatient", "utf16le") }, /not UTF-8/],
    [
      "Latin-1 in the clinical table",
      {
        "all_metadata.json": { datainfo: [labelEntry({ pid: 1 })] },
        "clinical.csv": Buffer.from("PID,Gender\n1,m\xe4nnlich\n", "latin1"),
      },
      /clinical\.csv is not UTF-8/,
    ],
    ["a NUL in a path", plain("1,tissue,x400,a\0.png,train,normal,low"), /leads out of the folder/],
    [
      "a patient in two parts of the split",
      plain("1,tissue,x400,a.png,train,normal,low", "1,tissue,x100,b.png,test,normal,low"),
      /another part of the split/,
    ],
    [
      "the same view of a patient twice",
      plain("1,tissue,x400,a.png,train,normal,low", "1,tissue,x400,b.png,train,normal,low"),
      /second tissue x400 image/,
    ],
  ])("%s", async (_, files, problem) => {
    expect(await opened(folderOf(files))).toMatch(problem);
  });

  test("names that objects have anyway are tasks and classes like any other", async () => {
    const tasks = { constructor: { title: "t", classes: ["toString", "valueOf"] } };
    const cohort = await openCohort<CohortSchema>(
      folderOf({
        "cohort.json": { name: "x", sites: ["hasOwnProperty"], magnifications: ["x"], tasks },
        "manifest.csv":
          "patient,site,magnification,path,constructor\nconstructor,hasOwnProperty,x,a.png,valueOf\n2,hasOwnProperty,x,b.png,\n",
      }),
    );
    expect(cohort.labels("constructor")).toEqual([1, -1]);
    expect(cohort.where({ constructor: "valueOf" } as object).map(({ id }) => id)).toEqual(["constructor"]);
    expect(() => cohort.patient("toString")).toThrow(/there is no patient/);
    expect(() => cohort.task("valueOf")).toThrow(/there is no task/);
  });
});

describe("links, pipes and devices", () => {
  test("a folder that contains itself, a manifest that is itself, a manifest that is a folder", async () => {
    const loop = folderOf(plain("1,tissue,x400,again/again/again/a.png,train,normal,low"));
    put(loop, { "a.png": await picture(8, 8).toPng() });
    symlinkSync(".", path.join(loop, "again"));
    const cohort = await opened(loop);
    expect(cohort).toBeTypeOf("object");
    expect((await (cohort as Cohort<CohortSchema>).verify({ resume: false })).checked).toBe(1);

    const self = folderOf({ "cohort.json": PLAIN_DECLARATION });
    symlinkSync("manifest.csv", path.join(self, "manifest.csv"));
    expect(await opened(self)).toMatch(/manifest\.csv cannot be read/);
    const nested = folderOf({ "cohort.json": PLAIN_DECLARATION });
    mkdirSync(path.join(nested, "manifest.csv"));
    expect(await opened(nested)).toMatch(/a folder, a device or a pipe/);
  });

  test.skipIf(process.platform === "win32")(
    "a pipe and an endless device are refused at once, as image, labels and array",
    async () => {
      const folder = temporaryFolder();
      execFileSync("mkfifo", [path.join(folder, "pipe")]);
      for (const name of ["pipe.png", "endless.png"])
        symlinkSync(name.startsWith("pipe") ? "pipe" : "/dev/zero", path.join(folder, name));
      for (const name of ["pipe", "pipe.png", "endless.png"]) {
        const file = path.join(folder, name);
        await expect(readImage(file)).rejects.toThrow(/a device or a pipe/);
        await expect(readNpy(file)).rejects.toThrow(/a device or a pipe/);
        await expect(readNpyItem(file, 0)).rejects.toThrow(/a device or a pipe/);
      }
      symlinkSync("/dev/zero", path.join(folder, "all_metadata.json"));
      expect(await opened(folder)).toMatch(/a device or a pipe/);
    },
  );
});

/** Names as a hostile archive or table has them. */
const hostileName = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "..",
        "../..",
        ".",
        "~",
        "C:",
        "\\\\server",
        "/etc",
        "%2e%2e",
        "a b",
        "con",
        "..\\..",
        "x\0y",
      ),
      fc.string({ maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .chain((steps) => fc.constantFrom("/", "\\").map((separator) => steps.join(separator)));

test("whatever a manifest names, nothing appears beside the cohort, and nothing but the cache in the cache", async () => {
  const outer = temporaryFolder();
  const folder = path.join(outer, "cohort");
  const png = await picture(8, 8).toPng();
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(hostileName, hostileName, async (file, patient) => {
      rmSync(folder, { recursive: true, force: true });
      put(folder, plain(`${quoted(patient)},tissue,x400,${quoted(file)},train,normal,low`));
      put(folder, { "images/1.png": png });
      const cohort = await opened(folder);
      if (typeof cohort === "string") return;
      const files = cohort.patients.flatMap((one) => one.allImages().flatMap((image) => image.path ?? []));
      for (const one of files) expect(path.resolve(one).startsWith(folder + path.sep)).toBe(true);
      await cohort.verify();
      expect(readdirSync(outer)).toEqual(["cohort"]);
      const written = readdirSync(scratch, { recursive: true, encoding: "utf8" });
      expect(written.filter((name) => !/^cache([/\\](verify|pixels)([/\\].*)?)?$/.test(name))).toEqual([]);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("what is written goes where it was told to and nowhere else, or is refused", async () => {
  const outer = temporaryFolder();
  put(outer, { "x.npy": npy("|u1", [2, 4, 4], new Array(32).fill(9)), "y.npy": npy("|u1", [2], [0, 1]) });
  const options = {
    images: path.join(outer, "x.npy"),
    labels: path.join(outer, "y.npy"),
    classes: ["no", "yes"],
    name: "../../escaped",
    folder: path.join(outer, "in", "cohort"),
  };
  await importArrays({ ...options, site: "../../site", magnification: "/etc" });
  expect(readdirSync(outer).sort()).toEqual(["in", "x.npy", "y.npy"]);
  expect(readdirSync(path.join(outer, "in"))).toEqual(["cohort"]);
  const split = { train: ["1"], valid: ["1"], test: [] };
  await expect(saveSplit(path.join(outer, "split.json"), split)).rejects.toThrow(/one part only/);
  expect(readdirSync(outer)).not.toContain("split.json");
});

test("a cohort of a hundred thousand bad rows is refused in bounded memory, with a message of a few lines", async () => {
  const row = "1,tissue,x400,a.png,train,nothing,low\n";
  const folder = folderOf({ ...plain(), "manifest.csv": `${HEADER}\n${row.repeat(100_000)}` });
  expect(statSync(path.join(folder, "manifest.csv")).size).toBeGreaterThan(3e6);
  const before = process.memoryUsage().rss;
  const error = await openCohort(folder).catch((caught: unknown) => caught);
  if (!isOsccError(error, "InvalidDataset")) throw error;
  expect(error.data.problems.length).toBeGreaterThan(100_000);
  expect(error.message.split("\n").length).toBeLessThan(30);
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
});
