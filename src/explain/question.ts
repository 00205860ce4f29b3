/** What is asked of a model: task, class, score, layers; checked, with defaults. */
import { invalidArgument, unknownName } from "../core/errors";
import type { Model, ModelSpec } from "../model";

/** A model, or anything that has one: a run. */
export type Explainable = Model | { readonly model: Model };

/** The model itself. */
export function modelOf(explainable: Explainable): Model {
  return "model" in explainable ? explainable.model : explainable;
}

/** The task that is asked about; a model of one task needs no name. */
export function chooseTask(spec: ModelSpec, task: string | undefined): string {
  const tasks = Object.keys(spec.tasks);
  if (task !== undefined && !tasks.includes(task)) throw unknownName("task in this model", task, tasks);
  if (task === undefined && tasks.length > 1)
    throw invalidArgument(
      "task",
      undefined,
      `one of ${tasks.join(", ")}`,
      "The model answers several questions.",
    );
  return task ?? tasks[0]!;
}

/** The class that is asked about, by index or name; `undefined`: the predicted one. */
export function chooseClass(
  spec: ModelSpec,
  task: string,
  target: number | string | undefined,
): number | undefined {
  if (target === undefined) return undefined;
  const { classes } = spec.tasks[task]!;
  const index = typeof target === "string" ? classes.indexOf(target) : target;
  if (typeof target === "string" && index < 0) throw unknownName(`class of ${task}`, target, classes);
  if (Number.isInteger(index) && index >= 0 && index < classes.length) return index;
  throw invalidArgument(
    "targetClass",
    target,
    `a class of ${task}: ${classes.map((name, i) => `${i} (${name})`).join(", ")}`,
  );
}
