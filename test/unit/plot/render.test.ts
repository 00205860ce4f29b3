/** Drawing without a browser: geometry, checks, determinism, the weight of pictures. */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { create, type Font } from "fontkit";
import { JSDOM } from "jsdom";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost, type MimeBundle } from "../../../src/core/host";
import { Figure } from "../../../src/plot";
import { encodePng } from "../../../src/plot/render/canvas";
import type { DomElement } from "../../../src/plot/render/dom";
import { fontFiles } from "../../../src/plot/render/fonts";
import { clientBox, localBox, parseTransform, textLength } from "../../../src/plot/render/layout";
import { familyFor, loadFonts } from "../../../src/plot/render/text";
import { colourAt, INK_ON_COLOUR, inkOn, PALE_ON_COLOUR, SEQUENTIAL } from "../../../src/plot/theme";
import { pValue, signed, visibleText, widthPx, wrap } from "../../../src/plot/words";
import { clipped, overlapping, textBoxes } from "./boxes";
import { GALLERY } from "./gallery";
import * as sample from "./samples";

const scatter = { type: "scatter", x: [1, 2, 3], y: [2, 1, 3] };
const figure = (trace: object = scatter, layout: object = {}) =>
  new Figure({ data: [trace], layout: { width: 300, height: 200, ...layout } });

describe("text widths", () => {
  const face = (bold: boolean) => {
    const file = fontFiles().find(
      (font) => font.family === "Open Sans" && !!font.bold === bold && !font.italic,
    )!;
    return create(readFileSync(file.file)) as Font;
  };

  it.each([false, true])("equal the shipped font's advances (bold: %s)", (bold) => {
    const font = face(bold);
    for (let code = 32; code < 127; code++) {
      const character = String.fromCharCode(code);
      const advance = (font.layout(character).advanceWidth / font.unitsPerEm) * 1000;
      expect(
        Math.abs(
          widthPx(character === "<" ? "&lt;" : character === "&" ? "&amp;" : character, 1000, bold) - advance,
        ),
      ).toBeLessThan(1);
    }
  });

  it("wrap at words, and inside a word only when it alone is too long", () => {
    expect(wrap("one two three", widthPx("one two", 12) + 1, 12)).toEqual(["one two", "three"]);
    expect(wrap("abcdefgh", widthPx("abcd", 12) + 0.5, 12).join("")).toBe("abcdefgh");
    expect(wrap("", 100, 12)).toEqual([]);
  });

  it("numbers and markup read as they are printed", () => {
    expect(signed(-0.004, 2)).toBe("0.00");
    expect(signed(-0.25, 2)).toBe("−0.25");
    expect(pValue(0.0004)).toBe("p &lt; 0.001");
    expect(pValue(0.0123)).toBe("p = 0.012");
    expect(visibleText("<b>a &lt; b</b><br>c")).toBe("a < b c");
  });
});

describe("layout engine", () => {
  const svg = (inner: string) => {
    loadFonts();
    const { window } = new JSDOM(`<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`);
    return [...window.document.querySelectorAll("#it")][0] as unknown as DomElement;
  };
  const near = (box: { x: number; y: number; width: number; height: number }, expected: number[]) => {
    const found = [box.x, box.y, box.width, box.height];
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 6);
  };

  it("multiplies transforms from the left, as SVG does", () => {
    expect(parseTransform("translate(10, 20) scale(2)")).toEqual([2, 0, 0, 2, 10, 20]);
    const [a, b, c, d, e, f] = parseTransform("rotate(90, 10, 0)");
    expect([a, b, c, d, e, f].map((x) => Math.round(x * 1e9) / 1e9 + 0)).toEqual([0, 1, -1, 0, 10, -10]);
  });

  it("carries boxes through nested groups", () => {
    const rect = svg(
      '<g transform="translate(5,5)"><g transform="scale(2)"><rect id="it" x="1" y="2" width="3" height="4"/></g></g>',
    );
    near(localBox(rect), [1, 2, 3, 4]);
    near(clientBox(rect), [7, 9, 6, 8]);
  });

  it("measures paths and circles, and skips what is not displayed", () => {
    near(localBox(svg('<path id="it" d="M0,0L10,5L-2,8Z"/>')), [-2, 0, 12, 8]);
    near(localBox(svg('<circle id="it" cx="5" cy="5" r="2"/>')), [3, 3, 4, 4]);
    near(
      localBox(
        svg('<g id="it"><rect width="9" height="9" style="display:none"/><rect width="2" height="3"/></g>'),
      ),
      [0, 0, 2, 3],
    );
  });

  it("anchors text and keeps its width", () => {
    const text = (anchor: string) =>
      svg(
        `<text id="it" x="100" y="50" font-family="Open Sans" font-size="20" text-anchor="${anchor}">Sensitivity</text>`,
      );
    const width = textLength(text("start"));
    expect(width).toBeCloseTo(widthPx("Sensitivity", 20), 0);
    expect(localBox(text("start")).left).toBeCloseTo(100, 6);
    expect(localBox(text("middle")).left).toBeCloseTo(100 - width / 2, 6);
    expect(localBox(text("end")).right).toBeCloseTo(100, 6);
  });

  it("stands in for families that are not shipped", () => {
    loadFonts();
    expect(familyFor("Helvetica, Arial")).toBe("Open Sans");
    expect(familyFor('"Courier New", monospace')).toBe("DejaVu Sans Mono");
  });
});

describe("canvas", () => {
  it("encodes pixels that another decoder reads back", async () => {
    const data = new Uint8ClampedArray([255, 0, 0, 255, 0, 128, 0, 255, 0, 0, 255, 128, 9, 9, 9, 0]);
    const decoded = await sharp(encodePng({ width: 2, height: 2, data }))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(decoded.info).toMatchObject({ width: 2, height: 2, channels: 4 });
    expect([...decoded.data]).toEqual([...data]);
  });
});

describe("check", () => {
  const problemsOf = async (wrong: Figure): Promise<readonly string[]> => {
    const error = await wrong.svg().catch((e: unknown) => e);
    if (!isOsccError(error, "InvalidFigure")) throw new Error(`expected InvalidFigure, got ${String(error)}`);
    return error.data.problems;
  };

  it("refuses what Plotly would pass over in silence", async () => {
    expect((await problemsOf(figure(scatter, { title: "an old-style title" })))[0]).toMatch(/title/);
    expect((await problemsOf(figure({ ...scatter, colour: "red" })))[0]).toMatch(/colour/);
    expect((await problemsOf(figure({ type: "scattergl", x: [1], y: [1] }))).join()).toMatch(/needs WebGL/);
    expect((await problemsOf(figure(scatter, { title: { text: "$\\alpha$" } }))).join()).toMatch(/LaTeX/);
  });

  it("reports every problem, not the first", async () => {
    expect(await problemsOf(figure({ ...scatter, colour: "red", with: 1 }, { hight: 3 }))).toHaveLength(3);
  });

  it("refuses NaN when the figure is made, and says where it is", () => {
    expect(() => figure({ ...scatter, y: [1, Number.NaN, 3] })).toThrow(/data\[0\]\.y\[1\] is NaN/);
  });
});

describe("a drawn figure", () => {
  it("is the same text each time, alone or among others", async () => {
    const draw = () => GALLERY["confusion of two"]!();
    const alone = await (await draw()).svg();
    const [first, , second] = await Promise.all([
      (await draw()).svg(),
      (await GALLERY["roc of one curve"]!()).svg(),
      (await draw()).svg(),
    ]);
    expect(first).toBe(alone);
    expect(second).toBe(alone);
  });

  it("names no font that does not ship, and no random identifier", async () => {
    const svg = await (await GALLERY["training, one task"]!()).svg();
    const families = new Set([...svg.matchAll(/font-family: ([^;"]+)/g)].map(([, family]) => family));
    expect([...families]).toEqual(["Open Sans"]);
  });

  it("does not change its spec", async () => {
    const drawn = figure();
    const before = JSON.stringify(drawn.spec);
    await drawn.svg();
    expect(JSON.stringify(drawn.spec)).toBe(before);
  });

  it("shows heat map cells in their own colours", async () => {
    const drawn = figure(
      {
        type: "heatmap",
        z: [[0, 1]],
        colorscale: [
          [0, "#ff0000"],
          [1, "#0000ff"],
        ],
        showscale: false,
      },
      { margin: { l: 0, r: 0, t: 0, b: 0 }, xaxis: { visible: false }, yaxis: { visible: false } },
    );
    const { data, info } = await sharp(await drawn.png({ scale: 1 }))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixel = (x: number, y: number) => [
      ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
    ];
    expect(pixel(75, 100)).toEqual([255, 0, 0]);
    expect(pixel(225, 100)).toEqual([0, 0, 255]);
    expect(pixel(148, 100)).toEqual([255, 0, 0]);
  });

  it("has the size that was asked for", async () => {
    const { width, height } = await sharp(await figure().png({ scale: 1.5 })).metadata();
    expect([width, height]).toEqual([450, 300]);
    await expect(figure().png({ scale: 0 })).rejects.toThrow(/scale is 0/);
  });
});

describe("the bundle of a figure", () => {
  it("has the interactive form, a picture and words, and sends data nowhere", async () => {
    const drawn = await GALLERY["roc of one curve"]!();
    const bundle = await drawn._repr_mimebundle_();
    expect(Object.keys(bundle)).toEqual(["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
    const plotly = bundle["application/vnd.plotly.v1+json"] as { config: Record<string, unknown> };
    expect(plotly.config.showSendToCloud).toBe(false);
    expect(bundle["text/plain"]).toBe(drawn.alt);
    const png = Buffer.from(String(bundle["image/png"]), "base64");
    const { width, height } = drawn.spec.layout;
    expect(await sharp(png).metadata()).toMatchObject({
      format: "png",
      width: 2 * width,
      height: 2 * height,
    });
  });

  it.each(["comparison", "class counts", "magnifications", "contact sheet"])(
    "of %s weighs at most 300 kB",
    async (name) => {
      const bundle = await (await GALLERY[name]!())._repr_mimebundle_();
      expect(Buffer.from(String(bundle["image/png"]), "base64").length).toBeLessThanOrEqual(300_000);
    },
  );

  it("is what the host is given to show", async () => {
    const shown: { bundle: MimeBundle; metadata: unknown }[] = [];
    const restore = installHost({
      display: (bundle, metadata) => {
        shown.push({ bundle, metadata });
        return { update() {} };
      },
      signal: () => undefined,
      warn() {},
    });
    await figure().show().finally(restore);
    expect(shown).toHaveLength(1);
    expect(shown[0]!.metadata).toEqual({ "image/png": { width: 300, height: 200 } });
  });
});

describe("Figure", () => {
  it("prints as one line", () => {
    expect(inspect(figure(scatter, { title: { text: "A <b>bold</b> title" } }))).toBe(
      'Figure "A bold title" - 300 x 200 px, 1 traces',
    );
  });

  it("saves by the file's ending", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "oscc-figure-"));
    try {
      const at = (name: string) => path.join(folder, name);
      await Promise.all(["a.png", "a.svg", "a.json"].map((name) => figure().save(at(name))));
      expect((await readFile(at("a.png"))).subarray(1, 4).toString()).toBe("PNG");
      expect(await readFile(at("a.svg"), "utf8")).toMatch(/^<svg[^>]*role="img"><title>/);
      expect(JSON.parse(await readFile(at("a.json"), "utf8")).data).toHaveLength(1);
      await expect(figure().save(at("a.pdf"))).rejects.toThrow(/ends in \.png, \.svg or \.json/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps typed arrays as numbers and rounds to six digits", () => {
    const { data } = figure({ ...scatter, y: Float32Array.of(1 / 3, 2, 3) }).spec;
    expect((data[0] as { y: number[] }).y).toEqual([0.333333, 2, 3]);
  });
});

describe("colours", () => {
  it("take the ink with more contrast", () => {
    expect(inkOn("#ffffff")).toBe(INK_ON_COLOUR);
    expect(inkOn("#08416f")).toBe(PALE_ON_COLOUR);
    expect(colourAt(SEQUENTIAL, 0)).toBe("#f7fafc");
    expect(colourAt(SEQUENTIAL, 1)).toBe("#08416f");
    expect(colourAt(SEQUENTIAL, 0.125)).toBe("#e3eef6");
  });
});

describe("the box measure of these tests", () => {
  it("finds texts that leave the canvas or lie over one another", async () => {
    const note = { showarrow: false, x: 2, y: 2 };
    const wrong = figure(scatter, {
      margin: { l: 5, r: 5, t: 5, b: 5 },
      annotations: [
        { ...note, text: "one text" },
        { ...note, text: "another text" },
      ],
    });
    const boxes = await textBoxes(wrong);
    expect(clipped(wrong, boxes).length).toBeGreaterThan(0);
    expect(overlapping(boxes)).toContain('"one text" and "another text"');
  });
});

describe("samples", () => {
  it("are the same each time", () => {
    expect(sample.predictions("a")).toEqual(sample.predictions("a"));
  });
});
