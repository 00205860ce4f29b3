/** What an epoch's model says about the validation patients. */

import { tf } from "../engine";
import { isUndefined, MISSING_LABEL, metrics, type Predictions, type Statistic } from "../evaluate";
import type { ModelSpec, ModelTask } from "../model";
import type { TrainingPatient } from "./cohort";
import type { LossFunction } from "./losses";
import { type Logits, softmaxRow } from "./predictor";
import { encodeTargets } from "./targets";

/** Logits as predictions of one task. */
export function predictionsOf(
  spec: ModelSpec,
  task: string,
  patients: readonly TrainingPatient[],
  logits: Logits,
): Predictions {
  return {
    task,
    classes: spec.tasks[task]!.classes,
    patients: patients.map((patient) => patient.id),
    yTrue: patients.map((patient) => patient.labels[task] ?? MISSING_LABEL),
    probabilities: logits[task]!.map(softmaxRow),
  };
}

/** What the validation patients say about a model, by task; where a score is not defined, `undefined`. */
export interface ValidationScores {
  readonly auc: Readonly<Record<string, number | undefined>>;
  /** Macro F1; a class that was never called counts 0, as in the study. */
  readonly f1: Readonly<Record<string, number | undefined>>;
  readonly accuracy: Readonly<Record<string, number | undefined>>;
  /** Why an AUC is not defined, by task. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** The scores of an epoch. */
export function validationScores(
  spec: ModelSpec,
  patients: readonly TrainingPatient[],
  logits: Logits,
): ValidationScores {
  const byTask = Object.keys(spec.tasks).map(
    (task) => [task, metrics(predictionsOf(spec, task, patients, logits), { zeroDivision: 0 })] as const,
  );
  return {
    auc: Object.fromEntries(byTask.map(([task, { auc }]) => [task, known(auc)])),
    f1: Object.fromEntries(byTask.map(([task, { n, macro }]) => [task, n > 0 ? known(macro.f1) : undefined])),
    accuracy: Object.fromEntries(byTask.map(([task, { accuracy }]) => [task, known(accuracy)])),
    reasons: Object.fromEntries(
      byTask.flatMap(([task, { auc }]) => (isUndefined(auc) ? [[task, auc.reason]] : [])),
    ),
  };
}

function known(statistic: Statistic): number | undefined {
  return isUndefined(statistic) ? undefined : statistic;
}

/** The training loss of each task, without class weights, smoothing or dropout. */
export function validationLosses(
  spec: ModelSpec,
  patients: readonly TrainingPatient[],
  logits: Logits,
  losses: Readonly<Record<string, LossFunction>>,
): Record<string, number> {
  const lossOf = ([task, { classes }]: [string, ModelTask]): [string, number] => {
    const { oneHot, weight } = encodeTargets(
      patients.map((patient) => patient.labels[task] ?? MISSING_LABEL),
      { classes: classes.length },
    );
    const loss = tf.tidy(() => {
      const rows = tf.tensor2d(
        logits[task]!.flatMap((row) => [...row]),
        [patients.length, classes.length],
      );
      const targets = {
        oneHot: tf.tensor2d(oneHot, [patients.length, classes.length]),
        weight: tf.tensor1d(weight),
      };
      return losses[task]!(rows, targets).dataSync()[0]!;
    }) as unknown as number;
    return [task, loss];
  };
  return Object.fromEntries(Object.entries(spec.tasks).map(lossOf));
}
