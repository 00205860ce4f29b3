/**
 * How figures of this package look: fonts, colours, axes, and where titles, notices and caveats stand.
 *
 * A figure is a title block above, a drawing of a chosen size, and a foot below that always has room for what
 * must be said. All sizes are in CSS pixels and known before drawing, so nothing is clipped or pushed about.
 */
import { notices, type Provenance } from "../core/provenance";
import { wrap } from "./words";

/** The reader's own Open Sans if there is one; the PNG always has it. */
export const FONT_FAMILY = "Open Sans, Segoe UI, Helvetica, Arial, sans-serif";

export const INK = "#1f2933";
export const MUTED = "#5b6673";
export const FAINT = "#9aa5b1";
export const AXIS_LINE = "#7b8794";
export const GRID = "#e9edf1";
export const PAPER = "#ffffff";
/** A quiet ground: empty frames, every second row. */
export const SURFACE = "#f5f7f9";
/** The ground of a table's header. */
export const SURFACE_STRONG = "#e6ecf2";
export const FRAME_LINE = "#b6c0ca";
/** For what a reader must not overlook: synthetic data, cells that disagree. */
export const WARNING_INK = "#9a3412";
export const WARNING_FILL = "#fdeccf";

/**
 * The colours of the page, by what they are for. They travel with each figure (`layout.meta.roles`), so that a reader's
 * dark theme can put its own in their place; every other colour means something and stays.
 */
export const ROLES: Readonly<Record<string, string>> = {
  ink: INK,
  muted: MUTED,
  faint: FAINT,
  axisLine: AXIS_LINE,
  grid: GRID,
  paper: PAPER,
  surface: SURFACE,
  surfaceStrong: SURFACE_STRONG,
  frameLine: FRAME_LINE,
  warningInk: WARNING_INK,
  warningFill: WARNING_FILL,
};

/** Ink on a colour of ours (a cell, a label on a micrograph): the same in every theme, because its ground is. */
export const INK_ON_COLOUR = "#1e2832";
export const PALE_ON_COLOUR = "#fefefe";
/** The ground of a label on a micrograph. */
export const CHIP_FILL = "rgba(254,254,254,0.86)";

/**
 * Colours for groups that have no order. They are told apart with every common colour vision deficiency.
 * Source: Okabe & Ito, "Color Universal Design", 2008; black left out, the yellow darkened for white paper, two added.
 * Each has a contrast of 3:1 or more with black paper, and all but the two lightest with white.
 */
export const PALETTE = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#E69F00",
  "#56B4E9",
  "#7B5CAD",
  "#8C6D31",
];

/** The colour of the i-th group; after eight groups the colours come again. */
export function groupColour(i: number): string {
  return PALETTE[i % PALETTE.length]!;
}

/** The line style of the i-th group: a second sign beside colour where colours repeat. */
export function groupDash(i: number): string {
  return ["solid", "dash", "dot", "dashdot"][Math.floor(i / PALETTE.length) % 4]!;
}

/** Ordered classes (no < yes, well < moderate < poor): one hue from pale to dark. */
export function orderedColour(i: number, classes: number): string {
  const steps = classes <= 2 ? ["#b8d4e8", "#0b5a94"] : ["#cfe1ef", "#6ea6cf", "#0b5a94", "#072f52"];
  return steps[Math.min(i, steps.length - 1)]!;
}

export type ColourScale = readonly (readonly [at: number, colour: string])[];

/** From none to much: white to deep blue. */
export const SEQUENTIAL: ColourScale = [
  [0, "#f7fafc"],
  [0.25, "#cfe1ef"],
  [0.5, "#85b6da"],
  [0.75, "#2f7fb8"],
  [1, "#08416f"],
];

/** Blue below zero, orange above, near white between; equal lightness at equal distance from zero. */
export const DIVERGING: ColourScale = [
  [0, "#0b5a94"],
  [0.25, "#7fb2d6"],
  [0.5, "#f8f8f6"],
  [0.75, "#eda66c"],
  [1, "#b34a00"],
];

/** `#rrggbb` with an opacity. */
export function withAlpha(hex: string, alpha: number): string {
  const [red, green, blue] = [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${red},${green},${blue},${alpha})`;
}

/** The colour of a scale at `share` in [0, 1], interpolated. */
export function colourAt(scale: ColourScale, share: number): string {
  const at = Math.min(1, Math.max(0, share));
  const next = Math.max(
    1,
    scale.findIndex(([position]) => position >= at),
  );
  const [low, from] = scale[next - 1]!;
  const [high, to] = scale[next]!;
  const weight = (at - low) / (high - low);
  const mixed = [1, 3, 5].map((i) => {
    const a = Number.parseInt(from.slice(i, i + 2), 16);
    const b = Number.parseInt(to.slice(i, i + 2), 16);
    return Math.round(a + (b - a) * weight);
  });
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Dark ink or white, whichever has more contrast on this colour (relative luminance, WCAG 2). */
export function inkOn(hex: string): string {
  const [red, green, blue] = [1, 3, 5].map((i) => {
    const channel = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return luminance > 0.21 ? INK_ON_COLOUR : PALE_ON_COLOUR;
}

// ---- sizes ----

export const TITLE_PX = 17;
export const SUBTITLE_PX = 12.5;
export const AXIS_TITLE_PX = 13;
export const TICK_PX = 11.5;
export const NOTE_PX = 11;
/** Plotly's distance between the lines of one text, in font sizes. */
export const LINE_HEIGHT = 1.3;

/** White around everything. */
const EDGE = 18;

/** What a figure says about itself beside its drawing. */
export interface Telling {
  readonly title: string;
  /** One line of facts: n per group, level of the intervals. */
  readonly subtitle?: string;
  /** Where the data come from. Their notices appear at the foot, each once. */
  readonly sources?: readonly (Provenance | undefined)[];
  /** What the reader must keep in mind, and how things were computed. Each becomes a line at the foot. */
  readonly caveats?: readonly string[];
}

/** The drawing's size and the room its labels need around it, in pixels. */
export interface Room {
  readonly plotWidth: number;
  readonly plotHeight: number;
  readonly left?: number;
  readonly right?: number;
  /** Between title block and drawing: panel titles, legends above. */
  readonly top?: number;
  readonly bottom?: number;
}

/** A layout with everything around the drawing in its place. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly margin: { l: number; r: number; t: number; b: number; autoexpand: boolean };
  readonly annotations: readonly object[];
  readonly [attribute: string]: unknown;
}

/**
 * The layout around a drawing of the given size: title block above, notices and caveats at the foot.
 * Add axes, and append annotations to `annotations`.
 */
export function frame(telling: Telling, room: Room): Frame {
  const { plotWidth, plotHeight, left = 64, right = 24, top = 12, bottom = 56 } = room;
  const width = Math.max(440, Math.round(left + plotWidth + right));
  const textWidth = width - 2 * EDGE;
  const titleLines = wrap(telling.title, textWidth, TITLE_PX, true);
  const subtitleLines = telling.subtitle ? wrap(telling.subtitle, textWidth, SUBTITLE_PX) : [];
  const foot = footLines(telling, textWidth);

  const titleHeight = titleLines.length * TITLE_PX * LINE_HEIGHT;
  const subtitleHeight = subtitleLines.length * SUBTITLE_PX * LINE_HEIGHT;
  const footHeight = foot.length * NOTE_PX * LINE_HEIGHT + (foot.length > 0 ? 14 : 0);
  const t = Math.round(EDGE + titleHeight + (subtitleHeight ? 3 + subtitleHeight : 0) + top);
  const b = Math.round(bottom + footHeight + 8);
  const height = Math.round(t + plotHeight + b);
  const margin = { l: left, r: width - left - plotWidth, t, b, autoexpand: false };

  return {
    width,
    height,
    margin,
    font: { family: FONT_FAMILY, size: AXIS_TITLE_PX, color: INK },
    paper_bgcolor: PAPER,
    plot_bgcolor: PAPER,
    hoverlabel: { font: { family: FONT_FAMILY, size: 12 }, align: "left" },
    annotations: [
      heading(
        "title",
        titleLines.map((line) => `<b>${line}</b>`),
        TITLE_PX,
        INK,
        t - EDGE + 6,
        left,
      ),
      ...(subtitleLines.length > 0
        ? [heading("subtitle", subtitleLines, SUBTITLE_PX, MUTED, t - EDGE - titleHeight, left)]
        : []),
      ...(foot.length > 0 ? [footnotes(foot, b, left)] : []),
    ],
    meta: { notices: notices(...(telling.sources ?? [])), caveats: telling.caveats ?? [], roles: ROLES },
  };
}

/**
 * A line of the title block. Titles are annotations, because Plotly moves a layout title of several lines about.
 *
 * @param above distance of the text's upper edge from the drawing's, in pixels
 */
function heading(
  name: string,
  lines: readonly string[],
  size: number,
  color: string,
  above: number,
  left: number,
): object {
  return {
    ...pinned("left", "top"),
    name,
    text: lines.map(escapeAmpersand).join("<br>"),
    x: 0,
    y: 1,
    xshift: EDGE - left,
    yshift: above,
    font: { size, color },
  };
}

/** Notices first, each line wrapped to the figure's width. */
function footLines({ sources = [], caveats = [] }: Telling, maxPx: number): string[] {
  const notice = notices(...sources).join("; ");
  const warning = wrap(sentenceCase(notice), maxPx, NOTE_PX, true).map(
    (line) => `<span style="color:${WARNING_INK}"><b>${escapeAmpersand(line)}</b></span>`,
  );
  const rest = [...new Set(caveats)].flatMap((caveat) => wrap(caveat, maxPx, NOTE_PX)).map(escapeAmpersand);
  return [...warning, ...rest];
}

function footnotes(lines: readonly string[], bottomMargin: number, left: number): object {
  return {
    ...pinned("left", "bottom"),
    name: "foot",
    text: lines.join("<br>"),
    x: 0,
    y: 0,
    xshift: EDGE - left,
    yshift: 10 - bottomMargin,
    font: { size: NOTE_PX, color: MUTED },
  };
}

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
/** Titles may hold tags on purpose (`<i>r</i>`), never a bare ampersand. */
const escapeAmpersand = (text: string) => text.replace(/&(?!\w+;)/g, "&amp;");

/** An annotation without arrow, placed by shares of the drawing, aligned as anchored. */
export function pinned(xanchor: "left" | "center" | "right", yanchor: "top" | "middle" | "bottom"): object {
  return {
    xref: "paper",
    yref: "paper",
    xanchor,
    yanchor,
    align: xanchor,
    showarrow: false,
    borderpad: 0,
    borderwidth: 0,
  };
}

/** An axis with a title, a thin line, outward ticks and a quiet grid. `extra` overrides. */
export function axis(title: string, extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    title: { text: title, standoff: 8, font: { size: AXIS_TITLE_PX, color: INK } },
    showline: true,
    linecolor: AXIS_LINE,
    linewidth: 1,
    ticks: "outside",
    ticklen: 4,
    tickcolor: AXIS_LINE,
    tickfont: { size: TICK_PX, color: INK },
    gridcolor: GRID,
    zeroline: false,
    automargin: false,
    ...extra,
  };
}

/** An axis that only carries coordinates: of a micrograph. */
export function hiddenAxis(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { visible: false, fixedrange: true, ...extra };
}

/** Plotly's suffix of the i-th axis: none for the first, then 2, 3, ... */
export function axisSuffix(i: number): string {
  return i === 0 ? "" : String(i + 1);
}

/** A colour bar beside the drawing. */
export function colourBar(title: string, extra: Readonly<Record<string, unknown>> = {}): object {
  return {
    title: { text: title, side: "right", font: { size: 12, color: INK } },
    thickness: 12,
    outlinewidth: 0,
    ticks: "outside",
    ticklen: 3,
    tickcolor: AXIS_LINE,
    tickfont: { size: 11, color: INK },
    xpad: 12,
    ...extra,
  };
}
