/** A cohort that nothing can be learned from, for the label-randomisation check. */
import { unknownName } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import type { Rng } from "../../core/random";

/** A patient with labels, in a part of a split. */
export interface LabelledPatient {
  readonly labels: Readonly<Record<string, number | undefined>>;
  readonly split?: string | undefined;
}

/** What `shuffleLabels` needs of a cohort. */
export interface LabelledCohort {
  readonly patients: readonly LabelledPatient[];
  readonly provenance: Provenance;
}

/**
 * The cohort with the labels of one task dealt out anew among its patients: what a model should not be able to learn.
 *
 * Within each part of the split, so that every part keeps its class counts. Images, split and other labels stay.
 *
 * @param cohort  any that `fit` takes
 * @param task    whose labels are shuffled
 * @param rng     the same path gives the same order
 * @throws UnknownName  for a task that the patients have no labels of
 * @example
 * const shuffled = explain.shuffleLabels(cohort, "TD", new Rng(7));
 * const nonsense = await fit(shuffled, { preset: "notebook", tasks: "TD" });
 */
export function shuffleLabels<C extends LabelledCohort>(cohort: C, task: string, rng: Rng): C {
  const tasks = Object.keys(cohort.patients[0]?.labels ?? {});
  if (!tasks.includes(task)) throw unknownName("task with labels", task, tasks);
  const labels = new Map<LabelledPatient, number | undefined>();
  for (const [part, members] of bySplit(cohort.patients)) {
    const dealt = rng.split(part).shuffle(members.map((patient) => patient.labels[task]));
    members.forEach((patient, i) => {
      labels.set(patient, dealt[i]);
    });
  }
  const patients = cohort.patients.map((patient) =>
    changed(patient, { labels: { ...patient.labels, [task]: labels.get(patient) } }),
  );
  const { notice } = cohort.provenance;
  const said = `labels of ${task} shuffled`;
  const provenance = { ...cohort.provenance, notice: notice ? `${notice}; ${said}` : said };
  return changed(cohort, { patients, provenance });
}

function bySplit(patients: readonly LabelledPatient[]): Map<string, LabelledPatient[]> {
  const parts = new Map<string, LabelledPatient[]>();
  for (const patient of patients) {
    const part = patient.split ?? "";
    parts.set(part, [...(parts.get(part) ?? []), patient]);
  }
  return parts;
}

/** The same object, methods and all, with some properties of its own. */
function changed<T extends object>(object: T, properties: Readonly<Record<string, unknown>>): T {
  const descriptors = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, { value, enumerable: true }]),
  );
  return Object.create(object, descriptors) as T;
}
