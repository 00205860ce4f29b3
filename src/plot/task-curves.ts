/** The course of several tasks learned together: their losses above, the weights of their losses below. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { EpochRecord } from "../train/history";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { type RunPatients, runPatients } from "./run-patients";
import { AXIS_LINE, axis, frame, groupColour, groupDash, NOTE_PX } from "./theme";
import { count, escapeText, widestPx } from "./words";

/** What the figure needs of each epoch. */
export type EpochOfTasks = Pick<EpochRecord, "epoch" | "byTask">;

/** A run of several tasks: anything that has a history of them. */
export interface TaskCourse extends RunPatients {
  readonly history: readonly EpochOfTasks[];
  readonly provenance?: Provenance | undefined;
}

/** Options of `plot.taskCurves`. */
export interface TaskCurvesOptions extends FigureOptions {
  /** Where the data come from, when only the history is passed. */
  readonly provenance?: Provenance;
}

const PLOT_WIDTH = 560;
const LOSS_HEIGHT = 220;
const WEIGHT_HEIGHT = 130;
const GAP = 40;
const HEIGHT = LOSS_HEIGHT + WEIGHT_HEIGHT + GAP;
/** With so few epochs each one gets a marker. */
const MARKED_EPOCHS = 30;

/**
 * Losses of several tasks by epoch (training dashed, validation solid), and the weight of each in every batch.
 *
 * @param run     a run of several tasks, or only its history
 * @throws OsccError `InvalidArgument` for a history without several tasks
 * @example
 * const figure = plot.taskCurves(run);
 */
export function taskCurves(
  run: TaskCourse | readonly EpochOfTasks[],
  options: TaskCurvesOptions = {},
): Figure {
  const course: TaskCourse = "history" in run ? run : { history: run };
  const { history, provenance } = course;
  const told = history.filter(({ byTask }) => byTask !== undefined);
  const tasks = Object.keys(told[0]?.byTask ?? {});
  if (tasks.length < 2)
    throw invalidArgument(
      "run",
      "without several tasks",
      "a run that learned two tasks or more",
      'Train one: fit(cohort, { tasks: ["REC", "LNM"] }); one task alone is drawn by plot.training.',
    );
  const first = told[0]!.epoch;
  const last = told.at(-1)!.epoch;
  const validated = told.some(({ byTask }) => tasks.some((task) => byTask![task]!.validLoss !== undefined));
  const layout = frame(
    {
      title: options.title ?? "Tasks learned together",
      subtitle:
        options.subtitle ??
        [
          `${count(told.length)} ${told.length === 1 ? "epoch" : "epochs"}`,
          `${tasks.length} tasks`,
          ...runPatients(course),
        ].join(" · "),
      sources: [provenance, options.provenance],
      caveats: [
        ...(validated
          ? ["Solid: validation loss; dashed: training loss, unweighted."]
          : ["Training loss, unweighted."]),
        "Weights: one point a batch; with weight 1 everywhere the losses are summed as they are.",
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: PLOT_WIDTH, plotHeight: HEIGHT, right: Math.max(110, widestPx(tasks, 12) + 60), top: 14 },
  );
  const epochs = axis("Epoch", {
    anchor: "y2",
    range: [first - 1, last + 0.3],
    showgrid: false,
    ...(last - first <= 12 ? { dtick: 1 } : {}),
  });
  const mode = told.length <= MARKED_EPOCHS ? "lines+markers" : "lines";
  return new Figure(
    {
      data: tasks.flatMap((task, i) => taskTraces(told, task, i, mode)),
      layout: {
        ...layout,
        xaxis: epochs,
        yaxis: axis("Loss", { domain: [(WEIGHT_HEIGHT + GAP) / HEIGHT, 1], rangemode: "tozero" }),
        yaxis2: axis("Weight", { domain: [0, WEIGHT_HEIGHT / HEIGHT], rangemode: "tozero", nticks: 5 }),
        showlegend: true,
        legend: { x: 1 + 12 / PLOT_WIDTH, y: 1, yanchor: "top", font: { size: NOTE_PX + 1 } },
        shapes: [evenLine(first - 1, last + 0.3)],
      },
    },
    { alt: altText(told, tasks) },
  );
}

function taskTraces(history: readonly EpochOfTasks[], task: string, i: number, mode: string): object[] {
  const colour = groupColour(i);
  const name = escapeText(task);
  const of = history.map(({ epoch, byTask }) => ({ epoch, ...byTask![task]! }));
  const line = (dash: string, width: number) => ({ color: colour, dash, width });
  const shared = { type: "scatter", legendgroup: task, name };
  const steps = of.flatMap(({ epoch, weights }) =>
    weights.map((weight, step) => ({ at: epoch - 1 + (step + 1) / weights.length, weight })),
  );
  const validated = of.some(({ validLoss }) => validLoss !== undefined);
  return [
    ...(validated
      ? [
          {
            ...shared,
            x: of.map(({ epoch }) => epoch),
            y: of.map(({ validLoss }) => validLoss ?? null),
            mode,
            marker: { size: 5 },
            line: line(groupDash(i), 2),
            hovertemplate: `${name} validation %{y:.3f}<extra>epoch %{x}</extra>`,
          },
        ]
      : []),
    {
      ...shared,
      x: of.map(({ epoch }) => epoch),
      y: of.map(({ trainLoss }) => trainLoss),
      mode: "lines",
      line: line("dash", 1.4),
      showlegend: !validated,
      hovertemplate: `${name} training %{y:.3f}<extra>epoch %{x}</extra>`,
    },
    {
      ...shared,
      x: steps.map(({ at }) => at),
      y: steps.map(({ weight }) => weight),
      yaxis: "y2",
      mode: "lines",
      line: line(groupDash(i), 1.4),
      showlegend: false,
      hovertemplate: `${name} weight %{y:.3f}<extra></extra>`,
    },
  ];
}

/** Where the losses count the same. */
function evenLine(x0: number, x1: number): object {
  const line = { color: AXIS_LINE, width: 1, dash: "dot" };
  return { type: "line", xref: "x", yref: "y2", x0, x1, y0: 1, y1: 1, line, layer: "between" };
}

function altText(history: readonly EpochOfTasks[], tasks: readonly string[]): string {
  const last = history.at(-1)!;
  const ends = tasks.map((task) => {
    const { trainLoss, validLoss, weights } = last.byTask![task]!;
    const valid = validLoss === undefined ? "" : `, validation ${validLoss.toFixed(3)}`;
    return `${task} training loss ${trainLoss.toFixed(3)}${valid}, weight ${(weights.at(-1) ?? 1).toFixed(2)}`;
  });
  return `Losses and weights of ${tasks.length} tasks over ${history.length} epochs; at the last: ${ends.join("; ")}.`;
}
