/** Precision-recall curves. */
import type { PrecisionRecall } from "../evaluate/precision-recall";
import {
  type Curves,
  legendBeside,
  legendEntry,
  legendHeight,
  legendWidth,
  type SortedCurves,
  shared,
  sortCurves,
  whyMissing,
} from "./curves";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, FAINT, frame, groupColour, groupDash, MUTED, pinned } from "./theme";
import { count, escapeText, interval, percent } from "./words";

const PLOT_PX = 430;

/**
 * Precision-recall curves with average precision and interval in the legend, and the precision of calling everyone
 * positive as a dashed line. The area under each stepped line is its average precision.
 *
 * @param curves  one curve, or several by name; a name may also stand for an undefined statistic
 * @param options `title`, `subtitle`, `caveats`
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.precisionRecall({ gated: evaluate.precisionRecall(gated), concat: evaluate.precisionRecall(concat) });
 */
export function precisionRecall(curves: Curves<PrecisionRecall>, options: FigureOptions = {}): Figure {
  const sorted = sortCurves(curves, isPrecisionRecall, "evaluate.precisionRecall(predictions)");
  const { drawn, missing } = sorted;
  const sameCounts = shared(sorted, countsOf);
  const entries = drawn.map(([name, curve]) => entryOf(name, curve, sameCounts !== undefined));
  const layout = frame(
    {
      title: options.title ?? `Precision and recall${drawn.length === 1 ? `: ${drawn[0]![0]}` : ""}`,
      subtitle: options.subtitle ?? sameCounts ?? "",
      sources: drawn.map(([, { provenance }]) => provenance),
      caveats: [...whyMissing(sorted), ...methods(sorted), ...(options.caveats ?? [])],
    },
    {
      plotWidth: PLOT_PX,
      plotHeight: Math.max(PLOT_PX, legendHeight(entries)),
      right: legendWidth(entries),
    },
  );
  const prevalence = shared(sorted, (curve) => curve.prevalence);
  return new Figure(
    {
      data: drawn.flatMap(([name, curve], i) => [
        everyoneTrace(name, curve, prevalence === undefined ? groupColour(i) : FAINT),
        curveTrace(name, curve, entries[i]!, i),
      ]),
      layout: {
        ...layout,
        xaxis: axis("Recall (sensitivity)", { range: [-0.01, 1.01], dtick: 0.2, constrain: "domain" }),
        yaxis: axis("Precision (positive predictive value)", { range: [-0.01, 1.01], dtick: 0.2 }),
        showlegend: true,
        legend: legendBeside(`Average precision${levelOf(sorted)}`, PLOT_PX),
        annotations: [
          ...layout.annotations,
          ...(prevalence === undefined ? [] : [everyoneLabel(prevalence)]),
        ],
      },
    },
    { alt: altText(drawn, missing) },
  );
}

function isPrecisionRecall(curves: Curves<PrecisionRecall>): curves is PrecisionRecall {
  return Array.isArray((curves as Partial<PrecisionRecall>).precision);
}

const countsOf = ({ positives, negatives }: PrecisionRecall) =>
  `n = ${count(positives + negatives)}: ${count(positives)} positive, ${count(negatives)} negative`;

function entryOf(
  name: string,
  { averagePrecision: ap, ...curve }: PrecisionRecall,
  sameCounts: boolean,
): string {
  const counts = `n = ${count(curve.positives)} pos., ${count(curve.negatives)} neg.`;
  return legendEntry(name, [interval(ap.value, ap.low, ap.high), ...(sameCounts ? [] : [counts])]);
}

function levelOf({ drawn }: SortedCurves<PrecisionRecall>): string {
  return drawn[0] ? ` (${percent(drawn[0][1].averagePrecision.level)} CI)` : "";
}

function methods({ drawn }: SortedCurves<PrecisionRecall>): string[] {
  return [
    ...new Set(drawn.map(([, { averagePrecision: ap }]) => `Intervals: ${percent(ap.level)}, ${ap.method}.`)),
  ];
}

/**
 * Precision is that of the threshold at which a recall is reached: up or down first, then along. Thresholds that call
 * more patients but find no more positives are passed over; the last one calls everyone.
 */
function curveTrace(name: string, curve: PrecisionRecall, legendText: string, i: number): object {
  const { recall, precision } = curve;
  const corners = recall.flatMap((found, k) => (k === 0 || found > recall[k - 1]! ? [k] : []));
  corners.push(recall.length - 1);
  return {
    type: "scatter",
    x: [0, ...corners.map((k) => recall[k])],
    y: [precision[corners[0]!], ...corners.map((k) => precision[k])],
    mode: "lines",
    line: { color: groupColour(i), dash: groupDash(i), width: 2.2, shape: "vh" },
    name: legendText,
    legendgroup: name,
    hovertemplate: `${escapeText(name)}<br>recall %{x:.3f}<br>precision %{y:.3f}<extra></extra>`,
  };
}

function everyoneTrace(name: string, { prevalence }: PrecisionRecall, color: string): object {
  return {
    type: "scatter",
    x: [0, 1],
    y: [prevalence, prevalence],
    mode: "lines",
    line: { color, dash: "dash", width: 1.2 },
    hoverinfo: "skip",
    showlegend: false,
    legendgroup: name,
  };
}

/** On the side of the line where curves seldom are. */
function everyoneLabel(prevalence: number): object {
  return {
    ...pinned("left", prevalence > 0.08 ? "top" : "bottom"),
    xref: "x",
    yref: "y",
    x: 0.01,
    y: prevalence,
    yshift: prevalence > 0.08 ? -3 : 3,
    text: `everyone called positive: ${prevalence.toFixed(2)}`,
    font: { size: 11, color: MUTED },
  };
}

function altText(
  drawn: SortedCurves<PrecisionRecall>["drawn"],
  missing: SortedCurves<PrecisionRecall>["missing"],
): string {
  const described = drawn.map(
    ([name, { averagePrecision: ap, prevalence }]) =>
      `${name}: average precision ${interval(ap.value, ap.low, ap.high)}, share of positives ${prevalence.toFixed(2)}`,
  );
  const undrawn = missing.map(([name, { reason }]) => `${name}: undefined because ${reason}`);
  return `Precision against recall. ${[...described, ...undrawn].join(". ")}.`;
}
