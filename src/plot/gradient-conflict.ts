/** Whether tasks pull a model the same way: cosines between their gradients, as a matrix and by epoch. */
import type { GradientConflict } from "../train/multitask/conflict";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import {
  AXIS_LINE,
  axis,
  colourAt,
  colourBar,
  DIVERGING,
  FAINT,
  frame,
  groupColour,
  groupDash,
  INK,
  inkOn,
} from "./theme";
import { count, escapeText, signed, widestPx } from "./words";

const CELL_PX = 74;
const CURVES_WIDTH = 330;
const CURVES_HEIGHT = 230;
const LABEL_PX = 12;
/** With more pairs than this the curves cannot be told apart; the matrix says it alone. */
const MOST_CURVES = 6;
/** Between matrix and curves: colour bar, axis title. */
const GAP = 150;

/** A pair of tasks: their places in the list, and the cosine by epoch. */
interface Pair {
  readonly row: number;
  readonly column: number;
  readonly name: string;
  readonly cosines: readonly (number | null)[];
  readonly mean: number | null;
}

/**
 * Cosines between the gradients of tasks: the mean over a run as a matrix (three tasks or more), and epoch by epoch
 * (up to six pairs). Below zero, a step for one task harms the other.
 *
 * @param conflict  from `train.gradientConflict(run)`
 * @example
 * const figure = plot.gradientConflict(train.gradientConflict(run));
 */
export function gradientConflict(conflict: GradientConflict, options: FigureOptions = {}): Figure {
  const { tasks, epochs } = conflict;
  const pairs = pairsOf(conflict);
  const hasMatrix = tasks.length > 2;
  const hasCurves = pairs.length <= MOST_CURVES;
  const side = hasMatrix ? (tasks.length - 1) * CELL_PX : 0;
  const curvesAt = hasMatrix ? side + GAP : 0;
  const plotWidth = hasCurves ? curvesAt + CURVES_WIDTH : side;
  const plotHeight = Math.max(side, hasCurves ? CURVES_HEIGHT : 0);
  const labels = tasks.map(escapeText);
  const layout = frame(
    {
      title: options.title ?? "Do the tasks agree?",
      subtitle:
        options.subtitle ??
        `Cosine between the gradients of two tasks, mean over batches · ${count(epochs.length)} ${epochs.length === 1 ? "epoch" : "epochs"}`,
      ...(conflict.provenance ? { sources: [conflict.provenance] } : {}),
      caveats: [
        `Above 0 a step for one task also lowers the other's loss; below 0 it raises it.${hasMatrix ? " Blue: conflict." : ""}`,
        ...(options.caveats ?? []),
      ],
    },
    {
      plotWidth,
      plotHeight,
      left: hasMatrix ? widestPx(labels, LABEL_PX) + 28 : 64,
      right: hasCurves
        ? widestPx(
            pairs.map(({ name }) => name),
            LABEL_PX,
          ) + 74
        : 96,
      top: 14,
    },
  );
  const curveDomain = [curvesAt / plotWidth, 1];
  return new Figure(
    {
      data: [
        ...(hasMatrix ? [heatmap(pairs, tasks.length, plotHeight, side / plotWidth)] : []),
        ...(hasCurves ? pairs.map((pair, i) => curve(pair, epochs, i, hasMatrix)) : []),
      ],
      layout: {
        ...layout,
        ...(hasMatrix ? matrixAxes(labels, side, plotWidth, plotHeight) : {}),
        ...(hasCurves ? curveAxes(epochs, curveDomain, hasMatrix, plotHeight) : {}),
        showlegend: hasCurves,
        legend: { x: 1 + 12 / plotWidth, y: 1, yanchor: "top", font: { size: LABEL_PX } },
        shapes: hasCurves ? [zeroLine(hasMatrix, epochs)] : [],
        annotations: [...layout.annotations, ...(hasMatrix ? pairs.map(cellText) : [])],
      },
    },
    { alt: altText(pairs) },
  );
}

function pairsOf({ tasks, cosines, mean }: GradientConflict): Pair[] {
  return tasks.slice(1).flatMap((task, i) =>
    tasks.slice(0, i + 1).map((other, column) => ({
      row: i,
      column,
      name: `${escapeText(other)} – ${escapeText(task)}`,
      cosines: cosines.map((matrix) => matrix[i + 1]![column]!),
      mean: mean[i + 1]![column]!,
    })),
  );
}

function heatmap(pairs: readonly Pair[], tasks: number, plotHeight: number, share: number): object {
  const places = Array.from({ length: tasks - 1 }, (_, i) => i);
  const at = (row: number, column: number) => pairs.find((p) => p.row === row && p.column === column)?.mean;
  return {
    type: "heatmap",
    x: places,
    y: places,
    z: places.map((row) => places.map((column) => at(row, column) ?? null)),
    zmin: -1,
    zmax: 1,
    colorscale: DIVERGING,
    xgap: 2,
    ygap: 2,
    hoverinfo: "skip",
    colorbar: colourBar("mean cosine", {
      x: share,
      xanchor: "left",
      len: Math.min(1, 200 / plotHeight),
      y: 1,
      yanchor: "top",
      tickvals: [-1, 0, 1],
    }),
  };
}

function matrixAxes(labels: readonly string[], side: number, plotWidth: number, plotHeight: number): object {
  const names = (shown: readonly string[], extra: object) =>
    axis("", {
      tickmode: "array",
      tickvals: shown.map((_, i) => i),
      ticktext: shown,
      tickfont: { size: LABEL_PX, color: INK },
      showgrid: false,
      showline: false,
      ticks: "",
      fixedrange: true,
      ...extra,
    });
  const cells = labels.length - 1;
  return {
    xaxis: names(labels.slice(0, -1), {
      domain: [0, side / plotWidth],
      range: [-0.5, cells - 0.5],
      anchor: "y",
    }),
    yaxis: names(labels.slice(1), {
      domain: [1 - side / plotHeight, 1],
      range: [cells - 0.5, -0.5],
      anchor: "x",
    }),
  };
}

function curveAxes(epochs: readonly number[], domain: number[], second: boolean, plotHeight: number): object {
  const suffix = second ? "2" : "";
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  return {
    [`xaxis${suffix}`]: axis("Epoch", {
      domain,
      anchor: `y${suffix}`,
      range: [first - 0.4, last + 0.4],
      showgrid: false,
      ...(last - first <= 12 ? { dtick: last - first > 6 ? 2 : 1 } : {}),
    }),
    [`yaxis${suffix}`]: axis("Cosine", {
      domain: [1 - CURVES_HEIGHT / plotHeight, 1],
      anchor: `x${suffix}`,
      range: [-1.02, 1.02],
      tickvals: [-1, -0.5, 0, 0.5, 1],
    }),
  };
}

function curve({ name, cosines }: Pair, epochs: readonly number[], i: number, second: boolean): object {
  return {
    type: "scatter",
    x: epochs,
    y: cosines,
    mode: "lines+markers",
    marker: { size: 5 },
    line: { color: groupColour(i), dash: groupDash(i), width: 2 },
    name,
    hovertemplate: `${name} %{y:.2f}<extra>epoch %{x}</extra>`,
    ...(second ? { xaxis: "x2", yaxis: "y2" } : {}),
  };
}

function zeroLine(second: boolean, epochs: readonly number[]): object {
  const suffix = second ? "2" : "";
  const line = { color: AXIS_LINE, width: 1, dash: "dot" };
  const [x0, x1] = [epochs[0]! - 0.4, epochs.at(-1)! + 0.4];
  return {
    type: "line",
    xref: `x${suffix}`,
    yref: `y${suffix}`,
    x0,
    x1,
    y0: 0,
    y1: 0,
    line,
    layer: "between",
  };
}

function cellText({ row, column, mean }: Pair): object {
  const place = { x: column, y: row, showarrow: false };
  if (mean === null) return { ...place, text: "–", font: { size: 14, color: FAINT } };
  const ink = inkOn(colourAt(DIVERGING, 0.5 + mean / 2));
  return { ...place, text: `<b>${signed(mean, 2)}</b>`, font: { size: 14, color: ink } };
}

function altText(pairs: readonly Pair[]): string {
  const words = pairs.map(({ name, mean }) => `${name} ${mean === null ? "not defined" : signed(mean, 2)}`);
  return `Mean cosine between the gradients of tasks: ${words.join("; ")}.`;
}
