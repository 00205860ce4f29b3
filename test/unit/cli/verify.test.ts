import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { main } from "../../../src/cli/main";
import { rawCohort, somePatients } from "../cohort/make-cohort";

let scratch: string;
let said: { out: string; err: string };
const former = process.env.OSCC_CACHE;

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), "oscc-cli-verify-"));
  process.env.OSCC_CACHE = path.join(scratch, "cache");
  said = { out: "", err: "" };
  for (const [stream, name] of [
    [process.stdout, "out"],
    [process.stderr, "err"],
  ] as const)
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said[name] += text;
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  if (former === undefined) delete process.env.OSCC_CACHE;
  else process.env.OSCC_CACHE = former;
  rmSync(scratch, { recursive: true, force: true });
});

it("exits 0 on a whole cohort, and says what was checked", async () => {
  const folder = await rawCohort(somePatients(3));
  expect(await main(["verify", folder])).toBe(0);
  expect(said.out).toContain("Multi-OSCC: 18 images checked, 0 errors, 0 warnings\n");
  expect(said.out).toContain("focus was not judged");
});

it("exits 1 on an unreadable file, names it, and writes the report", async () => {
  const folder = await rawCohort(somePatients(4));
  writeFileSync(path.join(folder, "2_a", "02_4X.jpg"), "not an image");
  const csv = path.join(scratch, "faults.csv");
  expect(await main(["verify", folder, "--report", csv])).toBe(1);
  expect(said.out).toMatch(/^error {4}unreadable {5}patient 2 edge x400: .*"not an image"/m);
  expect(said.out).toContain(`report: ${csv}`);
  expect(readFileSync(csv, "utf8")).toMatch(/\nerror,unreadable,2,edge,x400,2_a\/02_4X\.jpg,/);
});

it("prints the whole report as JSON", async () => {
  const folder = await rawCohort(
    somePatients(4).map((patient, i) =>
      i === 0 ? { ...patient, views: ["01_2X", "01_4X", "01_10X", "02_2X", "02_4X"] } : patient,
    ),
  );
  expect(await main(["verify", folder, "--json", "--fresh", "--parallel", "1"])).toBe(0);
  const report = JSON.parse(said.out);
  expect(report).toMatchObject({
    checked: 23,
    remembered: 0,
    summary: { missing: 1, errors: 0, warnings: 1 },
  });
  expect(report.problems[0].detail).toBe("no file; the core x1000 image stands in");
});

it("refuses a report of another kind before it begins, and two folders", async () => {
  const folder = await rawCohort(somePatients(4));
  expect(await main(["verify", folder, "--report", path.join(scratch, "faults.xlsx")])).toBe(1);
  expect(said.err).toMatch(/no kind of report "\.xlsx"/);
  expect(said.err).not.toContain("checking images");
  expect(existsSync(path.join(scratch, "cache"))).toBe(false);
  expect(await main(["verify", folder, "elsewhere"])).toBe(1);
  expect(said.err).toContain('not also "elsewhere"');
});
