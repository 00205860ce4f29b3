/** The audit of the study's own paper, from the typed tables alone and with its label file. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { auditPaper, MULTI_OSCC_PAPER, MULTI_OSCC_TABLES, readPaper } from "../../../src/audit";
import { openCohort } from "../../../src/cohort";

const shared = process.env.OSCC_SHARED_DATA ?? path.resolve(__dirname, "../../../../shared/data");
const study = path.join(shared, "multi-oscc");
const printed = path.join(shared, "paper", "multi-oscc-tables.json");

const audit = auditPaper(MULTI_OSCC_PAPER);
const placesOf = (kind: string, confidence: string) =>
  audit.findings
    .filter((finding) => finding.kind === kind && finding.confidence === confidence)
    .map(({ where }) => where);

describe("the printed tables alone", () => {
  it("have three means that do not follow from their cells", () => {
    expect(placesOf("mean", "impossible")).toEqual([
      "Table 6 / transformer / Mean",
      "Table 6 / gated / Mean",
      "Table 7 / edge / Mean",
    ]);
  });

  it("have seven rows of metrics that are not what their headings say", () => {
    expect(placesOf("metrics", "impossible")).toEqual([]);
    expect(placesOf("metrics", "inconsistent")).toEqual([
      "Table 10 / REC",
      ...["REC", "LNM", "TD", "TI", "CE", "PI"].map((task) => `Table 11 / ${task}`),
    ]);
  });

  it("have a size that is not the encoder's, and sizes of different things in one column", () => {
    expect(placesOf("parameters", "impossible")).toEqual(["Table 5 / ViT-Small (PathoBench)"]);
    expect(placesOf("parameters", "inconsistent")).toEqual(["Table 5 / sizes"]);
  });

  it("have intervals that belong to other estimates, most of them in table 7", () => {
    const far = placesOf("interval", "inconsistent");
    expect(far).toHaveLength(11);
    expect(far.filter((where) => where.startsWith("Table 7"))).toHaveLength(5);
  });

  it("bear out what the abstract says of them", () => {
    expect(audit.checks.find(({ kind }) => kind === "claim")).toEqual({
      kind: "claim",
      checked: 5,
      findings: 0,
    });
  });
});

// Skipped where the study's files are not at hand: they are not ours to ship.
describe.skipIf(!existsSync(study))("with the label file", () => {
  it("five correlations with TD are Pearson's, and two pairs of counts are exchanged", async () => {
    const { findings } = auditPaper(MULTI_OSCC_PAPER, await openCohort(study));
    const coefficients = findings.filter(({ where }) => where.endsWith("/ r"));
    expect(coefficients.map(({ where }) => where)).toEqual([
      "Table 3 / TD and REC / r",
      "Table 3 / TD and LNM / r",
      "Table 3 / TI and TD / r",
      "Table 3 / CE and TD / r",
      "Table 3 / PI and TD / r",
    ]);
    for (const { explanation } of coefficients) expect(explanation).toContain("What is printed is Pearson's");
    const counts = findings.filter(({ kind }) => kind === "class count");
    expect(counts.map(({ where, expected }) => [where, expected])).toEqual([
      ["Table 4 / TI / valid", "97, 103"],
      ["Table 4 / TI / test", "99, 101"],
    ]);
  });
});

describe.skipIf(!existsSync(printed))("the typed tables", () => {
  it("are those of the file", () => {
    const file = readPaper(JSON.parse(readFileSync(printed, "utf8")));
    expect({ ...file, source: "" }).toEqual({ ...MULTI_OSCC_PAPER, source: "" });
  });
});

describe("reading a paper", () => {
  it("takes the study's tables as JSON", () => {
    expect(readPaper(JSON.parse(JSON.stringify(MULTI_OSCC_TABLES)))).toEqual(MULTI_OSCC_PAPER);
  });

  it.each([
    [{}, /source/],
    [{ source: "x", means: [{ where: "T", printed: "12", of: {} }] }, /means\.0\.printed.*means\.0\.of/],
    [{ source: "x", mean: [] }, /mean/],
    [{ source: "x", metrics: [{ where: "T", printed: { accuracy: 1 }, supports: [3] }] }, /supports/],
    [{ table4_class_counts: 3 }, /tables/],
    [null, /printed paper/],
  ])("refuses %j and names every field that is wrong", (json, message) => {
    expect(() => readPaper(json)).toThrow(message);
  });
});
