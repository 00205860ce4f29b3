/** Labels that are not in the label file: recurrence by a day, from the times in the clinical table. */
import type { ClinicalTable, Cohort, CohortSchema } from "../cohort";
import { invalidArgument, OsccError } from "../core/errors";
import { MISSING_LABEL } from "../evaluate";

/** A question and its answer for each patient, beside the tasks that a cohort has. */
export interface Outcome {
  /** A short name, as a task has one: `"REC730"`. */
  readonly task: string;
  readonly title: string;
  /** Class names; the index is the label. */
  readonly classes: readonly string[];
  /** The label of each patient; -1 where the times do not tell. */
  readonly labels: Readonly<Record<string, number>>;
  /** How the labels were made, in words. */
  readonly rule: string;
}

export interface RecurrenceOptions {
  /** The day that counts, from surgery. Default 730: two years. */
  readonly days?: number;
}

/**
 * Recurrence by a day, strictly: the label file asks "ever, as far as followed", whatever the length of follow-up.
 *
 * 1: a recurrence within `days`. 0: followed for at least `days` and without recurrence up to then (a later one
 * does not count). -1: all others, whose fate at that day is not known; every statistic leaves them out.
 *
 * @param options `days`, default 730
 * @throws MissingDataset when the cohort has no clinical table; InvalidArgument unless `days` is positive
 * @example
 * const twoYears = baseline.recurrenceWithin(cohort);
 * baseline.clinical(cohort, { task: twoYears });
 */
export function recurrenceWithin<S extends CohortSchema>(
  cohort: Cohort<S>,
  options: RecurrenceOptions = {},
): Outcome {
  const { days = 730 } = options;
  if (!(days > 0 && Number.isFinite(days)))
    throw invalidArgument("days", days, "a number of days above 0", "Two years are 730.");
  const labels = clinicalTableOf(cohort).rows.map(
    ({ patient, recurrenceDays, followUpDays }) =>
      [patient, labelAt(days, recurrenceDays, followUpDays)] as const,
  );
  return {
    task: `REC${days}`,
    title: `recurrence within ${days} days`,
    classes: ["no recurrence by then", "recurrence"],
    labels: Object.fromEntries(labels),
    rule:
      `recurrence within ${days} days against follow-up of at least ${days} days without; ` +
      "patients followed for less are masked",
  };
}

function labelAt(days: number, recurrence: number | null | undefined, followUp: number | undefined): number {
  if (recurrence === undefined) return MISSING_LABEL;
  if (recurrence !== null) return recurrence <= days ? 1 : 0;
  return followUp !== undefined && followUp >= days ? 0 : MISSING_LABEL;
}

/** The clinical table, or an error that says what to do. */
export function clinicalTableOf<S extends CohortSchema>(cohort: Cohort<S>): ClinicalTable {
  if (cohort.clinical) return cohort.clinical;
  throw new OsccError(
    "MissingDataset",
    [
      `the cohort ${cohort.name} has no clinical table.`,
      "Expected a CSV of clinical data in its folder, as the Multi-OSCC study publishes it.",
      "The phantom has one: openCohort() without a folder.",
    ],
    { folder: cohort.folder },
  );
}
