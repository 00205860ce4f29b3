import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LabelledPatient, publishedSplit, SPLITS } from "../../../src/cohort";
import { isOsccError } from "../../../src/core/errors";
import { sharedData } from "../../unit/cohort/make-cohort";

/** Patients with two tasks of uneven classes, some labels missing. */
const cohorts = fc
  .array(
    fc.record({
      TD: fc.constantFrom(0, 0, 0, 1, 1, 2),
      REC: fc.constantFrom<number | undefined>(0, 0, 0, 1, undefined),
    }),
    { minLength: 60, maxLength: 200 },
  )
  .map((labels): LabelledPatient[] => labels.map((ofOne, i) => ({ id: String(7 + 3 * i), labels: ofOne })));

const countOf = (patients: readonly LabelledPatient[], ids: readonly string[], task: string, label: number) =>
  patients.filter(({ id, labels }) => ids.includes(id) && labels[task] === label).length;

test("parts are disjoint, hold everybody, and have their sizes", () => {
  fc.assert(
    fc.property(cohorts, fc.integer(), fc.integer({ min: 1, max: 20 }), (patients, seed, valid) => {
      const split = publishedSplit(patients, { seed, valid, maxCountDifference: 99, maxShareDifference: 2 });
      const all = SPLITS.flatMap((part) => split[part]);
      expect([...all].sort()).toEqual(patients.map(({ id }) => id).sort());
      expect(split.valid).toHaveLength(valid);
      expect(split.test).toHaveLength(Math.round(patients.length * 0.15));
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("a split that is returned keeps to both bounds in every class", () => {
  let returned = 0;
  fc.assert(
    fc.property(cohorts, fc.integer(), (patients, seed) => {
      const bounds = { maxCountDifference: 3, maxShareDifference: 0.15 };
      let split: ReturnType<typeof publishedSplit>;
      try {
        split = publishedSplit(patients, { seed, attempts: 60, ...bounds });
      } catch (error) {
        return expect(isOsccError(error, "NotConverged")).toBe(true);
      }
      returned++;
      for (const [task, labels] of [
        ["TD", [0, 1, 2]],
        ["REC", [0, 1]],
      ] as const)
        for (const label of labels) {
          const count = (part: (typeof SPLITS)[number]) => countOf(patients, split[part], task, label);
          const share = (part: (typeof SPLITS)[number]) =>
            count(part) /
            patients.filter(({ id, labels: l }) => split[part].includes(id) && l[task] !== undefined).length;
          expect(Math.abs(count("valid") - count("test"))).toBeLessThan(3);
          expect(Math.abs(share("valid") - share("train"))).toBeLessThan(0.15);
          expect(Math.abs(share("test") - share("train"))).toBeLessThan(0.15);
        }
    }),
    { numRuns: 40, seed: 2 },
  );
  expect(returned).toBeGreaterThan(30);
});

test("the seed and the set of patients decide, not their order", () => {
  fc.assert(
    fc.property(cohorts, fc.integer(), (patients, seed) => {
      const options = { seed, maxCountDifference: 99, maxShareDifference: 2 };
      const split = publishedSplit(patients, options);
      expect(publishedSplit([...patients].reverse(), options)).toEqual(split);
      expect(publishedSplit(patients, { ...options, seed: `${seed}b` })).not.toEqual(split);
    }),
    { numRuns: 20, seed: 3 },
  );
});

test("bounds that cannot be kept are an error that names the class", () => {
  const patients = Array.from({ length: 20 }, (_, i) => ({ id: `p${i}`, labels: { T: i < 3 ? 1 : 0 } }));
  expect(() => publishedSplit(patients, { maxShareDifference: 0.01, attempts: 20 })).toThrow(
    /none of 20 splits keeps to the bounds; the best one fails at T [01]: /,
  );
  expect(() => publishedSplit(patients, { valid: 10, test: 10 })).toThrow(/fewer than the 20 patients/);
  expect(() => publishedSplit(patients.slice(0, 2))).toThrow(/valid is 0/);
  expect(() => publishedSplit([...patients, patients[0]!])).toThrow(/each patient once/);
});

const labelFile = sharedData("multi-oscc", "all_metadata.json");
describe.skipIf(!existsSync(labelFile))("the 1,325 published labels (needs shared data)", () => {
  test("925, 200 and 200 patients within the published bounds, as in the published split", () => {
    const { datainfo } = JSON.parse(readFileSync(labelFile, "utf8"));
    const tasks = ["TD", "CE", "TI", "PI", "LNM", "REC"];
    const patients: LabelledPatient[] = datainfo.map((entry: Record<string, number>) => ({
      id: String(entry.pid),
      labels: Object.fromEntries(tasks.map((task) => [task, entry[task]])),
    }));
    const split = publishedSplit(patients, { valid: 200, test: 200 });
    expect(SPLITS.map((part) => split[part].length)).toEqual([925, 200, 200]);
    for (const task of tasks)
      for (const label of task === "TD" ? [0, 1, 2] : [0, 1]) {
        const [train, valid, test] = SPLITS.map((part) => countOf(patients, split[part], task, label));
        expect(Math.abs(valid! - test!)).toBeLessThan(5);
        expect(Math.abs(valid! / 200 - train! / 925)).toBeLessThan(0.1);
        expect(Math.abs(test! / 200 - train! / 925)).toBeLessThan(0.1);
      }
  });
});
