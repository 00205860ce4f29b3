/** Printed accuracy, recall, precision and F1: is there a confusion matrix behind them, and how must they be read? */
import { type Column, canSearch, matricesWith, type Quantity, searchMargins } from "./confusion-search";
import { type DigitRule, print, scaled, valuesBehind } from "./digits";
import type { Finding } from "./finding";

/** The columns that are read; accuracy has one reading. */
export const METRIC_NAMES = ["recall", "precision", "f1"] as const;
/** A metric as it stands at the head of a printed column. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** One row of printed metrics. Any of recall, precision and F1 may be absent. */
export interface PrintedMetrics {
  readonly accuracy: number;
  readonly recall?: number | undefined;
  readonly precision?: number | undefined;
  readonly f1?: number | undefined;
}

/** Options of `confusionsBehind`. */
export interface ConfusionSearchOptions {
  /** What a perfect score is printed as. Default 100, percent; 1 for shares. */
  readonly scale?: number;
  /** Decimals of the print, where its numbers lost their trailing zeros. Default 2. */
  readonly decimals?: number;
  /** How digits were made. Default `"rounded"`. */
  readonly digits?: DigitRule;
  /** What each column is. Default: the macro average of what its name says. */
  readonly readings?: Readonly<Partial<Record<MetricName, readonly Quantity[]>>>;
  /** The search stops after this many solutions: accuracy alone leaves millions. Default 1000. */
  readonly limit?: number;
}

/** Confusion matrices with the same margins, and so the same metrics. */
export interface ConfusionSolution {
  readonly hits: readonly number[];
  readonly called: readonly number[];
  /** What each printed column is in this solution. */
  readonly readings: Readonly<Partial<Record<MetricName, Quantity>>>;
  /** `[truth, prediction]` of each matrix. */
  readonly matrices: readonly (readonly (readonly number[])[])[];
}

/**
 * All confusion matrices that lead to printed metrics, to the last printed digit.
 *
 * Exact: whole counts, every matrix of 2 or 3 classes with these class counts. A precision of a class that was never
 * called counts as 0, as in scikit-learn.
 *
 * @param printed  accuracy and any of recall, precision, f1, as printed
 * @param supports patients of each class
 * @param options  `scale` default 100, `decimals` default 2, `digits` default `"rounded"`, `readings` default macro,
 *                 `limit` default 1000 solutions
 * @returns no solution: the numbers cannot be these metrics of these patients
 * @throws InvalidArgument for supports that are no whole numbers, of more than 3 classes, or of more than 20,000 patients
 *         (3 classes: 400), too many matrices to search
 * @example
 * audit.confusionsBehind({ accuracy: 87, recall: 85.19, precision: 81.94 }, [151, 49]);
 * // one solution: [[134, 17], [9, 40]]
 */
export function confusionsBehind(
  printed: PrintedMetrics,
  supports: readonly number[],
  options: ConfusionSearchOptions = {},
): ConfusionSolution[] {
  const { scale = 100, decimals = 2, digits = "rounded", readings = {}, limit = 1000 } = options;
  const shares = (value: number) => scaled(valuesBehind(value, decimals, digits), 1 / scale);
  const names = METRIC_NAMES.filter((name) => printed[name] !== undefined);
  const columns: Column[] = names.map((name) => ({
    range: shares(printed[name]!),
    quantities: readings[name] ?? [{ measure: name, average: "macro" }],
  }));
  const found = firstOf(searchMargins(supports, shares(printed.accuracy), columns), limit);
  return found.map((margins) => ({
    hits: margins.hits,
    called: margins.called,
    readings: Object.fromEntries(names.map((name, i) => [name, margins.readings[i]!])),
    matrices: matricesWith(margins, supports),
  }));
}

function firstOf<T>(items: Iterable<T>, limit: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length >= limit) break;
    first.push(item);
  }
  return first;
}

/** How printed metrics have to be read so that a confusion matrix gives them. */
export interface MetricsExplanation {
  /** `"as printed"` when the plain reading works. */
  readonly how: string;
  /** Class counts of the solutions; other than asked for only when that is the explanation. */
  readonly supports: readonly number[];
  readonly solutions: readonly ConfusionSolution[];
  /** Columns that are not what their heading says. */
  readonly columns: readonly MetricName[];
  /** A column that no matrix explains while the others have one. */
  readonly setAside?: MetricName;
}

/** Options of `explainMetrics`. */
export interface ExplainOptions extends Omit<ConfusionSearchOptions, "digits" | "readings"> {
  /** Other class counts that the row may rest on, by name: the counts of another split. */
  readonly otherSupports?: Readonly<Record<string, readonly number[]>>;
}

/**
 * The simplest reading under which printed metrics have a confusion matrix.
 *
 * Tried in this order, the first that works is returned: as printed (macro averages, rounded); digits cut off;
 * weighted averages; all of one class; columns exchanged; other class counts; each column some measure of its own;
 * (two classes only) all columns but one. `undefined` when none works: so it came out for each of 2,000 rows of random
 * numbers, so a reading that is found is hardly chance.
 *
 * @example
 * const paper = { accuracy: 87, recall: 81.63, precision: 81.94, f1: 85.19 };
 * audit.explainMetrics(paper, [151, 49])?.how; // the F1 column holds the macro recall, ...
 */
export function explainMetrics(
  printed: PrintedMetrics,
  supports: readonly number[],
  options: ExplainOptions = {},
): MetricsExplanation | undefined {
  for (const attempt of attempts(printed, supports, options)) {
    const solutions = confusionsBehind(attempt.printed ?? printed, attempt.supports ?? supports, {
      ...options,
      ...attempt.search,
    });
    if (solutions.length === 0) continue;
    const simplest = fewestDepartures(solutions);
    return {
      how: attempt.how ?? inWords(simplest[0]!, attempt.search?.digits),
      supports: attempt.supports ?? supports,
      solutions: simplest,
      columns: departures(simplest[0]!),
      ...(attempt.setAside ? { setAside: attempt.setAside } : {}),
    };
  }
  return undefined;
}

interface Attempt {
  /** Absent: the readings of the solution say it. */
  readonly how?: string;
  readonly printed?: PrintedMetrics;
  readonly supports?: readonly number[];
  readonly search?: ConfusionSearchOptions;
  readonly setAside?: MetricName;
}

function* attempts(
  printed: PrintedMetrics,
  supports: readonly number[],
  { otherSupports = {} }: ExplainOptions,
): Generator<Attempt> {
  const names = METRIC_NAMES.filter((name) => printed[name] !== undefined);
  const each = (quantity: (name: MetricName) => readonly Quantity[]): ConfusionSearchOptions => ({
    readings: Object.fromEntries(names.map((name) => [name, quantity(name)])),
  });
  yield { how: "as printed" };
  yield { how: "digits are cut off instead of rounded", search: { digits: "cut off" } };
  yield { how: SOME_CUT_OFF, search: { digits: "rounded or cut off" } };
  yield { search: each((measure) => [{ measure, average: "weighted" }]) };
  for (let k = supports.length - 1; k >= 0; k--)
    yield { search: each((measure) => [{ measure, average: k }]) };
  for (const digits of ["rounded", "rounded or cut off"] as const)
    for (const order of permutations(METRIC_NAMES).slice(1)) {
      const exchanged = each((name) => [{ measure: order[METRIC_NAMES.indexOf(name)]!, average: "macro" }]);
      yield { search: { ...exchanged, digits } };
    }
  for (const [name, other] of Object.entries(otherSupports))
    if (other.length >= 2 && canSearch(other))
      yield { how: `they are computed on other patients: ${name} (${other.join(", ")})`, supports: other };
  if (names.length < 2 || !canMix(supports)) return;
  yield { search: each((name) => anyQuantity(name, supports.length)) };
  // With one column set aside, the accuracy and two numbers pin a matrix of two classes; of three classes one random row
  // in six would have a matrix, which says nothing.
  if (names.length < 3 || supports.length > 2) return;
  for (const name of [...names].reverse())
    yield {
      how: `the ${columnTitle(name)} column is set aside`,
      printed: { ...printed, [name]: undefined },
      setAside: name,
    };
}

/** Free readings prune little. */
function canMix(supports: readonly number[]): boolean {
  return supports.length === 2 || supports.reduce((sum, support) => sum + support, 0) <= 250;
}

/** Every measure and average, those nearest to the heading first. */
function anyQuantity(name: MetricName, classes: number): Quantity[] {
  const measures = [name, ...METRIC_NAMES.filter((other) => other !== name)];
  const averages: Quantity["average"][] = [
    "macro",
    ...Array.from({ length: classes }, (_, i) => classes - 1 - i),
    "weighted",
  ];
  return measures.flatMap((measure) => averages.map((average) => ({ measure, average })));
}

/** Solutions that depart from the headings in the fewest columns. */
function fewestDepartures(solutions: readonly ConfusionSolution[]): ConfusionSolution[] {
  const fewest = Math.min(...solutions.map((solution) => departures(solution).length));
  return solutions.filter((solution) => departures(solution).length === fewest);
}

function departures({ readings }: ConfusionSolution): MetricName[] {
  return METRIC_NAMES.filter((name) => {
    const reading = readings[name];
    return reading !== undefined && (reading.measure !== name || reading.average !== "macro");
  });
}

const SOME_CUT_OFF = "some digits are cut off instead of rounded";

function inWords(solution: ConfusionSolution, digits: DigitRule | undefined): string {
  const words = departures(solution).map(
    (name) => `the ${columnTitle(name)} column holds ${quantityInWords(solution.readings[name]!)}`,
  );
  return [...words, ...(digits === "rounded or cut off" ? [SOME_CUT_OFF] : [])].join("; ");
}

export function columnTitle(name: MetricName): string {
  return name === "f1" ? "F1" : name;
}

export function quantityInWords({ measure, average }: Quantity): string {
  const title = columnTitle(measure);
  return typeof average === "number" ? `the ${title} of class ${average}` : `the ${average} ${title}`;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

/** A row of printed metrics and the patients it was computed on. */
export interface MetricsFact extends ExplainOptions {
  readonly where: string;
  readonly printed: PrintedMetrics;
  readonly supports: readonly number[];
}

/** What is wrong with a row of printed metrics, if anything is. */
export function checkMetrics(fact: MetricsFact): Finding[] {
  const { where, printed, supports, decimals = 2 } = fact;
  const explanation = explainMetrics(printed, supports, fact);
  if (explanation?.how === "as printed") return [];
  const names = METRIC_NAMES.filter((name) => printed[name] !== undefined);
  const shown = [
    `accuracy ${print(printed.accuracy, decimals)}`,
    ...names.map((name) => `${columnTitle(name)} ${print(printed[name]!, decimals)}`),
  ].join(", ");
  const common = {
    where,
    kind: "metrics" as const,
    printed: shown,
    expected: "macro averages of one confusion matrix",
  };
  const total = supports.reduce((sum, support) => sum + support, 0);
  if (!explanation)
    return [
      {
        ...common,
        confidence: "impossible",
        explanation: `No confusion matrix of ${supports.join(" + ")} = ${total} patients gives these numbers: not as macro averages, rounded or cut off; not as weighted averages or those of one class; not with columns exchanged${canMix(supports) ? " or mixed" : ""}${supports.length === 2 ? "; not with any one column set aside" : ""}.`,
        evidence: { supports, solutions: 0 },
      },
    ];
  const [solution] = explanation.solutions;
  const misprint = explanation.setAside !== undefined;
  return [
    {
      ...common,
      expected: misprint ? `another ${columnTitle(explanation.setAside!)}` : explanation.how,
      confidence: misprint ? "impossible" : "inconsistent",
      explanation: `No confusion matrix of ${supports.join(" + ")} patients gives these numbers as macro averages. They follow when ${explanation.how}.`,
      evidence: {
        supports: explanation.supports,
        reading: explanation.how,
        solutions: explanation.solutions.length,
        matrix: solution!.matrices[0]!,
      },
    },
  ];
}
