import { describe, expect, it } from "vitest";
import { recurrenceTimes, recurrenceWithin } from "../../../src/baseline";
import { clinicalCohort } from "./table";

/** Recurrence and follow-up in days, and the label at two years. */
const FATES: readonly [recurrence: number | string, followUp: number | string, label: number, why: string][] =
  [
    [100, 100, 1, "a recurrence in time"],
    [730, 730, 1, "on the very day"],
    [731, 731, 0, "a day later: without recurrence at two years"],
    ["Not recurred", 730, 0, "followed for two years"],
    ["Not recurred", 729, -1, "lost the day before"],
    ["Not recurred", "/", -1, "nobody knows how long followed"],
    ["/", 2000, -1, "nobody knows whether"],
  ];

const times = {
  patients: 20,
  edit: (_row: unknown, index: number) => {
    const [recurrence, followUp] = FATES[index] ?? [];
    if (recurrence === undefined || followUp === undefined) return {};
    return { "[annotation] recurrence time": recurrence, "[annotation] last followup time": followUp };
  },
};

describe("recurrence within two years", () => {
  it.each(FATES.map(([, , label, why], i) => [why, i, label] as const))("%s", async (_, i, label) => {
    const { labels } = recurrenceWithin(await clinicalCohort(times));
    expect(labels[String(i + 1)]).toBe(label);
  });

  it("names itself by its day", async () => {
    const outcome = recurrenceWithin(await clinicalCohort(times), { days: 365 });
    expect(outcome).toMatchObject({ task: "REC365", title: "recurrence within 365 days" });
    expect(outcome.rule).toContain("365 days");
  });

  it("needs a day", async () => {
    const cohort = await clinicalCohort(times);
    expect(() => recurrenceWithin(cohort, { days: 0 })).toThrow("days is 0");
    expect(() => recurrenceWithin(cohort, { days: Number.NaN })).toThrow("days is NaN");
  });
});

describe("times to recurrence", () => {
  it("end at the recurrence or at the last follow-up, and leave out who is not known", async () => {
    const cohort = await clinicalCohort(times);
    const { patients, time, event, provenance } = recurrenceTimes(cohort, cohort.patients.slice(0, 7));
    expect(patients).toEqual(["1", "2", "3", "4", "5"]);
    expect(time).toEqual([100, 730, 731, 730, 729]);
    expect(event).toEqual([1, 1, 1, 0, 0]);
    expect(provenance).toBe(cohort.provenance);
  });
});
