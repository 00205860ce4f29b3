/** An audit claims nothing that is not there, and finds what is. */
import { describe, expect, it } from "vitest";
import { auditPaper, type FindingKind, type PrintedPaper, readPaper } from "../../../src/audit";
import { Rng } from "../../../src/core/random";
import { cleanPaper } from "./clean-paper";

const TRIALS = 200;
/** Of the fault finders each is tried on this many papers. */
const PLANTED = 15;

const sure = ({ paper, labels }: ReturnType<typeof cleanPaper>) =>
  auditPaper(paper, labels).findings.filter(({ confidence }) => confidence !== "unusual");

describe("a clean paper", () => {
  it(`gives no finding in ${TRIALS} random papers`, () => {
    const found = Array.from({ length: TRIALS }, (_, seed) => {
      const { paper, labels } = cleanPaper(seed);
      return auditPaper(paper, labels).findings;
    });
    expect(found.flat()).toEqual([]);
  });

  it("survives the way through JSON unchanged", () => {
    const { paper } = cleanPaper(3);
    expect(readPaper(JSON.parse(JSON.stringify(paper)))).toEqual(paper);
  });

  it("says what was checked", () => {
    const { paper, labels } = cleanPaper(1);
    expect(auditPaper(paper, labels).checks).toEqual([
      { kind: "metrics", checked: 6, findings: 0 },
      { kind: "mean", checked: 2, findings: 0 },
      { kind: "interval", checked: 6, findings: 0 },
      { kind: "correlation", checked: 3, findings: 0 },
      { kind: "class count", checked: 7, findings: 0 },
      { kind: "parameters", checked: 10, findings: 0 },
      { kind: "claim", checked: 4, findings: 0 },
    ]);
    expect(auditPaper(paper).notChecked[0]).toMatch(/label file/);
  });
});

type Fault = (paper: PrintedPaper, rng: Rng) => PrintedPaper;

/** Replace one fact of a list. */
const change = <T>(list: readonly T[] | undefined, i: number, edit: (fact: T) => T): T[] =>
  (list ?? []).map((fact, k) => (k === i ? edit(fact) : fact));

/** The row whose recall and precision differ most. */
function mostUnequal({ metrics = [] }: PrintedPaper): number {
  const gaps = metrics.map(({ printed }) => Math.abs(printed.recall! - printed.precision!));
  return gaps.indexOf(Math.max(...gaps));
}

const FAULTS: Readonly<Record<string, { kind: FindingKind; plant: Fault }>> = {
  "recall and precision exchanged": {
    kind: "metrics",
    // Where both are nearly equal the exchange may be another matrix's numbers: no arithmetic can tell.
    plant: (paper) => ({
      ...paper,
      metrics: change(paper.metrics, mostUnequal(paper), (fact) => ({
        ...fact,
        printed: { ...fact.printed, recall: fact.printed.precision, precision: fact.printed.recall },
      })),
    }),
  },
  "an F1 that is off": {
    kind: "metrics",
    plant: (paper, rng) => ({
      ...paper,
      metrics: change(paper.metrics, 2, (fact) => ({
        ...fact,
        printed: { ...fact.printed, f1: Number((fact.printed.f1! - rng.range(2, 6)).toFixed(2)) },
      })),
    }),
  },
  "an accuracy of no whole number of patients": {
    kind: "metrics",
    plant: (paper) => ({
      ...paper,
      metrics: change(paper.metrics, 1, (fact) => ({
        ...fact,
        printed: { ...fact.printed, accuracy: Number((fact.printed.accuracy + 0.5).toFixed(2)) },
      })),
    }),
  },
  "a mean of other cells": {
    kind: "mean",
    plant: (paper, rng) => ({
      ...paper,
      means: change(paper.means, 0, (fact) => ({
        ...fact,
        printed: Number((fact.printed + rng.range(0.03, 1)).toFixed(2)),
      })),
    }),
  },
  "an interval beside its estimate": {
    kind: "interval",
    plant: (paper) => ({
      ...paper,
      intervals: change(paper.intervals, 1, (fact) => ({
        ...fact,
        low: fact.value + 0.5,
        high: fact.value + 9,
      })),
    }),
  },
  "an interval of another run": {
    kind: "interval",
    plant: (paper) => ({
      ...paper,
      intervals: change(paper.intervals, 3, (fact) => ({
        ...fact,
        low: fact.value - 12,
        high: fact.value + 2.5,
      })),
    }),
  },
  "bounds in the wrong order": {
    kind: "interval",
    plant: (paper) => ({
      ...paper,
      intervals: change(paper.intervals, 2, (fact) => ({ ...fact, low: fact.high, high: fact.low })),
    }),
  },
  "a correlation that is off": {
    kind: "correlation",
    plant: (paper, rng) => ({
      ...paper,
      correlations: change(paper.correlations, 1, ({ p: _, ...fact }) => ({
        ...fact,
        r: Number((fact.r - rng.range(0.001, 0.05)).toFixed(4)),
      })),
    }),
  },
  "a p-value of another coefficient": {
    kind: "correlation",
    plant: (paper) => ({
      ...paper,
      correlations: change(paper.correlations, 2, (fact) => ({
        ...fact,
        p: fact.p! > 0.5 ? fact.p! / 2 : fact.p! * 1.9,
      })),
    }),
  },
  "classes exchanged": {
    kind: "class count",
    plant: (paper) => ({
      ...paper,
      classCounts: (paper.classCounts ?? []).map((fact) => {
        if (fact.task !== "A") return fact;
        const other = paper.classCounts!.find((row) => row.task === "A" && row.label !== fact.label)!;
        return { ...fact, counts: { ...fact.counts, train: other.counts.train! } };
      }),
    }),
  },
  "a size of another model": {
    kind: "parameters",
    plant: (paper, rng) => ({
      ...paper,
      parameters: change(paper.parameters, 0, (fact) => ({
        ...fact,
        size: Number((fact.size - rng.range(1, 8)).toFixed(2)),
      })),
    }),
  },
  "a best that is not": {
    kind: "claim",
    plant: (paper) => ({
      ...paper,
      claims: change(paper.claims, 0, (claim) =>
        claim.claim === "best"
          ? { ...claim, name: Object.keys(claim.among).find((name) => name !== claim.name)! }
          : claim,
      ),
    }),
  },
  "a difference that is none": {
    kind: "claim",
    plant: (paper) => ({
      ...paper,
      claims: change(paper.claims, 3, (claim) =>
        claim.claim === "difference" ? { ...claim, value: claim.value + 0.05 } : claim,
      ),
    }),
  },
};

describe.each(Object.entries(FAULTS))("%s", (name, { kind, plant }) => {
  it(`is found in each of ${PLANTED} papers, and nothing else is`, () => {
    for (let seed = 0; seed < PLANTED; seed++) {
      const clean = cleanPaper(seed);
      const found = sure({ ...clean, paper: plant(clean.paper, new Rng(`${name}/${seed}`)) });
      expect(
        found.map((finding) => finding.kind),
        `paper ${seed}`,
      ).toContain(kind);
      expect(new Set(found.map((finding) => finding.kind)).size, `paper ${seed}`).toBe(1);
    }
  });
});
