/** Pictures of patients: scale bars, nested fields, the viewer's controls, two patients, pages of a split. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MULTI_OSCC } from "../../../src/cohort/schema";
import * as plot from "../../../src/plot";
import { PNG_BUDGET_BYTES } from "../../../src/plot/render/budget";
import { roundLength } from "../../../src/plot/scale-bar";
import { textBoxes } from "./boxes";
import * as sample from "./samples";

interface Shape {
  readonly type: string;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly visible?: boolean;
  readonly opacity?: number;
  readonly line: { readonly dash?: string; readonly width: number };
}
interface Note {
  readonly text: string;
  readonly visible?: boolean;
  readonly opacity?: number;
}
const shapesOf = ({ spec }: plot.Figure) => spec.layout.shapes as readonly Shape[];
const textsOf = async (figure: plot.Figure) => (await textBoxes(figure)).map(({ text }) => text);

describe("a scale bar", () => {
  it("is as long as its label says, whatever the width of a pixel", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.01, max: 40, noNaN: true }), async (umPerPx) => {
        const figure = await plot.magnifications({
          id: "1",
          allImages: () => [
            sample.view("core", "x200", { umPerPx, load: async () => sample.tissue("t", 80, 60) }),
          ],
        });
        const [{ sizex: pictureWidth }] = figure.spec.layout.images as [{ sizex: number }];
        const bar = shapesOf(figure).at(-1)!;
        const label = (figure.spec.layout.annotations as readonly Note[]).find(({ text }) =>
          /m$/.test(text),
        )!.text;
        const um = Number.parseFloat(label) * (label.endsWith("mm") ? 1000 : 1);
        expect(((bar.x1 - bar.x0) / pictureWidth) * umPerPx * 80).toBeCloseTo(
          um,
          -Math.floor(Math.log10(um)) + 3,
        );
        expect(bar.x1 - bar.x0).toBeLessThanOrEqual(pictureWidth / 4 + 1e-6);
      }),
      { numRuns: 40 },
    );
  });

  it("has a round length, the longest that is not longer than allowed", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (atMost) => {
        const length = roundLength(atMost);
        expect(length).toBeLessThanOrEqual(atMost * (1 + 1e-9));
        expect(length).toBeGreaterThan(atMost / 2.5001);
        expect([1, 2, 5]).toContain(
          Number((length / 10 ** Math.floor(Math.log10(length) + 1e-9)).toPrecision(3)),
        );
      }),
    );
  });
});

describe("boxes of nested fields", () => {
  it("have the size that the widths in micrometres give, about the centre", async () => {
    const figure = await plot.magnifications(sample.nestedPatient());
    const boxes = shapesOf(figure).filter(({ line }) => line.width === 1.25);
    // On each site: x400 and x1000 on x200, x1000 on x400.
    expect(boxes).toHaveLength(6);
    const [{ x, y, sizex, sizey }] = figure.spec.layout.images as [
      { x: number; y: number; sizex: number; sizey: number },
    ];
    expect(boxes.slice(0, 3).map(({ x0, x1 }) => (x1 - x0) / sizex)).toEqual(
      [0.5, 0.2, 0.4].map((share) => expect.closeTo(share, 4)),
    );
    for (const { x0, x1, y0, y1, line } of boxes) {
      expect((x0 + x1) / 2).toBeCloseTo(x + sizex / 2, 3);
      expect((y0 + y1) / 2).toBeCloseTo(y + sizey / 2, 3);
      expect(line.dash).toBe("solid");
    }
  });

  it("are not drawn where nobody knows how fields lie, nor on request", async () => {
    const boxes = async (patient: ReturnType<typeof sample.patient>, fields?: plot.FieldBoxes) =>
      shapesOf(await plot.magnifications(patient, fields ? { fields } : {})).filter(
        ({ line }) => line.width === 1.25,
      );
    expect(await boxes(sample.patient())).toEqual([]);
    expect(await boxes(sample.nestedPatient(), "none")).toEqual([]);
    await expect(plot.magnifications(sample.patient(), { fields: "known?" as "known" })).rejects.toThrow(
      /one of known, estimate, none/,
    );
  });

  it("are estimated on request, dashed, with the correlation; else the position is said to be unknown", async () => {
    const wide = sample.tissue("wide", 640, 480);
    const patient = (narrow: () => Promise<ReturnType<typeof sample.tissue>>) => ({
      id: "3",
      cohort: { schema: MULTI_OSCC },
      allImages: () => [
        sample.view("core", "x200", { umPerPx: undefined, load: async () => wide }),
        sample.view("core", "x400", { umPerPx: undefined, load: narrow }),
      ],
    });
    const figure = await plot.magnifications(
      patient(async () => wide.crop(96, 144, 320, 240)),
      { fields: "estimate" },
    );
    const [box] = shapesOf(figure).filter(({ line }) => line.width === 1.25);
    const [{ sizex, sizey }] = figure.spec.layout.images as [{ sizex: number; sizey: number }];
    expect(box!.line.dash).toBe("dash");
    expect(box!.x0 / sizex).toBeCloseTo(96 / 640, 2);
    expect(box!.y0 / sizey).toBeCloseTo(144 / 480, 2);
    expect((await textsOf(figure)).join(" ")).toMatch(
      /found by registration .* \(core ×400 in ×200, correlation 0\.9/,
    );

    const other = await plot.magnifications(
      patient(async () => sample.tissue("another place", 320, 240)),
      { fields: "estimate" },
    );
    expect(shapesOf(other).filter(({ line }) => line.width === 1.25)).toEqual([]);
    expect((await textsOf(other)).join(" ")).toContain("Position unknown: core ×400 in ×200.");
  });
});

describe("the viewer", () => {
  interface Control {
    readonly args: readonly [Readonly<Record<string, unknown>>];
    readonly label: string;
  }
  /** What a reader sees after pressing controls: items that are visible and opaque. */
  function pressing(layout: plot.FigureLayout, ...pressed: readonly Control[]) {
    const copy = structuredClone(layout) as unknown as Record<string, Record<string, unknown>[]>;
    for (const { args } of pressed)
      for (const [where, value] of Object.entries(args[0])) {
        const [, list, index, attribute] = /^(\w+)\[(\d+)\]\.(\w+)$/.exec(where)!;
        expect(copy[list!]![Number(index)]).toBeDefined();
        copy[list!]![Number(index)]![attribute!] = value;
      }
    const seen = (list: string) =>
      copy[list]!.filter(({ visible, opacity }) => visible !== false && opacity !== 0);
    return { images: seen("images"), notes: seen("annotations") as unknown as Note[] };
  }

  it("shows one view for each pair of slider stop and button", async () => {
    const { interactive } = await plot.magnifications(sample.nestedPatient(), { interactive: true });
    const { layout } = interactive!;
    const [{ steps }] = layout.sliders as [{ steps: Control[] }];
    const [{ buttons }] = layout.updatemenus as [{ buttons: Control[] }];
    expect(steps.map(({ label }) => label)).toEqual(["×200", "×400", "×1000"]);
    expect(buttons.map(({ label }) => label)).toEqual(["core", "edge"]);
    const labels = ["core", "edge"].flatMap((site) => ["×200", "×400", "×1000"].map((m) => `${site} ${m}`));
    const seenLabels = (pressed: readonly Control[]) =>
      pressing(layout, ...pressed)
        .notes.map(({ text }) => text)
        .filter((text) => labels.includes(text));
    expect(seenLabels([])).toEqual(["core ×200"]);
    for (const step of steps)
      for (const button of buttons)
        for (const order of [
          [step, button],
          [button, step],
        ]) {
          expect(seenLabels(order)).toEqual([`${button.label} ${step.label}`]);
          expect(pressing(layout, ...order).images).toHaveLength(1);
        }
  });

  it("leaves controls away that have nothing to choose, and the PNG has none", async () => {
    const one = { id: "1", allImages: () => [sample.view("core", "x200")] };
    const { interactive } = await plot.magnifications(one, { interactive: true });
    expect(interactive!.layout.sliders).toBeUndefined();
    expect(interactive!.layout.updatemenus).toBeUndefined();
    const figure = await plot.magnifications(sample.nestedPatient(), { interactive: true });
    expect(figure.spec.layout.sliders).toBeUndefined();
    expect(await figure.svg()).not.toContain("slider");
    const bundle = await figure._repr_mimebundle_();
    expect(bundle["application/vnd.plotly.v1+json"]).toMatchObject({ layout: { sliders: [{}] } });
  });

  it("stays below the size that a notebook carries, however large the photographs are", async () => {
    const noise = sample.tissue("large", 1600, 1200);
    const patient = {
      ...sample.nestedPatient(),
      allImages: () => ["x200", "x400"].map((m) => sample.view("core", m, { load: async () => noise })),
    };
    const figure = await plot.magnifications(patient, { interactive: true });
    expect(JSON.stringify(figure.interactive).length).toBeLessThan(1_500_000);
  });
});

describe("two patients", () => {
  it("stand in the same places, with the answers that differ in bold", async () => {
    const figure = await plot.sideBySide(sample.nestedPatient("1"), {
      ...sample.nestedPatient("2"),
      labels: { REC: 1, LNM: 1, TD: 1, TI: 0, CE: 0, PI: 1 },
    });
    const headings = (figure.spec.layout.annotations as Note[]).filter(({ text }) =>
      text.includes("Patient "),
    );
    expect(headings).toHaveLength(2);
    expect(headings[0]!.text).toContain("<b>recurrence: no</b>");
    expect(headings[1]!.text).toContain("<b>recurrence: yes</b>");
    expect(headings[0]!.text).not.toContain("<b>lymph");
    expect(figure.alt).toContain("They differ in recurrence: no and yes.");
    const texts = await textsOf(figure);
    expect(texts.filter((text) => text === "edge ×1000")).toHaveLength(2);
    expect((await figure._repr_mimebundle_())["image/png"]).toSatisfy(
      (png: string) => Buffer.from(png, "base64").length <= PNG_BUDGET_BYTES,
    );
  });

  it("offers the nearest name of a view that neither has", async () => {
    await expect(
      plot.sideBySide(sample.patient(), sample.patient(), { magnifications: ["x100"] }),
    ).rejects.toThrow(/Did you mean "x1000"|Did you mean "x200"/);
    await expect(plot.sideBySide(sample.patient(), sample.patient(), { sites: [] })).rejects.toThrow(
      /at least one/,
    );
  });
});

describe("pages of a contact sheet", () => {
  const decoded = new Set<string>();
  const patients = Array.from({ length: 1325 }, (_, i) => ({
    id: String(i + 1),
    provenance: sample.REAL,
    allImages: () => [
      sample.view("core", "x200", {
        load: async () => {
          decoded.add(String(i + 1));
          return sample.tissue("t", 64, 48);
        },
      }),
    ],
  }));

  it("decode only what they show, and say which part of the cohort it is", async () => {
    decoded.clear();
    const figure = await plot.contactSheet(patients, { page: 56 });
    expect([...decoded]).toEqual(["1321", "1322", "1323", "1324", "1325"]);
    expect(figure.title).toBe("Patients 1,321 to 1,325 of 1,325");
    expect((await textsOf(figure)).join(" ")).toContain("Page 56 of 56; for the next, page: 1.");
  });

  it("cover every patient once", async () => {
    decoded.clear();
    for (const page of [1, 2, 3]) await plot.contactSheet(patients.slice(0, 100), { limit: 40, page });
    expect(decoded.size).toBe(100);
  });

  it("refuse a page that is not there and a page too full", async () => {
    await expect(plot.contactSheet(patients, { page: 57 })).rejects.toThrow(/from 1 to 56/);
    await expect(plot.contactSheet(patients, { page: 0 })).rejects.toThrow(/from 1 to 56/);
    await expect(plot.contactSheet(patients, { limit: 1325 })).rejects.toThrow(/from 1 to 60/);
    await expect(plot.contactSheet(patients, { columns: 0 })).rejects.toThrow(/columns/);
  });
});
