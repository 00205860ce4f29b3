/** Tables of a cohort as plain rows: counts, gaps, cross tables. Each is JSON-able. */
import type { Cohort } from "./cohort";
import type { Patient } from "./patient";
import type { CohortSchema, Split, TaskOf } from "./schema";

/** How many patients of each part of the split have one class of one task. */
export interface ClassCount<T extends string = string> {
  readonly task: T;
  readonly title: string;
  readonly className: string;
  /** Class index. */
  readonly label: number;
  readonly train: number;
  readonly valid: number;
  readonly test: number;
  /** Patients in no part of the split. */
  readonly noSplit: number;
  readonly total: number;
}

/** One row per class of each task. */
export type ClassCounts<T extends string = string> = readonly ClassCount<T>[];

/** Count classes per part of the split; missing labels are not counted. */
export function classCounts<S extends CohortSchema>(cohort: Cohort<S>): ClassCount<TaskOf<S>>[] {
  return cohort.tasks.flatMap((task) => {
    const { title, classes } = cohort.task(task);
    return classes.map((className, label) => {
      const having = cohort.patients.filter((patient) => patient.labels[task] === label);
      const inSplit = (split: Split | undefined) =>
        having.filter((patient) => patient.split === split).length;
      return {
        task,
        title,
        className,
        label,
        train: inSplit("train"),
        valid: inSplit("valid"),
        test: inSplit("test"),
        noSplit: inSplit(undefined),
        total: having.length,
      };
    });
  });
}

/** What is missing of one thing that every patient could have. */
export interface Missingness {
  /** A task, a view such as `core x400`, a clinical column, or `split`. */
  readonly name: string;
  readonly kind: "label" | "image" | "clinical" | "split";
  readonly title: string;
  readonly missing: number;
  readonly total: number;
}

/** Count missing labels, images, split entries and clinical cells. */
export function missingness<S extends CohortSchema>(cohort: Cohort<S>): Missingness[] {
  const total = cohort.patients.length;
  const count = (isMissing: (patient: Patient<S>) => boolean) => cohort.patients.filter(isMissing).length;
  const labels = cohort.tasks.map((task) => ({
    name: task as string,
    kind: "label" as const,
    title: cohort.task(task).title,
    missing: count((patient) => patient.labels[task] === undefined),
    total,
  }));
  const images = cohort.views.map(({ site, magnification }) => ({
    name: `${site} ${magnification}`,
    kind: "image" as const,
    title: `${site} ${magnification} image`,
    missing: count((patient) => patient.image(site, magnification).status === "missing"),
    total,
  }));
  const split = {
    name: "split",
    kind: "split" as const,
    title: "part of the split",
    missing: count((patient) => patient.split === undefined),
    total,
  };
  const clinical = (cohort.clinical?.missingness() ?? []).map(({ column, title, missing, total: rows }) => ({
    name: column as string,
    kind: "clinical" as const,
    title,
    missing,
    total: rows,
  }));
  return [...labels, split, ...images, ...clinical];
}

/** Two tasks against each other. */
export interface CrossTable {
  readonly rowTask: string;
  readonly columnTask: string;
  /** Class names of `rowTask`. */
  readonly rows: readonly string[];
  /** Class names of `columnTask`. */
  readonly columns: readonly string[];
  /** `counts[row][column]` patients. */
  readonly counts: readonly (readonly number[])[];
  /** Patients who lack one of the two labels; they are not counted. */
  readonly missing: number;
}

/** Count patients by two tasks at once. */
export function crossTable<S extends CohortSchema>(
  cohort: Cohort<S>,
  rowTask: TaskOf<S>,
  columnTask: TaskOf<S>,
  patients: readonly Patient<S>[] = cohort.patients,
): CrossTable {
  const rows = cohort.task(rowTask).classes;
  const columns = cohort.task(columnTask).classes;
  const counts = rows.map(() => columns.map(() => 0));
  let missing = 0;
  for (const { labels } of patients) {
    const row = labels[rowTask];
    const column = labels[columnTask];
    if (row === undefined || column === undefined) missing++;
    else counts[row]![column]!++;
  }
  return { rowTask, columnTask, rows, columns, counts, missing };
}
