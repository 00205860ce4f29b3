/** Maps over pictures: colours, outlines, controls, alignment, comparison, and the overlay at full resolution. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { RgbImage } from "../../../src/image/rgb-image";
import * as plot from "../../../src/plot";
import { heatScale, seenRegion, valueAt } from "../../../src/plot/cam-overlay";
import * as sample from "./samples";

interface Trace {
  readonly type: string;
  readonly name?: string;
  readonly xaxis: string;
  readonly x0: number;
  readonly dx: number;
  readonly z: number[][];
  readonly visible?: boolean;
  readonly opacity?: number;
}
interface Slider {
  readonly active: number;
  readonly currentvalue: { readonly prefix: string };
  readonly steps: readonly {
    readonly label: string;
    readonly method: string;
    readonly args: readonly never[];
  }[];
}
const traces = (spec: plot.FigureSpec, name: string) =>
  (spec.data as readonly Trace[]).filter((trace) => trace.name === name);
const sliders = ({ layout }: plot.FigureSpec) => layout.sliders as readonly Slider[];
const alphaOf = (colour: string) => Number(/,([\d.]+)\)$/.exec(colour)![1]);

describe("the colours of a map", () => {
  it("begin at 0, end at 1, never go back, and cover more where there is more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (threshold) => {
        const scale = heatScale(threshold);
        expect(scale[0]![0]).toBe(0);
        expect(scale.at(-1)![0]).toBe(1);
        for (let i = 1; i < scale.length; i++) {
          expect(scale[i]![0]).toBeGreaterThanOrEqual(scale[i - 1]![0]);
          expect(alphaOf(scale[i]![1])).toBeGreaterThanOrEqual(alphaOf(scale[i - 1]![1]));
        }
        for (const [share, colour] of scale) if (share < threshold) expect(alphaOf(colour)).toBe(0);
        expect(alphaOf(scale.at(-1)![1])).toBe(1);
      }),
    );
  });
});

describe("the smooth map", () => {
  it("has the grid's value in the middle of each cell, and never leaves the grid's range", () => {
    const rng = new Rng("grid");
    const grid = Array.from({ length: 5 }, () => Array.from({ length: 7 }, () => rng.uniform()));
    const at = valueAt(grid);
    grid.forEach((row, r) => {
      row.forEach((value, c) => {
        expect(at((c + 0.5) / 7, (r + 0.5) / 5)).toBeCloseTo(value, 12);
      });
    });
    const all = grid.flat();
    for (let n = 0; n < 200; n++) {
      const value = at(rng.uniform(), rng.uniform());
      expect(value).toBeGreaterThanOrEqual(Math.min(...all) - 1e-12);
      expect(value).toBeLessThanOrEqual(Math.max(...all) + 1e-12);
    }
  });
});

describe("plot.cam", () => {
  it("draws each outline at its share of the strongest value, or none", async () => {
    const result = sample.judgedMaps();
    const outlines = traces((await plot.cam(result, { contours: [0.25, 0.75] })).spec, "outline");
    // Five maps that are not flat, two levels, a light line on a dark one.
    expect(outlines).toHaveLength(5 * 2 * 2);
    expect(traces((await plot.cam(result, { contours: [] })).spec, "outline")).toEqual([]);
    await expect(plot.cam(result, { threshold: 1.2 })).rejects.toThrow(
      /threshold is 1.2; expected a share from 0 to 1/,
    );
    await expect(plot.cam(result, { contours: [0.5, Number.NaN] })).rejects.toThrow(/contours/);
  });

  it("prints the verdict under its map", async () => {
    const figure = await plot.cam(sample.judgedMaps());
    expect(figure.alt).toContain("0.71 of the energy inside the planted lesion");
    expect(await figure.svg()).toContain("0.71 of the energy");
  });

  it("says that only what speaks for the class is drawn, where a method also knows what speaks against it", async () => {
    const result = sample.judgedMaps();
    const signed = { ...result, maps: result.maps.map((map) => ({ ...map, signedGrid: map.grid })) };
    expect(await (await plot.cam(signed)).svg()).toContain("not what speaks against it");
    expect(await (await plot.cam(result)).svg()).not.toContain("not what speaks against it");
  });

  it("says of an even map why it is bright all over", async () => {
    const image = sample.patient().allImages().slice(0, 1);
    const even = sample.activation(image, [
      sample.hill(8, 8, 3, 3).map((row) => row.map((value) => 1 + value)),
    ]);
    expect(await (await plot.cam(even)).svg()).toContain("hardly differs from place to place");
    const hilly = sample.activation(image, [sample.hill(8, 8, 3, 3)]);
    expect(await (await plot.cam(hilly)).svg()).not.toContain("hardly differs");
  });

  it("has sliders in its interactive form that reach exactly the traces they are about", async () => {
    const { spec, interactive } = await plot.cam(sample.judgedMaps(), { interactive: true, threshold: 0.3 });
    expect(spec.layout.sliders).toBeUndefined();
    const [view, threshold, opacity] = sliders(interactive!);
    const data = interactive!.data as readonly Trace[];
    expect(view!.steps.map(({ label }) => label)).toEqual([
      "core ×200",
      "core ×400",
      "core ×1000",
      "edge ×200",
      "edge ×400",
      "edge ×1000",
    ]);
    view!.steps.forEach(({ args }, chosen) => {
      const [{ visible }] = args as unknown as [{ visible: boolean[] }];
      const maps = data.filter((trace, i) => visible[i] && trace.name === "map");
      expect(maps).toHaveLength(chosen === 2 ? 0 : 1);
    });
    expect(threshold!.steps[threshold!.active]!.label).toBe("30%");
    expect(opacity!.steps[opacity!.active]!.label).toBe("70%");
    const [, reached] = opacity!.steps[0]!.args as unknown as [object, number[]];
    expect(reached.map((i) => data[i]!.name)).toEqual(Array(5).fill("map"));
  });
});

describe("the size of an interactive form", () => {
  it("is bounded, whatever the photographs and however fine the grid", async () => {
    const rng = new Rng("noise");
    const noise = Uint8Array.from({ length: 1200 * 900 * 3 }, () => rng.integer(256));
    const view = (magnification: string) =>
      sample.view("core", magnification, { load: async () => new RgbImage(1200, 900, noise) });
    const grid = sample.hill(32, 32, 9, 20);
    const result = sample.activation([view("x200"), view("x400"), view("x1000")], [grid, grid, grid]);
    const { interactive } = await plot.cam(result, { interactive: true });
    expect(JSON.stringify(interactive).length).toBeLessThan(4_000_000);
  });
});

describe("plot.camNested", () => {
  it("draws every map where its field lies", async () => {
    const figure = await plot.camNested(sample.judgedMaps(), { site: "edge" });
    const maps = traces(figure.spec, "map");
    expect(maps).toHaveLength(9);
    const [{ sizex }] = figure.spec.layout.images as [{ sizex: number }];
    // Rows are maps, columns are fields: x200 on x200, x400, x1000; x400 on ...
    const widths = maps.map(({ dx, z }) => (dx * z[0]!.length) / sizex);
    expect(widths).toEqual([1, 2, 5, 0.5, 1, 2.5, 0.2, 0.4, 1].map((share) => expect.closeTo(share, 4)));
    const centres = maps.map(({ x0, dx, z }) => x0 - dx / 2 + (dx * z[0]!.length) / 2);
    for (const centre of centres) expect(centre).toBeCloseTo(centres[0]!, 2);
  });

  it("says that a position is unknown instead of guessing it", async () => {
    const unplaced = sample.activation(sample.patient().allImages().slice(0, 2), [
      sample.hill(8, 8, 2, 5),
      sample.hill(8, 8, 4, 4),
    ]);
    const figure = await plot.camNested(unplaced);
    expect(traces(figure.spec, "map")).toHaveLength(2);
    expect((await figure.svg()).match(/position unknown/g)).toHaveLength(2);
  });

  it("refuses a site without maps and one map alone", async () => {
    const error = await plot.camNested(sample.judgedMaps(), { site: "egde" }).catch((e: unknown) => e);
    expect(isOsccError(error, "UnknownName") && error.message).toContain('Did you mean "edge"');
    const one = sample.activation([sample.view("core", "x200")], [sample.hill(8, 8, 2, 5)]);
    await expect(plot.camNested(one)).rejects.toThrow(/two magnifications or more/);
  });
});

describe("plot.camComparison", () => {
  it("keeps to the images that all results explain, and to one patient", async () => {
    const result = sample.judgedMaps();
    const fewer = { ...result, maps: result.maps.slice(3, 5) };
    const figure = await plot.camComparison({ a: result, b: fewer });
    expect(traces(figure.spec, "map")).toHaveLength(4);
    await expect(plot.camComparison({ a: result, b: { ...result, patient: "18" } })).rejects.toThrow(
      /of one patient/,
    );
    await expect(plot.camComparison({})).rejects.toThrow(/one result or more/);
    await expect(
      plot.camComparison({ a: fewer, b: { ...result, maps: result.maps.slice(0, 1) } }),
    ).rejects.toThrow(/at least one image/);
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [String(i), result]));
    await expect(plot.camComparison(many)).rejects.toThrow(/at most 7/);
  });
});

describe("plot.overlay", () => {
  const grey = new RgbImage(120, 90, new Uint8Array(120 * 90 * 3).fill(200));
  const view = { site: "core", magnification: "x200" };
  const result = (fit: "squash" | "crop", grid: number[][]) => ({
    ...sample.activation([sample.view("core", "x200", { load: async () => grey })], [grid]),
    imageFit: fit,
    inputAspect: 1,
  });

  it("has the photograph's size, and leaves what lies below the threshold or was not seen as it is", async () => {
    const drawn = await plot.overlay(result("crop", sample.hill(8, 8, 3, 3)), view, {
      threshold: 0.5,
      opacity: 1,
    });
    expect([drawn.width, drawn.height]).toEqual([120, 90]);
    // A square in the middle was seen: 15 pixels at either side were not.
    expect(drawn.pixel(7, 45)).toEqual([200, 200, 200]);
    expect(drawn.pixel(100, 85)).toEqual([200, 200, 200]);
    const { left, width } = seenRegion(
      { left: 0, top: 0, width: 120, height: 90 },
      { imageFit: "crop", inputAspect: 1 },
    );
    const [red, green, blue] = drawn.pixel(Math.floor(left + (width * 3.5) / 8), Math.floor((90 * 3.5) / 8));
    // The strongest value: viridis yellow, fully opaque.
    expect(Math.abs(red - 0xfd) + Math.abs(green - 0xe7) + Math.abs(blue - 0x25)).toBeLessThan(12);
  });

  it("is the photograph itself without opacity, and for a flat map", async () => {
    const opaque = await plot.overlay(result("squash", sample.hill(8, 8, 3, 3)), view, { opacity: 0 });
    expect(opaque.data).toEqual(grey.data);
    const flat = await plot.overlay(result("squash", [[0, 0]]), view);
    expect(flat.data).toEqual(grey.data);
  });

  it("offers the nearest view", async () => {
    await expect(
      plot.overlay(result("squash", [[1, 0]]), { site: "core", magnification: "x20" }),
    ).rejects.toThrow(/Did you mean "core x200"/);
  });
});
