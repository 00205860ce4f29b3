/** What the times in the clinical table tell: recurrence by a day, as a label, and the times themselves. */
import type { ClinicalTable, Cohort, CohortSchema, Patient } from "../cohort";
import { invalidArgument, OsccError } from "../core/errors";
import { MISSING_LABEL, type SurvivalTimes } from "../evaluate";

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

/** Options of `recurrenceWithin`. */
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

/** When each patient had a recurrence, or until when none was seen: the input of `evaluate.kaplanMeier`, in days from surgery. */
export interface RecurrenceTimes extends SurvivalTimes {
  readonly patients: readonly string[];
}

/**
 * Times to recurrence, from the clinical table. Patients whose row does not tell are left out.
 *
 * @param patients default: all patients of the cohort
 * @throws MissingDataset when the cohort has no clinical table
 * @example
 * const times = baseline.recurrenceTimes(cohort, cohort.where({ TD: "poor" }));
 * evaluate.survivalAt(evaluate.kaplanMeier(times), 730).value; // the share without recurrence after two years
 */
export function recurrenceTimes<S extends CohortSchema>(
  cohort: Cohort<S>,
  patients: readonly Patient<S>[] = cohort.patients,
): RecurrenceTimes {
  clinicalTableOf(cohort);
  const known = patients.flatMap(({ id, clinical }) => {
    const { recurrenceDays, followUpDays } = clinical ?? {};
    if (recurrenceDays === undefined) return [];
    if (recurrenceDays !== null) return [{ id, time: recurrenceDays, event: 1 }];
    return followUpDays === undefined ? [] : [{ id, time: followUpDays, event: 0 }];
  });
  return {
    patients: known.map(({ id }) => id),
    time: known.map(({ time }) => time),
    event: known.map(({ event }) => event),
    label: "recurrence",
    provenance: cohort.provenance,
  };
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
