/** Printed and recomputed numbers on one axis: two dots for each cell, joined. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { PrintedRow } from "../evaluate/printed";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { AXIS_LINE, axis, FAINT, frame, groupColour, INK, pinned } from "./theme";
import { escapeText, widestPx, widthPx } from "./words";

/** Options of `plot.dumbbell`. */
export interface DumbbellOptions extends FigureOptions {
  /** What the numbers are. Default `"value"`. */
  readonly statistic?: string;
  /** Show only cells that do not agree. Default false. */
  readonly onlyDisagreeing?: boolean;
  /** Where the computed numbers come from. */
  readonly provenance?: Provenance;
}

const ROW_PX = 24;
const PLOT_WIDTH = 400;
const LABEL_PX = 12.5;
const PRINTED_COLOUR = groupColour(1);
const COMPUTED_COLOUR = groupColour(0);

/**
 * Printed beside recomputed: an open dot for what is printed, a full one for what was computed, and a line whose
 * length is the disagreement. Where both agree there is one grey dot.
 *
 * @param cells   as `evaluate.compareWithPrinted` or `audit.publishedCorrelations` give them; cells that only one
 *                side has are left out, and a line at the foot says so
 * @param options `statistic` default `"value"`; `onlyDisagreeing` default false; `provenance`
 * @throws OsccError `InvalidArgument` when no cell has both numbers
 * @example
 * const cells = audit.publishedCorrelations(cohort).filter((cell) => cell.cell.endsWith("/ r"));
 * const figure = plot.dumbbell(cells, { statistic: "correlation" });
 */
export function dumbbell(cells: readonly PrintedRow[], options: DumbbellOptions = {}): Figure {
  const paired = cells.flatMap(bothNumbers);
  if (paired.length === 0)
    throw invalidArgument(
      "cells",
      `${cells.length} cells`,
      "one or more with a printed and a computed number",
    );
  const disagreeing = paired.filter(({ agrees }) => !agrees);
  const rows = options.onlyDisagreeing && disagreeing.length > 0 ? disagreeing : paired;
  const { statistic = "value" } = options;
  const numbers = rows.map(numbersOf);
  const left =
    widestPx(
      rows.map(({ label }) => escapeText(label)),
      LABEL_PX,
    ) + 30;
  const header = "printed ≠ computed";
  const right = Math.max(widestPx(numbers, LABEL_PX), widthPx(header, LABEL_PX, true)) + 36;
  const leftOut = cells.length - paired.length;
  const layout = frame(
    {
      title: options.title ?? "Printed and recomputed",
      subtitle:
        options.subtitle ??
        `${paired.length - disagreeing.length} of ${paired.length} cells agree at the printed precision`,
      sources: [options.provenance],
      caveats: [
        ...(leftOut > 0
          ? [
              `${leftOut} ${leftOut === 1 ? "cell that only one side has is" : "cells that only one side has are"} not shown.`,
            ]
          : []),
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: PLOT_WIDTH, plotHeight: rows.length * ROW_PX + 10, left, right, top: 34 },
  );
  return new Figure(
    {
      data: [dots(rows, "printed"), dots(rows, "computed")],
      layout: {
        ...layout,
        xaxis: axis(statistic, { zeroline: false }),
        yaxis: axis("", {
          range: [rows.length - 0.4, -0.6],
          showticklabels: false,
          ticks: "",
          showline: false,
          showgrid: false,
          fixedrange: true,
        }),
        showlegend: false,
        shapes: rows.map(joint),
        annotations: [
          ...layout.annotations,
          ...rows.map(({ label }, y) => beside(escapeText(label), y, 0, 18 - left)),
          ...rows.map((row, y) => beside(numbersOf(row), y, 1, 14, row.agrees ? FAINT : INK)),
          key(left),
          {
            ...pinned("left", "bottom"),
            x: 1,
            y: 1,
            xshift: 14,
            yshift: 4,
            text: `<b>${header}</b>`,
            font: { size: 12, color: INK },
          },
        ],
      },
    },
    { alt: altText(paired, disagreeing) },
  );
}

interface PairedCell {
  readonly label: string;
  readonly text: string;
  readonly printed: number;
  readonly computed: number;
  readonly agrees: boolean;
}

function bothNumbers({ cell, printed, computed, agrees }: PrintedRow): PairedCell[] {
  if (printed === undefined || computed === undefined) return [];
  return [{ label: cell, text: printed, printed: Number(printed), computed, agrees }];
}

function dots(rows: readonly PairedCell[], side: "printed" | "computed"): object {
  const isPrinted = side === "printed";
  const shown = rows.flatMap((row, y) => (isPrinted && row.agrees ? [] : [{ row, y }]));
  const colour = isPrinted ? PRINTED_COLOUR : COMPUTED_COLOUR;
  return {
    type: "scatter",
    mode: "markers",
    name: side,
    x: shown.map(({ row }) => row[side]),
    y: shown.map(({ y }) => y),
    marker: {
      size: isPrinted ? 11 : 9,
      symbol: isPrinted ? "circle-open" : "circle",
      color: shown.map(({ row }) => (row.agrees ? FAINT : colour)),
      line: { width: isPrinted ? 2.5 : 0 },
    },
    customdata: shown.map(({ row }) => [escapeText(row.label), row.text, significant(row.computed)]),
    hovertemplate: "%{customdata[0]}<br>printed %{customdata[1]}, computed %{customdata[2]}<extra></extra>",
    cliponaxis: false,
  };
}

function joint({ printed, computed }: PairedCell, y: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "y",
    x0: printed,
    x1: computed,
    y0: y,
    y1: y,
    line: { color: AXIS_LINE, width: 2 },
    layer: "below",
  };
}

function beside(text: string, y: number, x: 0 | 1, xshift: number, color = INK): object {
  return {
    ...pinned("left", "middle"),
    yref: "y",
    x,
    y,
    xshift,
    text,
    font: { size: LABEL_PX, color },
  };
}

function key(left: number): object {
  const sign = (colour: string, words: string) => `<span style="color:${colour}"><b>${words}</b></span>`;
  return {
    ...pinned("left", "bottom"),
    x: 0,
    y: 1,
    xshift: 18 - left,
    yshift: 4,
    text: [
      sign(PRINTED_COLOUR, "ring: printed"),
      sign(COMPUTED_COLOUR, "dot: computed"),
      sign(AXIS_LINE, "grey: both agree"),
    ].join("    "),
    font: { size: 12 },
  };
}

function numbersOf({ text, computed, agrees }: PairedCell): string {
  return agrees ? text : `${text} ≠ ${significant(computed)}`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function altText(all: readonly PairedCell[], disagreeing: readonly PairedCell[]): string {
  const listed = disagreeing.slice(0, 12).map((row) => `${row.label}: ${numbersOf(row)}`);
  return `Printed beside recomputed numbers. ${all.length - disagreeing.length} of ${all.length} agree. ${listed.join("; ")}`.trim();
}
