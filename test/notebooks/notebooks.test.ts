/** The notebooks of this repository: their form, and that they run from top to bottom on a small phantom. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PRINTED_NUMBERS } from "../../src/audit";
import { phantomCohort } from "../../src/cohort/phantom";
import { PHANTOM_NOTICE } from "../../src/core/provenance";
import {
  type CodeCell,
  executeNotebook,
  type Notebook,
  readNotebook,
  textOf,
} from "../../src/kernel/notebook";

const FOLDER = path.resolve(__dirname, "../../notebooks");
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".ipynb"))
  .sort();

/** Notebooks that train models or draw many photographs: too long for the default suite, run by the slower tier. */
const isLong = (name: string) => /^0[1-7]-/.test(name);
const runsSlowTests = process.env.OSCC_SLOW_TESTS === "1";

const codeCells = (notebook: Notebook) =>
  notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === "code");

describe.each(files)("%s", (name) => {
  const notebook = readNotebook(path.join(FOLDER, name));
  const text = notebook.cells.map((cell) => textOf(cell.source));

  it("asks one question and says what it teaches, takes and needs", () => {
    expect(text[0]).toMatch(/^# .+\?\n/);
    for (const word of ["**You will learn**", "**Time**", "Not for diagnosis"])
      expect(text[0]).toContain(word);
    expect(text.at(-1)).toContain("## Exercises");
  });

  it("is stored without outputs, for our kernel, with cells that can be taken in at a glance", () => {
    expect(notebook.metadata).toMatchObject({ kernelspec: { name: "oscc-lab" } });
    for (const cell of codeCells(notebook)) {
      expect(cell.outputs).toEqual([]);
      expect(cell.execution_count).toBeNull();
      expect(textOf(cell.source).split("\n").length).toBeLessThanOrEqual(12);
    }
  });

  it("links to notebooks that exist", () => {
    const links = text.flatMap((t) => [...t.matchAll(/\]\(([^)#]+\.ipynb)\)/g)].map((match) => match[1]!));
    expect(links.filter((link) => !existsSync(path.join(FOLDER, link)))).toEqual([]);
  });
});

describe("on a small phantom", () => {
  let scratch: string;
  let data: string;

  beforeAll(async () => {
    scratch = mkdtempSync(path.join(tmpdir(), "oscc-notebooks-"));
    data = await phantomCohort({
      patients: 40,
      width: 108,
      height: 81,
      folder: path.join(scratch, "phantom"),
    });
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const runs = async (name: string) => {
    const env = { OSCC_DATA: data, OSCC_CACHE: path.join(scratch, "cache"), OSCC_SMOKE: "1" };
    const { notebook, failed } = await executeNotebook(path.join(FOLDER, name), { env });
    expect(failed.map(({ index, evalue }) => `cell ${index}: ${evalue}`)).toEqual([]);

    const bundles = codeCells(notebook).flatMap((cell) =>
      cell.outputs.flatMap((output) => ("data" in output ? [output.data] : [])),
    );
    const figures = bundles.filter((bundle) => "application/vnd.plotly.v1+json" in bundle);
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) {
      expect(figure["image/png"]).toBeTypeOf("string");
      const drawn = JSON.stringify(figure["application/vnd.plotly.v1+json"]).toLowerCase();
      // Figures of a paper's printed numbers show no cohort, and say that.
      const isOfPaper = drawn.includes(PRINTED_NUMBERS.notice!);
      if (!isOfPaper) expect(drawn).toContain(PHANTOM_NOTICE.toLowerCase());
    }
  };

  const [long, others] = [files.filter(isLong), files.filter((name) => !isLong(name))];
  it.each(others)("%s runs, and every figure says what it shows", runs);
  it.skipIf(!runsSlowTests).each(long)(
    "%s runs, and every figure says what it shows (needs OSCC_SLOW_TESTS=1)",
    runs,
    300_000,
  );
});
