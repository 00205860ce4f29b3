/** Decision curves: is acting on a model better than acting on everyone, or on no one? */
import type { DecisionCurve } from "../evaluate/decision-curve";
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
import { axis, FAINT, frame, groupColour, groupDash, INK } from "./theme";
import { count, escapeText, percent } from "./words";

const PLOT_WIDTH = 520;
const PLOT_HEIGHT = 340;

/**
 * Net benefit over threshold probabilities, beside acting on everyone and on no one.
 *
 * @param curves  one result of `evaluate.decisionCurve`, or several by name; a name may also stand for an undefined one
 * @param options `title`, `subtitle`, `caveats`
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.decisionCurve({ gated: evaluate.decisionCurve(gated), concat: evaluate.decisionCurve(concat) });
 */
export function decisionCurve(curves: Curves<DecisionCurve>, options: FigureOptions = {}): Figure {
  const sorted = sortCurves(curves, isDecisionCurve, "evaluate.decisionCurve(predictions)");
  const { drawn, missing } = sorted;
  const sample = shared(sorted, sampleOf);
  const entries = drawn.map(([name, curve]) => legendEntry(name, sample ? [] : [sampleOf(curve)]));
  const layout = frame(
    {
      title: options.title ?? `Decision curve${drawn.length === 1 ? `: ${drawn[0]![0]}` : "s"}`,
      subtitle: options.subtitle ?? sample ?? "",
      sources: drawn.map(([, { provenance }]) => provenance),
      caveats: [
        ...whyMissing(sorted),
        "Net benefit: patients rightly acted on, less those needlessly acted on at the odds of the threshold, per patient.",
        ...(options.caveats ?? []),
      ],
    },
    {
      plotWidth: PLOT_WIDTH,
      plotHeight: Math.max(PLOT_HEIGHT, legendHeight([...entries, "everyone", "no one"])),
      left: 76,
      right: legendWidth([...entries, "everyone (100.0% positive)"]),
    },
  );
  const last = Math.max(0, ...drawn.map(([, { thresholds }]) => thresholds.at(-1)!));
  return new Figure(
    {
      data: [
        ...everyone(sorted),
        noOne(last),
        ...drawn.map(([name, curve], i) => curveTrace(name, curve, entries[i]!, i)),
      ],
      layout: {
        ...layout,
        xaxis: axis("Threshold probability", { range: [0, Math.min(1, last + 0.01)], tickformat: ".0%" }),
        yaxis: axis("Net benefit", { range: rangeOf(drawn) }),
        showlegend: true,
        legend: legendBeside("Acting on", PLOT_WIDTH),
      },
    },
    { alt: altText(drawn, missing) },
  );
}

function isDecisionCurve(curves: Curves<DecisionCurve>): curves is DecisionCurve {
  return Array.isArray((curves as Partial<DecisionCurve>).netBenefit);
}

const sampleOf = ({ n, prevalence }: DecisionCurve) => `n = ${count(n)}, ${percent(prevalence, 1)} positive`;

/** Acting on everyone falls without end towards a threshold of 1; what lies far below 0 is of no interest. */
function rangeOf(drawn: SortedCurves<DecisionCurve>["drawn"]): [number, number] {
  const highest = Math.max(0.05, ...drawn.map(([, { prevalence }]) => prevalence));
  const lowest = Math.min(0, ...drawn.flatMap(([, { netBenefit }]) => netBenefit));
  return [Math.max(-highest, Math.min(-0.15 * highest, 1.1 * lowest)), 1.08 * highest];
}

/** One line where all curves are of the same patients; else one for each, in its colour. */
function everyone(sorted: SortedCurves<DecisionCurve>): object[] {
  const same = shared(sorted, ({ prevalence, thresholds }) => `${prevalence} ${thresholds.join(" ")}`);
  const lines = same === undefined ? sorted.drawn : sorted.drawn.slice(0, 1);
  return lines.map(([, { thresholds, treatAll, prevalence }], i) => ({
    type: "scatter",
    x: thresholds,
    y: treatAll,
    mode: "lines",
    line: { color: same === undefined ? groupColour(i) : FAINT, width: 1.4, dash: "dash" },
    name: same === undefined ? `everyone (${percent(prevalence, 1)} positive)` : "everyone",
    hoverinfo: "skip",
  }));
}

function noOne(last: number): object {
  return {
    type: "scatter",
    x: [0, last],
    y: [0, 0],
    mode: "lines",
    line: { color: INK, width: 1.2 },
    name: "no one",
    hoverinfo: "skip",
  };
}

function curveTrace(name: string, curve: DecisionCurve, legendText: string, i: number): object {
  return {
    type: "scatter",
    x: curve.thresholds,
    y: curve.netBenefit,
    mode: curve.thresholds.length < 12 ? "lines+markers" : "lines",
    line: { color: groupColour(i), dash: groupDash(i), width: 2.2 },
    name: legendText,
    hovertemplate: `${escapeText(name)}<br>at %{x:.0%}: net benefit %{y:.3f}<extra></extra>`,
  };
}

function altText(
  drawn: SortedCurves<DecisionCurve>["drawn"],
  missing: SortedCurves<DecisionCurve>["missing"],
): string {
  const described = drawn.map(([name, { thresholds, netBenefit, treatAll, prevalence }]) => {
    const better = thresholds.filter((_, i) => netBenefit[i]! > Math.max(0, treatAll[i]!));
    const where =
      better.length > 0
        ? `better than acting on everyone and on no one at ${better.length} of ${thresholds.length} thresholds, from ${percent(better[0]!)} to ${percent(better.at(-1)!)}`
        : "nowhere better than acting on everyone or on no one";
    return `${name}: ${where}; ${percent(prevalence, 1)} positive`;
  });
  const undrawn = missing.map(([name, { reason }]) => `${name}: undefined because ${reason}`);
  return `Net benefit over threshold probability. ${[...described, ...undrawn].join(". ")}.`;
}
