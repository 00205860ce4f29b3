/** A model of the clinical table alone: what an image model must beat before its images are of use. */
import { inspect } from "node:util";
import {
  CLINICAL_COLUMNS,
  type ClinicalColumn,
  type ClinicalRecord,
  type Cohort,
  type CohortSchema,
  type MultiOscc,
  type Patient,
  type Split,
  type TaskOf,
} from "../cohort";
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { type Interval, MISSING_LABEL, type Predictions } from "../evaluate";
import { normalQuantile } from "../evaluate/distributions";
import { type ClinicalFeature, type Design, fitDesign } from "./design";
import { leakage } from "./leakage";
import { fitLogistic, type LogisticFit, logisticProbabilities } from "./logistic";
import { clinicalTableOf, type Outcome } from "./outcome";
import { choosePenalty, type PenaltyChoice } from "./penalty";
import { separationCaveats } from "./separation";

/** Options of `clinical`. */
export interface ClinicalOptions<S extends CohortSchema = MultiOscc> {
  /** What to predict: a task of the cohort, or an outcome such as `baseline.recurrenceWithin(cohort)`. */
  readonly task: TaskOf<S> | Outcome;
  /** Columns to use although they are known too late. Default: none. */
  readonly include?: readonly ClinicalColumn[];
  /** Columns to leave out although they are known in time. Default: none. */
  readonly exclude?: readonly ClinicalColumn[];
  /** One L2 penalty, or those to choose from by cross-validation. Default `baseline.DEFAULT_PENALTIES`. */
  readonly penalty?: number | readonly number[];
  /** Folds of that cross-validation. Default 5. */
  readonly folds?: number;
  /** Default 7. */
  readonly seed?: number;
  /** Coverage of the coefficients' intervals. Default 0.95. */
  readonly level?: number;
  /** Who is learned from. Default: the part `"train"` of the split. */
  readonly patients?: readonly Patient<S>[];
}

/** A column that the model does not see, and why. */
export interface LeftOutColumn {
  readonly column: ClinicalColumn;
  readonly title: string;
  readonly reason: string;
}

/** What one feature does to the odds of one class. */
export interface Coefficient {
  readonly feature: string;
  readonly column: ClinicalColumn;
  /** Of two classes: class 1 against class 0. Of more: this class against the (geometric) mean of all. */
  readonly className: string;
  readonly classIndex: number;
  /** What the odds ratio is for: `"per 11.2 more (1 SD)"`, `"yes against no"`, `"against Tongue"`. */
  readonly unit: string;
  /** Change of the log-odds for that unit. */
  readonly logOdds: Interval;
  /** The same as a factor on the odds: 1 is no effect. */
  readonly oddsRatio: Interval;
}

/** A fitted baseline. Made by `baseline.clinical`. */
export interface ClinicalBaseline<S extends CohortSchema = MultiOscc> {
  readonly task: string;
  readonly title: string;
  readonly classes: readonly string[];
  readonly used: readonly ClinicalColumn[];
  readonly leftOut: readonly LeftOutColumn[];
  readonly features: readonly ClinicalFeature[];
  readonly coefficients: readonly Coefficient[];
  readonly penalty: PenaltyChoice;
  /** Training patients with a known label, by class. */
  readonly trainedOn: Readonly<Record<string, number>>;
  /** What a reader of the results should know: leaking columns that were asked for, separation, a penalty at the edge. */
  readonly caveats: readonly string[];
  readonly provenance: Provenance;
  /**
   * Probabilities for a part of the split, or for any patients of the cohort who have a clinical row.
   *
   * @throws InvalidArgument when there is no such patient
   */
  predictions(patients: Split | readonly Patient<S>[]): Predictions;
}

/**
 * Logistic regression on the clinical table: two classes or more, L2 penalty, nothing learned outside training.
 *
 * Columns known only with or after surgery are left out, each with its reason (`leftOut`); name them in `include` to
 * use them all the same. Missing numbers become the median of the training patients, with an indicator of their own.
 * The penalty is chosen among training patients by cross-validation. Intervals of coefficients are those of the
 * penalised Hessian (`baseline.fitLogistic` says what that means), at the penalty chosen.
 *
 * @param options `task`; `include`, `exclude`; `penalty`; `folds`, default 5; `seed`, default 7; `level`, default
 *                0.95; `patients`, default the training part
 * @throws MissingDataset  without a clinical table
 * @throws UnknownName     for a task or column that does not exist
 * @throws InvalidArgument when a class has no training patient (with a penalty to choose: fewer than two)
 * @throws Separated, NotConverged as `baseline.fitLogistic`
 * @example
 * const bar = baseline.clinical(cohort, { task: "REC" });
 * evaluate.aucInterval(bar.predictions("test"));
 * bar.leftOut.map(({ title, reason }) => `${title}: ${reason}`);
 */
export function clinical<S extends CohortSchema>(
  cohort: Cohort<S>,
  options: ClinicalOptions<S>,
): ClinicalBaseline<S> {
  clinicalTableOf(cohort);
  const outcome = outcomeOf(cohort, options.task);
  const { used, leftOut } = chooseColumns(options.include ?? [], options.exclude ?? []);
  const training = knownRows(options.patients ?? cohort.split("train"), outcome);
  checkTraining(training.y, outcome);

  const classes = outcome.classes.length;
  const choice = penaltyFor({ ...training, classes, columns: used }, options);
  const design = fitDesign(training.rows, used);
  if (design.features.length === 0)
    throw invalidArgument("columns", used.join(", ") || "none", "a column that differs between patients");
  const x = design.transform(training.rows);
  const names = design.features.map(({ title }) => title);
  const fit = fitLogistic(x, training.y, classes, { penalty: choice.penalty, features: names });
  const probabilities = x.map((row) => logisticProbabilities(fit, row));

  const result: ClinicalBaseline<S> = {
    task: outcome.task,
    title: outcome.title,
    classes: outcome.classes,
    used: used.filter((column) => !design.constant.includes(column)),
    leftOut: [...leftOut, ...design.constant.map((column) => leftOutBecause(column, SAME_FOR_ALL))],
    features: design.features,
    coefficients: coefficientsOf(fit, design, outcome.classes, options.level ?? 0.95),
    penalty: choice,
    trainedOn: Object.fromEntries(
      outcome.classes.map((name, label) => [name, training.y.filter((y) => y === label).length]),
    ),
    caveats: [
      ...used.flatMap((column) => leakageCaveat(column)),
      ...edgeCaveat(choice),
      ...separationCaveats(design.features, x, training.y, probabilities, outcome.classes),
    ],
    provenance: cohort.provenance,
    predictions: (patients) => predict(cohort, patients, { outcome, design, fit }),
  };
  Object.defineProperty(result, inspect.custom, { value: () => inWords(result) });
  return result;
}

const SAME_FOR_ALL = "the same for every training patient";

type Described = Pick<ClinicalBaseline, "task" | "features" | "penalty" | "trainedOn" | "leftOut">;

function inWords({ task, features, penalty, trainedOn, leftOut }: Described): string {
  const patients = Object.entries(trainedOn).map(([name, n]) => `${n} ${name}`);
  return [
    `Clinical baseline of ${task}`,
    `${features.length} features`,
    `${leftOut.length} columns left out`,
    `L2 penalty ${penalty.penalty}`,
    `learned from ${patients.join(", ")}`,
  ].join(" · ");
}

function outcomeOf<S extends CohortSchema>(cohort: Cohort<S>, task: TaskOf<S> | Outcome): Outcome {
  if (typeof task !== "string") return task;
  const { title, classes } = cohort.task(task);
  const labels = cohort.patients.map(({ id, labels }) => [id, labels[task] ?? MISSING_LABEL] as const);
  return { task, title, classes, labels: Object.fromEntries(labels), rule: "as in the label file" };
}

function chooseColumns(
  include: readonly ClinicalColumn[],
  exclude: readonly ClinicalColumn[],
): { used: ClinicalColumn[]; leftOut: LeftOutColumn[] } {
  const columns = Object.keys(CLINICAL_COLUMNS) as ClinicalColumn[];
  for (const column of [...include, ...exclude])
    if (!columns.includes(column)) throw unknownName("clinical column", column, columns);
  const reasonAgainst = (column: ClinicalColumn) => {
    if (exclude.includes(column)) return "excluded by name";
    return include.includes(column) ? undefined : leakage(column);
  };
  const used = columns.filter((column) => reasonAgainst(column) === undefined);
  const leftOut = columns.flatMap((column) => {
    const reason = reasonAgainst(column);
    return reason === undefined ? [] : [leftOutBecause(column, reason)];
  });
  return { used, leftOut };
}

function leftOutBecause(column: ClinicalColumn, reason: string): LeftOutColumn {
  return { column, title: CLINICAL_COLUMNS[column].title, reason };
}

function knownRows<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  outcome: Outcome,
): { rows: ClinicalRecord[]; y: number[] } {
  const rows: ClinicalRecord[] = [];
  const y: number[] = [];
  for (const { id, clinical: row } of patients) {
    const label = outcome.labels[id] ?? MISSING_LABEL;
    if (!row || label === MISSING_LABEL) continue;
    rows.push(row);
    y.push(label);
  }
  return { rows, y };
}

function checkTraining(y: readonly number[], { task, classes }: Outcome): void {
  const absent = classes.filter((_, label) => !y.includes(label));
  if (absent.length === 0) return;
  throw invalidArgument(
    `the training patients of ${task}`,
    `${y.length} patients, none of them of class ${absent.join(", ")}`,
    "patients of every class, with a clinical row",
    "Does the cohort have a split? Else pass { patients }.",
  );
}

function penaltyFor<S extends CohortSchema>(
  training: Parameters<typeof choosePenalty>[0],
  { penalty, folds, seed }: ClinicalOptions<S>,
): PenaltyChoice {
  if (typeof penalty === "number") return { penalty, tried: [], method: "given" };
  return choosePenalty(training, {
    ...(penalty ? { penalties: penalty } : {}),
    ...(folds === undefined ? {} : { folds }),
    ...(seed === undefined ? {} : { seed }),
  });
}

function coefficientsOf(
  fit: LogisticFit,
  { features, references }: Design,
  classes: readonly string[],
  level: number,
): Coefficient[] {
  if (!(level > 0 && level < 1))
    throw invalidArgument("level", level, "a coverage between 0 and 1", "Usual: 0.95.");
  const reach = normalQuantile((1 + level) / 2);
  return fit.weights.flatMap((weights, e) => {
    const classIndex = fit.classes === 2 ? 1 : e;
    return weights.map((weight, j) => {
      const feature = features[j]!;
      // The model sees standard deviations; a yes or no is reported as it is, a number for one standard deviation.
      const scale = feature.kind === "number" ? 1 : 1 / feature.deviation;
      const value = weight * scale;
      const margin = reach * fit.standardErrors[e]![j]! * scale;
      const logOdds: Interval = {
        value,
        low: value - margin,
        high: value + margin,
        level,
        method: `penalised Hessian, L2 penalty ${fit.penalty}`,
      };
      return {
        feature: feature.title,
        column: feature.column,
        className: classes[classIndex]!,
        classIndex,
        unit: unitOf(feature, references),
        logOdds,
        oddsRatio: {
          ...logOdds,
          value: Math.exp(logOdds.value),
          low: Math.exp(logOdds.low),
          high: Math.exp(logOdds.high),
        },
      };
    });
  });
}

function unitOf({ kind, column, deviation }: ClinicalFeature, references: Design["references"]): string {
  if (kind === "number") return `per ${Number(deviation.toPrecision(3))} more (1 SD)`;
  if (kind === "level") return `against ${references[column]}`;
  return kind === "flag" ? "yes against no" : "not known against known";
}

function leakageCaveat(column: ClinicalColumn): string[] {
  const reason = leakage(column);
  return reason ? [`${CLINICAL_COLUMNS[column].title} is used although it is ${reason}.`] : [];
}

function edgeCaveat({ penalty, tried }: PenaltyChoice): string[] {
  const largest = Math.max(...tried.map((candidate) => candidate.penalty));
  if (tried.length < 2 || penalty !== largest) return [];
  return [
    `The strongest penalty tried (${penalty}) was best: the columns hardly help beyond the class frequencies.`,
  ];
}

interface FittedParts {
  readonly outcome: Outcome;
  readonly design: Design;
  readonly fit: LogisticFit;
}

function predict<S extends CohortSchema>(
  cohort: Cohort<S>,
  asked: Split | readonly Patient<S>[],
  { outcome, design, fit }: FittedParts,
): Predictions {
  const patients = typeof asked === "string" ? cohort.split(asked) : asked;
  const withRow = patients.flatMap(({ id, clinical: row }) => (row ? [{ id, row }] : []));
  if (withRow.length === 0)
    throw invalidArgument(
      "patients",
      typeof asked === "string" ? asked : `${asked.length} patients`,
      "at least one patient with a clinical row",
    );
  return {
    task: outcome.task,
    classes: outcome.classes,
    patients: withRow.map(({ id }) => id),
    yTrue: withRow.map(({ id }) => outcome.labels[id] ?? MISSING_LABEL),
    probabilities: design
      .transform(withRow.map(({ row }) => row))
      .map((row) => logisticProbabilities(fit, row)),
    ...(typeof asked === "string" ? { split: asked } : {}),
    provenance: cohort.provenance,
    model: "clinical baseline",
  };
}
