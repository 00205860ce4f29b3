/** ROC curves with bootstrap bands. */
import { invalidArgument } from "../core/errors";
import { isUndefined, type UndefinedStatistic } from "../evaluate/outcome";
import type { Roc } from "../evaluate/roc";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, FAINT, frame, groupColour, groupDash, LINE_HEIGHT, withAlpha } from "./theme";
import { count, escapeText, interval, percent, widestPx, wrap } from "./words";

/** A curve, or why there is none. */
export type RocOutcome = Roc | UndefinedStatistic;

/** Options of `plot.roc`. */
export interface RocFigureOptions extends FigureOptions {
  /** Draw the pointwise bootstrap bands. Default: yes for up to four curves. */
  readonly bands?: boolean;
}

const PLOT_PX = 430;
const LEGEND_TEXT_PX = 12;
const LEGEND_NAME_MAX_PX = 210;
/** Of a legend: the line sample, its gaps and the distance from the axes. */
const LEGEND_SAMPLE_PX = 64;
const MOST_BANDS = 4;

/**
 * ROC curves with AUC, interval and n in the legend, bootstrap bands and the diagonal of chance.
 *
 * @param curves  one curve, or several by name; a name may also stand for an undefined statistic, which is
 *                then said in the legend's place
 * @param options `title`, `subtitle`, `caveats`; `bands` default: yes for up to four curves
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.roc({ "gated fusion": evaluate.roc(gated), concat: evaluate.roc(concat) });
 */
export function roc(
  curves: Roc | Readonly<Record<string, RocOutcome>>,
  options: RocFigureOptions = {},
): Figure {
  const named = isRoc(curves) ? { [curves.label]: curves } : curves;
  const drawn = Object.entries(named).filter((entry): entry is [string, Roc] => !isUndefined(entry[1]));
  const missing = Object.entries(named).filter((entry): entry is [string, UndefinedStatistic] =>
    isUndefined(entry[1]),
  );
  if (drawn.length + missing.length === 0)
    throw invalidArgument(
      "curves",
      "no curve",
      "one ROC curve or more",
      "Make one with evaluate.roc(predictions).",
    );

  const bands = options.bands ?? drawn.length <= MOST_BANDS;
  const sameCounts = new Set(drawn.map(([, curve]) => countsOf(curve))).size === 1;
  const legend = drawn.map(([name, curve]) => legendEntry(name, curve, sameCounts));
  const legendWidth = Math.max(150, widestPx(legend, LEGEND_TEXT_PX, true)) + LEGEND_SAMPLE_PX;
  const layout = frame(
    {
      title: options.title ?? (drawn.length === 1 ? `ROC curve: ${drawn[0]![0]}` : "ROC curves"),
      subtitle: options.subtitle ?? describeSample(drawn, sameCounts, bands),
      sources: drawn.map(([, curve]) => curve.provenance),
      caveats: [
        ...missing.map(([name, { reason }]) => `${name}: no curve, because ${reason}.`),
        ...methods(drawn),
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: PLOT_PX, plotHeight: Math.max(PLOT_PX, legendHeight(legend)), right: legendWidth },
  );
  const data = [
    chance(),
    ...(bands ? drawn.flatMap(([name, curve], i) => bandTrace(name, curve, i)) : []),
    ...drawn.map(([name, curve], i) => curveTrace(name, curve, legend[i]!, i)),
  ];
  return new Figure(
    {
      data,
      layout: {
        ...layout,
        xaxis: axis("1 − specificity (false positive rate)", {
          range: [-0.01, 1.01],
          dtick: 0.2,
          constrain: "domain",
        }),
        yaxis: axis("Sensitivity (true positive rate)", { range: [-0.01, 1.01], dtick: 0.2 }),
        legend: {
          x: 1 + 14 / PLOT_PX,
          y: 1,
          yanchor: "top",
          title: { text: legendTitle(drawn), font: { size: LEGEND_TEXT_PX } },
          font: { size: LEGEND_TEXT_PX },
          tracegroupgap: 6,
          traceorder: "normal",
        },
      },
    },
    { alt: altText(drawn, missing) },
  );
}

function isRoc(curves: Roc | Readonly<Record<string, RocOutcome>>): curves is Roc {
  return Array.isArray((curves as Partial<Roc>).fpr) && Array.isArray((curves as Partial<Roc>).tpr);
}

const countsOf = ({ positives, negatives }: Roc) =>
  `n = ${count(positives + negatives)}: ${count(positives)} positive, ${count(negatives)} negative`;

function describeSample(drawn: readonly [string, Roc][], sameCounts: boolean, bands: boolean): string {
  const level = drawn[0] ? percent(drawn[0][1].auc.level) : "";
  const parts = [
    ...(sameCounts && drawn[0] ? [countsOf(drawn[0][1])] : []),
    ...(bands && drawn.some(([, { band }]) => band) ? [`bands: pointwise ${level} CI`] : []),
  ];
  return parts.join(" · ");
}

/** How the intervals were computed, each way once. */
function methods(drawn: readonly [string, Roc][]): string[] {
  return [...new Set(drawn.map(([, { auc }]) => `Intervals: ${percent(auc.level)}, ${auc.method}.`))];
}

function legendTitle(drawn: readonly [string, Roc][]): string {
  const level = drawn[0] ? ` (${percent(drawn[0][1].auc.level)} CI)` : "";
  return `AUC${level}`;
}

function legendEntry(name: string, { auc, ...curve }: Roc, sameCounts: boolean): string {
  const nameLines = wrap(name, LEGEND_NAME_MAX_PX, LEGEND_TEXT_PX, true).map(
    (line) => `<b>${escapeText(line)}</b>`,
  );
  const counts = sameCounts ? [] : [`n = ${count(curve.positives)} pos., ${count(curve.negatives)} neg.`];
  return [...nameLines, interval(auc.value, auc.low, auc.high), ...counts].join("<br>");
}

/** A legend taller than the axes would be cut off; the axes grow instead. */
function legendHeight(entries: readonly string[]): number {
  const lines = entries.flatMap((entry) => entry.split("<br>")).length;
  return 30 + lines * LEGEND_TEXT_PX * LINE_HEIGHT + entries.length * 8;
}

function chance(): object {
  return {
    type: "scatter",
    x: [0, 1],
    y: [0, 1],
    mode: "lines",
    line: { color: FAINT, dash: "dash", width: 1.2 },
    hoverinfo: "skip",
    showlegend: false,
  };
}

function bandTrace(name: string, { band }: Roc, i: number): object[] {
  if (!band) return [];
  return [
    {
      type: "scatter",
      x: [...band.fpr, ...[...band.fpr].reverse()],
      y: [...band.high, ...[...band.low].reverse()],
      mode: "lines",
      line: { width: 0, color: groupColour(i) },
      fill: "toself",
      fillcolor: withAlpha(groupColour(i), 0.13),
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: name,
    },
  ];
}

function curveTrace(name: string, curve: Roc, legendText: string, i: number): object {
  return {
    type: "scatter",
    x: curve.fpr,
    y: curve.tpr,
    mode: "lines",
    line: { color: groupColour(i), dash: groupDash(i), width: 2.4 },
    name: legendText,
    legendgroup: name,
    hovertemplate: `${escapeText(name)}<br>sensitivity %{y:.3f}<br>specificity %{customdata:.3f}<extra></extra>`,
    customdata: curve.fpr.map((rate) => 1 - rate),
  };
}

function altText(drawn: readonly [string, Roc][], missing: readonly [string, UndefinedStatistic][]): string {
  const described = drawn.map(
    ([name, { auc, positives, negatives }]) =>
      `${name}: AUC ${interval(auc.value, auc.low, auc.high)}, ${positives} positives and ${negatives} negatives`,
  );
  const undrawn = missing.map(([name, { reason }]) => `${name}: undefined because ${reason}`);
  return `ROC ${drawn.length === 1 ? "curve" : "curves"}. ${[...described, ...undrawn].join(". ")}.`;
}
