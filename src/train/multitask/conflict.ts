/** Do tasks pull the shared part of a model in the same direction, or in opposite ones? */
import { OsccError } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import type { EpochRecord } from "../history";

/** Cosines between the gradients of tasks, epoch by epoch. Plain JSON. */
export interface GradientConflict {
  readonly tasks: readonly string[];
  /** Counted from 1. */
  readonly epochs: readonly number[];
  /**
   * By epoch a matrix by pairs of tasks: the mean over the batches of the cosine between their gradients, in [-1, 1].
   * `null` where no batch had patients with both labels.
   */
  readonly cosines: readonly (readonly (readonly (number | null)[])[])[];
  /** The mean over the epochs. */
  readonly mean: readonly (readonly (number | null)[])[];
  readonly provenance?: Provenance;
}

/**
 * How far the tasks of a run agreed: cosines between the gradients of their losses.
 *
 * Above 0 a step for one task also helps the other; below 0 it harms it (Yu et al., NeurIPS 2020, call that conflict).
 * Gradients are taken where the run's balancing method takes them, by default at the last shared layer.
 *
 * @param run  a run of several tasks, or its history
 * @throws OsccError `Undefined`  for a run of one task, or one whose gradients were not compared
 * @example
 * const conflict = train.gradientConflict(run);
 * console.log(conflict.tasks, conflict.mean);
 */
export function gradientConflict(
  run:
    | { readonly history: readonly EpochRecord[]; readonly provenance?: Provenance | undefined }
    | readonly EpochRecord[],
): GradientConflict {
  const { history, provenance } = "history" in run ? run : { history: run, provenance: undefined };
  const measured = history.filter(({ gradientCosines }) => gradientCosines !== undefined);
  const [first] = measured;
  if (!first)
    throw new OsccError(
      "Undefined",
      [
        "the conflict of gradients is undefined because no epoch compared gradients of several tasks.",
        'Train several tasks: fit(cohort, { tasks: ["REC", "LNM"], gradientConflict: true }).',
      ],
      { statistic: "gradient conflict", reason: "no epoch compared gradients of several tasks" },
    );
  const tasks = Object.keys(first.byTask!);
  const cosines = measured.map((record) => record.gradientCosines!);
  return {
    tasks,
    epochs: measured.map(({ epoch }) => epoch),
    cosines,
    mean: tasks.map((_, i) => tasks.map((__, j) => meanOf(cosines.map((matrix) => matrix[i]![j]!)))),
    ...(provenance ? { provenance } : {}),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null;
}
