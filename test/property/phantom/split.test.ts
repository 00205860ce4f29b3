import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawLabels } from "../../../src/cohort/phantom/labels";
import { splitPatients } from "../../../src/cohort/phantom/split";
import { SPLITS } from "../../../src/cohort/schema";
import { Rng } from "../../../src/core/random";

const cohort = (seed: number, count: number) =>
  drawLabels(new Rng(seed), count).map((labels, i) => ({ pid: 1000 + i, labels }));

describe("the split of a phantom cohort", () => {
  it("puts each patient into exactly one part, 70/15/15", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(), (count, seed) => {
        const patients = cohort(seed, count);
        const split = splitPatients(new Rng(seed), patients);
        const all = SPLITS.flatMap((part) => split[part]);
        expect([...all].sort()).toEqual(patients.map((patient) => patient.pid).sort());
        expect(new Set(all).size).toBe(count);
        expect(split.valid).toHaveLength(Math.round(count * 0.15));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps classes alike: every class with six patients or more appears in every part", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const patients = cohort(seed, 160);
        const split = splitPatients(new Rng(seed), patients);
        for (const task of ["REC", "LNM", "TD", "TI", "CE", "PI"] as const)
          for (const label of [0, 1, 2]) {
            const having = patients.filter((p) => p.labels[task] === label).map((p) => p.pid);
            if (having.length < 6) continue;
            for (const part of SPLITS)
              expect(
                split[part].some((pid) => having.includes(pid)),
                `${task} ${label} in ${part}`,
              ).toBe(true);
          }
      }),
      { numRuns: 15 },
    );
  });

  it("depends on the seed alone", () => {
    const patients = cohort(3, 50);
    expect(splitPatients(new Rng(1), patients)).toEqual(splitPatients(new Rng(1), patients));
    expect(splitPatients(new Rng(1), patients)).not.toEqual(splitPatients(new Rng(2), patients));
  });
});
