/** Cross-validation: every patient is predicted by a model that never saw them. */
import path from "node:path";
import { inspect } from "node:util";
import { dealFolds } from "../cohort";
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { Rng } from "../core/random";
import { MISSING_LABEL, type Predictions } from "../evaluate";
import { checkpointOptions } from "./checkpoints";
import type { TrainingCohort, TrainingPatient } from "./cohort";
import { fit } from "./fit";
import { type FitOptions, resolveOptions } from "./options";
import type { Run } from "./run";

/** Options of `crossValidate` and `heldOut`. */
export interface CrossValidationOptions<Task extends string = string>
  extends Omit<FitOptions<Task>, "split"> {
  /** Number of folds, at least 3 (one to test, one to choose the epoch by, the rest to train). Default 5. */
  readonly folds?: number;
}

/** The outcome of a cross-validation. Made by `crossValidate`. */
export class CrossValidation<Task extends string = string> {
  constructor(
    /** One run a fold. */
    readonly runs: readonly Run<Task>[],
    /** Ids of the patients held out of each run. */
    readonly held: readonly (readonly string[])[],
    private readonly outOfFold: Readonly<Record<string, Predictions>>,
    readonly provenance: Provenance,
  ) {}

  /** Predictions of every patient by the run that never saw them. `task`: default the only one. */
  predictions(task?: Task): Predictions {
    const tasks = Object.keys(this.outOfFold);
    if (task === undefined && tasks.length > 1)
      throw invalidArgument("task", undefined, `one of ${tasks.join(", ")}`, "Several tasks were learned.");
    const found = this.outOfFold[task ?? tasks[0]!];
    if (!found) throw unknownName("task", String(task), tasks);
    return found;
  }

  /** The run that never saw this patient: the one to explain them with. */
  runFor(patient: { readonly id: string }): Run<Task> {
    const fold = this.held.findIndex((ids) => ids.includes(patient.id));
    const run = this.runs[fold];
    if (!run) throw unknownName("patient in this cross-validation", patient.id, this.held.flat());
    return run;
  }

  [inspect.custom](): string {
    return `CrossValidation · ${this.runs.length} folds · ${this.held.flat().length} patients · ${Object.keys(this.outOfFold).join(", ")}`;
  }
}

/**
 * Train as many models as there are folds and predict each patient with the model that never saw them.
 *
 * Folds are by patient, stratified by label. In each turn one fold is held out, the next one chooses the epoch,
 * the others train; so the choice of the epoch never looks at the patients that are predicted.
 *
 * @param cohort   patients without any label of the tasks are left out
 * @param options  as for `fit`, and `folds`, default 5
 * @param trainFold  trains one fold; default `fit`, or `keptFit` to keep finished folds
 * @throws InvalidArgument  for fewer than 3 folds, or more folds than patients
 * @example
 * const cv = await crossValidate(cohort, { preset: "notebook", folds: 5 });
 * const roc = evaluate.roc(cv.predictions());
 */
export async function crossValidate<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: CrossValidationOptions<Task> = {},
  trainFold: typeof fit = fit,
): Promise<CrossValidation<Task>> {
  const { folds = 5, ...fitOptions } = options;
  const { tasks, seed } = resolveOptions(cohort, fitOptions);
  const labelsOf = (patient: TrainingPatient) => tasks.map((task) => patient.labels[task] ?? MISSING_LABEL);
  const patients = cohort.patients.filter((patient) =>
    labelsOf(patient).some((label) => label !== MISSING_LABEL),
  );
  if (!(Number.isInteger(folds) && folds >= 3 && folds <= patients.length))
    throw invalidArgument(
      "folds",
      folds,
      `a whole number from 3 to ${patients.length}, the number of labelled patients`,
    );

  const strata: Record<string, string[]> = {};
  for (const patient of patients) {
    const stratum = labelsOf(patient).join(" ");
    strata[stratum] ??= [];
    strata[stratum].push(patient.id);
  }
  const foldOf = dealFolds(strata, folds, new Rng(seed).split("cross-validation"));
  const isIn = (patient: TrainingPatient, fold: number) => foldOf.get(patient.id) === fold % folds;
  const members = (fold: number) => patients.filter((patient) => isIn(patient, fold));
  const ids = (list: readonly TrainingPatient[]) => list.map((patient) => patient.id);
  const runs: Run<Task>[] = [];
  const parts: Record<string, Predictions[]> = Object.fromEntries(tasks.map((task) => [task, []]));
  for (let fold = 0; fold < folds; fold++) {
    const [test, valid] = [members(fold), members(fold + 1)];
    const train = patients.filter((patient) => !isIn(patient, fold) && !isIn(patient, fold + 1));
    const run = await trainFold(cohort, {
      ...fitOptions,
      ...foldCheckpoint(fitOptions.checkpoint, fold),
      split: { train: ids(train), valid: ids(valid) },
    });
    runs.push(run);
    for (const task of tasks) parts[task]!.push(await run.predict(test, task as Task));
  }
  const held = Array.from({ length: folds }, (_, fold) => ids(members(fold)));
  const joined = Object.fromEntries(tasks.map((task) => [task, join(parts[task]!)]));
  return new CrossValidation(runs, held, joined, cohort.provenance);
}

/** Each fold is a run of its own, with a checkpoint folder of its own. */
function foldCheckpoint(
  choice: CrossValidationOptions["checkpoint"],
  fold: number,
): Pick<CrossValidationOptions, "checkpoint"> {
  const options = checkpointOptions(choice);
  return options ? { checkpoint: { ...options, folder: path.join(options.folder, `fold-${fold + 1}`) } } : {};
}

function join(parts: readonly Predictions[]): Predictions {
  return {
    ...parts[0]!,
    split: "out of fold",
    patients: parts.flatMap((part) => part.patients),
    yTrue: parts.flatMap((part) => part.yTrue),
    probabilities: parts.flatMap((part) => part.probabilities),
  };
}
