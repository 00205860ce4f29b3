import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adjustPValues,
  averagePrecision,
  calibration,
  concordance,
  decisionCurve,
  isUndefined,
  kaplanMeier,
  kendall,
  logRank,
  operatingPoint,
  type SurvivalTimes,
  survivalAt,
} from "../../../src/evaluate";

/** Times with many ties; events and censorings mixed. */
const followUp = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean(), fc.integer({ min: 0, max: 3 })), {
    minLength: 2,
    maxLength: 40,
  })
  .map((rows) => ({
    data: { time: rows.map(([t]) => t), event: rows.map(([, e]) => e) } as SurvivalTimes,
    risk: rows.map(([, , r]) => r),
  }));

/** Probabilities on a coarse grid, both classes present. */
const probabilities = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 12 })), { minLength: 4, maxLength: 40 })
  .filter((rows) => rows.some(([y]) => y) && rows.some(([y]) => !y))
  .map((rows) => ({ yTrue: rows.map(([y]) => y), yScore: rows.map(([, p]) => p / 12) }));

describe("Kaplan-Meier", () => {
  it("never rises, and stays inside its bounds and in [0, 1]", () => {
    fc.assert(
      fc.property(followUp, ({ data }) => {
        const { steps, n } = kaplanMeier(data);
        let before = 1;
        let left = n;
        for (const { survival, low, high, atRisk, events, censored } of steps) {
          expect(atRisk).toBe(left);
          left -= events + censored;
          expect(survival).toBeLessThanOrEqual(before);
          before = survival;
          if (isUndefined(low) || isUndefined(high)) continue;
          expect(low).toBeGreaterThan(0);
          expect(low).toBeLessThan(survival);
          expect(high).toBeGreaterThan(survival);
          expect(high).toBeLessThan(1);
        }
        expect(left).toBe(0);
      }),
    );
  });

  it("is the share still without the event when nobody is censored", () => {
    fc.assert(
      fc.property(followUp, fc.integer({ min: 0, max: 9 }), ({ data: { time } }, at) => {
        const curve = kaplanMeier({ time, event: time.map(() => 1) });
        const share = time.filter((t) => t > at).length / time.length;
        expect(survivalAt(curve, at).value).toBeCloseTo(share, 12);
      }),
    );
  });
});

describe("Harrell's C", () => {
  const c = (data: SurvivalTimes, risk: readonly number[]) => {
    try {
      return concordance(data, risk).c.value;
    } catch {
      return undefined;
    }
  };

  it("is mirrored by the opposite risk and unmoved by a change of scale", () => {
    fc.assert(
      fc.property(followUp, ({ data, risk }) => {
        const value = c(data, risk);
        fc.pre(value !== undefined);
        expect(
          c(
            data,
            risk.map((r) => -r),
          ),
        ).toBeCloseTo(1 - value!, 12);
        expect(c(data, risk.map(Math.exp))).toBe(value);
      }),
    );
  });
});

describe("the log-rank test", () => {
  it("expects as many events as happen, and does not depend on the order of groups", () => {
    fc.assert(
      fc.property(followUp, followUp, followUp, (a, b, c) => {
        const test = logRank({ a: a.data, b: b.data, c: c.data });
        const sum = (of: "observed" | "expected") =>
          test.groups.reduce((total, group) => total + group[of], 0);
        expect(sum("expected")).toBeCloseTo(sum("observed"), 9);
        const turned = logRank({ c: c.data, a: a.data, b: b.data });
        if (isUndefined(test.statistic)) expect(isUndefined(turned.statistic)).toBe(true);
        else expect(turned.statistic).toBeCloseTo(test.statistic, 8);
      }),
    );
  });
});

describe("probabilities", () => {
  it("have an average precision, calibration error and net benefit in their ranges", () => {
    fc.assert(
      fc.property(probabilities, (input) => {
        const n = input.yTrue.length;
        const prevalence = input.yTrue.filter(Boolean).length / n;
        const ap = averagePrecision(input) as number;
        expect(ap).toBeGreaterThan(0);
        expect(ap).toBeLessThanOrEqual(1);
        const { expectedError, maximumError, bins } = calibration(input);
        expect(expectedError).toBeLessThanOrEqual(maximumError + 1e-12);
        expect(bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(n);
        const { netBenefit } = decisionCurve(input);
        expect(Math.max(...netBenefit)).toBeLessThanOrEqual(prevalence + 1e-12);
      }),
    );
  });

  it("reach every target of sensitivity and specificity, and Youden's point beats both", () => {
    fc.assert(
      fc.property(probabilities, fc.double({ min: 0, max: 1, noNaN: true }), (input, target) => {
        const bySensitivity = operatingPoint(input, { at: { sensitivity: target } });
        const bySpecificity = operatingPoint(input, { at: { specificity: target } });
        expect(bySensitivity.sensitivity.value).toBeGreaterThanOrEqual(target - 1e-12);
        expect(bySpecificity.specificity.value).toBeGreaterThanOrEqual(target - 1e-12);
        const best = operatingPoint(input).youden;
        expect(best).toBeGreaterThanOrEqual(Math.max(bySensitivity.youden, bySpecificity.youden) - 1e-12);
      }),
    );
  });
});

it("adjusted p-values keep their order, and Holm's are never below Benjamini and Hochberg's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
      (p) => {
        const holm = adjustPValues(p, "holm") as number[];
        const bh = adjustPValues(p, "benjamini-hochberg") as number[];
        p.forEach((value, i) => {
          expect(holm[i]!).toBeGreaterThanOrEqual(bh[i]! - 1e-12);
          expect(bh[i]!).toBeGreaterThanOrEqual(value - 1e-12);
          p.forEach((other, j) => {
            if (value < other) expect(holm[i]!).toBeLessThanOrEqual(holm[j]!);
          });
        });
      },
    ),
  );
});

it("Kendall's tau is 1 of a column with itself, and has the same p-value either way round", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
        minLength: 3,
        maxLength: 40,
      }),
      (rows) => {
        const [x, y] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        const tau = kendall(x, y).coefficient;
        fc.pre(!isUndefined(tau));
        expect(kendall(x, x).coefficient).toBeCloseTo(1, 12);
        expect(kendall(y, x)).toEqual(kendall(x, y));
        expect(
          kendall(
            x,
            y.map((v) => -v),
          ).coefficient,
        ).toBeCloseTo(-(tau as number), 12);
      },
    ),
  );
});
