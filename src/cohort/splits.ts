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
  const foldOf = dealFolds(strata(patients, tasks), folds, new Rng(seed).split("folds"));
  return Array.from({ length: folds }, (_, index) => ({
    index,
    train: patients.filter((patient) => foldOf.get(patient.id) !== index),
    heldOut: patients.filter((patient) => foldOf.get(patient.id) === index),
  }));
}

/**
 * Deal ids into folds stratum by stratum, going on from one stratum to the next, so that the members of small ones
 * do not all end in the first folds. The order in which ids and strata come does not matter.
 *
 * @param strata  ids by stratum, for example by their combination of labels
 * @returns       the fold of each id, from 0
 * @example
 * dealFolds({ yes: ["a", "b"], no: ["c", "d"] }, 2, new Rng(7)); // one "yes" and one "no" in each fold
 */
export function dealFolds(
  strata: Readonly<Record<string, readonly string[]>>,
  folds: number,
  rng: Rng,
): Map<string, number> {
  const foldOf = new Map<string, number>();
  let turn = 0;
  for (const stratum of Object.keys(strata).sort())
    for (const id of rng.split(stratum).shuffle([...strata[stratum]!].sort())) foldOf.set(id, turn++ % folds);
  return foldOf;
}

/** Patients by the combination of their labels. */
function strata<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  tasks: readonly TaskOf<S>[],
): Record<string, string[]> {
  const byLabels: Record<string, string[]> = {};
  for (const patient of patients) {
    const cohort = patient.cohort;
    const labels = tasks.map((task) => {
      cohort.task(task);
      return patient.labels[task] ?? "missing";
    });
    const key = labels.join(" ");
    byLabels[key] ??= [];
    byLabels[key].push(patient.id);
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
