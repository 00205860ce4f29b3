/** The forest plot that comparison and differences share: one line per estimate, its interval, its numbers. */
import type { Provenance } from "../core/provenance";
import type { Interval, UndefinedStatistic } from "../evaluate/outcome";
import { isUndefined } from "../evaluate/outcome";
import { Figure } from "./figure";
import { AXIS_LINE, axis, FAINT, frame, groupColour, INK, MUTED, pinned, withAlpha } from "./theme";
import { escapeText, interval, percent, signed, widestPx, widthPx, wrap } from "./words";

/** One estimate and where it stands. */
export interface ForestRow {
  /** What is compared within a group: a model, a fusion. Gives the colour. */
  readonly name: string;
  /** Rows of one group stand together under its heading: a task. */
  readonly group: string;
  readonly estimate: Interval | UndefinedStatistic;
  /** How many patients it rests on, in words: `n = 200`. Shown beside the group where it differs between groups. */
  readonly sample?: string | undefined;
  readonly provenance?: Provenance | undefined;
}

/** What distinguishes one forest plot from another. */
export interface ForestStyle {
  readonly title: string;
  readonly subtitle: string;
  readonly axisTitle: string;
  /** Header of the numbers at the right. */
  readonly numbersTitle: string;
  /** The value of "no effect" (0.5 for AUC, 0 for a difference), where a line is drawn. */
  readonly reference: number;
  /** What stands at the reference line. */
  readonly referenceLabel: string;
  readonly bounds: readonly [low: number, high: number];
  /** `"log"` for ratios: twice and half stand equally far from 1. Default `"linear"`. */
  readonly scale?: "linear" | "log";
  readonly caveats: readonly string[];
  readonly alt: string;
}

const ROW_PX = 25;
const HEADING_ROWS = 1.1;
const GROUP_GAP_ROWS = 0.35;
const PLOT_WIDTH = 400;
const LABEL_PX = 12.5;
const LABEL_MAX_PX = 230;

/** Draw rows group by group, in the order in which groups and names first appear. */
export function forest(rows: readonly ForestRow[], style: ForestStyle): Figure {
  const names = [...new Set(rows.map(({ name }) => name))];
  const placed = placeRows(rows, names);
  const last = placed.rows.at(-1)!.y;
  const numbers = rows.map(({ estimate }) => numbersOf(estimate));
  const labels = placed.rows.map(({ label }) => label);
  const room = {
    plotWidth: PLOT_WIDTH,
    plotHeight: (last + 1) * ROW_PX,
    left:
      Math.max(
        widestPx(labels, LABEL_PX),
        widestPx(
          placed.headings.map(({ label }) => label),
          LABEL_PX,
          true,
        ),
      ) + 34,
    right: Math.max(widestPx(numbers, LABEL_PX), widthPx(style.numbersTitle, LABEL_PX, true)) + 36,
    top: 34,
  };
  const layout = frame(
    {
      title: style.title,
      subtitle: style.subtitle,
      sources: rows.map(({ provenance }) => provenance),
      caveats: style.caveats,
    },
    room,
  );
  const range = rangeOf(rows, style);
  return new Figure(
    {
      data: names.flatMap((name, i) => estimatesTrace(name, i, placed.rows)),
      layout: {
        ...layout,
        xaxis: axis(style.axisTitle, style.scale === "log" ? logAxis(range) : { range }),
        yaxis: axis("", {
          range: [last + 0.6, -0.6],
          showticklabels: false,
          ticks: "",
          showline: false,
          showgrid: false,
          fixedrange: true,
        }),
        showlegend: false,
        shapes: [...stripes(placed.groups), referenceLine(style.reference, last)],
        annotations: [
          ...layout.annotations,
          ...placed.headings.map((heading) => rowLabel(heading.label, heading.y, room.left, true)),
          ...placed.rows.map(({ label, y }) =>
            rowLabel(label, y, room.left - (placed.headings.length > 0 ? 12 : 0), false),
          ),
          ...placed.rows.map(({ row, y }) => numbersLabel(row, y)),
          {
            ...pinned("left", "bottom"),
            x: 1,
            y: 1,
            xshift: 14,
            yshift: 4,
            text: `<b>${style.numbersTitle}</b>`,
            font: { size: 12, color: INK },
          },
          {
            ...pinned(
              sideOfReference(
                onAxis(style, style.reference),
                range.map((end) => onAxis(style, end)),
              ),
              "bottom",
            ),
            xref: "x",
            // Plotly places shapes on a log axis by value and annotations by logarithm.
            x: onAxis(style, style.reference),
            y: 1,
            yshift: 4,
            text: style.referenceLabel,
            font: { size: 11, color: MUTED },
          },
        ],
      },
    },
    { alt: style.alt },
  );
}

/** Near an end of the axis the label grows inwards, away from the headings beside the plot. */
function sideOfReference(
  reference: number,
  [low = 0, high = 1]: readonly number[],
): "left" | "center" | "right" {
  const place = (reference - low) / (high - low);
  if (place > 0.85) return "right";
  return place < 0.15 ? "left" : "center";
}

interface PlacedRow {
  readonly row: ForestRow;
  readonly label: string;
  readonly y: number;
}

interface PlacedRows {
  readonly rows: readonly PlacedRow[];
  readonly headings: readonly { readonly label: string; readonly y: number }[];
  /** First and last position of each group, for the stripes. */
  readonly groups: readonly { readonly from: number; readonly to: number }[];
}

/** With one name (or one group) no headings are needed: the other word labels the row. */
function placeRows(rows: readonly ForestRow[], names: readonly string[]): PlacedRows {
  const groupNames = [...new Set(rows.map(({ group }) => group))];
  const oneName = names.length === 1;
  const withHeadings = groupNames.length > 1 && !oneName;
  const samples = sampleLabels(rows);
  const placed: PlacedRow[] = [];
  const headings: { label: string; y: number }[] = [];
  const groups: { from: number; to: number }[] = [];
  let y = 0;
  for (const group of groupNames) {
    const from = y;
    if (withHeadings) {
      headings.push({ label: oneLine(group) + (samples.get(group) ?? ""), y });
      y += HEADING_ROWS;
    }
    for (const row of rows.filter((candidate) => candidate.group === group)) {
      const byGroup = oneName && groupNames.length > 1;
      const label = byGroup ? oneLine(group) + (samples.get(group) ?? "") : oneLine(row.name);
      placed.push({ row, label, y: y++ });
    }
    groups.push({ from, to: y - 1 });
    if (withHeadings) y += GROUP_GAP_ROWS;
  }
  return { rows: placed, headings, groups: withHeadings ? groups : [] };
}

/** `n = 200` beside each group, unless all groups have the same sample (then the subtitle says it). */
function sampleLabels(rows: readonly ForestRow[]): Map<string, string> {
  if (commonSample(rows)) return new Map();
  const groups = [...new Set(rows.map(({ group }) => group))];
  return new Map(
    groups.map((group) => {
      const samples = new Set(rows.flatMap((row) => (row.group === group && row.sample ? [row.sample] : [])));
      const words = [...samples].join(" or ");
      return [group, words ? `  <span style="color:${MUTED};font-weight:normal">${words}</span>` : ""];
    }),
  );
}

/** What no row is labelled with, since it is the same for all of them: the one group, or the one name of several groups. */
export function commonWord(rows: readonly ForestRow[]): string | undefined {
  const groups = new Set(rows.map(({ group }) => group));
  const names = new Set(rows.map(({ name }) => name));
  if (groups.size === 1) return rows[0]!.group;
  return names.size === 1 ? rows[0]!.name : undefined;
}

/** The sample that all rows share, if they do. */
export function commonSample(rows: readonly ForestRow[]): string | undefined {
  const samples = new Set(rows.map(({ sample }) => sample));
  return samples.size === 1 ? [...samples][0] : undefined;
}

/** Row labels are one line; what does not fit ends in dots and is whole in the hover text. */
function oneLine(label: string): string {
  const [first = "", ...rest] = wrap(label, LABEL_MAX_PX, LABEL_PX);
  return escapeText(rest.length > 0 ? `${first} …` : first);
}

function estimatesTrace(name: string, i: number, rows: readonly PlacedRow[]): object[] {
  const mine = rows.flatMap(({ row, y }) =>
    row.name === name && !isUndefined(row.estimate) ? [{ ...row.estimate, group: row.group, y }] : [],
  );
  if (mine.length === 0) return [];
  const trace = {
    type: "scatter",
    mode: "markers",
    x: mine.map(({ value }) => value),
    y: mine.map(({ y }) => y),
    name: escapeText(name),
    marker: { color: groupColour(i), size: 9, symbol: "square" },
    error_x: {
      type: "data",
      symmetric: false,
      array: mine.map(({ value, high }) => high - value),
      arrayminus: mine.map(({ value, low }) => value - low),
      thickness: 2,
      width: 0,
      color: groupColour(i),
    },
    customdata: mine.map(({ value, low, high, group }) => [escapeText(group), interval(value, low, high)]),
    hovertemplate: `${escapeText(name)}, %{customdata[0]}<br>%{customdata[1]}<extra></extra>`,
  };
  return [trace];
}

function numbersOf(estimate: Interval | UndefinedStatistic): string {
  if (isUndefined(estimate)) return "undefined";
  return interval(estimate.value, estimate.low, estimate.high);
}

function rowLabel(text: string, y: number, left: number, bold: boolean): object {
  return {
    ...pinned("left", "middle"),
    yref: "y",
    x: 0,
    y,
    xshift: 18 - left,
    text: bold ? `<b>${text}</b>` : text,
    font: { size: LABEL_PX, color: INK },
  };
}

function numbersLabel({ estimate }: ForestRow, y: number): object {
  return {
    ...pinned("left", "middle"),
    yref: "y",
    x: 1,
    y,
    xshift: 14,
    text: numbersOf(estimate),
    font: { size: LABEL_PX, color: isUndefined(estimate) ? FAINT : INK },
  };
}

function stripes(groups: PlacedRows["groups"]): object[] {
  return groups
    .filter((_, i) => i % 2 === 0)
    .map(({ from, to }) => ({
      type: "rect",
      xref: "paper",
      yref: "y",
      x0: 0,
      x1: 1,
      y0: from - 0.55,
      y1: to + 0.55,
      fillcolor: withAlpha(AXIS_LINE, 0.09),
      line: { width: 0 },
      layer: "below",
    }));
}

function referenceLine(reference: number, last: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "y",
    x0: reference,
    x1: reference,
    y0: -0.6,
    y1: last + 0.6,
    line: { color: AXIS_LINE, width: 1.2, dash: "dash" },
    layer: "between",
  };
}

/** Wide enough for every interval and the reference, with a little air, within what the statistic can be. */
function rangeOf(rows: readonly ForestRow[], style: ForestStyle): [number, number] {
  const { reference, bounds } = style;
  const known = rows.flatMap(({ estimate }) => (isUndefined(estimate) ? [] : [estimate.low, estimate.high]));
  const low = Math.min(reference, ...known);
  const high = Math.max(reference, ...known);
  if (style.scale === "log") {
    const factor = (high / low) ** 0.06;
    return [Math.max(bounds[0], low / factor), Math.min(bounds[1], high * factor)];
  }
  const air = Math.max(0.01, (high - low) * 0.06);
  return [Math.max(bounds[0], low - air), Math.min(bounds[1], high + air)];
}

/** Where a value stands on the axis, in Plotly's own coordinates. */
function onAxis({ scale }: ForestStyle, value: number): number {
  return scale === "log" ? Math.log10(value) : value;
}

/** A log axis with ticks at round ratios, as many as fit. */
function logAxis([low, high]: readonly [number, number]): Record<string, unknown> {
  const inside = (values: readonly number[]) => values.filter((value) => value >= low && value <= high);
  const decades = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((power) => 10 ** power);
  const fine = inside([0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10]);
  const halves = inside([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]);
  const tickvals = high / low < 5 ? fine : high / low < 500 ? halves : inside(decades);
  return {
    type: "log",
    range: [Math.log10(low), Math.log10(high)],
    tickvals,
    ticktext: tickvals.map(String),
  };
}

/** The rows without an estimate, in words. */
export function undefinedRows(rows: readonly ForestRow[]): string[] {
  return rows.flatMap(({ name, group, estimate }) =>
    isUndefined(estimate) ? [`${name}, ${group}: undefined, because ${estimate.reason}.`] : [],
  );
}

/** How the intervals were computed, each way once. */
export function intervalMethods(rows: readonly ForestRow[]): string[] {
  const groupsOf = new Map<string, Set<string>>();
  for (const { estimate, group } of rows) {
    if (isUndefined(estimate)) continue;
    const method = `${percent(estimate.level)}, ${estimate.method}`;
    groupsOf.set(method, (groupsOf.get(method) ?? new Set()).add(group));
  }
  const methods = [...groupsOf];
  const groups = methods.flatMap(([, of]) => [...of]);
  const byGroup = methods.length > 1 && new Set(groups).size === groups.length;
  return methods.map(([method, of]) => `Intervals${byGroup ? ` of ${[...of].join("; ")}` : ""}: ${method}.`);
}

/** The level of the intervals, `95%`; empty when there is none. */
export function levelOf(rows: readonly ForestRow[]): string {
  const levels = new Set(
    rows.flatMap(({ estimate }) => (isUndefined(estimate) ? [] : [percent(estimate.level)])),
  );
  return [...levels].join(" and ");
}

/** Every estimate in words. */
export function estimatesInWords(rows: readonly ForestRow[]): string {
  return rows
    .map(({ name, group, estimate }) => {
      if (isUndefined(estimate)) return `${name}, ${group}: undefined`;
      return `${name}, ${group}: ${signed(estimate.value, 3)} (${signed(estimate.low, 3)} to ${signed(estimate.high, 3)})`;
    })
    .join("; ");
}
