/** Splits by patient: every image of a patient is on one side. */
import { writeFile } from "node:fs/promises";
import { invalidArgument } from "../core/errors";
import { Rng } from "../core/random";
import type { Patient } from "./patient";
import { type CohortSchema, SPLITS, type Split, type TaskOf } from "./schema";

/** Options of `stratifiedFolds`. */
export interface FoldOptions<T extends string = string> {
  /** How many folds, at least 2; default 5. */
  folds?: number;
  /** Keep the classes of these tasks (their combinations) in proportion; default: none. */
  stratify?: T | readonly T[];
  /** Default 7. The same seed and patients give the same folds, in whatever order the patients come. */
  seed?: number | string;
}

/** One round of a cross-validation. */
export interface Fold<S extends CohortSchema> {
  /** From 0. */
  readonly index: number;
  readonly train: readonly Patient<S>[];
  readonly heldOut: readonly Patient<S>[];
}

/**
 * Divide patients into folds; each patient is held out exactly once.
 *
 * Patients with the same labels are shuffled and dealt out in turn, so each class is spread over the folds
 * as evenly as it can be (counts differ by at most one per label combination, fold sizes by at most one).
 *
 * @param patients which patients
 * @param options  `folds`, default 5; `stratify`; `seed`, default 7
 * @throws InvalidArgument for fewer than 2 folds or more folds than patients
 * @example
 * for (const { train, heldOut } of cohort.folds({ folds: 5, stratify: "REC" })) console.log(heldOut.length);
 */
export function stratifiedFolds<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  options: FoldOptions<TaskOf<S>> = {},
): Fold<S>[] {
  const { folds = 5, stratify = [], seed = 7 } = options;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= patients.length))
    throw invalidArgument(
      "folds",
      folds,
      `a whole number from 2 to the number of patients (${patients.length})`,
    );
  const tasks: readonly TaskOf<S>[] =
    typeof stratify === "string" ? [stratify] : (stratify as readonly TaskOf<S>[]);
  const foldOf = new Map<string, number>();
  const rng = new Rng(seed).split("folds");
  let turn = 0;
  for (const [stratum, members] of [...strata(patients, tasks)].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const id of rng.split(stratum).shuffle(members)) foldOf.set(id, turn++ % folds);
  return Array.from({ length: folds }, (_, index) => ({
    index,
    train: patients.filter((patient) => foldOf.get(patient.id) !== index),
    heldOut: patients.filter((patient) => foldOf.get(patient.id) === index),
  }));
}

/** Patients (sorted, so that their order does not matter) by the combination of their labels. */
function strata<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  tasks: readonly TaskOf<S>[],
): Map<string, string[]> {
  const byLabels = new Map<string, string[]>();
  for (const patient of [...patients].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const cohort = patient.cohort;
    const labels = tasks.map((task) => {
      cohort.task(task);
      return patient.labels[task] ?? "missing";
    });
    const key = labels.join(" ");
    byLabels.set(key, [...(byLabels.get(key) ?? []), patient.id]);
  }
  return byLabels;
}

/** Train, valid and test as lists of patient ids: the content of a split file. */
export type SplitFile = { readonly [S in Split]: readonly (string | number)[] };

/** The split of a cohort's patients as a split file has it; numbers where ids are numbers. */
export function toSplitFile<S extends CohortSchema>(patients: readonly Patient<S>[]): SplitFile {
  const idsOf = (split: Split) =>
    patients
      .filter((patient) => patient.split === split)
      .map(({ id }) => (/^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id));
  return Object.fromEntries(SPLITS.map((split) => [split, idsOf(split)])) as unknown as SplitFile;
}

/** Write a split file that `openCohort` reads. */
export async function saveSplit(file: string, split: SplitFile): Promise<void> {
  const twice = SPLITS.flatMap((name) => split[name].map(String)).filter(
    (id, i, all) => all.indexOf(id) !== i,
  );
  if (twice.length > 0)
    throw invalidArgument("split", twice.slice(0, 5).join(", "), "each patient in one part only");
  await writeFile(file, `${JSON.stringify(split, undefined, 2)}\n`);
}
