import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type ClinicalOptions, clinical, DEFAULT_PENALTIES, recurrenceWithin } from "../../../src/baseline";
import { isOsccError } from "../../../src/core/errors";
import { aucInterval, checkPredictions } from "../../../src/evaluate";
import { clinicalCohort } from "./table";

/** What a call throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("baseline.clinical", () => {
  it("finds what the table tells, and gives predictions that can be evaluated", async () => {
    const cohort = await clinicalCohort();
    const model = clinical(cohort, { task: "LNM" });
    const predictions = checkPredictions(model.predictions("test"));
    expect(predictions.patients).toEqual(cohort.split("test").map(({ id }) => id));
    expect(predictions.yTrue).toEqual(cohort.labels("LNM", cohort.split("test")));
    expect(predictions).toMatchObject({ task: "LNM", split: "test", model: "clinical baseline" });
    expect(aucInterval(predictions).low).toBeGreaterThan(0.65);
    const strongest = [...model.coefficients].sort((a, b) => b.logOdds.value - a.logOdds.value).slice(0, 2);
    expect(new Set(strongest.map(({ column }) => column))).toEqual(new Set(["ageYears", "smokingHistory"]));
    for (const { oddsRatio, logOdds } of strongest) {
      expect(oddsRatio.low).toBeGreaterThan(1);
      expect(Math.log(oddsRatio.value)).toBeCloseTo(logOdds.value, 12);
    }
  });

  it("learns three classes, each against their mean", async () => {
    const cohort = await clinicalCohort();
    const model = clinical(cohort, { task: "TD" });
    expect(aucInterval(model.predictions("test")).low).toBeGreaterThan(0.7);
    expect(new Set(model.coefficients.map(({ className }) => className))).toEqual(
      new Set(["well", "moderate", "poor"]),
    );
    // The weights of a softmax with a penalty sum to zero over the classes.
    for (const { title } of model.features) {
      const own = model.coefficients.filter(({ feature }) => feature === title);
      expect(own.reduce((sum, { logOdds }) => sum + logOdds.value, 0)).toBeCloseTo(0, 8);
    }
  });

  it("leaves out what is known too late, each with its reason, unless asked by name", async () => {
    const cohort = await clinicalCohort();
    const honest = clinical(cohort, { task: "REC" });
    const reasons = Object.fromEntries(honest.leftOut.map(({ column, reason }) => [column, reason]));
    expect(Object.keys(reasons)).toEqual(
      expect.arrayContaining([
        "surgicalMethod",
        "nnisGrade",
        "positiveMargin",
        "flap",
        "neckDissection",
        "tracheotomy",
        "hpv",
        "radiotherapy",
        "chemotherapy",
        "recurrenceDays",
        "followUpDays",
      ]),
    );
    expect(reasons.radiotherapy).toContain("known after surgery");
    expect(honest.used).not.toContain("radiotherapy");
    expect(aucInterval(honest.predictions("test")).value).toBeLessThan(0.7);

    const leaking = clinical(cohort, { task: "REC", include: ["radiotherapy"] });
    expect(leaking.used).toContain("radiotherapy");
    expect(aucInterval(leaking.predictions("test")).value).toBeGreaterThan(0.99);
    expect(leaking.caveats.join("\n")).toContain("radiotherapy is used although it is known after surgery");
    expect(leaking.caveats.join("\n")).toContain("the classes are separated");
  });

  it("leaves out what is the same for all, and what is excluded by name", async () => {
    const cohort = await clinicalCohort();
    const { leftOut, used } = clinical(cohort, { task: "LNM", exclude: ["ageYears"] });
    expect(leftOut).toContainEqual({ column: "ageYears", title: "age (years)", reason: "excluded by name" });
    expect(leftOut.find(({ column }) => column === "diabetes")?.reason).toContain("the same for every");
    expect(used).not.toContain("ageYears");
  });

  it("learns nothing from patients outside training", async () => {
    const edit = (_row: unknown, index: number) =>
      index >= 144 ? { "Age(Y)": 500, "Surgery Site": "Moon" } : {};
    const labels = (index: number) => (index >= 144 ? { LNM: 0 } : {});
    const plain = clinical(await clinicalCohort(), { task: "LNM" });
    const changed = clinical(await clinicalCohort({ edit, labels }), { task: "LNM" });
    expect(changed.coefficients).toEqual(plain.coefficients);
    expect(changed.penalty).toEqual(plain.penalty);
    expect(changed.features).toEqual(plain.features);
  });

  it("chooses the penalty by the smallest log-loss, or takes the one given", async () => {
    const cohort = await clinicalCohort();
    const { penalty } = clinical(cohort, { task: "LNM" });
    expect(penalty.tried.map((tried) => tried.penalty)).toEqual(DEFAULT_PENALTIES);
    const smallest = Math.min(...penalty.tried.map(({ logLoss }) => logLoss));
    expect(penalty.tried.find(({ logLoss }) => logLoss === smallest)?.penalty).toBe(penalty.penalty);
    expect(penalty.method).toContain("5-fold");
    expect(clinical(cohort, { task: "LNM", penalty: 2 }).penalty).toMatchObject({ penalty: 2, tried: [] });
    const weak = clinical(cohort, { task: "PI" });
    if (weak.penalty.penalty === 1000) expect(weak.caveats.join()).toContain("strongest penalty");
  });

  it("predicts an outcome that is no task, with masked patients left out of the fit", async () => {
    const cohort = await clinicalCohort();
    const outcome = recurrenceWithin(cohort, { days: 900 });
    const masked = cohort.split("train").filter(({ id }) => outcome.labels[id] === -1).length;
    expect(masked).toBeGreaterThan(0);
    const model = clinical(cohort, { task: outcome });
    const learned = Object.values(model.trainedOn).reduce((sum, n) => sum + n, 0);
    expect(learned).toBe(cohort.split("train").length - masked);
    expect(model.predictions("test").yTrue).toContain(-1);
  });

  it("is one line in a cell, and plain data otherwise", async () => {
    const model = clinical(await clinicalCohort(), { task: "LNM" });
    expect(inspect(model)).toMatch(
      /^Clinical baseline of LNM · \d+ features · \d+ columns left out · L2 penalty/,
    );
    expect(JSON.parse(JSON.stringify(model)).coefficients).toEqual(model.coefficients);
  });

  it("says what is missing", async () => {
    const without = await clinicalCohort({ clinical: false, patients: 20 });
    const noTable = thrown(() => clinical(without, { task: "REC" }));
    expect(isOsccError(noTable, "MissingDataset")).toBe(true);

    const cohort = await clinicalCohort({ labels: () => ({ CE: 0 }) });
    const noEmbolus = thrown(() => clinical(cohort, { task: "CE" }));
    expect(isOsccError(noEmbolus, "InvalidArgument") && noEmbolus.message).toContain(
      "none of them of class embolus",
    );
    // @ts-expect-error a column that does not exist
    const mistyped: ClinicalOptions = { task: "REC", include: ["radiotherapie"] };
    const noColumn = thrown(() => clinical(cohort, mistyped));
    expect(isOsccError(noColumn, "UnknownName") && noColumn.message).toContain('Did you mean "radiotherapy"');
    // @ts-expect-error a task that does not exist
    const noTask: ClinicalOptions = { task: "XYZ" };
    expect(
      isOsccError(
        thrown(() => clinical(cohort, noTask)),
        "UnknownName",
      ),
    ).toBe(true);
    const noLevel = thrown(() => clinical(cohort, { task: "REC", level: 95 }));
    expect(isOsccError(noLevel, "InvalidArgument")).toBe(true);

    const single = await clinicalCohort({ labels: (index) => ({ CE: index === 3 ? 1 : 0 }) });
    const tooFew = thrown(() => clinical(single, { task: "CE" }));
    expect(isOsccError(tooFew, "InvalidArgument") && tooFew.message).toContain("in the smallest class is 1");
    expect(clinical(single, { task: "CE", penalty: 10 }).trainedOn).toEqual({
      "no embolus": 143,
      embolus: 1,
    });
  });
});
