import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cohort, openCohort, PROBLEM_KINDS, type VerifyReport } from "../../../../src/cohort";
import { isOsccError } from "../../../../src/core/errors";
import { RgbImage } from "../../../../src/image";
import { picture, put, rawCohort, somePatients, temporaryFolder } from "../make-cohort";
import { cleanPhantom, damage } from "./damaged-phantom";

const scratch = mkdtempSync(path.join(os.tmpdir(), "oscc-verify-"));
const former = process.env.OSCC_CACHE;
let clean: Cohort;
let cleanReport: VerifyReport;
let damaged: Cohort;
let planted: string[];
let report: VerifyReport;

beforeAll(async () => {
  process.env.OSCC_CACHE = path.join(scratch, "cache");
  const folder = await cleanPhantom(path.join(scratch, "clean"));
  planted = await damage(folder, path.join(scratch, "damaged"));
  clean = await openCohort(folder);
  damaged = await openCohort(path.join(scratch, "damaged"));
  cleanReport = await clean.verify();
  report = await damaged.verify();
});
afterAll(() => {
  if (former === undefined) delete process.env.OSCC_CACHE;
  else process.env.OSCC_CACHE = former;
  rmSync(scratch, { recursive: true, force: true });
});

describe("verify", () => {
  it("finds nothing in a clean phantom", () => {
    expect(cleanReport.problems).toEqual([]);
    expect(cleanReport.checked).toBe(84);
    expect(inspect(cleanReport)).toBe("phantom-2 · 84 images checked · nothing found");
  });

  it("lists every planted fault, at its place, and nothing else", () => {
    const found = report.problems.map(
      ({ kind, patient, site, magnification }) => `${kind} ${patient} ${site} ${magnification}`,
    );
    const isPair = (text: string) => /^(leakage|duplicate)/.test(text);
    expect(found.filter((text) => !isPair(text)).sort()).toEqual(planted.filter((text) => !isPair(text)));
    // Of two equal pictures one is reported and names the other: which of them is the copy cannot be known.
    expect(found.filter(isPair)).toHaveLength(planted.filter(isPair).length);
    const pairs = report.problems.map(
      ({ kind, patient, site, magnification, detail }) =>
        `${kind} ${patient} ${site} ${magnification}; ${kind} ${detail.replace(/.*patient /, "")}`,
    );
    for (const fault of planted.filter(isPair)) expect(pairs.some((pair) => pair.includes(fault))).toBe(true);
    const kinds = new Set(planted.map((text) => text.split(" ")[0]));
    expect([...PROBLEM_KINDS].filter((kind) => !kinds.has(kind))).toEqual([]);
    expect(report.summary).toMatchObject({ leakage: 2, duplicate: 1, unreadable: 3, missing: 2 });
  });

  it("says of a copy which picture it copies, and of leakage which parts of the split", () => {
    const [, second] = report.problems.filter(({ kind }) => kind === "leakage");
    const details = report.problems.filter(({ kind }) => kind === "leakage").map(({ detail }) => detail);
    expect(details.some((detail) => /^the same pixels as patient \d+/.test(detail))).toBe(true);
    expect(details.some((detail) => /^nearly the same picture as .*\d+ of 64 bits/.test(detail))).toBe(true);
    expect(second!.detail).toMatch(/one is in (train|valid|test), the other in (train|valid|test)$/);
  });

  it("survives JSON, and counts what it lists", () => {
    const back = JSON.parse(JSON.stringify(report)) as VerifyReport;
    expect(back.problems).toEqual(report.problems);
    const kinds = PROBLEM_KINDS.reduce((sum, kind) => sum + report.summary[kind], 0);
    expect(kinds).toBe(report.problems.length);
    expect(report.summary.errors + report.summary.warnings).toBe(report.problems.length);
    expect(inspect(report)).toMatch(/77 images checked · \d+ errors?, \d+ warnings? \(unreadable 3, /);
  });

  it("is a table: CSV, JSON, DataFrame", async () => {
    const csv = path.join(scratch, "report.csv");
    await report.save(csv);
    const lines = readFileSync(csv, "utf8").trim().split("\n");
    expect(lines[0]).toBe("severity,kind,patient,site,magnification,path,detail");
    expect(lines).toHaveLength(1 + report.problems.length);
    await report.save(path.join(scratch, "report.json"));
    expect(JSON.parse(readFileSync(path.join(scratch, "report.json"), "utf8")).checked).toBe(77);
    expect((await report.table()).shape).toEqual([report.problems.length, 7]);
    expect((await cleanReport.table()).shape[0]).toBe(0);
    await expect(report.save("report.xlsx")).rejects.toThrow(/\.csv or \.json/);
  });

  it("measures each file once, and again when it changes", async () => {
    expect(report.remembered).toBe(0);
    const again = await damaged.verify();
    expect(again.remembered).toBe(74); // all but the three that cannot be read
    expect(again.problems).toEqual(report.problems);
    const touched = damaged.split("test")[0]!.image("core", "x200").path!;
    utimesSync(touched, new Date(), new Date(2001, 1, 1));
    expect((await damaged.verify()).remembered).toBe(73);
  });

  it("stops on request, and goes on from there", async () => {
    const folder = await rawCohort(somePatients(6));
    const cohort = await openCohort(folder);
    const stop = new AbortController();
    const load = cohort.patients[2]!.image("core", "x200");
    Object.defineProperty(load, "load", {
      value: async () => {
        stop.abort();
        return picture(48, 36);
      },
    });
    const error = await cohort.verify({ signal: stop.signal, limit: 1 }).catch((caught: unknown) => caught);
    expect(isOsccError(error, "Aborted")).toBe(true);
    const rest = await (await openCohort(folder)).verify();
    expect(rest.remembered).toBe(13);
  });

  it("does not depend on how many images are examined at a time", async () => {
    const one = await damaged.verify({ limit: 1, resume: false });
    expect(one.remembered).toBe(0);
    expect(one.problems).toEqual(report.problems);
  });

  it("finds a cohort whose red and blue are exchanged throughout: one error", async () => {
    const cohort = await openCohort(clean.folder);
    for (const patient of cohort.patients)
      for (const image of patient.allImages()) {
        const load = image.load.bind(image);
        Object.defineProperty(image, "load", { value: async () => (await load()).swapRedBlue() });
      }
    const { problems } = await cohort.verify({ resume: false });
    expect(problems.map(({ kind, severity, patient }) => ({ kind, severity, patient }))).toEqual([
      { kind: "channel-order", severity: "error", patient: null },
    ]);
  });

  it("knows a grey picture from H&E", async () => {
    const folder = await rawCohort(somePatients(3));
    const { width, height, data } = picture(48, 36);
    const grey = new RgbImage(
      width,
      height,
      data.map((_, i) => data[i - (i % 3) + 1]!),
    );
    put(folder, { "2_a/01_4X.jpg": await grey.toJpeg() });
    const { problems } = await (await openCohort(folder)).verify();
    expect(problems.filter(({ kind }) => kind === "colour").map(({ patient }) => patient)).toEqual(["2"]);
  });

  it("lists a patient without images once, and says what was not judged", async () => {
    const folder = await rawCohort([...somePatients(3), { pid: 9, views: [] }]);
    const { problems, notes } = await (await openCohort(folder)).verify();
    expect(problems.filter(({ patient }) => patient === "9")).toMatchObject([
      { kind: "missing", site: null },
    ]);
    expect(notes.join(" ")).toContain("focus was not judged at x200, x400, x1000");
  });

  it("notices one patient under two spellings in two parts of the split", async () => {
    const folder = temporaryFolder();
    put(folder, {
      "cohort.json": {
        name: "spellings",
        sites: ["tissue"],
        magnifications: ["x400"],
        tasks: { T: { title: "t", classes: ["no", "yes"] } },
      },
      "manifest.csv":
        "patient,site,magnification,path,split,T\nP7,tissue,x400,a.png,train,no\np007,tissue,x400,b.png,test,yes\n",
    });
    for (const [name, seed] of [
      ["a.png", 1],
      ["b.png", 2],
    ] as const)
      writeFileSync(path.join(folder, name), await picture(64, 48, seed).toPng());
    const { problems } = await (await openCohort(folder)).verify();
    expect(problems).toMatchObject([{ kind: "leakage", severity: "error", patient: "p007" }]);
    expect(problems[0]!.detail).toContain("one is in train, the other in test");
  });
});
