/** Demsar's diagram: mean ranks on a line, and bars over those that cannot be told apart. */
import { invalidArgument } from "../core/errors";
import type { CriticalDifference } from "../evaluate/critical-difference";
import { isUndefined } from "../evaluate/outcome";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { AXIS_LINE, axis, frame, groupColour, INK, MUTED, pinned } from "./theme";
import { escapeText, percent, pValue, widestPx } from "./words";

const LABEL_PX = 12.5;
const PLOT_WIDTH = 420;
const ROW_PX = 26;
const BAR_PX = 14;

/**
 * Mean ranks over tasks, the best at the left; models under one bar cannot be told apart.
 *
 * @param result of `evaluate.criticalDifference`
 * @throws InvalidArgument when it holds no model
 * @example
 * const comparison = evaluate.compareRuns({ concat: { REC: concat, LNM: a }, gated: { REC: gated, LNM: b } });
 * const figure = plot.criticalDifference(evaluate.criticalDifference(comparison));
 */
export function criticalDifference(result: CriticalDifference, options: FigureOptions = {}): Figure {
  const { ranks, groups, tasks, level } = result;
  if (ranks.length === 0) throw invalidArgument("result", "no model", "mean ranks of two models or more");
  const labels = ranks.map(({ run, meanRank }) => `${escapeText(run)}  ${meanRank.toFixed(2)}`);
  const barRows = groups.length + 1.6;
  const height = barRows * BAR_PX + ranks.length * ROW_PX + 8;
  const toPx = (row: number) => barRows * BAR_PX + (row + 0.5) * ROW_PX;
  const layout = frame(
    {
      title: options.title ?? "Mean rank over tasks",
      subtitle:
        options.subtitle ??
        `${tasks.length} tasks (${tasks.join(", ")}) · 1 is the highest AUC · ${friedmanInWords(result)}`,
      sources: [result.provenance],
      caveats: [
        `Bars join models whose mean ranks differ by less than the critical difference, ` +
          `${result.criticalDifference.toFixed(2)} (Nemenyi, ${percent(level)}).`,
        "Tasks count as independent samples here; those of one cohort share its patients, so this is a summary.",
        ...(options.caveats ?? []),
      ],
    },
    {
      plotWidth: PLOT_WIDTH,
      plotHeight: height,
      right: widestPx(labels, LABEL_PX) + 36,
      left: 36,
      top: 22,
    },
  );
  const best = 1;
  const worst = ranks.length;
  const air = (worst - best) * 0.04;
  return new Figure(
    {
      data: [
        {
          type: "scatter",
          mode: "markers",
          x: ranks.map(({ meanRank }) => meanRank),
          y: ranks.map((_, i) => toPx(i)),
          marker: { size: 10, color: ranks.map((_, i) => groupColour(i)) },
          customdata: ranks.map(({ run, ranks: own }) => [
            escapeText(run),
            tasks.map((task, i) => `${escapeText(task)} ${own[i]}`).join(", "),
          ]),
          hovertemplate: "%{customdata[0]}: mean rank %{x:.2f}<br>%{customdata[1]}<extra></extra>",
        },
      ],
      layout: {
        ...layout,
        xaxis: axis("Mean rank", {
          range: [best - air, worst + air],
          tickmode: "array",
          tickvals: wholeRanks(worst),
        }),
        yaxis: { visible: false, fixedrange: true, range: [height, 0] },
        showlegend: false,
        shapes: [
          ...ranks.flatMap(({ meanRank }, i) => leader(meanRank, toPx(i), worst + air)),
          ...groups.map((group, i) => bar(spanOf(group, result), (i + 1.9) * BAR_PX)),
          ruler(best, Math.min(best + result.criticalDifference, worst), BAR_PX * 0.6),
        ],
        annotations: [
          ...layout.annotations,
          ...labels.map((text, i) => ({
            ...pinned("left", "middle"),
            yref: "y",
            x: 1,
            y: toPx(i),
            xshift: 10,
            text,
            font: { size: LABEL_PX, color: INK },
          })),
          {
            ...pinned("left", "bottom"),
            xref: "x",
            yref: "y",
            x: best,
            y: BAR_PX * 0.6,
            yshift: 5,
            text: rulerLabel(result),
            font: { size: 11, color: MUTED },
          },
        ],
      },
    },
    { alt: altText(result) },
  );
}

function friedmanInWords({ friedman, pValue: p }: CriticalDifference): string {
  if (isUndefined(friedman) || isUndefined(p)) return "Friedman's test undefined";
  return `Friedman ${pValue(p)}`;
}

/** A difference wider than the axis is said, since it cannot be drawn. */
function rulerLabel({ criticalDifference: distance, ranks }: CriticalDifference): string {
  const words = `critical difference ${distance.toFixed(2)}`;
  return distance > ranks.length - 1 ? `${words}: more than there are ranks, nothing can differ` : words;
}

const wholeRanks = (worst: number) => Array.from({ length: worst }, (_, i) => i + 1);

function spanOf(group: readonly string[], { ranks }: CriticalDifference): [number, number] {
  const own = ranks.filter(({ run }) => group.includes(run)).map(({ meanRank }) => meanRank);
  return [Math.min(...own), Math.max(...own)];
}

const line = (x0: number, x1: number, y: number, style: object, layer: "above" | "below") => ({
  type: "line",
  xref: "x",
  yref: "y",
  x0,
  x1,
  y0: y,
  y1: y,
  line: style,
  layer,
});

/** A thin line from the point to its name. */
const leader = (rank: number, y: number, end: number) => [
  line(rank, end, y, { color: AXIS_LINE, width: 0.8, dash: "dot" }, "below"),
];
/** The mean ranks of two models may be equal: a bar is never shorter than its ends show. */
const bar = ([from, to]: readonly [number, number], y: number) =>
  line(from - 0.02, to + 0.02, y, { color: INK, width: 5 }, "above");
const ruler = (from: number, to: number, y: number) =>
  line(from, to, y, { color: MUTED, width: 1.5 }, "above");

function altText({ ranks, groups, criticalDifference: distance }: CriticalDifference): string {
  const order = ranks.map(({ run, meanRank }) => `${run} ${meanRank.toFixed(2)}`).join(", ");
  const apart =
    groups.length > 0
      ? `Not told apart: ${groups.map((group) => group.join(" and ")).join("; ")}.`
      : "All differ.";
  return `Critical difference diagram. Mean ranks: ${order}. Critical difference ${distance.toFixed(2)}. ${apart}`;
}
