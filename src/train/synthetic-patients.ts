/** Patients who do not exist: points between the features of those who do. */
import { invalidArgument } from "../core/errors";
import { MISSING_LABEL } from "../evaluate";
import type { BatchOptions } from "./batches";
import type { TrainingPatient } from "./cohort";
import { smote } from "./smote";

/** What a training loop needs: whom to show, and what of them. */
export interface Shown {
  readonly patients: readonly TrainingPatient[];
  readonly read: BatchOptions["read"];
}

/**
 * The training patients and, beside them, points made by SMOTE until every combination of labels is as frequent as
 * the most frequent one. A combination that one patient alone has is repeated.
 */
export async function withSyntheticPatients(
  { patients, read }: Shown,
  tasks: readonly string[],
  seed: string,
): Promise<Shown> {
  const features = await Promise.all(patients.map(read));
  const labels = patients.map((patient) => tasks.map((task) => patient.labels[task] ?? MISSING_LABEL));
  const made = smote(features, labels, { alone: "repeat", seed });
  const rows = new Map<TrainingPatient, Float32Array>();
  made.features.forEach((row, i) => {
    const { from, towards } = made.origins[i]!;
    const name = `synthetic ${i + 1}, between ${patients[from]!.id} and ${patients[towards]!.id}`;
    rows.set(syntheticPatient(name, tasks, made.labels[i]!), row);
  });
  return {
    patients: [...patients, ...rows.keys()],
    read: async (patient) => rows.get(patient) ?? read(patient),
  };
}

function syntheticPatient(id: string, tasks: readonly string[], labels: readonly number[]): TrainingPatient {
  const known = tasks.map((task, i) => [task, labels[i] === MISSING_LABEL ? undefined : labels[i]]);
  return {
    id,
    labels: Object.fromEntries(known),
    split: "train",
    images: () => {
      throw invalidArgument("patient", id, "a patient with images; a synthetic one has features only");
    },
  };
}
