/** Train so that every judged patient is judged by a model that never saw them, whatever the cohort offers. */
import { inspect } from "node:util";
import { unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { Predictions } from "../evaluate";
import type { TrainingCohort } from "./cohort";
import { type CrossValidationOptions, crossValidate } from "./cross-validate";
import { keptFit } from "./kept-runs";
import type { Run } from "./run";

/** How the patients that are judged were kept apart from those that were learned from. */
export type HeldOutDesign = "official split" | "cross-validation";

/**
 * Runs and the predictions they make for held-out patients. Made by `heldOut`.
 *
 * @example
 * const study = await heldOut(cohort, { preset: "notebook", tasks: "TD", fusion: "gated" });
 * evaluate.rocPerClass(study.predictions("TD"));
 */
export class HeldOut<Task extends string = string> {
  constructor(
    readonly design: HeldOutDesign,
    /** One run, or one for each fold. */
    readonly runs: readonly Run<Task>[],
    private readonly byTask: Readonly<Record<string, Predictions>>,
    private readonly runOf: (patient: { readonly id: string }) => Run<Task>,
    readonly provenance: Provenance,
  ) {}

  /** Predictions of the held-out patients. @throws UnknownName for a task that was not learned */
  predictions(task: Task): Predictions {
    const found = this.byTask[task];
    if (!found) throw unknownName("task of this study", task, Object.keys(this.byTask));
    return found;
  }

  /** A run that never saw this patient: the one to explain them with. @throws UnknownName when every run saw them */
  runFor(patient: { readonly id: string }): Run<Task> {
    return this.runOf(patient);
  }

  [inspect.custom](): string {
    const judged = Object.values(this.byTask)[0]?.patients.length ?? 0;
    const how =
      this.design === "official split"
        ? `${judged} test patients`
        : `${this.runs.length} folds, ${judged} patients, each judged by the model that never saw them`;
    return [`Held out · ${this.design} · ${how}`, ...this.runs.map((run) => `  ${inspect(run)}`)].join("\n");
  }
}

/**
 * Train on what the cohort offers: with an official split, once, judged on `test`; without one, by
 * cross-validation. Finished runs are kept (see `keptFit`), so asking again costs seconds.
 *
 * @param cohort   from `openCohort`
 * @param options  as for `fit`; `folds` for a cohort without a split, default 5
 * @throws as `fit` and `crossValidate`
 * @example
 * const study = await heldOut(cohort, { preset: "notebook", tasks: "TD" });
 */
export async function heldOut<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: CrossValidationOptions<Task> = {},
): Promise<HeldOut<Task>> {
  const test = cohort.patients.filter((patient) => patient.split === "test");
  const hasSplit = test.length > 0 && cohort.patients.some((patient) => patient.split === "train");
  if (!hasSplit) {
    const folds = await crossValidate(cohort, options, keptFit);
    const tasks = folds.runs[0]!.options.tasks;
    const byTask = Object.fromEntries(tasks.map((task) => [task, folds.predictions(task as Task)]));
    return new HeldOut("cross-validation", folds.runs, byTask, (p) => folds.runFor(p), cohort.provenance);
  }
  const { folds: _unused, ...fitOptions } = options;
  const run = await keptFit(cohort, fitOptions);
  const byTask: Record<string, Predictions> = {};
  for (const task of run.options.tasks) byTask[task] = await run.predict("test", task as Task);
  const seen = new Set([...run.trainIds, ...run.validIds]);
  const runOf = (patient: { readonly id: string }) => {
    if (seen.has(patient.id))
      throw unknownName(
        "held-out patient",
        patient.id,
        test.map((p) => p.id),
      );
    return run;
  };
  return new HeldOut("official split", [run], byTask, runOf, cohort.provenance);
}
