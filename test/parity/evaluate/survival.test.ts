import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Adjustment,
  adjustPValues,
  type CoxTies,
  concordance,
  cox,
  dynamicAuc,
  isUndefined,
  kaplanMeier,
  logRank,
  type SurvivalTimes,
  survivalAt,
} from "../../../src/evaluate";
import { mcnemarOfCounts } from "../../../src/evaluate/mcnemar";
import { wilson } from "../../../src/evaluate/proportion";
import { allClose, close, closeRelative } from "./close";

type Step = Record<"time" | "atRisk" | "events" | "censored" | "survival", number> & {
  low: number | null;
  high: number | null;
};
type Case<T> = { name: string; time: number[]; event: number[] } & T;

/** Made by generate-survival.R beside it with R's survival package; null stands for R's NA. */
const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/evaluate/survival.json"), "utf8"),
) as {
  curves: Case<{ steps: Step[]; median: (number | null)[] }>[];
  logRank: Case<
    { group: string[] } & Record<"statistic" | "degreesOfFreedom" | "pValue", number> &
      Record<"n" | "observed" | "expected", number[]>
  >[];
  concordance: Case<
    { risk: number[] } & Record<"value" | "standardError" | "concordant" | "discordant" | "tied", number>
  >[];
  cox: Case<
    { ties: CoxTies; covariates: Record<string, number>[]; concordance: number } & Record<
      "coefficient" | "standardError" | "z" | "pValue" | "low" | "high",
      number | number[]
    > & { logLikelihood: [number, number]; likelihoodRatio: [number, number, number] }
  >[];
  dynamicAuc: Case<{ risk: number[]; times: number[]; auc: number[] }>[];
  adjusted: { p: number[] } & Record<Adjustment, number[]>;
  mcnemar: Record<"onlyA" | "onlyB" | "exact" | "corrected" | "uncorrected", number>[];
  wilson: Record<"hits" | "n" | "low" | "high", number>[];
};

/** R's NA is our undefined statistic; numbers agree. */
function sameOrUndefined(found: unknown, expected: number | null | undefined) {
  if (expected === null || expected === undefined) expect(isUndefined(found)).toBe(true);
  else close(found, expected);
}

describe.each(reference.curves)("Kaplan-Meier as survfit: $name", (c) => {
  const curve = kaplanMeier(c);

  it("has the same steps, numbers at risk and log-log bounds", () => {
    expect(curve.steps).toHaveLength(c.steps.length);
    curve.steps.forEach((step, i) => {
      const expected = c.steps[i]!;
      expect(step).toMatchObject({
        time: expected.time,
        atRisk: expected.atRisk,
        events: expected.events,
        censored: expected.censored,
      });
      close(step.survival, expected.survival);
      sameOrUndefined(step.low, expected.low);
      sameOrUndefined(step.high, expected.high);
    });
  });

  it("has the same median and bounds", () => {
    const { value, low, high } = curve.median;
    [value, low, high].forEach((found, i) => {
      sameOrUndefined(found, c.median[i]);
    });
  });

  it("can be read at and between its times", () => {
    for (const step of curve.steps) {
      const at = survivalAt(curve, step.time);
      expect(at.value).toBe(step.survival);
      expect(at.atRisk).toBe(step.atRisk);
    }
    const last = curve.steps.at(-1)!;
    expect(isUndefined(survivalAt(curve, last.time + 1).value)).toBe(last.survival > 0);
  });
});

describe.each(reference.logRank)("log-rank test as survdiff: $name", (c) => {
  const groups: Record<string, SurvivalTimes> = Object.fromEntries(
    [...new Set(c.group)]
      .sort((a, b) => Number(a) - Number(b))
      .map((group) => {
        const members = c.group.flatMap((name, i) => (name === group ? [i] : []));
        return [
          `group ${group}`,
          { time: members.map((i) => c.time[i]!), event: members.map((i) => c.event[i]!) },
        ];
      }),
  );

  it("has the same chi-square, degrees of freedom and expected events", () => {
    const found = logRank(groups);
    close(found.statistic, c.statistic, 1e-11);
    expect(found.degreesOfFreedom).toBe(c.degreesOfFreedom);
    closeRelative(found.pValue, c.pValue, 1e-11);
    expect(found.groups.map(({ n }) => n)).toEqual(c.n);
    expect(found.groups.map(({ observed }) => observed)).toEqual(c.observed);
    allClose(
      found.groups.map(({ expected }) => expected),
      c.expected,
    );
  });
});

describe.each(reference.concordance)("Harrell's C as concordance: $name", (c) => {
  it("has the same pairs, value and standard error", () => {
    const found = concordance(c, c.risk);
    expect(found).toMatchObject({ concordant: c.concordant, discordant: c.discordant, tied: c.tied });
    close(found.c.value, c.value);
    close(found.standardError, c.standardError);
  });
});

describe.each(reference.cox)("Cox regression as coxph: $name, $ties", (c) => {
  const names = Object.keys(c.covariates[0]!);
  const covariates = Object.fromEntries(names.map((name) => [name, c.covariates.map((row) => row[name]!)]));
  const fit = cox(c, covariates, { ties: c.ties });
  const of = (name: "coefficient" | "standardError" | "z" | "pValue" | "low" | "high") => [c[name]].flat();

  it("has the same coefficients, standard errors and p-values", () => {
    allClose(
      fit.coefficients.map(({ coefficient }) => coefficient),
      of("coefficient"),
      1e-10,
    );
    allClose(
      fit.coefficients.map(({ standardError }) => standardError),
      of("standardError"),
      1e-10,
    );
    allClose(
      fit.coefficients.map(({ z }) => z),
      of("z"),
      1e-9,
    );
    fit.coefficients.forEach(({ pValue }, k) => {
      closeRelative(pValue, of("pValue")[k]!, 1e-11);
    });
  });

  it("has the same hazard ratios, likelihoods and concordance", () => {
    allClose(
      fit.coefficients.map(({ hazardRatio }) => hazardRatio.low),
      of("low"),
      1e-10,
    );
    allClose(
      fit.coefficients.map(({ hazardRatio }) => hazardRatio.high),
      of("high"),
      1e-10,
    );
    close(fit.logLikelihood.none, c.logLikelihood[0]);
    close(fit.logLikelihood.fitted, c.logLikelihood[1]);
    close(fit.likelihoodRatio.statistic, c.likelihoodRatio[0], 1e-11);
    closeRelative(fit.likelihoodRatio.pValue, c.likelihoodRatio[2], 1e-11);
    close(fit.concordance.value, c.concordance);
  });
});

describe.each(reference.dynamicAuc)("time-dependent AUC as defined pair by pair: $name", (c) => {
  it("has the same AUC at each time", () => {
    allClose(
      dynamicAuc(c, c.risk, c.times).map(({ auc }) => auc),
      c.auc,
    );
  });
});

it.each(["holm", "benjamini-hochberg"] as const)("adjusts p-values as p.adjust: %s", (method) => {
  allClose(adjustPValues(reference.adjusted.p, method), reference.adjusted[method]);
});

it.each(reference.mcnemar)("tests $onlyA against $onlyB as mcnemar.test and binom.test", (c) => {
  for (const method of ["exact", "corrected", "uncorrected"] as const)
    closeRelative(mcnemarOfCounts(c.onlyA, c.onlyB, method).pValue, c[method], 1e-11);
});

it.each(reference.wilson)("has Wilson's interval of $hits of $n as prop.test", (c) => {
  const { low, high } = wilson(c.hits, c.n, 0.95);
  close(low, c.low);
  close(high, c.high);
});
