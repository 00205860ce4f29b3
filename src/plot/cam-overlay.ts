/** One activation map over one picture: colours, threshold, contours, and where the grid lies on the photograph. */
import type { CamMap, CamResult } from "../explain";
import type { EmbeddedView, Micrograph } from "./micrograph";
import { viewLabel } from "./micrograph";
import { chip, fitInside, type Panel, type PanelParts, panelAxes, picture, viewPanel } from "./panel";
import {
  axisSuffix,
  type ColourScale,
  colourAt,
  INK_ON_COLOUR,
  LINE_HEIGHT,
  MUTED,
  withAlpha,
} from "./theme";
import { widthPx, wrap } from "./words";

/** How maps are laid over pictures. */
export interface OverlayLook {
  /** Values below this share of the strongest colour are not drawn, 0 to 1. Default 0. */
  readonly threshold?: number;
  /** How much the colours cover the tissue, 0 to 1. Default 0.7. */
  readonly opacity?: number;
  /** Outlines at these shares of the strongest colour. Default half of it; `[]` for none. */
  readonly contours?: readonly number[];
}

export const DEFAULT_LOOK = { threshold: 0, opacity: 0.7, contours: [0.5] } as const;
/** A map whose values differ by less than this share of its maximum points nowhere. */
const FLAT_SHARE = 1e-4;
const VERDICT_PX = 10.5;

/** Viridis (van der Walt and Smith, 2015): perceptually uniform, safe for colour vision deficiencies. */
export const VIRIDIS: ColourScale = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
].map((colour, i) => [i / 8, colour]);

/** Weak activation lets the tissue through; strong activation covers it as far as the opacity says. */
export function coverAt(share: number): number {
  return 0.12 + 0.88 * share ** 0.7;
}

/** The colours of shares 0 to 1; nothing below the threshold. */
export function heatScale(threshold = 0): ColourScale {
  const stop = (share: number): readonly [number, string] => [
    share,
    withAlpha(colourAt(VIRIDIS, share), Number(coverAt(share).toFixed(3))),
  ];
  const above = VIRIDIS.map(([share]) => share).filter((share) => share > threshold);
  if (threshold <= 0) return [0, ...above].map(stop);
  const nothing = "rgba(254,254,254,0)";
  return [[0, nothing], [threshold, nothing], ...(threshold < 1 ? [threshold, ...above] : [1]).map(stop)];
}

/** What all maps of a figure share: colours and their bar. Sliders change it for all at once. */
export function colourAxis(whose: string, threshold: number, { plotWidth, plotHeight }: DrawingSize): object {
  return {
    cmin: 0,
    cmax: 1,
    colorscale: heatScale(threshold),
    colorbar: {
      thickness: 12,
      outlinewidth: 0,
      ticks: "outside",
      ticklen: 3,
      tickfont: { size: 11 },
      x: 1 + 12 / plotWidth,
      xpad: 0,
      len: Math.min(1, 300 / plotHeight),
      y: 1,
      yanchor: "top",
      ypad: 0,
      tickvals: [0, 0.25, 0.5, 0.75, 1],
      tickformat: ".0%",
      title: { text: `Activation, share<br>${whose}`, side: "right", font: { size: 11.5, color: MUTED } },
    },
  };
}

/** The room that the colour bar needs at the right of the drawing. */
export const COLOUR_BAR_WIDTH = 112;

/** The size of a drawing in pixels. */
export interface DrawingSize {
  readonly plotWidth: number;
  readonly plotHeight: number;
}

/** Zero everywhere, or the same everywhere: it points to no place. */
export function isFlat({ isFlat: isZero, range: [min, max] }: CamMap<unknown>): boolean {
  return isZero || !(max > 0) || max - min <= FLAT_SHARE * max;
}

/** Values that differ by less than a tenth of the largest: drawn, but bright all over. */
function isEven(map: CamMap<unknown>): boolean {
  const [min, max] = map.range;
  return !isFlat(map) && max - min < max / 10;
}

/** The picture under its map, with the range of values; a flat map is not drawn: the panel says that it is. */
export function overlayPanel(
  i: number,
  panel: Panel,
  view: EmbeddedView,
  map: CamMap<Micrograph>,
  { full, result, look }: { readonly full: number; readonly result: ModelInput; readonly look: OverlayLook },
  size: DrawingSize,
): PanelParts {
  if ("absent" in view) return viewPanel(i, panel, view, "map", size);
  if (isFlat(map)) return viewPanel(i, panel, { absent: "no place stands out" }, "flat map", size);
  const place = fitInside(panel, view.height / view.width);
  return {
    axes: panelAxes(i, panel, size.plotWidth, size.plotHeight),
    traces: mapTraces(i, seenRegion(place, result), map, full, look),
    images: [picture(i, place, view.uri)],
    shapes: [],
    annotations: [chip(i, rangeInWords(map))],
  };
}

/** "0 to 0.021": the values that the map has, in three digits of the largest. */
export function rangeInWords({ range: [min, max] }: CamMap<unknown>): string {
  return `${shortNumber(Math.abs(min) < max / 2000 ? 0 : min)} to ${shortNumber(max)}`;
}

/** What the model saw of a photograph. `CamResult` says it. */
export type ModelInput = Pick<CamResult, "imageFit" | "inputAspect">;

/** The part of the drawn picture that the model saw, which is what the grid covers; with added glass it is larger. */
export function seenRegion(place: Panel, { imageFit, inputAspect }: ModelInput): Panel {
  if (imageFit === "squash") return place;
  const byWidth = { width: place.width, height: place.width * inputAspect };
  const byHeight = { width: place.height / inputAspect, height: place.height };
  const widthIsInside = byWidth.height <= place.height;
  const { width, height } = (imageFit === "crop") === widthIsInside ? byWidth : byHeight;
  return {
    left: place.left + (place.width - width) / 2,
    top: place.top + (place.height - height) / 2,
    width,
    height,
  };
}

/** The grid as a smooth heat map with its outlines; `full` is the value of the strongest colour. */
export function mapTraces(
  i: number,
  place: Panel,
  { grid }: CamMap<unknown>,
  full: number,
  look: OverlayLook,
): object[] {
  const shares = grid.map((row) => row.map((value) => value / full));
  const rows = shares.length;
  const columns = shares[0]?.length ?? 0;
  const [dx, dy] = [place.width / columns, place.height / rows];
  const suffix = axisSuffix(i);
  const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
  const heat = {
    type: "heatmap",
    name: "map",
    z: shares,
    customdata: grid,
    x0: place.left + dx / 2,
    dx,
    y0: place.top + dy / 2,
    dy,
    ...axes,
    zsmooth: "best",
    coloraxis: "coloraxis",
    opacity: look.opacity ?? DEFAULT_LOOK.opacity,
    hovertemplate: "%{customdata:.3g}<extra></extra>",
  };
  const levels = look.contours ?? DEFAULT_LOOK.contours;
  return [heat, ...levels.flatMap((level) => outline(place, shares, level, axes))];
}

/** How many steps of the outline a cell of the grid has: enough for a smooth line, few enough for a small figure. */
const outlineSteps = (columns: number) => (columns > 16 ? 2 : 4);

/** One level, as a light line on a dark one: seen on every tissue and every colour of the map. */
function outline(
  place: Panel,
  shares: readonly (readonly number[])[],
  level: number,
  axes: { readonly xaxis: string; readonly yaxis: string },
): object[] {
  const fine = toTheEdges(shares);
  const line = {
    type: "contour",
    z: fine,
    x0: place.left,
    dx: place.width / (fine[0]!.length - 1),
    y0: place.top,
    dy: place.height / (fine.length - 1),
    ...axes,
    autocontour: false,
    contours: { start: level, end: level, size: 1, coloring: "none" },
    showscale: false,
    hoverinfo: "skip",
    showlegend: false,
  };
  return [
    { ...line, name: "outline", line: { color: INK_ON_COLOUR, width: 2.6, smoothing: 0.6 } },
    { ...line, name: "outline", line: { color: "#fefefe", width: 1.2, smoothing: 0.6 } },
  ];
}

/** The grid's values, interpolated, from edge to edge of the picture: the smooth map that the colours show. */
function toTheEdges(shares: readonly (readonly number[])[]): number[][] {
  const at = valueAt(shares);
  const steps = outlineSteps(shares[0]?.length ?? 0);
  const [rows, columns] = [shares.length * steps, (shares[0]?.length ?? 0) * steps];
  return Array.from({ length: rows + 1 }, (_, r) =>
    Array.from({ length: columns + 1 }, (_, c) => Number(at(c / columns, r / rows).toFixed(4))),
  );
}

/** The value at a place given in shares of width and height: between cell centres linear, outside them as the nearest. */
export function valueAt(grid: readonly (readonly number[])[]): (x: number, y: number) => number {
  const rows = grid.length;
  const columns = grid[0]?.length ?? 0;
  const between = (share: number, n: number): readonly [number, number, number] => {
    const at = Math.min(n - 1, Math.max(0, share * n - 0.5));
    const low = Math.min(n - 1, Math.floor(at));
    return [low, Math.min(n - 1, low + 1), at - low];
  };
  return (x, y) => {
    const [left, right, u] = between(x, columns);
    const [top, bottom, v] = between(y, rows);
    const upper = grid[top]![left]! * (1 - u) + grid[top]![right]! * u;
    const lower = grid[bottom]![left]! * (1 - u) + grid[bottom]![right]! * u;
    return upper * (1 - v) + lower * v;
  };
}

/** The lines of a map's verdict in the given width; none without one. */
export function verdictLines({ verdict }: CamMap<unknown>, widthPx: number): string[] {
  return verdict ? wrap(verdict, widthPx, VERDICT_PX) : [];
}

/** The room of so many lines below a picture. */
export const verdictHeight = (lines: number) =>
  lines === 0 ? 0 : Math.ceil(lines * VERDICT_PX * LINE_HEIGHT) + 5;

/** The verdict under a panel. */
export function verdictUnder(lines: readonly string[], panel: Panel, size: DrawingSize): object[] {
  if (lines.length === 0) return [];
  return [
    {
      xref: "paper",
      yref: "paper",
      x: panel.left / size.plotWidth,
      y: 1 - (panel.top + panel.height) / size.plotHeight,
      xanchor: "left",
      yanchor: "top",
      yshift: -2,
      align: "left",
      showarrow: false,
      borderpad: 0,
      borderwidth: 0,
      text: lines.map((line) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;")).join("<br>"),
      font: { size: VERDICT_PX, color: MUTED },
    },
  ];
}

/** Three significant digits, with an exponent only where it is needed. */
export function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10000) return String(Number(value.toPrecision(3)));
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits}e${Number(exponent)}`.replace("-", "−");
}

/** A map in words: where it is strongest, and how strong. */
export function describeMap(map: CamMap<Micrograph>): string {
  const label = viewLabel(map.image);
  const said = map.verdict ? ` (${map.verdict})` : "";
  if (isFlat(map)) return `${label}: flat${said}`;
  return `${label}: strongest ${placeOfMaximum(map.grid)}, maximum ${shortNumber(map.range[1])}${said}`;
}

/** "upper left", "centre", "lower right", ... */
function placeOfMaximum(grid: readonly (readonly number[])[]): string {
  let best = { value: Number.NEGATIVE_INFINITY, row: 0, column: 0 };
  grid.forEach((values, row) => {
    values.forEach((value, column) => {
      if (value > best.value) best = { value, row, column };
    });
  });
  const vertical = ["upper", "", "lower"][Math.floor(((best.row + 0.5) / grid.length) * 3)]!;
  const horizontal = ["left", "", "right"][Math.floor(((best.column + 0.5) / grid[0]!.length) * 3)]!;
  return `${vertical} ${horizontal}`.trim() || "centre";
}

/** The line of facts: task, class explained, probability, layers. */
export function explainedInWords({
  task,
  className,
  probability,
  layers,
}: Pick<CamResult, "task" | "className" | "probability" | "layers">): string {
  const where = layers.length === 0 ? "" : ` · layer ${layers.join(" and ")}`;
  return `task ${task} · class explained: ${className}, probability ${probability.toFixed(3)}${where}`;
}

/** Notes of a result, and what its picture leaves out. */
export function mapNotes(results: readonly CamResult<unknown>[]): string[] {
  const signed = results.some(({ maps }) => maps.some(({ signedGrid }) => signedGrid !== undefined));
  return [
    ...results.flatMap(({ notes }) => notes),
    ...(results.some(({ maps }) => maps.some(isEven))
      ? ["A map that is bright all over hardly differs from place to place: see the range on it."]
      : []),
    ...(signed ? ["Only what speaks for the class is drawn, not what speaks against it."] : []),
  ];
}

/** A text cut to a width, with dots at the end. */
export function shortened(text: string, maxPx: number, sizePx: number, bold = false): string {
  if (widthPx(text, sizePx, bold) <= maxPx) return text;
  let short = text;
  while (short.length > 1 && widthPx(`${short}…`, sizePx, bold) > maxPx) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}
