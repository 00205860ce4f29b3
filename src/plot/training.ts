/** The course of a training run: loss above, AUC below, one line at the best epoch. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { EpochRecord } from "../train/history";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { type RunPatients, runPatients } from "./run-patients";
import { AXIS_LINE, axis, frame, groupColour, groupDash, INK, MUTED, pinned } from "./theme";
import { count, escapeText, widestPx } from "./words";

/** What the figure needs of each epoch. */
export type EpochOfTraining = Pick<EpochRecord, "epoch" | "trainLoss" | "validLoss" | "validAuc">;

/** A run: anything that has a history. */
export interface TrainingCourse extends RunPatients {
  readonly history: readonly EpochOfTraining[];
  /** The epoch whose parameters were kept. */
  readonly best?: { readonly epoch: number } | undefined;
  readonly provenance?: Provenance | undefined;
}

/** Options of `plot.training`. */
export interface TrainingFigureOptions extends FigureOptions {
  /** The epoch whose weights were kept. Default: what the run says, else highest mean validation AUC, else lowest validation loss. */
  readonly bestEpoch?: number;
  /** Name of the loss for the axis. Default `"Loss"`. */
  readonly lossName?: string;
  /** Where the data come from, when only the history is passed. */
  readonly provenance?: Provenance;
}

const PLOT_WIDTH = 560;
const PANEL_HEIGHT = 200;
const PANEL_GAP = 34;
/** With so few epochs each one gets a marker. */
const MARKED_EPOCHS = 30;

/**
 * Loss and validation AUC by epoch, on two axes over one another, with the best epoch marked.
 *
 * @param run     a run, or only its history: one record per epoch
 * @param options `bestEpoch` default: what the run says, else highest mean validation AUC, else lowest validation loss; `lossName`
 * @throws OsccError `InvalidArgument` for an empty history
 * @example
 * const figure = plot.training(run);
 */
export function training(
  run: TrainingCourse | readonly EpochOfTraining[],
  options: TrainingFigureOptions = {},
): Figure {
  const course: TrainingCourse = "history" in run ? run : { history: run };
  const { history } = course;
  if (history.length === 0)
    throw invalidArgument(
      "history",
      "no epoch",
      "one epoch or more",
      "Train first: run = await fit(cohort).",
    );

  const tasks = [...new Set(history.flatMap(({ validAuc = {} }) => Object.keys(validAuc)))];
  const shownTasks = tasks.filter((task) => history.some(({ validAuc }) => validAuc?.[task] !== undefined));
  const best = options.bestEpoch ?? keptEpoch(course) ?? bestEpoch(history);
  const lossNames = lossSeries(history).map(({ name }) => name);
  const legendWidth = widestPx([...lossNames, ...shownTasks], 12) + 66;
  const hasAuc = shownTasks.length > 0;
  const plotHeight = hasAuc ? 2 * PANEL_HEIGHT + PANEL_GAP : PANEL_HEIGHT + 80;
  const layout = frame(
    {
      title: options.title ?? "Training",
      subtitle: options.subtitle ?? [describe(history, best), ...runPatients(course)].join(" · "),
      sources: [course.provenance, options.provenance],
      caveats: options.caveats ?? [],
    },
    { plotWidth: PLOT_WIDTH, plotHeight, right: Math.max(legendWidth, 110), top: 26 },
  );

  const mode = history.length <= MARKED_EPOCHS ? "lines+markers" : "lines";
  const lossDomain = hasAuc ? [(PANEL_HEIGHT + PANEL_GAP) / plotHeight, 1] : [0, 1];
  const aucDomain = [0, PANEL_HEIGHT / plotHeight];
  const epochs = axis("Epoch", { anchor: hasAuc ? "y2" : "y", showgrid: false, ...epochRange(history) });
  return new Figure(
    {
      data: [...lossTraces(history, mode), ...aucTraces(history, shownTasks, mode)],
      layout: {
        ...layout,
        xaxis: epochs,
        yaxis: axis(options.lossName ?? "Loss", { domain: lossDomain, rangemode: "tozero" }),
        ...(hasAuc ? { yaxis2: axis("Validation AUC", { domain: aucDomain, ...aucRange(history) }) } : {}),
        showlegend: true,
        legend: legendAt(1),
        ...(hasAuc ? { legend2: legendAt(aucDomain[1]!) } : {}),
        shapes: [...(hasAuc ? [chanceLine(history)] : []), ...(best === undefined ? [] : [bestLine(best)])],
        annotations: [...layout.annotations, ...(best === undefined ? [] : [bestLabel(best)])],
      },
    },
    { alt: altText(history, shownTasks, best) },
  );
}

/** What a run kept; without validation it kept the last epoch, which is no choice worth a mark. */
function keptEpoch({ best, history }: TrainingCourse): number | undefined {
  const validated = history.some(
    ({ validLoss, validAuc }) => validLoss !== undefined || validAuc !== undefined,
  );
  return validated ? best?.epoch : undefined;
}

/** Highest mean validation AUC, else lowest validation loss; none when neither was measured. */
function bestEpoch(history: readonly EpochOfTraining[]): number | undefined {
  const byAuc = highest(history, meanAuc);
  return byAuc ?? highest(history, ({ validLoss }) => (validLoss === undefined ? undefined : -validLoss));
}

function highest(
  history: readonly EpochOfTraining[],
  score: (record: EpochOfTraining) => number | undefined,
): number | undefined {
  let best: { epoch: number; value: number } | undefined;
  for (const record of history) {
    const value = score(record);
    if (value !== undefined && (best === undefined || value > best.value))
      best = { epoch: record.epoch, value };
  }
  return best?.epoch;
}

function meanAuc({ validAuc = {} }: EpochOfTraining): number | undefined {
  const known = Object.values(validAuc).filter((auc): auc is number => auc !== undefined);
  return known.length > 0 ? known.reduce((sum, auc) => sum + auc, 0) / known.length : undefined;
}

function describe(history: readonly EpochOfTraining[], best: number | undefined): string {
  const record = history.find(({ epoch }) => epoch === best);
  const auc = record && meanAuc(record);
  const tasks = Object.keys(record?.validAuc ?? {}).length;
  const reached = [
    ...(auc === undefined
      ? []
      : [`${tasks > 1 ? "mean validation AUC" : "validation AUC"} ${auc.toFixed(3)}`]),
    ...(record?.validLoss === undefined ? [] : [`validation loss ${record.validLoss.toFixed(3)}`]),
  ];
  const span = `${count(history.length)} ${history.length === 1 ? "epoch" : "epochs"}`;
  return reached.length > 0 ? `${span} · at epoch ${best}: ${reached.join(", ")}` : span;
}

interface Series {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

function lossSeries(history: readonly EpochOfTraining[]): Series[] {
  const all: Series[] = [
    { name: "training loss", values: history.map(({ trainLoss }) => trainLoss) },
    { name: "validation loss", values: history.map(({ validLoss }) => validLoss) },
  ];
  return all.filter(({ values }) => values.some((value) => value !== undefined));
}

function lossTraces(history: readonly EpochOfTraining[], mode: string): object[] {
  const colours = [MUTED, groupColour(0)];
  return lossSeries(history).map((series, i) => ({
    ...lineTrace(history, series, mode),
    line: { color: colours[i], width: 2, dash: i === 0 ? "dash" : "solid" },
  }));
}

function aucTraces(history: readonly EpochOfTraining[], tasks: readonly string[], mode: string): object[] {
  return tasks.map((task, i) => ({
    ...lineTrace(history, { name: task, values: history.map(({ validAuc }) => validAuc?.[task]) }, mode),
    yaxis: "y2",
    legend: "legend2",
    line: { color: groupColour(i + 1), dash: groupDash(i + 1), width: 2 },
  }));
}

function lineTrace(history: readonly EpochOfTraining[], { name, values }: Series, mode: string): object {
  return {
    type: "scatter",
    x: history.map(({ epoch }) => epoch),
    y: values.map((value) => value ?? null),
    mode,
    marker: { size: 5 },
    name: escapeText(name),
    hovertemplate: `${escapeText(name)} %{y:.3f}<extra>epoch %{x}</extra>`,
  };
}

/** Half an epoch of air on both sides; whole epochs as ticks while there are few. */
function epochRange(history: readonly EpochOfTraining[]): Record<string, unknown> {
  const epochs = history.map(({ epoch }) => epoch);
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)];
  const air = Math.max(0.5, (last - first) * 0.015);
  return { range: [first - air, last + air], ...(last - first <= 12 ? { dtick: 1 } : {}) };
}

/** From chance (or below, where the curves go there) to 1. */
function aucRange(history: readonly EpochOfTraining[]): Record<string, unknown> {
  const known = history
    .flatMap(({ validAuc = {} }) => Object.values(validAuc))
    .filter((auc) => auc !== undefined);
  return { range: [Math.min(0.48, Math.min(...known) - 0.03), 1.02] };
}

function chanceLine(history: readonly EpochOfTraining[]): object {
  const { range } = epochRange(history) as { range: number[] };
  return {
    type: "line",
    xref: "x",
    yref: "y2",
    x0: range[0],
    x1: range[1],
    y0: 0.5,
    y1: 0.5,
    line: { color: AXIS_LINE, width: 1, dash: "dot" },
    layer: "between",
  };
}

function bestLine(epoch: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "paper",
    x0: epoch,
    x1: epoch,
    y0: 0,
    y1: 1,
    line: { color: INK, width: 1, dash: "dash" },
    layer: "between",
  };
}

function bestLabel(epoch: number): object {
  return {
    ...pinned("center", "bottom"),
    name: "best epoch",
    xref: "x",
    x: epoch,
    y: 1,
    yshift: 2,
    text: `best epoch ${epoch}`,
    font: { size: 11.5, color: INK },
  };
}

function legendAt(top: number): object {
  return { x: 1 + 12 / PLOT_WIDTH, y: top, yanchor: "top", font: { size: 12 }, traceorder: "normal" };
}

function altText(
  history: readonly EpochOfTraining[],
  tasks: readonly string[],
  best: number | undefined,
): string {
  const last = history.at(-1)!;
  const losses = lossSeries([last]).map(({ name, values }) => `${name} ${values[0]!.toFixed(3)}`);
  const aucs = tasks.flatMap((task) => {
    const auc = last.validAuc?.[task];
    return auc === undefined ? [] : [`validation AUC of ${task} ${auc.toFixed(3)}`];
  });
  const end = [...losses, ...aucs].join(", ");
  return `Training over ${history.length} epochs; at the last epoch ${end}.${best === undefined ? "" : ` Best epoch ${best}.`}`;
}
