/** Several models on the same patients and tasks: who is better than whom, and how sure can one be? */
import { invalidArgument, isOsccError, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { aucInterval } from "./auc-interval";
import type { BootstrapOptions } from "./bootstrap";
import { delongTest } from "./delong";
import { type Adjustment, adjustPValues } from "./multiple-tests";
import {
  type Interval,
  isUndefined,
  type Statistic,
  type UndefinedStatistic,
  undefinedBecause,
} from "./outcome";
import { pairedAuc } from "./paired";
import { knownPatients, type Predictions } from "./predictions";

/** Model name to task name to predictions of the same patients. */
export type RunsByTask = Readonly<Record<string, Readonly<Record<string, Predictions>>>>;

/** How two AUCs on the same patients are tested. */
export const PAIRED_TESTS = ["auto", "delong", "bootstrap"] as const;
/**
 * `"delong"`: DeLong's test, two classes only. `"bootstrap"`: the paired bootstrap, which also compares means over
 * several classes. `"auto"`: DeLong for two classes, bootstrap for more.
 */
export type PairedTest = (typeof PAIRED_TESTS)[number];

/** Options of `compareRuns`. */
export interface CompareOptions extends BootstrapOptions {
  /** Default `"auto"`. */
  readonly test?: PairedTest;
  /** How p-values are adjusted for the number of comparisons (all pairs in all tasks). Default `"holm"`. */
  readonly adjust?: Adjustment;
}

/** One model in one task. */
export interface RunResult {
  readonly run: string;
  readonly task: string;
  readonly auc: Interval | UndefinedStatistic;
  /** With a known label. */
  readonly patients: number;
}

/** Two models in one task, on the same patients. */
export interface RunPair {
  readonly a: string;
  readonly b: string;
  readonly task: string;
  /** AUC of a - AUC of b. */
  readonly difference: Interval | UndefinedStatistic;
  readonly pValue: Statistic;
  /** Adjusted for all comparisons of the table. */
  readonly adjusted: Statistic;
  /** `"DeLong"`, `"paired bootstrap"`. */
  readonly test: string;
  readonly patients: number;
}

/** The whole comparison: plain data. */
export interface RunComparison {
  readonly runs: readonly string[];
  /** Tasks that every run has. */
  readonly tasks: readonly string[];
  readonly results: readonly RunResult[];
  /** Every pair of runs in every task. */
  readonly pairs: readonly RunPair[];
  /** Below this an adjusted p-value counts as a difference: 1 - level. */
  readonly significance: number;
  readonly adjust: Adjustment;
  readonly provenance?: Provenance;
}

/**
 * Compare models task by task: AUC with its interval for each, and a paired test of every two on the same patients.
 *
 * A task in which a class has no patient has no AUC: its cells are undefined, with the reason, and the others stand.
 *
 * @param runs    model name to task name to predictions; every model must have judged the same patients
 * @param options `test`, default `"auto"`; `adjust`, default `"holm"`; `bootstrap`, default 2000; `seed`, default 7;
 *                `level`, default 0.95; `resampling`
 * @throws InvalidArgument when there is no run, no task that all have, or when patients or labels differ
 * @see Demsar, JMLR 7 (2006), on comparing models; DeLong et al., Biometrics 44 (1988), on the test.
 * @example
 * const comparison = evaluate.compareRuns({ concat: { REC: concat }, gated: { REC: gated } });
 * evaluate.isBetter(comparison, "gated", "concat").words;
 */
export function compareRuns(runs: RunsByTask, options: CompareOptions = {}): RunComparison {
  const { test = "auto", adjust = "holm", level = 0.95 } = options;
  if (!PAIRED_TESTS.includes(test)) throw invalidArgument("test", test, `one of ${PAIRED_TESTS.join(", ")}`);
  const names = Object.keys(runs);
  const tasks = commonTasks(runs);
  const results = tasks.flatMap((task) =>
    names.map((run): RunResult => {
      const predictions = runs[run]![task]!;
      const auc = outcomeOf(() => aucInterval(predictions, options));
      return { run, task, auc, patients: knownPatients(predictions).length };
    }),
  );
  const tested = tasks.flatMap((task) =>
    everyTwo(names).map(([a, b]) => ({
      a,
      b,
      task,
      ...pairedTest(runs[a]![task]!, runs[b]![task]!, test, options),
    })),
  );
  const adjusted = adjustPValues(
    tested.map(({ pValue }) => pValue),
    adjust,
  );
  const provenance = Object.values(runs[names[0]!]!)[0]!.provenance;
  return {
    runs: names,
    tasks,
    results,
    pairs: tested.map((pair, i) => ({ ...pair, adjusted: adjusted[i]! })),
    // 1 - 0.95 is 0.050000000000000044: what is compared and printed is 0.05.
    significance: Number((1 - level).toPrecision(12)),
    adjust,
    ...(provenance ? { provenance } : {}),
  };
}

/** The answer to "is a better than b?", task by task and in words. */
export interface Answer {
  /** `"yes"`: better in some task and worse in none. `"no"`: the reverse. `"mixed"`: both. Else undecided. */
  readonly verdict: "yes" | "no" | "mixed" | "undecided";
  readonly better: readonly RunPair[];
  readonly worse: readonly RunPair[];
  /** Tasks in which these patients cannot tell the two apart: not the same as "equal". */
  readonly undecided: readonly RunPair[];
  /** The answer with the tests behind it, a sentence on each line. */
  readonly words: string;
}

/**
 * Is one model better than another? In words, with the tests behind them.
 *
 * @throws UnknownName for a run that is not in the comparison; InvalidArgument for one against itself
 * @example
 * const comparison = evaluate.compareRuns({ concat: { REC: concat }, transformer: { REC: gated } });
 * console.log(evaluate.isBetter(comparison, "transformer", "concat").words);
 */
export function isBetter(comparison: RunComparison, a: string, b: string): Answer {
  for (const run of [a, b])
    if (!comparison.runs.includes(run)) throw unknownName("run", run, comparison.runs);
  if (a === b) throw invalidArgument("b", b, "another run than the first");
  const pairs = comparison.pairs.flatMap((pair) => {
    if (pair.a === a && pair.b === b) return [pair];
    return pair.a === b && pair.b === a ? [turned(pair)] : [];
  });
  const differs = ({ adjusted }: RunPair) => !isUndefined(adjusted) && adjusted < comparison.significance;
  const better = pairs.filter((pair) => differs(pair) && valueOfDifference(pair) > 0);
  const worse = pairs.filter((pair) => differs(pair) && valueOfDifference(pair) < 0);
  const undecided = pairs.filter((pair) => !better.includes(pair) && !worse.includes(pair));
  const verdict =
    better.length > 0 ? (worse.length > 0 ? "mixed" : "yes") : worse.length > 0 ? "no" : "undecided";
  const parts = { verdict, better, worse, undecided } as const;
  return { ...parts, words: inWords(a, b, parts, comparison) };
}

function inWords(
  a: string,
  b: string,
  { verdict, better, worse, undecided }: Omit<Answer, "words">,
  { tasks, adjust, pairs }: RunComparison,
): string {
  const opening = {
    yes: `Yes: ${a} is better than ${b} in ${ofTasks(better, tasks)}, and worse in none.`,
    no: `No: ${a} is worse than ${b} in ${ofTasks(worse, tasks)}, and better in none.`,
    mixed: `In part: ${a} is better than ${b} in ${ofTasks(better, tasks)} and worse in ${ofTasks(worse, tasks)}.`,
    undecided: `These patients cannot tell: in none of ${countOf(tasks.length, "task")} do ${a} and ${b} differ beyond chance.`,
  }[verdict];
  const sentences = [
    opening,
    ...[...better, ...worse, ...undecided].map(pairInWords),
    ...(undecided.length > 0 && verdict !== "undecided"
      ? [`Undecided, which is not "equal": ${undecided.map(({ task }) => task).join(", ")}.`]
      : []),
    `p-values are adjusted for ${countOf(pairs.length, "comparison")} (${ADJUSTED_BY[adjust]}).`,
  ];
  return sentences.join("\n");
}

const ADJUSTED_BY: Readonly<Record<Adjustment, string>> = {
  holm: "Holm",
  "benjamini-hochberg": "Benjamini-Hochberg",
};

function pairInWords({ task, difference, adjusted, test, patients }: RunPair): string {
  if (isUndefined(difference)) return `${task}: no comparison, because ${difference.reason}.`;
  const { value, low, high, level } = difference;
  const p = isUndefined(adjusted) ? `no p-value, because ${adjusted.reason}` : pInWords(adjusted);
  const bounds = `${Math.round(100 * level)}% CI ${signed(low)} to ${signed(high)}`;
  return `${task}: AUC difference ${signed(value)} (${bounds}; ${p}; ${test}, n = ${patients}).`;
}

const pInWords = (p: number) => (p < 0.001 ? "adjusted p < 0.001" : `adjusted p = ${p.toFixed(3)}`);

function signed(value: number): string {
  const text = Math.abs(value).toFixed(3);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

const countOf = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const ofTasks = (pairs: readonly RunPair[], tasks: readonly string[]) =>
  `${pairs.length} of ${countOf(tasks.length, "task")}`;

const valueOfDifference = ({ difference }: RunPair) => (isUndefined(difference) ? 0 : difference.value);

/** The same pair from the other side. */
function turned(pair: RunPair): RunPair {
  const { a, b, difference } = pair;
  if (isUndefined(difference)) return { ...pair, a: b, b: a };
  const { value, low, high } = difference;
  return { ...pair, a: b, b: a, difference: { ...difference, value: -value, low: -high, high: -low } };
}

/** The tasks of the first run that all others have too. */
function commonTasks(runs: RunsByTask): string[] {
  const [first, ...others] = Object.values(runs);
  if (!first) throw invalidArgument("runs", "none", "at least one", "{ concat: { REC: predictions } }");
  const tasks = Object.keys(first).filter((task) => others.every((run) => task in run));
  if (tasks.length === 0)
    throw invalidArgument(
      "runs",
      Object.entries(runs)
        .map(([name, byTask]) => `${name} with ${Object.keys(byTask).join(", ") || "no task"}`)
        .join("; "),
      "a task that all runs have",
    );
  return tasks;
}

function everyTwo(names: readonly string[]): [string, string][] {
  return names.flatMap((a, i) => names.slice(i + 1).map((b): [string, string] => [a, b]));
}

type Tested = Pick<RunPair, "difference" | "pValue" | "test" | "patients">;

function pairedTest(a: Predictions, b: Predictions, test: PairedTest, options: CompareOptions): Tested {
  const patients = knownPatients(a).length;
  const byDelong = test === "delong" || (test === "auto" && a.classes.length === 2);
  const name = byDelong ? "DeLong" : "paired bootstrap";
  const found = outcomeOf(() => (byDelong ? delongTest(a, b, levelOnly(options)) : pairedAuc(a, b, options)));
  if (isUndefined(found)) return { difference: found, pValue: found, test: name, patients };
  return { difference: found.difference, pValue: found.pValue, test: name, patients };
}

const levelOnly = ({ level }: CompareOptions) => (level === undefined ? {} : { level });

/** A statistic without a value is a cell of the table, not the end of it; every other error is one. */
function outcomeOf<T>(compute: () => T): T | UndefinedStatistic {
  try {
    return compute();
  } catch (error) {
    if (isOsccError(error, "Undefined")) return undefinedBecause(error.data.reason);
    throw error;
  }
}
