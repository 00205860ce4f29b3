/** Which image mattered: Shapley values of a patient's images, or over a cohort, as bars. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { type ContributionResult, type ContributionSummary, SCORES } from "../explain";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, FAINT, frame, groupColour, INK, pinned } from "./theme";
import { escapeText, interval, magnificationLabel, percent, signed, widestPx, widthPx } from "./words";

const ROW_PX = 27;
const HEADING_ROWS = 1;
const GROUP_GAP_ROWS = 0.4;
const PLOT_WIDTH = 400;
const LABEL_PX = 12.5;
/** Speaks for the class, and against it: blue and orange are told apart by everyone. */
const FOR = groupColour(0);
const AGAINST = groupColour(1);

/** One bar. */
interface Bar {
  readonly group: string;
  readonly label: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** At the right. */
  readonly numbers: string;
}

/** What a figure of bars says beside them. */
interface BarsTelling {
  readonly title: string;
  readonly subtitle: string;
  readonly axisTitle: string;
  readonly numbersTitle: string;
  readonly caveats: readonly string[];
  readonly alt: string;
  readonly provenance: Provenance;
}

/**
 * The contributions of a patient's images to a score, or of views, sites and magnifications over a cohort.
 *
 * Of a patient: bars to the right speak for the class, bars to the left against it; they sum to the distance between
 * the score with all images and with none. Over a cohort: how much a group of images moves the score, either way.
 *
 * @param result  of `explain.contributions` or `explain.summariseContributions`
 * @throws InvalidArgument  for a result without images
 * @example
 * plot.contributions(await explain.contributions(run, patient, { task: "TD" }));
 */
export function contributions(
  result: ContributionResult<unknown> | ContributionSummary,
  options: FigureOptions = {},
): Figure {
  return "views" in result ? ofCohort(result, options) : ofPatient(result, options);
}

function ofPatient(result: ContributionResult<unknown>, options: FigureOptions): Figure {
  const { images, all, none, className, task, patient, probability, baseline } = result;
  if (images.length === 0) throw invalidArgument("result", "without images", "one image or more");
  const hasAttention = images.some(({ attention }) => attention !== undefined);
  const bars = images.map(({ view, value, attention }): Bar => {
    const share = attention === undefined ? "" : ` · ${percent(attention)}`;
    return {
      group: "",
      label: viewName(`${view.site} ${view.magnification}`),
      value,
      numbers: `${signed(value, 2)}${hasAttention ? share : ""}`,
    };
  });
  return barFigure(bars, {
    title: options.title ?? `Which image speaks for “${className}”? Patient ${patient}`,
    subtitle:
      options.subtitle ??
      `task ${task} · probability ${probability.toFixed(3)} · ${scoreTitle(result)} ${signed(none, 2)} with no image, ${signed(all, 2)} with all`,
    axisTitle: `Contribution to the ${scoreTitle(result)} (Shapley value)`,
    numbersTitle: hasAttention ? "Value · attention" : "Value",
    caveats: [
      `A missing image is replaced by ${baseline}. Exact, over all ${2 ** images.length} subsets of the images.`,
      ...result.notes,
      ...(options.caveats ?? []),
    ],
    alt: `Bars of Shapley values for class ${className} of task ${task}. ${inWords(bars)}.`,
    provenance: result.provenance,
  });
}

function ofCohort(summary: ContributionSummary, options: FigureOptions): Figure {
  const { task, className, patients, baseline } = summary;
  const groups = [
    ["By image", summary.views],
    ["By site", summary.sites],
    ["By magnification", summary.magnifications],
  ] as const;
  const bars = groups
    .filter(([, members], i) => i === 0 || members.length > 1)
    .flatMap(([group, members]) =>
      members.map(({ name, size }): Bar => {
        const { value, low, high } = size;
        return {
          group,
          label: viewName(name),
          value,
          low,
          high,
          numbers: interval(value, low, high, 2),
        };
      }),
    );
  const [{ size }] = summary.views as [(typeof summary.views)[number]];
  const explained = className === undefined ? "the predicted class" : `“${className}”`;
  return barFigure(bars, {
    title: options.title ?? `Which images move the ${scoreTitle(summary)} of ${task}?`,
    subtitle: options.subtitle ?? `class explained: ${explained} · ${patients} patients`,
    axisTitle: `Mean size of the contribution (Shapley), with ${percent(size.level)} interval`,
    numbersTitle: "Mean size",
    caveats: [
      ...differencesInWords(summary),
      `A missing image is replaced by ${baseline}. Contributions of a group’s images are added up before their size is taken.`,
      `Intervals: ${percent(size.level)}, ${size.method}.`,
      ...(options.caveats ?? []),
    ],
    alt: `Bars of the mean size of Shapley values for task ${task}. ${inWords(bars)}.`,
    provenance: summary.provenance,
  });
}

function barFigure(bars: readonly Bar[], telling: BarsTelling): Figure {
  const { rows, headings, last } = placed(bars);
  const numbers = bars.map((bar) => bar.numbers);
  const left =
    Math.max(
      widestPx(
        bars.map(({ label }) => label),
        LABEL_PX,
      ) + (headings.length > 0 ? 12 : 0),
      widestPx(
        headings.map(({ group }) => group),
        LABEL_PX,
        true,
      ),
    ) + 34;
  const right = Math.max(widestPx(numbers, LABEL_PX), widthPx(telling.numbersTitle, LABEL_PX, true)) + 36;
  const layout = frame(
    {
      title: escapeText(telling.title),
      subtitle: escapeText(telling.subtitle),
      sources: [telling.provenance],
      caveats: telling.caveats.map(escapeText),
    },
    { plotWidth: PLOT_WIDTH, plotHeight: (last + 1) * ROW_PX, left, right, top: 26 },
  );
  return new Figure(
    {
      data: [barTrace(rows)],
      layout: {
        ...layout,
        xaxis: axis(telling.axisTitle, { range: rangeOf(bars), zeroline: false }),
        yaxis: axis("", {
          range: [last + 0.6, -0.6],
          showticklabels: false,
          ticks: "",
          showline: false,
          showgrid: false,
          fixedrange: true,
        }),
        bargap: 0.38,
        showlegend: false,
        shapes: [zeroLine(last)],
        annotations: [
          ...layout.annotations,
          ...headings.map(({ group, y }) => label(`<b>${group}</b>`, y, 18 - left)),
          ...rows.map(({ bar, y }) =>
            label(escapeText(bar.label), y, 18 - left + (headings.length > 0 ? 12 : 0)),
          ),
          ...rows.map(({ bar, y }) => ({ ...label(bar.numbers, y, 14), x: 1 })),
          {
            ...pinned("left", "bottom"),
            x: 1,
            y: 1,
            xshift: 14,
            yshift: 2,
            text: `<b>${telling.numbersTitle}</b>`,
            font: { size: 12, color: INK },
          },
        ],
      },
    },
    { alt: telling.alt },
  );
}

interface PlacedBar {
  readonly bar: Bar;
  readonly y: number;
}

/** Rows from the top; groups under headings, where there is more than one. */
function placed(bars: readonly Bar[]) {
  const groups = [...new Set(bars.map(({ group }) => group))];
  const rows: PlacedBar[] = [];
  const headings: { group: string; y: number }[] = [];
  let y = 0;
  for (const group of groups) {
    if (groups.length > 1) {
      headings.push({ group, y });
      y += HEADING_ROWS;
    }
    for (const bar of bars) if (bar.group === group) rows.push({ bar, y: y++ });
    y += GROUP_GAP_ROWS;
  }
  return { rows, headings, last: rows[rows.length - 1]!.y };
}

function barTrace(rows: readonly PlacedBar[]): object {
  const whiskers = rows.every(({ bar }) => bar.low !== undefined && bar.high !== undefined);
  return {
    type: "bar",
    orientation: "h",
    x: rows.map(({ bar }) => bar.value),
    y: rows.map(({ y }) => y),
    width: 0.62,
    marker: { color: rows.map(({ bar }) => (bar.value < 0 ? AGAINST : FOR)) },
    ...(whiskers
      ? {
          error_x: {
            type: "data",
            symmetric: false,
            array: rows.map(({ bar }) => bar.high! - bar.value),
            arrayminus: rows.map(({ bar }) => bar.value - bar.low!),
            thickness: 1.6,
            width: 4,
            color: INK,
          },
        }
      : {}),
    customdata: rows.map(({ bar }) => [escapeText(bar.label), bar.numbers]),
    hovertemplate: "%{customdata[0]}: %{customdata[1]}<extra></extra>",
  };
}

function label(text: string, y: number, xshift: number): object {
  return {
    ...pinned("left", "middle"),
    yref: "y",
    x: 0,
    y,
    xshift,
    text,
    font: { size: LABEL_PX, color: INK },
  };
}

function zeroLine(last: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "y",
    x0: 0,
    x1: 0,
    y0: -0.6,
    y1: last + 0.6,
    line: { color: FAINT, width: 1.2 },
  };
}

function rangeOf(bars: readonly Bar[]): [number, number] {
  const ends = bars.flatMap(({ value, low = value, high = value }) => [low, high]);
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  const air = Math.max((high - low) * 0.06, 1e-6);
  return [low < 0 ? low - air : 0, high > 0 ? high + air : air];
}

/** "edge less core: −0.12 (−0.30 to 0.05)": whether one matters more, and whether the data can tell. */
function differencesInWords({ siteDifferences, magnificationDifferences }: ContributionSummary): string[] {
  return [...siteDifferences, ...magnificationDifferences].map(({ between: [a, b], size }) => {
    const apart = size.low > 0 || size.high < 0;
    const verdict = apart
      ? `${size.value > 0 ? viewName(a) : viewName(b)} matters more`
      : "the data cannot tell them apart";
    return `${viewName(a)} less ${viewName(b)}: ${interval(size.value, size.low, size.high, 2)}; ${verdict}.`;
  });
}

function viewName(name: string): string {
  return name.split(" ").map(magnificationLabel).join(" ");
}

function scoreTitle({ score }: Pick<ContributionSummary, "score">): string {
  return score === "custom" ? "score" : SCORES[score].title;
}

function inWords(bars: readonly Bar[]): string {
  return bars.map(({ label: name, numbers }) => `${name}: ${numbers}`).join("; ");
}
