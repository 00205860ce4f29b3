/** What every figure must have, whatever it shows; and what single figures say. */
import { describe, expect, it } from "vitest";
import type { PatientImage } from "../../../src/cohort";
import { isOsccError } from "../../../src/core/errors";
import { PHANTOM_NOTICE } from "../../../src/core/provenance";
import type { CamResult } from "../../../src/explain";
import * as plot from "../../../src/plot";
import { clipped, overlapping, textBoxes } from "./boxes";
import { GALLERY } from "./gallery";
import * as sample from "./samples";

const NOTICE = new RegExp(PHANTOM_NOTICE, "i");

/** The visible texts of a figure, from its SVG. */
async function textsOf(figure: plot.Figure): Promise<string[]> {
  return (await textBoxes(figure)).map(({ text }) => text);
}

describe.each(Object.entries(GALLERY))("%s", (_name, draw) => {
  it("keeps every text inside the canvas and apart from the others, and shows the notice", async () => {
    const figure = await draw();
    const boxes = await textBoxes(figure);
    expect(boxes.length).toBeGreaterThan(1);
    expect(clipped(figure, boxes)).toEqual([]);
    expect(overlapping(boxes)).toEqual([]);
    expect(boxes.filter(({ text }) => NOTICE.test(text))).toHaveLength(1);
    expect(figure.title).not.toBe("untitled");
    expect(figure.alt.length).toBeGreaterThan(20);
  });
});

describe("the foot of a figure", () => {
  it("has no notice for data that need none", async () => {
    const figure = plot.correlation(sample.labelCorrelations());
    expect((await textsOf(figure)).filter((text) => NOTICE.test(text))).toEqual([]);
  });

  it("joins the notices of several sources, each once", async () => {
    const other = { cohort: "r126", synthetic: false, notice: "augmented duplicates at the origin" };
    const figure = plot.roc({
      a: sample.curve("a"),
      b: sample.curve("b"),
      c: sample.curve("c", { provenance: other }),
    });
    const foot = (await textsOf(figure)).filter((text) => NOTICE.test(text));
    expect(foot).toHaveLength(1);
    expect(foot[0]).toContain("Phantom cohort, not patient data; augmented duplicates at the origin");
  });

  it("carries the caveats of the caller", async () => {
    const figure = plot.confusion(sample.confusionOf("x"), { caveats: ["One hospital only."] });
    expect((await textsOf(figure)).join(" ")).toContain("One hospital only.");
  });
});

describe("roc", () => {
  it("prints AUC, interval, level and n of each curve", async () => {
    const curve = sample.curve("concat");
    const texts = (await textsOf(plot.roc({ concat: curve }))).join(" ");
    const { value, low, high } = curve.auc;
    expect(texts).toContain(`${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`);
    expect(texts).toContain("AUC (95% CI)");
    expect(texts).toContain("n = 200: 50 positive, 150 negative");
  });

  it("draws bands for up to four curves, on request for more", () => {
    const curves = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, sample.curve(name)]));
    const bands = (figure: plot.Figure) =>
      figure.spec.data.filter((trace) => (trace as { fill?: string }).fill === "toself").length;
    expect(bands(plot.roc(curves))).toBe(0);
    expect(bands(plot.roc(curves, { bands: true }))).toBe(5);
    expect(bands(plot.roc({ a: curves.a! }))).toBe(1);
  });

  it("says why a curve is missing", async () => {
    const figure = plot.roc({
      a: sample.curve("a"),
      CE: { undefined: true, reason: "no patient has an embolus" },
    });
    expect((await textsOf(figure)).join(" ")).toContain("CE: no curve, because no patient has an embolus.");
    expect(figure.alt).toContain("CE: undefined because no patient has an embolus");
  });

  it("refuses nothing at all", () => {
    expect(() => plot.roc({})).toThrow(/one ROC curve or more/);
  });
});

describe("training", () => {
  const history = [
    { epoch: 1, trainLoss: 0.7, validLoss: 0.6, validAuc: { REC: 0.6 } },
    { epoch: 2, trainLoss: 0.5, validLoss: 0.5, validAuc: { REC: 0.8 } },
    { epoch: 3, trainLoss: 0.4, validLoss: 0.4, validAuc: { REC: 0.7 } },
  ];
  const marked = async (figure: plot.Figure) =>
    (await textsOf(figure)).find((text) => text.startsWith("best epoch"));

  it("marks the epoch that the run kept, else that of the highest AUC, else of the lowest loss", async () => {
    expect(await marked(plot.training({ history, best: { epoch: 3 } }))).toBe("best epoch 3");
    expect(await marked(plot.training(history))).toBe("best epoch 2");
    const losses = history.map(({ epoch, trainLoss, validLoss }) => ({ epoch, trainLoss, validLoss }));
    expect(await marked(plot.training(losses))).toBe("best epoch 3");
  });

  it("marks none without validation: the last epoch is no choice", async () => {
    const unvalidated = history.map(({ epoch, trainLoss }) => ({ epoch, trainLoss }));
    expect(await marked(plot.training({ history: unvalidated, best: { epoch: 3 } }))).toBeUndefined();
  });

  it("leaves a gap where an AUC is undefined", () => {
    const figure = plot.training([...history, { epoch: 4, trainLoss: 0.3, validAuc: { REC: undefined } }]);
    const auc = figure.spec.data.find((trace) => (trace as { yaxis?: string }).yaxis === "y2") as {
      y: unknown[];
    };
    expect(auc.y).toEqual([0.6, 0.8, 0.7, null]);
  });
});

describe("class counts", () => {
  it("writes every count and the size of every split", async () => {
    const counts = sample.multiOsccCounts();
    const texts = (await textsOf(plot.classCounts(counts))).join(" ");
    for (const { train, valid, test } of counts)
      for (const n of [train, valid, test]) expect(texts).toContain(String(n));
    expect(texts).toContain("n = 925");
    expect(texts).toContain("n = 1,325 patients");
  });

  it("shows patients outside the split, and one bar when there is no split", async () => {
    const [first, second] = sample.multiOsccCounts();
    const outside = [{ ...first!, noSplit: 7 }, second!];
    expect((await textsOf(plot.classCounts(outside))).join(" ")).toContain("no split");
    const whole = [first!, second!].map((row) => ({
      ...row,
      train: 0,
      valid: 0,
      test: 0,
      noSplit: row.total,
    }));
    const texts = await textsOf(plot.classCounts(whole));
    expect(texts.filter((text) => text.startsWith("all"))).toHaveLength(1);
    expect(texts.join(" ")).not.toContain("train");
  });
});

describe("correlation", () => {
  it("draws the lower triangle with stars, p-values and n", async () => {
    const matrix = sample.labelCorrelations();
    const texts = (await textsOf(plot.correlation(matrix))).join(" ");
    const strongest = Math.max(...matrix.coefficients.flatMap((row, i) => row.slice(0, i) as number[]));
    expect(texts).toContain(`${strongest.toFixed(2)}***`);
    expect(texts).toContain("n = 1,325 patients");
    expect(texts).toContain("not adjusted");
  });

  it("says which pairs are undefined instead of drawing them", async () => {
    const matrix = sample.labelCorrelations(40, ["a", "b"]);
    const reason = { undefined: true, reason: "b has the same value in all 40 pairs" } as const;
    const figure = plot.correlation({
      ...matrix,
      coefficients: [
        [1, reason],
        [reason, 1],
      ],
      pValues: [
        [0, reason],
        [reason, 0],
      ],
    });
    expect((await textsOf(figure)).join(" ")).toContain("undefined, because b has the same value");
  });
});

describe("comparison", () => {
  it("prints each estimate once, and n beside the groups where it differs", async () => {
    const curves = { a: sample.curve("a"), b: sample.curve("b", { n: 120 }) };
    const texts = (
      await textsOf(plot.comparison({ m1: { A: curves.a, B: curves.b }, m2: { A: curves.a } }))
    ).join(" ");
    expect(texts).toContain("n = 200 (50 positive)");
    expect(texts).toContain("n = 120 (30 positive)");
    expect(texts.split(curves.b.auc.value.toFixed(3)).length - 1).toBe(1);
  });
});

describe("table", () => {
  it("offers the nearest name for a column that is not there", () => {
    expect(() => plot.table([{ model: "a" }], { columns: { modle: "Model" } as never })).toThrow(
      /Did you mean "model"/,
    );
  });

  it("says how many rows it leaves out", async () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({ i }));
    expect((await textsOf(plot.table(rows, { limit: 4 }))).join(" ")).toContain("5 more rows are not shown.");
  });

  it("marks the printed cells that do not agree, with both numbers", async () => {
    const texts = (await textsOf(await GALLERY.printed!())).join(" | ");
    expect(texts).toContain("97 ≠ 103");
    expect(texts).toContain("2 of 4 cells agree at the printed precision");
    expect(texts).toContain("exchanged with");
  });
});

describe("micrographs", () => {
  it("label every view, say what is missing, and draw bars where the scale is known", async () => {
    const figure = await plot.magnifications(sample.patient());
    const texts = await textsOf(figure);
    for (const label of ["core ×200", "core ×400", "core ×1000", "edge ×200", "edge ×400", "edge ×1000"])
      expect(texts).toContain(label);
    expect(texts).toContain("no image");
    expect(texts).toContain("file cannot be read");
    expect(texts.filter((text) => text.endsWith("µm")).sort()).toEqual(["100 µm", "50 µm", "100 µm"].sort());
    expect(texts.join(" ")).toContain(
      "recurrence: no · lymph-node metastasis: yes · tumour differentiation: moderate",
    );
  });

  it("draw a scale bar of the right length", async () => {
    const figure = await plot.magnifications({ id: "1", allImages: () => [sample.view("core", "x200")] });
    const { width } = (figure.spec.layout.images as { sizex: number }[]).map(({ sizex }) => ({
      width: sizex,
    }))[0]!;
    const bar = (figure.spec.layout.shapes as { x0: number; x1: number; y0: number; y1: number }[]).find(
      ({ y0, y1 }) => y1 - y0 === 3,
    )!;
    const umAcross = 1.54 * 432;
    expect(((bar.x1 - bar.x0) / width) * umAcross).toBeCloseTo(100, 1);
  });

  it("embed pictures no larger than they are shown", async () => {
    const figure = await plot.magnifications({
      id: "1",
      allImages: () => [
        sample.view("core", "x200", { load: async () => sample.tissue("large", 2592, 1944) }),
      ],
    });
    expect(JSON.stringify(figure.spec).length).toBeLessThan(300_000);
  });
});

describe("cam", () => {
  const images = sample.patient().allImages().slice(0, 2);

  it("names class, probability and layer, and the maximum of each map", async () => {
    const figure = await plot.cam(
      sample.activation(images, [sample.hill(8, 8, 1, 1), sample.hill(8, 8, 5, 5, 0.5)]),
    );
    const texts = (await textsOf(figure)).join(" | ");
    expect(texts).toContain("class explained: recurrence, probability 0.831 · layer blocks.11.norm1");
    expect(texts).toMatch(/0 to 0\.02|0\.0\d+ to 0\.02/);
    expect(texts).toContain("to 0.5");
    expect(figure.alt).toContain("core ×200: strongest upper left");
  });

  it("says that a map is flat instead of drawing it", async () => {
    const figure = await plot.cam(
      sample.activation(images, [
        sample.hill(8, 8, 1, 1),
        [
          [0.3, 0.3],
          [0.3, 0.3],
        ],
      ]),
    );
    const heatmaps = figure.spec.data.filter((trace) => (trace as { type: string }).type === "heatmap");
    expect(heatmaps).toHaveLength(1);
    expect((await textsOf(figure)).join(" ")).toContain("no place stands out");
  });

  it("scales each view by its own maximum, or all by the patient's", async () => {
    const result = sample.activation(images, [sample.hill(8, 8, 1, 1, 0.02), sample.hill(8, 8, 5, 5, 0.5)]);
    const maxima = (figure: plot.Figure) =>
      figure.spec.data.flatMap((trace) => {
        const { type, z } = trace as { type: string; z?: number[][] };
        return type === "heatmap" ? [Math.max(...z!.flat())] : [];
      });
    expect(maxima(await plot.cam(result))).toEqual([1, 1]);
    expect(maxima(await plot.cam(result, { scale: "patient" }))).toEqual([0.04, 1]);
  });

  it("lays the grid on the part of the picture that the model saw", async () => {
    const result = sample.activation(images.slice(0, 1), [sample.hill(8, 8, 1, 1)]);
    const width = async (imageFit: "squash" | "crop" | "fit") => {
      const figure = await plot.cam({ ...result, imageFit, inputAspect: 1 });
      const heat = figure.spec.data.find((trace) => (trace as { type: string }).type === "heatmap") as {
        dx: number;
        dy: number;
      };
      return [heat.dx * 8, heat.dy * 8];
    };
    const [squashed, squashedHeight] = await width("squash");
    expect(squashedHeight! / squashed!).toBeCloseTo(0.75, 2);
    expect(await width("crop")).toEqual([squashedHeight, squashedHeight]);
    expect(await width("fit")).toEqual([squashed, squashed]);
  });

  it("takes the maps that the explain module makes of a cohort's images", () => {
    const draw = (result: CamResult<PatientImage>) => plot.cam(result);
    expect(draw).toBeTypeOf("function");
  });
});

describe("contact sheet", () => {
  it("refuses a view or task that the patients do not have, with the nearest name", async () => {
    const error = await plot
      .contactSheet([sample.patient()], { magnification: "x100" })
      .catch((e: unknown) => e);
    expect(isOsccError(error, "UnknownName") && error.message).toContain("Did you mean");
    await expect(plot.contactSheet([sample.patient()], { task: "REX" })).rejects.toThrow(
      /Did you mean "REC"/,
    );
  });
});
