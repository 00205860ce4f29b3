/** What an audit found: the findings as a table, and where printed estimates lie in their intervals. */
import { type Audit, PRINTED_NUMBERS } from "../audit/finding";
import { INCONSISTENT_PLACE, type IntervalFact, UNUSUAL_PLACE } from "../audit/interval-check";
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { table } from "./table";
import {
  AXIS_LINE,
  axis,
  FAINT,
  frame,
  GRID,
  groupColour,
  INK,
  MUTED,
  PAPER,
  pinned,
  WARNING_INK,
} from "./theme";
import { escapeText, interval, widestPx } from "./words";

/** Options of `plot.findings`. */
export interface FindingsOptions extends FigureOptions {
  /** Findings shown at most; a line at the foot says how many are left out. Default 40. */
  readonly limit?: number;
  /** Where the label file comes from, when one was used. Default: printed numbers alone. */
  readonly provenance?: Provenance;
}

/**
 * The findings of an audit as a table, the surest first; what is impossible is marked.
 *
 * @param audit   as `audit.auditPaper` gives it
 * @param options `limit` default 40; `provenance` of the label file
 * @throws OsccError `InvalidArgument` when there is no finding: say so in words instead
 * @example
 * const figure = plot.findings(audit.auditPaper(audit.MULTI_OSCC_PAPER));
 */
export function findings(audit: Audit, options: FindingsOptions = {}): Figure {
  if (audit.findings.length === 0)
    throw invalidArgument(
      "audit",
      "an audit without findings",
      "one finding or more",
      "What was checked is in audit.checks.",
    );
  const rows = audit.findings.map(({ confidence, where, kind, printed, expected }) => ({
    confidence,
    kind,
    where,
    printed,
    expected,
  }));
  const checked = audit.checks.reduce((sum, check) => sum + check.checked, 0);
  return table(rows, {
    title: options.title ?? "What does not fit",
    subtitle: options.subtitle ?? `${rows.length} findings in ${checked} printed facts`,
    mark: (row, column) => column === "confidence" && row.confidence === "impossible",
    markMeaning: "no data whatever give these numbers",
    limit: options.limit ?? 40,
    caveats: [`Source: ${audit.source}.`, ...(options.caveats ?? [])],
    provenance: options.provenance ?? PRINTED_NUMBERS,
  });
}

/** One dot for each interval. */
interface Place {
  readonly group: string;
  readonly where: string;
  readonly numbers: string;
  readonly at: number;
}

const ROW_PX = 62;
const DOT_PX = 9;
const PLOT_WIDTH = 520;
/** Dots nearer than this share of the axis are stacked. */
const STACK_WIDTH = 0.018;
const LABEL_PX = 12.5;

/**
 * Where each printed AUC lies in its interval: 0 at the lower bound, 1 at the upper. Correct bootstrap intervals lie
 * near the middle; the band shows where nearly all of them do.
 *
 * @param intervals printed intervals, as in `paper.intervals`; other statistics than AUC are left out
 * @throws OsccError `InvalidArgument` when no AUC lies in its interval
 * @example
 * const figure = plot.intervalPlaces(audit.MULTI_OSCC_PAPER.intervals ?? []);
 */
export function intervalPlaces(intervals: readonly IntervalFact[], options: FigureOptions = {}): Figure {
  const places = uniquePlaces(intervals);
  if (places.length === 0)
    throw invalidArgument(
      "intervals",
      `${intervals.length} intervals`,
      "one AUC or more inside its interval",
    );
  const groups = [...new Set(places.map(({ group }) => group))];
  const far = places.filter(({ at }) => away(at) > INCONSISTENT_PLACE);
  const left = widestPx(groups.map(escapeText), LABEL_PX, true) + 30;
  const right = 96;
  const layout = frame(
    {
      title: options.title ?? "Does each interval belong to its estimate?",
      subtitle:
        options.subtitle ??
        `${far.length} of ${places.length} printed AUCs lie further from the middle of their interval than any of 18,474 correct ones`,
      sources: [PRINTED_NUMBERS],
      caveats: [
        "Band: all but 4 of 18,474 simulated bootstrap intervals (200 patients). The same numbers printed twice are one dot, in the first table.",
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: PLOT_WIDTH, plotHeight: groups.length * ROW_PX, left, right, top: 30 },
  );
  return new Figure(
    {
      data: groups.map((group, row) =>
        swarm(
          places.filter((place) => place.group === group),
          row,
        ),
      ),
      layout: {
        ...layout,
        xaxis: axis("Place of the estimate in its interval", {
          range: [0, 1],
          tickvals: [0, 0.25, 0.5, 0.75, 1],
          ticktext: ["lower bound", "25%", "middle", "75%", "upper bound"],
        }),
        yaxis: axis("", {
          range: [groups.length - 0.5, -0.5],
          showticklabels: false,
          ticks: "",
          showline: false,
          showgrid: false,
          fixedrange: true,
        }),
        showlegend: false,
        shapes: [
          band(0.5 - UNUSUAL_PLACE, 0.5 + UNUSUAL_PLACE, GRID),
          ...[0.5 - INCONSISTENT_PLACE, 0.5 + INCONSISTENT_PLACE].map(limit),
        ],
        annotations: [
          ...layout.annotations,
          ...groups.map((group, y) => rowText(`<b>${escapeText(group)}</b>`, y, 0, 18 - left, INK)),
          ...groups.map((group, y) => rowText(countOf(group, places), y, 1, 12, MUTED)),
          {
            ...pinned("left", "bottom"),
            x: 1,
            y: 1,
            xshift: 12,
            yshift: 4,
            text: "<b>too far</b>",
            font: { size: 12, color: INK },
          },
          {
            ...pinned("center", "bottom"),
            xref: "x",
            x: 0.5,
            y: 1,
            yshift: 4,
            text: "correct intervals",
            font: { size: 11, color: MUTED },
          },
        ],
      },
    },
    { alt: altText(places, far) },
  );
}

const away = (place: number) => Math.abs(place - 0.5);

function uniquePlaces(intervals: readonly IntervalFact[]): Place[] {
  const seen = new Set<string>();
  return intervals.flatMap(({ where, value, low, high, statistic, decimals = 2 }) => {
    const task = where.split(" / ").slice(1).join(" / ");
    const numbers = interval(value, low, high, decimals);
    const fits = statistic === "AUC" && low < high && value >= low && value <= high;
    if (!fits || seen.has(numbers)) return [];
    seen.add(numbers);
    return [{ group: where.split(" / ")[0]!, where: task, numbers, at: (value - low) / (high - low) }];
  });
}

/** Dots of one table, stacked where they would cover each other. */
function swarm(places: readonly Place[], row: number): object {
  const stacked = new Map<number, number>();
  const sorted = [...places].sort((a, b) => away(a.at) - away(b.at));
  const y = sorted.map(({ at }) => {
    const bin = Math.round(at / STACK_WIDTH);
    const below = stacked.get(bin) ?? 0;
    stacked.set(bin, below + 1);
    // 0, 1 up, 1 down, 2 up, ...: the stack stays centred on its row.
    const step = Math.ceil(below / 2) * (below % 2 === 1 ? -1 : 1);
    return row + (step * (DOT_PX - 1)) / ROW_PX;
  });
  return {
    type: "scatter",
    mode: "markers",
    x: sorted.map(({ at }) => at),
    y,
    marker: {
      size: DOT_PX - 1,
      color: sorted.map(({ at }) => colourOf(at)),
      line: { width: 0.5, color: PAPER },
    },
    customdata: sorted.map(({ where, numbers }) => [escapeText(where), numbers]),
    hovertemplate: "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    cliponaxis: false,
  };
}

function colourOf(place: number): string {
  if (away(place) > INCONSISTENT_PLACE) return WARNING_INK;
  return away(place) > UNUSUAL_PLACE ? groupColour(4) : FAINT;
}

function countOf(group: string, places: readonly Place[]): string {
  const own = places.filter((place) => place.group === group);
  return `${own.filter(({ at }) => away(at) > INCONSISTENT_PLACE).length} of ${own.length}`;
}

function rowText(text: string, y: number, x: 0 | 1, xshift: number, color: string): object {
  return { ...pinned("left", "middle"), yref: "y", x, y, xshift, text, font: { size: LABEL_PX, color } };
}

function band(x0: number, x1: number, fillcolor: string): object {
  return {
    type: "rect",
    xref: "x",
    yref: "paper",
    x0,
    x1,
    y0: 0,
    y1: 1,
    fillcolor,
    line: { width: 0 },
    layer: "below",
  };
}

function limit(x: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "paper",
    x0: x,
    x1: x,
    y0: 0,
    y1: 1,
    line: { color: AXIS_LINE, width: 1.2, dash: "dash" },
    layer: "below",
  };
}

function altText(places: readonly Place[], far: readonly Place[]): string {
  const named = far.map(({ group, where, numbers }) => `${group}, ${where}: ${numbers}`).join("; ");
  return `Place of ${places.length} printed AUCs in their intervals. Too far from the middle: ${named || "none"}.`;
}
