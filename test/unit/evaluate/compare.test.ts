import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import {
  aucInterval,
  compareRuns,
  criticalDifference,
  delongTest,
  isBetter,
  isUndefined,
  type Predictions,
  pairedAuc,
  type RunComparison,
} from "../../../src/evaluate";
import { nemenyiQuantile } from "../../../src/evaluate/critical-difference";

const PATIENTS = 160;

/** Predictions whose signal is `strength`; labels depend on the task alone, so that runs can be paired. */
function predictions(task: string, strength: number, seed: string, classes = 2): Predictions {
  const truth = new Rng(`truth of ${task}`);
  const noise = new Rng(seed);
  const names = ["no", "yes", "very"].slice(0, classes);
  const yTrue = Array.from({ length: PATIENTS }, (_, i) => (i < classes ? i : truth.integer(classes)));
  const probabilities = yTrue.map((label) => {
    const powers = names.map((_, k) => Math.exp((k === label ? strength : 0) + noise.normal(0, 1)));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  });
  return { task, classes: names, patients: yTrue.map((_, i) => `p${i}`), yTrue, probabilities };
}

const runs = (strengths: Record<string, Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(strengths).map(([run, byTask]) => [
      run,
      Object.fromEntries(
        Object.entries(byTask).map(([task, strength]) => [
          task,
          predictions(task, strength, `${run} ${task}`, task === "TD" ? 3 : 2),
        ]),
      ),
    ]),
  );

const STRENGTHS = {
  concat: { REC: 0, LNM: 1, TD: 1 },
  gated: { REC: 2.5, LNM: 1, TD: 1 },
  transformer: { REC: 2.5, LNM: 1.1, TD: 2.5 },
};

describe("evaluate.compareRuns", () => {
  const table = runs(STRENGTHS);
  const comparison = compareRuns(table);
  const pair = (a: string, b: string, task: string) =>
    comparison.pairs.find((one) => one.a === a && one.b === b && one.task === task)!;

  it("has one result for each run and task, and one test for each pair and task", () => {
    expect(comparison.runs).toEqual(["concat", "gated", "transformer"]);
    expect(comparison.tasks).toEqual(["REC", "LNM", "TD"]);
    expect(comparison.results).toHaveLength(9);
    expect(comparison.pairs).toHaveLength(9);
    expect(comparison.results.find(({ run, task }) => run === "gated" && task === "TD")!.auc).toEqual(
      aucInterval(table.gated!.TD!),
    );
  });

  it("tests two classes by DeLong and more by the paired bootstrap", () => {
    const binary = delongTest(table.concat!.REC!, table.gated!.REC!);
    expect(pair("concat", "gated", "REC")).toMatchObject({
      test: "DeLong",
      difference: binary.difference,
      pValue: binary.pValue,
    });
    const three = pairedAuc(table.concat!.TD!, table.gated!.TD!);
    expect(pair("concat", "gated", "TD")).toMatchObject({
      test: "paired bootstrap",
      difference: three.difference,
      pValue: three.pValue,
    });
  });

  it("adjusts for all comparisons of the table", () => {
    const smallest = [...comparison.pairs].sort((a, b) => (a.pValue as number) - (b.pValue as number))[0]!;
    expect(smallest.adjusted).toBeCloseTo((smallest.pValue as number) * 9, 12);
  });

  it("is plain data, the same for the same seed", () => {
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(JSON.parse(JSON.stringify(compareRuns(table))));
  });

  it("keeps the other cells when a task has one class only", () => {
    const alone = (run: string) => {
      const all = predictions("CE", 1, run);
      return { ...all, yTrue: all.yTrue.map(() => 0) };
    };
    const withGap = compareRuns({
      a: { REC: table.gated!.REC!, CE: alone("a") },
      b: { REC: table.concat!.REC!, CE: alone("b") },
    });
    const [rec, ce] = withGap.pairs;
    expect(isUndefined(rec!.pValue)).toBe(false);
    expect(isUndefined(ce!.difference) && ce!.difference.reason).toContain("are negative");
    expect(ce!.adjusted).toEqual(ce!.difference);
    expect(isBetter(withGap, "a", "b").words).toContain("CE: no comparison, because");
  });

  it("compares the tasks that all runs have", () => {
    const { tasks } = compareRuns({ a: table.gated!, b: { TD: table.concat!.TD! } });
    expect(tasks).toEqual(["TD"]);
  });

  it("refuses what cannot be compared", () => {
    const refused = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return isOsccError(error) ? error : undefined;
      }
      return undefined;
    };
    expect(refused(() => compareRuns({}))?.message).toContain("runs is");
    expect(refused(() => compareRuns({ a: { REC: table.concat!.REC! }, b: {} }))?.message).toContain(
      "no task",
    );
    const fewer = { ...table.gated!.REC!, patients: table.gated!.REC!.patients.map((id) => `other ${id}`) };
    expect(refused(() => compareRuns({ a: table.concat!, b: { REC: fewer } }))?.code).toBe("InvalidArgument");
    expect(refused(() => isBetter(comparison, "concatt", "gated"))?.message).toContain(
      'Did you mean "concat"',
    );
    expect(refused(() => isBetter(comparison, "gated", "gated"))?.code).toBe("InvalidArgument");
  });
});

describe("evaluate.isBetter", () => {
  const comparison = compareRuns(runs(STRENGTHS));

  it("says yes, with the tests behind it", () => {
    const { verdict, better, undecided, words } = isBetter(comparison, "transformer", "concat");
    expect(verdict).toBe("yes");
    expect(better.map(({ task }) => task)).toEqual(["REC", "TD"]);
    expect(undecided.map(({ task }) => task)).toEqual(["LNM"]);
    expect(words).toMatch(/^Yes: transformer is better than concat in 2 of 3 tasks, and worse in none\./);
    expect(words).toMatch(
      /REC: AUC difference \+0\.\d{3} \(95% CI .*; adjusted p < 0\.001; DeLong, n = 160\)/,
    );
    expect(words).toContain("adjusted for 9 comparisons (Holm)");
  });

  it("turns the answer when asked the other way round", () => {
    const there = isBetter(comparison, "transformer", "concat");
    const back = isBetter(comparison, "concat", "transformer");
    expect(back.verdict).toBe("no");
    expect(back.worse.map(({ task }) => task)).toEqual(there.better.map(({ task }) => task));
    const [a, b] = [there.better[0]!.difference, back.worse[0]!.difference];
    if (isUndefined(a) || isUndefined(b)) throw new Error("both are known");
    expect([b.value, b.low, b.high]).toEqual([-a.value, -a.high, -a.low]);
  });

  it("does not take 'cannot tell' for 'equal'", () => {
    const same = compareRuns(runs({ a: { LNM: 1 }, b: { LNM: 1 } }));
    const { verdict, words } = isBetter(same, "a", "b");
    expect(verdict).toBe("undecided");
    expect(words).toContain("cannot tell");
  });

  it("finds a difference in few of many comparisons of equals", () => {
    let found = 0;
    for (let trial = 0; trial < 60; trial++) {
      const equals = Object.fromEntries(
        ["a", "b", "c"].map((run) => [
          run,
          { REC: predictions("REC", 1, `${run} ${trial}`), LNM: predictions("LNM", 1, `${run} ${trial} L`) },
        ]),
      );
      const { pairs, significance } = compareRuns(equals, { bootstrap: 20 });
      if (pairs.some(({ adjusted }) => !isUndefined(adjusted) && adjusted < significance)) found++;
    }
    // Expected 3 of 60 at 5%; more than 9 has a probability below 1 in 1,000.
    expect(found).toBeLessThanOrEqual(9);
  });
});

describe("evaluate.criticalDifference", () => {
  /** A comparison with these AUCs, run by run and task by task. */
  const withAucs = (aucs: Record<string, readonly number[]>): RunComparison => {
    const tasks = Object.values(aucs)[0]!.map((_, i) => `task ${i}`);
    const at = (value: number) => ({ value, low: value, high: value, level: 0.95, method: "given" });
    return {
      runs: Object.keys(aucs),
      tasks,
      results: Object.entries(aucs).flatMap(([run, values]) =>
        values.map((value, i) => ({ run, task: tasks[i]!, auc: at(value), patients: 100 })),
      ),
      pairs: [],
      significance: 0.05,
      adjust: "holm",
    };
  };

  it("has Nemenyi's quantiles, as SciPy's studentised range", () => {
    const { nemenyi } = JSON.parse(
      readFileSync(path.join(__dirname, "../../fixtures/baseline/values.json"), "utf8"),
    ) as { nemenyi: { level: number; groups: number; q: number }[] };
    for (const { level, groups, q } of nemenyi) expect(nemenyiQuantile(level, groups)).toBeCloseTo(q, 8);
  });

  it("reproduces the worked example of Demsar (2006), section 3.2", () => {
    // Table 6: AUC of C4.5 with and without tuning of its two parameters on 14 data sets.
    const result = criticalDifference(
      withAucs({
        "C4.5": [
          0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.0, 0.94, 0.619, 0.972, 0.957,
        ],
        "C4.5+m": [
          0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.0, 0.962, 0.666, 0.981, 0.978,
        ],
        "C4.5+cf": [
          0.771, 0.59, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.0, 0.965, 0.614, 0.9751, 0.946,
        ],
        "C4.5+m+cf": [
          0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.0, 0.962, 0.669, 0.975, 0.97,
        ],
      }),
    );
    const ranks = Object.fromEntries(result.ranks.map(({ run, meanRank }) => [run, meanRank]));
    expect(ranks["C4.5"]).toBeCloseTo(3.143, 3);
    expect(ranks["C4.5+m"]).toBeCloseTo(2.0, 3);
    expect(ranks["C4.5+cf"]).toBeCloseTo(2.893, 3);
    expect(ranks["C4.5+m+cf"]).toBeCloseTo(1.964, 3);
    expect(result.criticalDifference).toBeCloseTo(1.25, 2);
  });

  it("joins what cannot be told apart, groups overlapping", () => {
    const steps = Array.from({ length: 30 }, (_, i) => i);
    const result = criticalDifference(
      withAucs({
        best: steps.map((i) => (i % 3 === 0 ? 0.7 : 0.9)),
        next: steps.map((i) => (i % 3 === 0 ? 0.9 : 0.7)),
        last: steps.map(() => 0.5),
      }),
    );
    expect(result.ranks.map(({ run }) => run)).toEqual(["best", "next", "last"]);
    expect(result.groups).toEqual([["best", "next"]]);
    expect(result.pValue).toBeLessThan(1e-6);
  });

  it("has no Friedman test when all tie, and no ranks of one model or one task", () => {
    const tie = criticalDifference(withAucs({ a: [0.7, 0.8], b: [0.7, 0.8] }));
    expect(isUndefined(tie.friedman) && tie.friedman.reason).toContain("tie");
    expect(() => criticalDifference(withAucs({ a: [0.7, 0.8] }))).toThrow("1 models");
    expect(() => criticalDifference(withAucs({ a: [0.7], b: [0.8] }))).toThrow("1 tasks");
  });
});
