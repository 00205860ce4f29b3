/** Kaplan-Meier curves with bands, censoring marks and the numbers at risk below. */
import { unknownName } from "../core/errors";
import { type KaplanMeier, survivalAt } from "../evaluate/kaplan-meier";
import type { LogRank } from "../evaluate/log-rank";
import { isUndefined, type Statistic } from "../evaluate/outcome";
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
import { axis, frame, groupColour, groupDash, INK, MUTED, pinned, withAlpha } from "./theme";
import { count, escapeText, percent, pValue, sentence, widestPx, wrap } from "./words";

/** The units in which time is shown, in days. */
const DAYS = { days: 1, months: 365.25 / 12, years: 365.25 } as const;
/** The unit of the time axis. */
export type TimeUnit = keyof typeof DAYS;

/** Options of `plot.kaplanMeier`. */
export interface KaplanMeierFigureOptions extends FigureOptions {
  /** The unit of the time axis, when the data are in days. Default `"days"`: times as they are. */
  readonly unit?: TimeUnit;
  /** What happens, for the axis: `"recurrence"`. Default `"event"`. */
  readonly event?: string;
  /** A log-rank test of the groups, printed in the axes. */
  readonly logRank?: LogRank;
  /** Draw the bands. Default: yes for up to four curves. */
  readonly bands?: boolean;
}

const PLOT_WIDTH = 540;
const PLOT_HEIGHT = 340;
const ROW_PX = 17;
const TABLE_PX = 11.5;
const NAME_MAX_PX = 150;
const MOST_BANDS = 4;
/** Ticks of the axis and its title stand above the table. */
const AXIS_PX = 56;

/**
 * Kaplan-Meier curves: steps, pointwise bands, a mark for each censored patient, and a table of the numbers at risk.
 *
 * @param curves  one result of `evaluate.kaplanMeier`, or several by name
 * @param options `title`, `subtitle`, `caveats`; `unit`, default `"days"`; `event`, default `"event"`; `logRank`;
 *                `bands` default: yes for up to four curves
 * @throws OsccError `InvalidArgument` when there is nothing to draw; `UnknownName` for another unit
 * @example
 * const figure = plot.kaplanMeier(
 *   { all: evaluate.kaplanMeier({ time: [158, 1076, 1204, 1547, 90], event: [1, 0, 0, 0, 1] }) },
 *   { unit: "years", event: "recurrence" },
 * );
 */
export function kaplanMeier(curves: Curves<KaplanMeier>, options: KaplanMeierFigureOptions = {}): Figure {
  const { unit = "days", event = "event" } = options;
  if (!(unit in DAYS)) throw unknownName("unit of time", unit, Object.keys(DAYS));
  const sorted = sortCurves(curves, isKaplanMeier, "evaluate.kaplanMeier({ time, event })");
  const { drawn } = sorted;
  const scale = DAYS[unit];
  const longest = Math.max(0, ...drawn.map(([, { steps }]) => steps.at(-1)!.time / scale)) || 1;
  const ticks = niceTicks(longest);
  const entries = drawn.map(([name, curve]) => legendEntry(name, linesOf(curve, scale, unit)));
  const names = drawn.map(([name]) => shorten(name));
  const bands = options.bands ?? drawn.length <= MOST_BANDS;
  const layout = frame(
    {
      title: options.title ?? `Kaplan-Meier${drawn.length === 1 ? `: ${drawn[0]![0]}` : ` by group`}`,
      subtitle: options.subtitle ?? describe(sorted, bands),
      sources: drawn.map(([, { provenance }]) => provenance),
      caveats: [...whyMissing(sorted), ...fewLeft(sorted, scale, unit), ...(options.caveats ?? [])],
    },
    {
      plotWidth: PLOT_WIDTH,
      plotHeight: Math.max(PLOT_HEIGHT, legendHeight(entries)),
      left: Math.max(64, widestPx(["At risk", ...names], TABLE_PX, true) + 40),
      right: legendWidth(entries),
      bottom: AXIS_PX + (drawn.length + 1) * ROW_PX + 8,
    },
  );
  return new Figure(
    {
      data: drawn.flatMap(([name, curve], i) => [
        ...(bands ? bandTrace(name, curve, scale, i) : []),
        curveTrace(name, curve, entries[i]!, scale, unit, i),
        ...censoredTrace(name, curve, scale, i),
      ]),
      layout: {
        ...layout,
        xaxis: axis(`Time (${unit})`, {
          range: [-0.012 * longest, longest * 1.012],
          tickmode: "array",
          tickvals: ticks,
          ticktext: ticks.map(count),
        }),
        yaxis: axis(`Without ${escapeText(event)}`, { range: [-0.01, 1.02], dtick: 0.2, tickformat: ".0%" }),
        showlegend: true,
        legend: legendBeside(escapeText(sentence(event)), PLOT_WIDTH),
        annotations: [
          ...layout.annotations,
          ...atRiskTable(drawn, names, ticks, scale),
          ...(options.logRank ? [testLabel(options.logRank)] : []),
        ],
      },
    },
    { alt: altText(sorted, event, options.logRank) },
  );
}

function isKaplanMeier(curves: Curves<KaplanMeier>): curves is KaplanMeier {
  return Array.isArray((curves as Partial<KaplanMeier>).steps);
}

function describe(sorted: SortedCurves<KaplanMeier>, bands: boolean): string {
  const level = shared(sorted, (curve) => curve.level);
  const total = sorted.drawn.reduce((sum, [, { n }]) => sum + n, 0);
  const events = sorted.drawn.reduce((sum, [, curve]) => sum + curve.events, 0);
  const band = bands && level !== undefined ? [`bands: pointwise ${percent(level)} CI (log-log)`] : [];
  return [`n = ${count(total)}, ${count(events)} events`, "ticks: censored", ...band].join(" · ");
}

/** With so few at risk, each patient moves the curve by a tenth or more. */
const FEW = 10;

/** From when on the curves say little. */
function fewLeft({ drawn }: SortedCurves<KaplanMeier>, scale: number, unit: TimeUnit): string[] {
  const from = drawn.flatMap(([name, { steps }]) => {
    const first = steps.find(({ atRisk }) => atRisk < FEW);
    return first ? [`${name} from ${timeText(first.time / scale)}`] : [];
  });
  return from.length > 0 ? [`Fewer than ${FEW} at risk: ${from.join(", ")} ${unit}.`] : [];
}

function linesOf({ n, events, median }: KaplanMeier, scale: number, unit: TimeUnit): string[] {
  const counts = `${count(events)} of ${count(n)}`;
  if (isUndefined(median.value)) return [counts, "median not reached"];
  const shown = (value: Statistic) => (isUndefined(value) ? undefined : timeText(value / scale));
  const [low, high] = [shown(median.low) ?? "0", shown(median.high)];
  const bounds = high === undefined ? `${low} or more` : `${low}–${high}`;
  return [counts, `median ${shown(median.value)} (${bounds}) ${unit}`];
}

/** Three figures are enough for a time. */
const timeText = (time: number) => (time >= 100 ? count(Math.round(time)) : time.toFixed(time >= 10 ? 1 : 2));

/** 0 and round numbers up to the longest time, about six. */
function niceTicks(longest: number): number[] {
  const rough = longest / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
  return Array.from({ length: Math.floor(longest / step + 1e-9) + 1 }, (_, i) =>
    Number((i * step).toPrecision(12)),
  );
}

function curveTrace(
  name: string,
  { steps }: KaplanMeier,
  legendText: string,
  scale: number,
  unit: TimeUnit,
  i: number,
): object {
  return {
    type: "scatter",
    x: [0, ...steps.map(({ time }) => time / scale)],
    y: [1, ...steps.map(({ survival }) => survival)],
    mode: "lines",
    line: { color: groupColour(i), dash: groupDash(i), width: 2.2, shape: "hv" },
    name: legendText,
    legendgroup: name,
    hovertemplate: `${escapeText(name)}<br>%{x:.2f} ${unit}: %{y:.1%}<extra></extra>`,
  };
}

/** Each bound stays level until the next time, as the curve does. */
function bandTrace(name: string, { steps }: KaplanMeier, scale: number, i: number): object[] {
  const x: number[] = [];
  const low: number[] = [];
  const high: number[] = [];
  steps.forEach((step, k) => {
    if (isUndefined(step.low) || isUndefined(step.high)) return;
    x.push(step.time / scale, (steps[k + 1] ?? step).time / scale);
    low.push(step.low, step.low);
    high.push(step.high, step.high);
  });
  if (x.length === 0) return [];
  return [
    {
      type: "scatter",
      x: [...x, ...x.slice().reverse()],
      y: [...high, ...low.slice().reverse()],
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

function censoredTrace(name: string, { steps }: KaplanMeier, scale: number, i: number): object[] {
  const censored = steps.filter((step) => step.censored > 0);
  if (censored.length === 0) return [];
  return [
    {
      type: "scatter",
      x: censored.map(({ time }) => time / scale),
      y: censored.map(({ survival }) => survival),
      mode: "markers",
      marker: { symbol: "line-ns-open", size: 6, color: groupColour(i), line: { width: 1 }, opacity: 0.7 },
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: name,
    },
  ];
}

function atRiskTable(
  drawn: SortedCurves<KaplanMeier>["drawn"],
  names: readonly string[],
  ticks: readonly number[],
  scale: number,
): object[] {
  const at = (row: number) => -AXIS_PX - row * ROW_PX;
  const font = (i: number) => ({ size: TABLE_PX, color: groupColour(i) });
  return [
    { ...rowName("<b>At risk</b>", at(0)), font: { size: TABLE_PX, color: INK } },
    ...drawn.flatMap(([, curve], i) => [
      { ...rowName(escapeText(names[i]!), at(i + 1)), font: font(i) },
      ...ticks.map((tick) => ({
        ...pinned("center", "middle"),
        xref: "x",
        x: tick,
        y: 0,
        yshift: at(i + 1),
        text: count(survivalAt(curve, tick * scale).atRisk),
        font: font(i),
      })),
    ]),
  ];
}

function rowName(text: string, yshift: number): object {
  return { ...pinned("right", "middle"), x: 0, y: 0, xshift: -22, yshift, text };
}

/** The first line of a long name; the legend has all of it. */
function shorten(name: string): string {
  const [first = "", ...rest] = wrap(name, NAME_MAX_PX, TABLE_PX);
  return rest.length > 0 ? `${first} …` : first;
}

function testLabel({ pValue: p, statistic, degreesOfFreedom }: LogRank): object {
  const text =
    isUndefined(p) || isUndefined(statistic)
      ? "log-rank: undefined"
      : `log-rank ${pValue(p)} (χ² = ${statistic.toFixed(1)}, ${degreesOfFreedom} df)`;
  return { ...pinned("left", "bottom"), x: 0.02, y: 0.03, text, font: { size: 12, color: MUTED } };
}

function altText(
  { drawn, missing }: SortedCurves<KaplanMeier>,
  event: string,
  test: LogRank | undefined,
): string {
  const described = drawn.map(([name, { n, events, steps }]) => {
    const last = steps.at(-1)!;
    return `${name}: ${events} of ${n} patients had the ${event}, ${percent(last.survival, 1)} without it at the end`;
  });
  const undrawn = missing.map(([name, { reason }]) => `${name}: undefined because ${reason}`);
  const tested = test && !isUndefined(test.pValue) ? [`Log-rank p-value ${test.pValue.toPrecision(2)}`] : [];
  return `Share without ${event} over time. ${[...described, ...undrawn, ...tested].join(". ")}.`;
}
