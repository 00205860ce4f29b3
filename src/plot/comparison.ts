/** Estimates with intervals side by side: models by tasks. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RunComparison } from "../evaluate/compare";
import type { Interval, UndefinedStatistic } from "../evaluate/outcome";
import type { PairedAuc } from "../evaluate/paired";
import type { Roc } from "../evaluate/roc";
import type { Figure } from "./figure";
import {
  commonSample,
  commonWord,
  estimatesInWords,
  type ForestRow,
  forest,
  intervalMethods,
  levelOf,
  undefinedRows,
} from "./forest";
import type { FigureOptions } from "./options";
import { count } from "./words";

/** An AUC with its interval, the ROC curve it belongs to, or why there is none. */
export type Comparable = Interval | Roc | UndefinedStatistic;

/** Options of `plot.comparison`. */
export interface ComparisonOptions extends FigureOptions {
  /** What is estimated. Default `"AUC"`. */
  readonly statistic?: string;
  /** The value that chance gives. Default 0.5. */
  readonly chance?: number;
  /** Where the data come from, when bare intervals are passed. */
  readonly provenance?: Provenance;
}

/**
 * A forest plot: for each task, one line per model with its estimate and interval.
 *
 * @param models  model name to task name to estimate, or the result of `evaluate.compareRuns`; curves bring their
 *                data's notice along
 * @param options `statistic` default `"AUC"`; `chance` default 0.5; `provenance` for bare intervals
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.comparison({
 *   concat: { recurrence: evaluate.roc(concat) },
 *   "gated fusion": { recurrence: evaluate.roc(gated) },
 * });
 */
export function comparison(
  models: Readonly<Record<string, Readonly<Record<string, Comparable>>>> | RunComparison,
  options: ComparisonOptions = {},
): Figure {
  const rows = isRunComparison(models)
    ? resultRows(models)
    : Object.entries(models).flatMap(([name, tasks]) =>
        Object.entries(tasks).map(
          ([group, result]): ForestRow => ({ name, group, ...estimateOf(result, options.provenance) }),
        ),
      );
  if (rows.length === 0)
    throw invalidArgument(
      "models",
      "no estimate",
      "at least one model with one task",
      "{ concat: { REC: roc } }",
    );
  const { statistic = "AUC", chance = 0.5 } = options;
  const level = levelOf(rows);
  return forest(rows, {
    title: options.title ?? `${statistic} by task and model`,
    subtitle: options.subtitle ?? [commonWord(rows), commonSample(rows)].filter(Boolean).join(" · "),
    axisTitle: level ? `${statistic} with ${level} CI` : statistic,
    numbersTitle: level ? `${statistic} (${level} CI)` : statistic,
    reference: chance,
    referenceLabel: "chance",
    bounds: [0, 1],
    caveats: [...undefinedRows(rows), ...intervalMethods(rows), ...(options.caveats ?? [])],
    alt: `Forest plot of ${statistic} with ${level || "no"} intervals. ${estimatesInWords(rows)}.`,
  });
}

/** Options of `plot.differences`. */
export interface DifferencesOptions extends FigureOptions {
  readonly statistic?: string;
  /** Where the data come from, when bare intervals are passed. */
  readonly provenance?: Provenance;
}

/**
 * A forest plot of paired differences: right of zero the first model is better.
 *
 * @param pairs   name of the pair ("gated − concat") to task name to result of `evaluate.pairedAuc`, or the result of
 *                `evaluate.compareRuns` for all its pairs
 * @param options `statistic` default `"AUC"`; `provenance`
 * @throws OsccError `InvalidArgument` when there is nothing to draw
 * @example
 * const figure = plot.differences({ "gated − concat": { recurrence: evaluate.pairedAuc(gated, concat) } });
 */
export function differences(
  pairs:
    | Readonly<Record<string, Readonly<Record<string, PairedAuc | Interval | UndefinedStatistic>>>>
    | RunComparison,
  options: DifferencesOptions = {},
): Figure {
  const rows = isRunComparison(pairs)
    ? pairRows(pairs)
    : Object.entries(pairs).flatMap(([name, tasks]) =>
        Object.entries(tasks).map(
          ([group, result]): ForestRow => ({
            name,
            group,
            estimate: "difference" in result ? result.difference : result,
            sample: "patients" in result ? `n = ${count(result.patients)}` : undefined,
            provenance: ("provenance" in result ? result.provenance : undefined) ?? options.provenance,
          }),
        ),
      );
  if (rows.length === 0)
    throw invalidArgument(
      "pairs",
      "no difference",
      "at least one pair with one task",
      "Make one with evaluate.pairedAuc(a, b).",
    );
  const { statistic = "AUC" } = options;
  const level = levelOf(rows);
  return forest(rows, {
    title: options.title ?? `Difference in ${statistic}, same patients`,
    subtitle:
      options.subtitle ??
      [commonWord(rows), commonSample(rows), "right of zero: the first model is better"]
        .filter(Boolean)
        .join(" · "),
    axisTitle: level ? `Difference in ${statistic} with ${level} CI` : `Difference in ${statistic}`,
    numbersTitle: level ? `Difference (${level} CI)` : "Difference",
    reference: 0,
    referenceLabel: "no difference",
    bounds: [-1, 1],
    caveats: [
      ...undefinedRows(rows),
      ...intervalMethods(rows),
      ...(rows.length > 1 ? ["Each interval stands for itself: none is adjusted for their number."] : []),
      ...(options.caveats ?? []),
    ],
    alt: `Forest plot of differences in ${statistic}. ${estimatesInWords(rows)}.`,
  });
}

function estimateOf(
  result: Comparable,
  provenance: Provenance | undefined,
): Omit<ForestRow, "name" | "group"> {
  if (!("auc" in result)) return { estimate: result, provenance };
  const { auc, positives, negatives } = result;
  return {
    estimate: auc,
    provenance: result.provenance ?? provenance,
    sample: `n = ${count(positives + negatives)} (${count(positives)} positive)`,
  };
}

/** A model may be called "results"; its tasks are not an array. */
function isRunComparison(input: object): input is RunComparison {
  return "results" in input && Array.isArray(input.results);
}

function resultRows({ results, provenance }: RunComparison): ForestRow[] {
  return results.map(({ run, task, auc, patients }) => ({
    name: run,
    group: task,
    estimate: auc,
    sample: `n = ${count(patients)}`,
    provenance,
  }));
}

function pairRows({ pairs, provenance }: RunComparison): ForestRow[] {
  return pairs.map(({ a, b, task, difference, patients }) => ({
    name: `${a} − ${b}`,
    group: task,
    estimate: difference,
    sample: `n = ${count(patients)}`,
    provenance,
  }));
}
