/** What an epoch's model says about the validation patients. */

import { tf } from "../engine";
import { auc, isUndefined, MISSING_LABEL, type Predictions } from "../evaluate";
import type { ModelSpec } from "../model";
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

/** AUC by task; where it is not defined, `undefined` and the reason. */
export function validationAuc(spec: ModelSpec, patients: readonly TrainingPatient[], logits: Logits) {
  const aucs: Record<string, number | undefined> = {};
  const reasons: Record<string, string> = {};
  for (const task of Object.keys(spec.tasks)) {
    const value = auc(predictionsOf(spec, task, patients, logits));
    if (isUndefined(value)) {
      aucs[task] = undefined;
      reasons[task] = value.reason;
    } else aucs[task] = value;
  }
  return { aucs, reasons };
}

/** The training loss, summed over tasks, without class weights, smoothing or dropout. */
export function validationLoss(
  spec: ModelSpec,
  patients: readonly TrainingPatient[],
  logits: Logits,
  losses: Readonly<Record<string, LossFunction>>,
): number {
  return Object.entries(spec.tasks).reduce((sum, [task, { classes }]) => {
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
    return sum + loss;
  }, 0);
}
