/** Figures of an audit: every text inside the canvas and apart from the others, and what they must say. */
import { describe, expect, it } from "vitest";
import { auditPaper, MULTI_OSCC_PAPER, PRINTED_NUMBERS } from "../../../src/audit";
import { compareWithPrinted } from "../../../src/evaluate";
import * as plot from "../../../src/plot";
import { clipped, overlapping, textBoxes } from "../plot/boxes";
import { PHANTOM } from "../plot/samples";

const audit = auditPaper(MULTI_OSCC_PAPER);
const cells = compareWithPrinted(
  {
    TI: { "not invaded": 97, invaded: 103 },
    r: 0.1052,
    p: 0.2,
    "a name that is rather long, as names of models are": 12,
  },
  {
    TI: { "not invaded": 103, invaded: "97" },
    r: 0.1081,
    p: 0.2,
    "not computed": 3,
    "a name that is rather long, as names of models are": 12,
  },
);

const FIGURES = {
  findings: () => plot.findings(audit),
  "findings of a phantom": () => plot.findings(audit, { provenance: PHANTOM, limit: 3 }),
  "places of intervals": () => plot.intervalPlaces(MULTI_OSCC_PAPER.intervals ?? []),
  "places of one interval": () =>
    plot.intervalPlaces([{ where: "T / a", value: 70, low: 60, high: 90, statistic: "AUC" }]),
  dumbbell: () => plot.dumbbell(cells),
  "dumbbell of what disagrees": () => plot.dumbbell(cells, { onlyDisagreeing: true, statistic: "Patients" }),
};

describe.each(Object.entries(FIGURES))("%s", (_name, draw) => {
  it("keeps every text inside the canvas and apart from the others", async () => {
    const figure = draw();
    const boxes = await textBoxes(figure);
    expect(clipped(figure, boxes)).toEqual([]);
    expect(overlapping(boxes)).toEqual([]);
    expect(figure.alt.length).toBeGreaterThan(20);
  });
});

const textOf = async (figure: plot.Figure) => (await textBoxes(figure)).map(({ text }) => text).join(" ");

describe("what they say", () => {
  it("printed numbers alone, or the notice of the label file's cohort", async () => {
    const notice = new RegExp(PRINTED_NUMBERS.notice!, "i");
    expect(await textOf(FIGURES.findings())).toMatch(notice);
    expect(await textOf(FIGURES["places of intervals"]())).toMatch(notice);
    const phantom = await textOf(FIGURES["findings of a phantom"]());
    expect(phantom).not.toMatch(notice);
    expect(phantom).toContain("Phantom cohort, not patient data");
  });

  it("how many agree, and which cells could not be shown", async () => {
    const text = await textOf(FIGURES.dumbbell());
    expect(text).toContain("2 of 5 cells agree");
    expect(text).toContain("1 cell that only one side has is not shown.");
  });

  it("refuses to draw nothing", () => {
    expect(() => plot.findings({ source: "x", findings: [], checks: [], notChecked: [] })).toThrow(
      /without findings/,
    );
    expect(() => plot.intervalPlaces([])).toThrow(/one AUC or more/);
    expect(() => plot.dumbbell([])).toThrow(/printed and a computed/);
  });
});
