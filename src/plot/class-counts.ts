/** How many patients there are of each class, by task and split. */

import type { ClassCount } from "../cohort/tables";
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, axisSuffix, frame, INK, inkOn, MUTED, orderedColour, PAPER, pinned, TICK_PX } from "./theme";
import { count, escapeText, percent, sentence, widthPx } from "./words";

/** What can be counted: a cohort. Its notice is shown. */
export interface Countable {
  readonly provenance: Provenance;
  classCounts(): readonly ClassCount[];
}

/** Options of `plot.classCounts`. */
export interface ClassCountsFigureOptions extends FigureOptions {
  /** Where bare rows come from; its notice is shown. */
  readonly provenance?: Provenance;
}

const BARS = {
  train: "train",
  valid: "validation",
  test: "test",
  noSplit: "no split",
  total: "all",
} as const;
/** The patients that one bar stands for. */
type Bar = keyof typeof BARS;

const PANEL_WIDTH = 250;
const BAR_PX = 25;
const BAR_GAP_PX = 7;
/** Above each panel: the task and its classes. */
const TASK_LINE_PX = 24;
const KEY_LINE_PX = 18;
const COLUMN_GAP = 104;
const ROW_GAP = 26;
const COUNT_PX = 11.5;
const KEY_PX = 11.5;
const SWATCH_PX = 10;

/**
 * One panel per task: a bar per split, divided into the shares of the classes, with the counts written in.
 *
 * @param counts  a cohort, or its rows as `cohort.classCounts()` gives them
 * @param options `provenance`: where bare rows come from; a cohort's notice is shown without it
 * @throws OsccError `InvalidArgument` when there is nothing to count
 * @example
 * const figure = plot.classCounts(cohort);
 */
export function classCounts(
  counts: Countable | readonly ClassCount[],
  options: ClassCountsFigureOptions = {},
): Figure {
  const rows = "classCounts" in counts ? counts.classCounts() : counts;
  const provenance = "classCounts" in counts ? counts.provenance : options.provenance;
  if (rows.length === 0)
    throw invalidArgument(
      "counts",
      "no class",
      "a cohort, or class counts as cohort.classCounts() gives them",
    );
  const panels = tasksOf(rows);
  const splits = splitsOf(rows);
  const columns = Math.min(panels.length, panels.length <= 4 ? 2 : 3);
  const gridRows = Math.ceil(panels.length / columns);
  const panelHeight = splits.length * (BAR_PX + BAR_GAP_PX) + BAR_GAP_PX;
  const keyLines = Math.max(...panels.map(({ classes }) => placeKey(classes).at(-1)!.line + 1));
  const headingHeight = TASK_LINE_PX + keyLines * KEY_LINE_PX;
  const rowGap = headingHeight + ROW_GAP;
  const plotWidth = columns * PANEL_WIDTH + (columns - 1) * COLUMN_GAP;
  const plotHeight = gridRows * panelHeight + (gridRows - 1) * rowGap;
  const patients = Math.max(...panels.map(({ classes }) => sum(classes.map(({ total }) => total))));
  const layout = frame(
    {
      title: options.title ?? "Patients by class",
      subtitle:
        options.subtitle ??
        `n = ${count(patients)} patients; bars show shares${splits[0] === "total" ? "" : " of each split"}, numbers are patients`,
      sources: [provenance],
      caveats: options.caveats ?? [],
    },
    { plotWidth, plotHeight, left: 96, right: 44, top: headingHeight + 10, bottom: 44 },
  );
  const size = { plotWidth, plotHeight, panelHeight, rowGap, headingHeight, columns, panels: panels.length };
  const placed = panels.map((panel, i) => placePanel(panel, splits, i, size));
  return new Figure(
    {
      data: placed.flatMap(({ traces }) => traces),
      layout: {
        ...layout,
        ...Object.assign({}, ...placed.map(({ axes }) => axes)),
        barmode: "stack",
        bargap: BAR_GAP_PX / (BAR_PX + BAR_GAP_PX),
        showlegend: false,
        shapes: placed.flatMap(({ shapes }) => shapes),
        annotations: [...layout.annotations, ...placed.flatMap(({ annotations }) => annotations)],
      },
    },
    { alt: altText(panels, splits) },
  );
}

interface TaskPanel {
  readonly title: string;
  readonly classes: readonly ClassCount[];
}

function tasksOf(rows: readonly ClassCount[]): TaskPanel[] {
  return [...new Set(rows.map(({ task }) => task))].map((task) => {
    const classes = rows.filter((row) => row.task === task).sort((a, b) => a.label - b.label);
    return { title: classes[0]!.title, classes };
  });
}

/** The splits that hold a patient, or one bar for everybody when there is no split. */
function splitsOf(rows: readonly ClassCount[]): readonly Bar[] {
  const inSplit = (["train", "valid", "test"] as const).filter((split) => rows.some((row) => row[split] > 0));
  if (inSplit.length === 0) return ["total"];
  return rows.some(({ noSplit }) => noSplit > 0) ? [...inSplit, "noSplit"] : inSplit;
}

interface GridSize {
  readonly plotWidth: number;
  readonly plotHeight: number;
  readonly panelHeight: number;
  readonly rowGap: number;
  readonly headingHeight: number;
  readonly columns: number;
  readonly panels: number;
}

function placePanel(
  { title, classes }: TaskPanel,
  splits: readonly Bar[],
  i: number,
  { plotWidth, plotHeight, panelHeight, rowGap, headingHeight, columns, panels }: GridSize,
) {
  const left = (i % columns) * (PANEL_WIDTH + COLUMN_GAP);
  const top = Math.floor(i / columns) * (panelHeight + rowGap);
  const suffix = axisSuffix(i);
  const hasNoneBelow = i + columns >= panels;
  const totals = splits.map((split) => sum(classes.map((row) => row[split])));
  const axes = {
    [`xaxis${suffix}`]: axis(hasNoneBelow ? "Share of patients" : "", {
      domain: [left / plotWidth, (left + PANEL_WIDTH) / plotWidth],
      anchor: `y${suffix}`,
      range: [0, 1],
      tickformat: ".0%",
      tickvals: [0, 0.5, 1],
      showticklabels: hasNoneBelow,
      showgrid: false,
      showline: false,
      ticks: "",
      fixedrange: true,
    }),
    [`yaxis${suffix}`]: axis("", {
      domain: [1 - (top + panelHeight) / plotHeight, 1 - top / plotHeight],
      anchor: `x${suffix}`,
      autorange: "reversed",
      showgrid: false,
      showline: false,
      ticks: "",
      tickmode: "array",
      tickvals: splits.map((_, j) => j),
      ticktext: splits.map(
        (split, j) => `${BARS[split]}<br><span style="color:${MUTED}">n = ${count(totals[j]!)}</span>`,
      ),
      tickfont: { size: TICK_PX, color: INK },
      ticklabelstandoff: 4,
      fixedrange: true,
    }),
  };
  const traces = classes.map((row, k) => classTrace(row, k, classes.length, splits, totals, suffix));
  const corner = { x: left / plotWidth, y: 1 - top / plotHeight };
  const annotations = [
    taskHeading(title, corner, headingHeight),
    ...keyLabels(classes, corner, headingHeight),
    ...splits.flatMap((split, j) => unfitCounts(classes, split, totals[j]!, j, suffix)),
  ];
  return { axes, traces, annotations, shapes: keySwatches(classes, corner, headingHeight) };
}

function classTrace(
  row: ClassCount,
  k: number,
  classes: number,
  splits: readonly Bar[],
  totals: readonly number[],
  suffix: string,
): object {
  const colour = orderedColour(k, classes);
  const shares = splits.map((split, j) => (totals[j]! > 0 ? row[split] / totals[j]! : 0));
  return {
    type: "bar",
    orientation: "h",
    x: shares,
    y: splits.map((_, j) => j),
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    name: escapeText(row.className),
    marker: { color: colour, line: { color: PAPER, width: 1 } },
    text: splits.map((split, j) => (fits(row[split], shares[j]!) ? count(row[split]) : "")),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    constraintext: "none",
    textfont: { size: COUNT_PX, color: inkOn(colour) },
    customdata: splits.map((split) => row[split]),
    hovertemplate: `${escapeText(row.className)}: %{customdata} patients (%{x:.1%})<extra></extra>`,
  };
}

/** Whether a count can be written inside its part of the bar. */
function fits(n: number, share: number): boolean {
  return n > 0 && widthPx(count(n), COUNT_PX) + 5 <= share * PANEL_WIDTH;
}

/** Counts that do not fit stand at the end of the bar, in the order of the classes. */
function unfitCounts(
  classes: readonly ClassCount[],
  split: Bar,
  total: number,
  j: number,
  suffix: string,
): object[] {
  const words = classes
    .filter((row) => total > 0 && !fits(row[split], row[split] / total))
    .map((row) => count(row[split]));
  if (words.length === 0) return [];
  return [
    {
      xref: `x${suffix}`,
      yref: `y${suffix}`,
      x: 1,
      y: j,
      xshift: 4,
      xanchor: "left",
      yanchor: "middle",
      showarrow: false,
      text: words.join(", "),
      font: { size: COUNT_PX, color: INK },
    },
  ];
}

/** The upper left corner of a panel, in shares of the drawing. */
interface Corner {
  readonly x: number;
  readonly y: number;
}

function taskHeading(title: string, { x, y }: Corner, headingHeight: number): object {
  return {
    ...pinned("left", "top"),
    x,
    y,
    yshift: headingHeight,
    text: `<b>${escapeText(sentence(title))}</b>`,
    font: { size: 13, color: INK },
  };
}

/** Where each class stands in a panel's key: pixels from the left, and the line. */
function placeKey(classes: readonly ClassCount[]): { readonly left: number; readonly line: number }[] {
  let left = 0;
  let line = 0;
  return classes.map(({ className }) => {
    const width = SWATCH_PX + 5 + widthPx(className, KEY_PX);
    if (left > 0 && left + width > PANEL_WIDTH + COLUMN_GAP / 2) {
      left = 0;
      line++;
    }
    const place = { left, line };
    left += width + 16;
    return place;
  });
}

const keyLineTop = (headingHeight: number, line: number) => headingHeight - TASK_LINE_PX - line * KEY_LINE_PX;

function keyLabels(classes: readonly ClassCount[], { x, y }: Corner, headingHeight: number): object[] {
  const places = placeKey(classes);
  return classes.map(({ className }, k) => ({
    ...pinned("left", "top"),
    x,
    y,
    xshift: places[k]!.left + SWATCH_PX + 5,
    yshift: keyLineTop(headingHeight, places[k]!.line),
    text: escapeText(className),
    font: { size: KEY_PX, color: INK },
  }));
}

function keySwatches(classes: readonly ClassCount[], { x, y }: Corner, headingHeight: number): object[] {
  const places = placeKey(classes);
  return classes.map((_, k) => {
    const { left, line } = places[k]!;
    const top = keyLineTop(headingHeight, line) - 3;
    return {
      type: "rect",
      xref: "paper",
      yref: "paper",
      xsizemode: "pixel",
      ysizemode: "pixel",
      xanchor: x,
      yanchor: y,
      x0: left,
      x1: left + SWATCH_PX,
      y0: top - SWATCH_PX,
      y1: top,
      fillcolor: orderedColour(k, classes.length),
      line: { width: 0 },
    };
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function altText(panels: readonly TaskPanel[], splits: readonly Bar[]): string {
  const described = panels.map(({ title, classes }) => {
    const all = sum(classes.map(({ total }) => total));
    const shares = classes.map(
      ({ className, total }) => `${className} ${total} (${percent(all > 0 ? total / all : 0, 1)})`,
    );
    return `${title}: ${shares.join(", ")}`;
  });
  return `Patients by class and split (${splits.join(", ")}). ${described.join(". ")}.`;
}
