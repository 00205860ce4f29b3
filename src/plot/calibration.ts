/** Reliability curves: what was predicted against what came true, and how often each probability was given. */
import type { Calibration } from "../evaluate/calibration";
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
import { axis, FAINT, frame, groupColour, groupDash, withAlpha } from "./theme";
import { count, escapeText, percent } from "./words";

const PLOT_PX = 400;
const HISTOGRAM_PX = 90;
const GAP_PX = 16;
const HISTOGRAM_BINS = 25;

/**
 * Reliability curves with Wilson intervals of the bins, the diagonal of perfect calibration, and below them how the
 * probabilities are distributed.
 *
 * @param curves  one result of `evaluate.calibration`, or several by name; a name may also stand for an undefined one
 * @param options `title`, `subtitle`, `caveats`
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.calibration({ gated: evaluate.calibration(gated), concat: evaluate.calibration(concat) });
 */
export function calibration(curves: Curves<Calibration>, options: FigureOptions = {}): Figure {
  const sorted = sortCurves(curves, isCalibration, "evaluate.calibration(predictions)");
  const { drawn, missing } = sorted;
  const n = shared(sorted, (curve) => curve.n);
  const entries = drawn.map(([name, curve]) =>
    legendEntry(name, [
      `ECE ${curve.expectedError.toFixed(3)}, Brier ${curve.brier.toFixed(3)}`,
      ...(n === undefined ? [`n = ${count(curve.n)}`] : []),
    ]),
  );
  const curveHeight = Math.max(PLOT_PX, legendHeight(entries));
  const plotHeight = curveHeight + GAP_PX + HISTOGRAM_PX;
  const layout = frame(
    {
      title: options.title ?? `Calibration${drawn.length === 1 ? `: ${drawn[0]![0]}` : ""}`,
      subtitle: options.subtitle ?? describe(sorted, n),
      sources: drawn.map(([, { provenance }]) => provenance),
      caveats: [
        ...whyMissing(sorted),
        "ECE: mean distance between predicted and observed share, weighted by patients; it depends on the bins.",
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: PLOT_PX, plotHeight, right: legendWidth(entries) },
  );
  const probability = { range: [-0.02, 1.02], dtick: 0.2 };
  return new Figure(
    {
      data: [
        perfect(),
        ...drawn.map(([name, curve], i) => curveTrace(name, curve, entries[i]!, i)),
        ...drawn.map(([name, curve], i) => histogramTrace(name, curve, i, drawn.length > 1)),
      ],
      layout: {
        ...layout,
        xaxis: axis("Predicted probability", { ...probability, anchor: "y2" }),
        yaxis: axis("Share that came true", {
          ...probability,
          domain: [(HISTOGRAM_PX + GAP_PX) / plotHeight, 1],
        }),
        yaxis2: axis("Patients", { domain: [0, HISTOGRAM_PX / plotHeight], rangemode: "tozero", nticks: 4 }),
        showlegend: true,
        legend: legendBeside("", PLOT_PX),
      },
    },
    { alt: altText(drawn, missing) },
  );
}

function isCalibration(curves: Curves<Calibration>): curves is Calibration {
  return Array.isArray((curves as Partial<Calibration>).bins);
}

function describe(sorted: SortedCurves<Calibration>, n: number | undefined): string {
  const method = shared(sorted, (curve) => curve.method);
  const level = shared(sorted, ({ bins }) => bins[0]?.observed.level);
  return [
    ...(n === undefined ? [] : [`n = ${count(n)}`]),
    ...(method ? [method] : []),
    ...(level === undefined ? [] : [`bars: ${percent(level)} CI of each bin`]),
  ].join(" · ");
}

function perfect(): object {
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

function curveTrace(name: string, { bins }: Calibration, legendText: string, i: number): object {
  return {
    type: "scatter",
    x: bins.map(({ predicted }) => predicted),
    y: bins.map(({ observed }) => observed.value),
    error_y: {
      type: "data",
      symmetric: false,
      array: bins.map(({ observed }) => observed.high - observed.value),
      arrayminus: bins.map(({ observed }) => observed.value - observed.low),
      color: withAlpha(groupColour(i), 0.55),
      thickness: 1.2,
      width: 3,
    },
    mode: "lines+markers",
    line: { color: groupColour(i), dash: groupDash(i), width: 2 },
    marker: { color: groupColour(i), size: 7 },
    name: legendText,
    legendgroup: name,
    customdata: bins.map(({ n }) => n),
    hovertemplate: `${escapeText(name)}<br>predicted %{x:.3f}<br>came true %{y:.3f}<br>%{customdata} patients<extra></extra>`,
  };
}

/** One set of bars for one curve; outlines for several, which would hide each other. */
function histogramTrace(name: string, { probabilities }: Calibration, i: number, several: boolean): object {
  const counts = new Array<number>(HISTOGRAM_BINS).fill(0);
  for (const p of probabilities) counts[Math.min(HISTOGRAM_BINS - 1, Math.floor(p * HISTOGRAM_BINS))]!++;
  const edges = Array.from({ length: HISTOGRAM_BINS + 1 }, (_, b) => b / HISTOGRAM_BINS);
  return {
    type: "scatter",
    x: [0, ...edges, 1],
    y: [0, ...counts, counts.at(-1)!, 0],
    mode: "lines",
    line: { color: groupColour(i), dash: groupDash(i), width: several ? 1.5 : 1, shape: "hv" },
    ...(several ? {} : { fill: "tozeroy", fillcolor: withAlpha(groupColour(i), 0.3) }),
    yaxis: "y2",
    legendgroup: name,
    showlegend: false,
    hoverinfo: "skip",
  };
}

function altText(
  drawn: SortedCurves<Calibration>["drawn"],
  missing: SortedCurves<Calibration>["missing"],
): string {
  const described = drawn.map(
    ([name, { expectedError, brier, n }]) =>
      `${name}: expected calibration error ${expectedError.toFixed(3)}, Brier score ${brier.toFixed(3)}, ${n} patients`,
  );
  const undrawn = missing.map(([name, { reason }]) => `${name}: undefined because ${reason}`);
  return `Predicted probability against the share that came true. ${[...described, ...undrawn].join(". ")}.`;
}
