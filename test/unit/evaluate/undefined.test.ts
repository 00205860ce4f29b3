/** Input that cannot be evaluated: a named error, or a statistic that says why it has no value. Never NaN. */
import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import {
  adjustPValues,
  auc,
  averagePrecision,
  type BinaryScores,
  bootstrapInterval,
  brier,
  calibration,
  concordance,
  cox,
  decisionCurve,
  dynamicAuc,
  isUndefined,
  kaplanMeier,
  kendall,
  logRank,
  mcnemar,
  operatingPoint,
  type Predictions,
  permutationTest,
  precisionRecall,
  type SurvivalTimes,
  survivalAt,
} from "../../../src/evaluate";

const followUp: SurvivalTimes = { time: [1, 2, 3, 4, 5, 6], event: [1, 0, 1, 1, 0, 1] };
const censored: SurvivalTimes = { time: [1, 2, 3], event: [0, 0, 0] };
const scores: BinaryScores = { yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] };
const negatives: BinaryScores = { yTrue: [0, 0, 0], yScore: [0.1, 0.4, 0.3] };
const unknown: BinaryScores = { yTrue: [-1, -1], yScore: [0.1, 0.4] };
const logits: BinaryScores = { yTrue: [0, 1], yScore: [-2, 3] };

function thrown(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isOsccError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe.each<[string, () => unknown, string, RegExp]>([
  [
    "a negative time",
    () => kaplanMeier({ time: [1, -2], event: [1, 0] }),
    "InvalidArgument",
    /time\[1\] is -2; .*0 or more/,
  ],
  [
    "a time that is NaN",
    () => kaplanMeier({ time: [Number.NaN], event: [1] }),
    "InvalidArgument",
    /time\[0\] is NaN/,
  ],
  [
    "an infinite time",
    () => logRank({ a: { time: [1 / 0], event: [1] }, b: followUp }),
    "InvalidArgument",
    /Infinity/,
  ],
  ["an event of 2", () => kaplanMeier({ time: [1], event: [2] }), "InvalidArgument", /event\[0\] is 2/],
  ["no patient", () => kaplanMeier({ time: [], event: [] }), "InvalidArgument", /no patient/],
  ["only unknown events", () => kaplanMeier({ time: [4], event: [-1] }), "InvalidArgument", /no patient/],
  [
    "times and events of other lengths",
    () => kaplanMeier({ time: [1, 2], event: [1] }),
    "ShapeMismatch",
    /time has 2/,
  ],
  ["a level of 95", () => kaplanMeier(followUp, { level: 95 }), "InvalidArgument", /level is 95/],
  [
    "a negative time to read at",
    () => survivalAt(kaplanMeier(followUp), -1),
    "InvalidArgument",
    /time is -1/,
  ],
  ["one group", () => logRank({ all: followUp }), "InvalidArgument", /two named groups/],
  ["all censored: C", () => concordance(censored, [1, 2, 3]), "Undefined", /every patient is censored/],
  [
    "all events at once: C",
    () => concordance({ time: [2, 2], event: [1, 1] }, [1, 2]),
    "Undefined",
    /no two patients/,
  ],
  ["a risk too few", () => concordance(followUp, [1, 2]), "ShapeMismatch", /risk has 2/],
  [
    "a risk that is NaN",
    () => concordance(followUp, [1, 2, Number.NaN, 4, 5, 6]),
    "InvalidArgument",
    /risk\[2\] is NaN/,
  ],
  ["all censored: Cox", () => cox(censored, { age: [1, 2, 3] }), "Undefined", /all 3 patients .* censored/],
  [
    "no covariate known",
    () => cox(censored, { age: [undefined, undefined, undefined] }),
    "Undefined",
    /no patient has/,
  ],
  [
    "a constant covariate",
    () => cox(followUp, { age: [5, 5, 5, 5, 5, 5] }),
    "InvalidArgument",
    /"age" is "5 for all/,
  ],
  ["no covariates", () => cox(followUp, {}), "InvalidArgument", /covariates/],
  [
    "a covariate that follows from another",
    () => cox(followUp, { a: [1, 4, 2, 5, 3, 1], b: [2, 8, 4, 10, 6, 2] }),
    "InvalidArgument",
    /"b" is "a linear combination/,
  ],
  [
    "a covariate of NaN",
    () => cox(followUp, { a: [1, 4, Number.NaN, 5, 3, 1] }),
    "InvalidArgument",
    /"a" is NaN/,
  ],
  [
    "a covariate that orders all events",
    () => cox({ time: [1, 2, 3, 4], event: [1, 1, 1, 1] }, { a: [4, 3, 2, 1] }),
    "NotConverged",
    /coefficient of "a" grows without end/,
  ],
  [
    "a group without events beside a good covariate",
    () => cox(followUp, { age: [50, 61, 43, 70, 55, 40], rare: [0, 1, 0, 0, 0, 0] }),
    "NotConverged",
    /"rare" grows/,
  ],
  [
    "a negative horizon",
    () => dynamicAuc(followUp, [1, 2, 3, 4, 5, 6], [-3]),
    "InvalidArgument",
    /times\[0\] is -3/,
  ],
  ["no horizon", () => dynamicAuc(followUp, [1, 2, 3, 4, 5, 6], []), "InvalidArgument", /times is "empty"/],
  [
    "logits as probabilities: Brier",
    () => brier(logits),
    "InvalidArgument",
    /is -2; expected a probability in \[0, 1\]/,
  ],
  [
    "logits as probabilities: calibration",
    () => calibration(logits),
    "InvalidArgument",
    /probability in \[0, 1\]/,
  ],
  [
    "logits as probabilities: decisions",
    () => decisionCurve(logits),
    "InvalidArgument",
    /probability in \[0, 1\]/,
  ],
  ["one bin", () => calibration(scores, { bins: 1 }), "InvalidArgument", /bins is 1/],
  ["nobody: calibration", () => calibration(unknown), "Undefined", /no patient with a known label/],
  ["nobody: decisions", () => decisionCurve(unknown), "Undefined", /no patient with a known label/],
  [
    "a threshold of 1",
    () => decisionCurve(scores, { thresholds: [0.5, 1] }),
    "InvalidArgument",
    /thresholds\[1\] is 1/,
  ],
  [
    "thresholds that fall",
    () => decisionCurve(scores, { thresholds: [0.5, 0.2] }),
    "InvalidArgument",
    /more than/,
  ],
  [
    "one class: precision-recall",
    () => precisionRecall(negatives),
    "Undefined",
    /all 3 patients .* negative/,
  ],
  ["one class: operating point", () => operatingPoint(negatives), "Undefined", /all 3 patients/],
  [
    "a sensitivity of 90",
    () => operatingPoint(scores, { at: { sensitivity: 90 } }),
    "InvalidArgument",
    /rate in \[0, 1\]/,
  ],
  ["one class: permutations", () => permutationTest(negatives, negatives), "Undefined", /all 3 patients/],
  ["no rows", () => bootstrapInterval([], () => 1), "InvalidArgument", /rows/],
  [
    "a statistic of NaN",
    () => bootstrapInterval([1], () => Number.NaN),
    "InvalidArgument",
    /the statistic is NaN/,
  ],
  [
    "a patient in two strata",
    () => bootstrapInterval([1, 2], () => 1, { patientOf: () => "p", stratumOf: (row) => row }),
    "InvalidArgument",
    /two strata for patient p/,
  ],
  ["a p-value above 1", () => adjustPValues([0.2, 1.4]), "InvalidArgument", /p-value 1 is 1.4/],
])("%s", (_name, run, code, message) => {
  it(`is the error ${code}`, () => {
    const error = thrown(run);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});

describe.each<[string, () => unknown, RegExp]>([
  ["average precision of one class", () => averagePrecision(negatives), /negative/],
  ["AUC of nobody", () => auc(unknown), /no patient/],
  ["Brier score of nobody", () => brier(unknown), /no patient/],
  ["median of all censored", () => kaplanMeier(censored).median.value, /stays above one half/],
  [
    "band before any event",
    () => kaplanMeier(followUp).steps.length && survivalAt(kaplanMeier(followUp), 0.5).low,
    /no event/,
  ],
  ["band at zero", () => kaplanMeier(followUp).steps.at(-1)!.low, /reached 0/],
  ["survival beyond follow-up", () => survivalAt(kaplanMeier(censored), 4).value, /longest follow-up is 3/],
  ["log-rank without events", () => logRank({ a: censored, b: censored }).pValue, /never at risk together/],
  [
    "AUC before any event",
    () => dynamicAuc(followUp, [1, 2, 3, 4, 5, 6], [0.5])[0]!.auc,
    /nobody has had the event/,
  ],
  ["AUC after the last", () => dynamicAuc(followUp, [1, 2, 3, 4, 5, 6], [6])[0]!.auc, /nobody is followed/],
  ["Kendall of a constant", () => kendall([1, 1, 1], [1, 2, 3]).pValue, /same value/],
  [
    "an unknown p-value, adjusted",
    () => adjustPValues([0.1, { undefined: true, reason: "constant" }])[1],
    /constant/,
  ],
])("%s", (_name, run, reason) => {
  it("has no value, and says why", () => {
    const found = run();
    expect(isUndefined(found) && found.reason).toMatch(reason);
  });
});

describe("survival of all censored", () => {
  it("stays at 1", () => {
    const curve = kaplanMeier(censored);
    expect(curve.steps.map(({ survival }) => survival)).toEqual([1, 1, 1]);
    expect(curve.events).toBe(0);
  });
});

describe("labels that are not known", () => {
  const rows = (labels: readonly number[]): Predictions => ({
    task: "T",
    classes: ["no", "yes"],
    patients: labels.map((_, i) => `${i}`),
    yTrue: labels,
    probabilities: labels.map((_, i) => [1 - i / 8, i / 8]),
  });
  const masked = rows([0, 1, -1, 0, 1, -1, 1]);
  const only = (input: Predictions): Predictions => {
    const known = input.yTrue.flatMap((label, i) => (label < 0 ? [] : [i]));
    return {
      ...input,
      patients: known.map((i) => input.patients[i]!),
      yTrue: known.map((i) => input.yTrue[i]!),
      probabilities: known.map((i) => input.probabilities[i]!),
    };
  };

  it("are left out of every metric", () => {
    for (const metric of [
      (p: Predictions) => auc(p, { average: "micro" }),
      averagePrecision,
      brier,
      calibration,
      decisionCurve,
      operatingPoint,
      (p: Predictions) => mcnemar(p, p),
    ])
      expect(metric(masked)).toEqual(metric(only(masked)));
  });

  it("leave patients out of survival", () => {
    const some = kaplanMeier({ time: [1, 9, 2, 3], event: [1, -1, 0, 1] });
    expect(some.steps).toEqual(kaplanMeier({ time: [1, 2, 3], event: [1, 0, 1] }).steps);
    const risk = [3, 100, 2, 1];
    expect(concordance({ time: [1, 9, 2, 3], event: [1, -1, 0, 1] }, risk).pairs).toBe(2);
  });
});
