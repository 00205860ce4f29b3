import { describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/random";
import {
  aucInterval,
  bootstrapInterval,
  cox,
  dynamicAuc,
  operatingPoint,
  type Predictions,
  permutationTest,
  type SurvivalTimes,
} from "../../../src/evaluate";

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

function task(seed: string, n = 200, classes = 2, strength = 1): Predictions {
  const rng = new Rng(seed);
  const yTrue = Array.from({ length: n }, (_, i) => i % classes);
  return {
    task: "T",
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    patients: yTrue.map((_, i) => `${i}`),
    yTrue,
    probabilities: yTrue.map((label) => {
      const weights = Array.from({ length: classes }, (_, k) =>
        Math.exp(rng.normal(k === label ? strength : 0, 1)),
      );
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((w) => w / sum);
    }),
  };
}

describe("BCa intervals", () => {
  it("cover as they say where percentile intervals of a skewed mean fall short", () => {
    // 200 samples of 25 exponential values, whose mean is 1: percentile intervals miss high values too often.
    const missedHigh = { percentile: 0, bca: 0 };
    for (let trial = 0; trial < 200; trial++) {
      const rng = new Rng(`exponential ${trial}`);
      const values = Array.from({ length: 25 }, () => -Math.log(1 - rng.uniform()));
      for (const rule of ["percentile", "bca"] as const)
        if (bootstrapInterval(values, mean, { rule, bootstrap: 400 }).high < 1) missedHigh[rule]++;
    }
    expect(missedHigh.bca).toBeLessThan(missedHigh.percentile);
  });

  it("of an AUC near 1 reach further down than percentile ones, and not above 1", () => {
    const predictions = task("strong", 120, 2, 1.5);
    const plain = aucInterval(predictions);
    const corrected = aucInterval(predictions, { rule: "bca" });
    expect(corrected.value).toBe(plain.value);
    expect(corrected.low).toBeLessThan(plain.low);
    expect(corrected.high).toBeLessThanOrEqual(1);
    expect(corrected.method).toMatch(/^BCa bootstrap, 2000 samples stratified by class, seed 7$/);
  });

  it("exist for three classes and when every replicate is 1", () => {
    const three = aucInterval(task("three", 60, 3), { rule: "bca" });
    expect(three.low).toBeLessThan(three.value);
    expect(three.high).toBeGreaterThan(three.value);
    const perfect = aucInterval({ yTrue: [0, 0, 1, 1], yScore: [1, 2, 3, 4] }, { rule: "bca" });
    expect([perfect.low, perfect.high]).toEqual([1, 1]);
  });
});

describe("a bootstrap by patient", () => {
  const rng = new Rng("images");
  const patients = Array.from({ length: 30 }, (_, i) => ({ id: i, effect: rng.normal() }));
  // Six images of a patient that say nearly the same.
  const images = patients.flatMap(({ id, effect }) =>
    Array.from({ length: 6 }, () => ({ id, value: effect + rng.normal(0, 0.1) })),
  );
  const statistic = (rows: readonly { value: number }[]) => mean(rows.map(({ value }) => value));

  it("is as wide as that of the patients' means, not of independent images", () => {
    const width = (i: { low: number; high: number }) => i.high - i.low;
    const naive = width(bootstrapInterval(images, statistic));
    const honest = width(bootstrapInterval(images, statistic, { patientOf: ({ id }) => id }));
    const means = patients.map(({ id }) => statistic(images.filter((image) => image.id === id)));
    expect(honest).toBeGreaterThan(2 * naive);
    expect(honest).toBeCloseTo(width(bootstrapInterval(means, mean)), 1);
  });

  it("keeps group sizes when asked to", () => {
    const share = (rows: readonly { id: number }[]) => mean(rows.map(({ id }) => id % 2));
    const found = bootstrapInterval(images, share, {
      patientOf: ({ id }) => id,
      stratumOf: ({ id }) => id % 2,
    });
    expect([found.low, found.high]).toEqual([0.5, 0.5]);
    expect(found.method).toContain("stratified by group");
  });

  it("repeats with its seed and changes with another", () => {
    const of = (seed: number) => bootstrapInterval(images, statistic, { seed, bootstrap: 100 });
    expect(of(1)).toEqual(of(1));
    expect(of(2).low).not.toBe(of(1).low);
  });

  it("counts samples on which the statistic is undefined", () => {
    const rare = (rows: readonly number[]) =>
      rows.includes(1) ? mean(rows) : ({ undefined: true, reason: "no positive" } as const);
    expect(bootstrapInterval([0, 0, 0, 1], rare).method).toMatch(/; \d{3} on which it is undefined left out/);
  });
});

describe("the permutation test", () => {
  it("rejects 5 % of the time when both models are equally good", () => {
    const trials = 120;
    let rejected = 0;
    for (let trial = 0; trial < trials; trial++) {
      const a = task(`a ${trial}`, 60);
      const { pValue } = permutationTest(
        a,
        { ...task(`b ${trial}`, 60), yTrue: a.yTrue },
        { permutations: 99 },
      );
      if (pValue <= 0.05) rejected++;
    }
    // Binomial with mean 6: above 15 with probability 0.0005.
    expect(rejected).toBeLessThanOrEqual(15);
    expect(rejected).toBeGreaterThanOrEqual(1);
  });

  it("finds a real difference, also with three classes, and repeats with its seed", () => {
    const a = task("good", 150, 3, 2);
    const b = task("poor", 150, 3, 0.3);
    const found = permutationTest(a, b);
    expect(found.pValue).toBe(1 / 2001);
    expect(found).toEqual(permutationTest(a, b));
  });

  it("does not depend on the scale of the scores", () => {
    const yTrue = Array.from({ length: 40 }, (_, i) => i % 2);
    const rng = new Rng("scale");
    const [a, b] = [0, 1].map(() => yTrue.map((y) => rng.normal(y, 1)));
    const plain = permutationTest({ yTrue, yScore: a! }, { yTrue, yScore: b! });
    const stretched = permutationTest(
      { yTrue, yScore: a! },
      { yTrue, yScore: b!.map((s) => Math.exp(5 * s)) },
    );
    expect(stretched).toEqual(plain);
  });
});

describe("an operating point", () => {
  it("says that intervals are too narrow where the threshold was chosen on the same patients", () => {
    const chosen = operatingPoint(task("valid"), { at: { sensitivity: 0.9 } });
    expect(chosen.sensitivity.value).toBeGreaterThanOrEqual(0.9);
    expect(chosen.sensitivity.method).toContain("too narrow");
    const applied = operatingPoint(task("test"), { at: { threshold: chosen.threshold } });
    expect(applied.specificity.method).toBe("Wilson");
    expect(applied.rule).toBe(`threshold ${chosen.threshold}`);
  });
});

describe("Cox regression", () => {
  const rng = new Rng("cox");
  const age = Array.from({ length: 400 }, () => rng.normal(60, 10));
  const treated = age.map(() => Number(rng.chance(0.5)));
  const data: SurvivalTimes = {
    time: age.map((a, i) => -Math.log(1 - rng.uniform()) / Math.exp(0.05 * (a - 60) - 0.7 * treated[i]!)),
    event: age.map(() => rng.chance(0.8)),
  };

  it("finds the hazard ratios that made the data", () => {
    const fit = cox(data, { age, treated });
    const truth = [Math.exp(0.05), Math.exp(-0.7)];
    fit.coefficients.forEach(({ hazardRatio }, k) => {
      expect(hazardRatio.low).toBeLessThan(truth[k]!);
      expect(hazardRatio.high).toBeGreaterThan(truth[k]!);
    });
    expect(fit.concordance.value).toBeGreaterThan(0.6);
  });

  it("does not depend on units or offsets", () => {
    const fit = cox(data, { age, treated });
    const inDays = cox(data, { age: age.map((a) => a * 365.25 + 1e6), treated });
    expect(inDays.coefficients[0]!.coefficient * 365.25).toBeCloseTo(fit.coefficients[0]!.coefficient, 9);
    expect(inDays.coefficients[1]!.pValue).toBeCloseTo(fit.coefficients[1]!.pValue, 9);
  });

  it("leaves out and counts patients with an unknown covariate", () => {
    const holes = age.map((a, i) => (i % 4 === 0 ? undefined : a));
    const fit = cox(data, { age: holes, treated });
    expect([fit.n, fit.leftOut]).toEqual([300, 100]);
    const kept = age.flatMap((_, i) => (i % 4 === 0 ? [] : [i]));
    const pick = <T>(values: readonly T[]) => kept.map((i) => values[i]!);
    const only = cox(
      { time: pick(data.time), event: pick(data.event) },
      { age: pick(age), treated: pick(treated) },
    );
    expect(fit.coefficients).toEqual(only.coefficients);
  });

  it("gives the same time-dependent AUC without censoring as an AUC of who has had the event", () => {
    const all = { time: data.time, event: data.time.map(() => 1) };
    const [found] = dynamicAuc(all, age, [1]);
    const cases = data.time.map((t) => Number(t <= 1));
    expect(found!.auc).toBeCloseTo(aucInterval({ yTrue: cases, yScore: age }, { bootstrap: 20 }).value, 12);
  });
});
