import fc from "fast-check";
import { expect, test } from "vitest";
import { Cohort, MULTI_OSCC } from "../../../src/cohort";

/** A cohort in memory with these labels. */
function cohortOf(labels: readonly { TD: number; REC: number | undefined }[]): Cohort {
  return new Cohort({
    schema: MULTI_OSCC,
    folder: "/nowhere",
    provenance: { cohort: "test", synthetic: true },
    patients: labels.map(({ TD, REC }, i) => ({
      id: String(1000 + i),
      labels: { TD, REC, LNM: 0, TI: 0, CE: 0, PI: 0 },
      images: [],
    })),
    looseImages: [],
    warnings: [],
    caveats: [],
    hasClinical: false,
  });
}

const cohorts = fc
  .array(fc.record({ TD: fc.nat(2), REC: fc.constantFrom<number | undefined>(0, 1, undefined) }), {
    minLength: 2,
    maxLength: 60,
  })
  .map(cohortOf);

test("folds are disjoint, cover all patients, and keep every label combination even", () => {
  fc.assert(
    fc.property(cohorts, fc.integer({ min: 2, max: 8 }), fc.integer(), (cohort, wanted, seed) => {
      const folds = Math.min(wanted, cohort.patients.length);
      const rounds = cohort.folds({ folds, seed, stratify: ["TD", "REC"] });
      const heldOut = rounds.flatMap((fold) => fold.heldOut);
      expect(new Set(heldOut).size).toBe(cohort.patients.length);
      expect(heldOut).toHaveLength(cohort.patients.length);
      for (const fold of rounds) {
        const trained = new Set(fold.train.map((patient) => patient.id));
        expect(fold.heldOut.some((patient) => trained.has(patient.id))).toBe(false);
        expect(fold.train.length + fold.heldOut.length).toBe(cohort.patients.length);
      }
      const even = (counts: number[]) =>
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      even(rounds.map((fold) => fold.heldOut.length));
      for (const TD of [0, 1, 2])
        for (const REC of [0, 1, undefined])
          even(
            rounds.map(
              ({ heldOut }) => heldOut.filter(({ labels }) => labels.TD === TD && labels.REC === REC).length,
            ),
          );
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("folds depend on the set of patients and the seed, not on their order", () => {
  fc.assert(
    fc.property(cohorts, fc.integer(), fc.integer(), (cohort, seed, order) => {
      const ids = (patients: typeof cohort.patients) =>
        cohort
          .folds({ folds: 2, seed, stratify: "TD" }, patients)
          .map((fold) => fold.heldOut.map((patient) => patient.id).sort());
      const shuffled = [...cohort.patients].sort(
        (a, b) => ((Number(a.id) * order) % 7) - ((Number(b.id) * order) % 7),
      );
      expect(ids(shuffled)).toEqual(ids(cohort.patients));
    }),
    { numRuns: 40, seed: 2 },
  );
});
