/** Every figure in a dark page: the page's colours are the reader's, data keep theirs, and all of it can be read. */
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Figure } from "../../../src/plot";
import { PALETTE, PAPER, ROLES } from "../../../src/plot/theme";
import { GALLERY } from "../plot/gallery";

type Colour = readonly [number, number, number, number];
interface Spec {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}
interface Font {
  readonly color?: string;
}
interface Trace {
  readonly type?: string;
  readonly mode?: string;
  readonly line?: { readonly color?: string; readonly width?: number };
  readonly marker?: {
    readonly color?: unknown;
    readonly opacity?: number;
    readonly line?: { readonly color?: unknown };
  };
}
interface Note {
  readonly text: string;
  readonly xref?: string;
  readonly yref?: string;
  readonly bgcolor?: string;
  readonly font?: Font;
}
type Layout = Readonly<Record<string, unknown>> & {
  readonly font: Font;
  readonly paper_bgcolor: string;
  readonly annotations: readonly Note[];
};
interface Theming {
  pageColours(read: (variable: string) => Colour | undefined): Record<string, string>;
  themed(figure: { data: readonly object[]; layout: object }, page: Record<string, string>): Spec;
  differences(from: object, to: object): Record<string, unknown>;
  contrast(a: string, b: string): number;
  parse(text: string): Colour;
}

let theming: Theming;
beforeAll(async () => {
  theming = (await import(path.resolve("labextensions/oscc-lab/static/figure-theme.js"))) as Theming;
});

/** JupyterLab 4's dark theme, and a page that sets nothing. */
const DARK: Readonly<Record<string, Colour>> = {
  "--jp-layout-color0": [17, 17, 17, 1],
  "--jp-layout-color1": [33, 33, 33, 1],
  "--jp-layout-color2": [66, 66, 66, 1],
  "--jp-ui-font-color1": [255, 255, 255, 0.87],
  "--jp-ui-font-color2": [255, 255, 255, 0.54],
  "--jp-ui-font-color3": [255, 255, 255, 0.38],
  "--jp-border-color1": [97, 97, 97, 1],
  "--jp-warn-color2": [255, 183, 77, 1],
};
const darkPage = () => theming.pageColours((variable) => DARK[variable]);
const inTheDark = ({ spec }: Pick<Figure, "spec">) => theming.themed(spec, darkPage());

/** Texts that stand on the page itself: not on a chip, a cell or a picture. */
function onThePage({ annotations }: Layout): readonly Note[] {
  return annotations.filter(
    ({ bgcolor, xref, yref }) => bgcolor === undefined && xref === "paper" && yref === "paper",
  );
}

describe.each(Object.entries(GALLERY))("%s, in the dark", (_name, draw) => {
  it("can be read, and keeps the colours that mean something", async () => {
    const figure = await draw();
    const { data, layout } = inTheDark(figure);
    expect(layout.paper_bgcolor).toBe("#111111");
    expect(theming.contrast(layout.font.color!, "#111111")).toBeGreaterThan(7);
    for (const { text, font } of onThePage(layout)) {
      const colours = [
        font?.color ?? layout.font.color!,
        ...(text.match(/(?<=color:\s*)#[0-9a-f]{6}/gi) ?? []),
      ];
      // A group's name may have the group's colour, which is no colour of the page.
      for (const colour of colours)
        expect(theming.contrast(colour, "#111111"), text).toBeGreaterThanOrEqual(
          PALETTE.includes(colour) ? 3 : 4.5,
        );
    }
    for (const [name, axis] of Object.entries(layout))
      if (/^[xy]axis/.test(name)) {
        const { tickfont, title } = axis as { tickfont?: Font; title?: { font?: Font } };
        for (const colour of [tickfont?.color, title?.font?.color])
          if (colour) expect(theming.contrast(colour, "#111111"), name).toBeGreaterThanOrEqual(4.5);
      }
    for (const { line, mode, marker } of data) {
      if (mode?.includes("lines") && line?.color && line.width !== 0 && theming.parse(line.color)[3] > 0.9)
        expect(theming.contrast(line.color, "#111111")).toBeGreaterThanOrEqual(2.9);
      if (
        typeof marker?.color === "string" &&
        marker.opacity !== 0 &&
        theming.contrast(marker.color, "#111111") < 3
      )
        expect(theming.contrast(marker.line!.color as string, "#111111")).toBeGreaterThanOrEqual(3);
    }
    // Nothing is added, and no data change.
    expect(Object.keys(layout)).toEqual(Object.keys(figure.spec.layout));
    const values = (spec: { data: readonly object[] }) =>
      (spec.data as readonly Record<string, unknown>[]).map(({ x, y, z, colorscale }) => ({
        x,
        y,
        z,
        colorscale,
      }));
    expect(values({ data })).toEqual(values(figure.spec));
  });
});

describe("theming", () => {
  it("leaves figures as they are on the paper that they were made for, and figures that name no roles", async () => {
    const { spec } = await GALLERY["confusion of two"]!();
    const light = theming.pageColours(() => undefined);
    expect(light.paper).toBe(PAPER);
    expect(theming.themed(spec, light)).toEqual({ data: spec.data, layout: spec.layout });
    const foreign = { data: [], layout: { paper_bgcolor: "#ffffff", font: { color: "#1f2933" } } };
    expect(theming.themed(foreign, darkPage())).toEqual(foreign);
    const bare = theming.themed({ data: [], layout: {} }, darkPage());
    expect(bare.layout.paper_bgcolor).toBe("rgba(0,0,0,0)");
  });

  it("gives every role a colour, and text that can be read even where the theme's cannot", () => {
    expect(Object.keys(theming.pageColours(() => undefined)).sort()).toEqual(Object.keys(ROLES).sort());
    const murky = theming.pageColours((variable) =>
      variable === "--jp-layout-color0" ? [40, 40, 40, 1] : [60, 60, 60, 1],
    );
    for (const role of ["ink", "muted", "warningInk"])
      expect(theming.contrast(murky[role]!, murky.paper!)).toBeGreaterThanOrEqual(4.5);
  });

  it("names what differs, and applying it to the one gives the other", async () => {
    const { spec } = await GALLERY["confusion of two"]!();
    const dark = inTheDark({ spec });
    const changes = theming.differences(spec.layout, dark.layout);
    expect(Object.keys(changes)).toContain("paper_bgcolor");
    expect(Object.keys(changes)).toContain("annotations[0].font.color");
    const patched = structuredClone(spec.layout) as Record<string, unknown>;
    for (const [where, value] of Object.entries(changes)) {
      const steps = where.split(/[.[\]]+/).filter(Boolean);
      const last = steps.pop()!;
      const target = steps.reduce((at, step) => at[step] as Record<string, unknown>, patched);
      target[last] = value;
    }
    expect(patched).toEqual(dark.layout);
    expect(theming.differences({ a: 1, b: { c: 2 } }, { a: 1, b: {} })).toEqual({ "b.c": null });
    expect(theming.differences(dark.layout, dark.layout)).toEqual({});
  });

  it("needs no change of the groups' colours: each is seen on black paper", () => {
    for (const colour of PALETTE) expect(theming.contrast(colour, "#111111")).toBeGreaterThanOrEqual(3);
  });
});
