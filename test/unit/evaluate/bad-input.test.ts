import { describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import {
  auc,
  aucInterval,
  checkPredictions,
  correlationMatrix,
  delong,
  isUndefined,
  metrics,
  type Predictions,
  pairedAuc,
  pairwiseCounts,
  roc,
  rocPerClass,
  spearman,
} from "../../../src/evaluate";

const good: Predictions = {
  task: "REC",
  classes: ["no", "yes"],
  patients: ["1", "2", "3", "4"],
  yTrue: [0, 0, 1, 1],
  probabilities: [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.65, 0.35],
    [0.2, 0.8],
  ],
};

/** Run and give back the error, which must be one of ours. */
function thrown(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isOsccError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("predictions that cannot be evaluated", () => {
  const cases: [string, Partial<Predictions>, string, RegExp][] = [
    [
      "a probability above 1",
      { probabilities: [[-0.2, 1.2], ...good.probabilities.slice(1)] },
      "InvalidArgument",
      /"no" for patient 1 is -0\.2; expected a number in \[0, 1\]/,
    ],
    [
      "NaN",
      { probabilities: [[Number.NaN, 0.1], ...good.probabilities.slice(1)] },
      "InvalidArgument",
      /is NaN; expected a number in \[0, 1\]/,
    ],
    [
      "a row that does not sum to 1",
      { probabilities: [[0.9, 0.9], ...good.probabilities.slice(1)] },
      "InvalidArgument",
      /sum of the probabilities of patient 1 is 1\.8.*\n.*softmax/s,
    ],
    [
      "labels missing at the end",
      { yTrue: [0, 0, 1] },
      "ShapeMismatch",
      /patients has 4 entries but yTrue has 3/,
    ],
    [
      "a row with too few classes",
      { probabilities: [[1], ...good.probabilities.slice(1)] },
      "ShapeMismatch",
      /patient 1 has 1 probabilities; expected 2/,
    ],
    [
      "a label without a class",
      { yTrue: [0, 0, 1, 2] },
      "InvalidArgument",
      /yTrue of patient 4 is 2; expected a label from 0 to 1 \(no, yes\)/,
    ],
    [
      "a patient listed twice",
      { patients: ["1", "2", "3", "3"] },
      "InvalidArgument",
      /patients is "3"; expected each patient once/,
    ],
    ["a single class", { classes: ["no"] }, "InvalidArgument", /two class names or more/],
  ];
  it.each(cases)("%s is named", (_, change, code, message) => {
    const error = thrown(() => checkPredictions({ ...good, ...change }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("every entry point checks", () => {
    const bad = { ...good, yTrue: [0, 0, 1, 7] };
    for (const run of [roc, auc, metrics, delong, aucInterval])
      expect(thrown(() => run(bad)).code).toBe("InvalidArgument");
  });
});

describe("one class only", () => {
  const negative = { ...good, yTrue: [0, 0, 0, -1] };

  it("is an outcome with its reason in a table of metrics", () => {
    const found = metrics(negative);
    expect(found.n).toBe(3);
    expect(found.auc).toEqual({ undefined: true, reason: "all 3 patients of REC are negative" });
    expect(isUndefined(found.perClass[1]!.recall)).toBe(true);
    expect(JSON.stringify(found)).not.toMatch(/NaN|null/);
  });

  it("is a named error where the curve itself was asked for", () => {
    expect(thrown(() => roc(negative)).message).toMatch(
      /^the ROC curve is undefined because all 3 patients of REC are negative\./,
    );
    expect(thrown(() => aucInterval(negative)).code).toBe("Undefined");
    expect(thrown(() => roc({ yTrue: [], yScore: [] })).message).toMatch(/no patient with a known label/);
  });
});

describe("options outside their range", () => {
  it.each([
    [{ bootstrap: 0 }, /bootstrap is 0; expected a whole number of samples, 20 or more/],
    [{ bootstrap: Number.NaN }, /bootstrap is NaN/],
    [{ level: 95 }, /level is 95; expected a coverage between 0 and 1/],
    [{ classIndex: 2 }, /classIndex is 2; expected one of 0 \(no\), 1 \(yes\)/],
  ])("%j", (options, message) => {
    expect(thrown(() => roc(good, options)).message).toMatch(message);
  });

  it("three classes need a choice, and the message says how to draw all", () => {
    const three = {
      ...good,
      classes: ["a", "b", "c"],
      probabilities: good.probabilities.map(([p, q]) => [p!, q!, 0]),
    };
    expect(thrown(() => roc(three)).message).toMatch(/one of 0 \(a\), 1 \(b\), 2 \(c\).*\n.*rocPerClass/s);
  });
});

describe("columns", () => {
  it("of different length are named", () => {
    expect(thrown(() => correlationMatrix({ age: [1, 2], TD: [1] })).message).toMatch(
      /age has 2 values but TD has 1/,
    );
  });
  it("with NaN are named by row", () => {
    expect(thrown(() => spearman([1, Number.NaN, 2], [1, 2, 3])).message).toMatch(
      /row 1 of the first column is NaN/,
    );
  });
  it("without variation give an outcome, not NaN", () => {
    const { coefficients } = correlationMatrix({ HPV: [0, 0, 0], TD: [0, 1, 2] });
    expect(coefficients[0]![1]).toEqual({ undefined: true, reason: "HPV has the same value in all 3 pairs" });
  });
  it("leave out pairs with a missing value", () => {
    expect(spearman([1, undefined, 2, 3, -1], [1, 5, 2, 3, 9], { missing: -1 }).n).toBe(3);
    expect(pairwiseCounts({ TI: [0, 1, 1, -1], PI: [0, 0, 1, 1] }).pairs).toEqual([
      {
        a: "TI",
        b: "PI",
        counts: [
          [1, 0],
          [1, 1],
        ],
        n: 3,
      },
    ]);
  });
  it("of labels must be whole numbers", () => {
    expect(thrown(() => pairwiseCounts({ TI: [0.5], PI: [0] })).message).toMatch(/label 0 of TI is 0\.5/);
  });
});

describe("a comparison of models", () => {
  it("on other patients lists them", () => {
    const other = { ...good, patients: ["1", "2", "3", "5"] };
    expect(thrown(() => pairedAuc(good, other)).message).toMatch(
      /Only in the first: 4\. Only in the second: 5\./,
    );
  });
  it("with other truths names the patient", () => {
    expect(thrown(() => pairedAuc(good, { ...good, yTrue: [0, 1, 1, 1] })).message).toMatch(
      /true label of patient 2/,
    );
  });
});

it("draws one curve for two classes and one for each of more", () => {
  expect(Object.keys(rocPerClass(good, { bootstrap: 20 }))).toEqual(["yes"]);
  const three = {
    ...good,
    classes: ["a", "b", "c"],
    yTrue: [0, 1, 2, 1],
    probabilities: good.probabilities.map(([p, q]) => [p! / 2, q!, p! / 2]),
  };
  expect(Object.keys(rocPerClass(three, { bootstrap: 20 }))).toEqual(["a", "b", "c"]);
});

it("says in the interval's caption that few patients make it too narrow", () => {
  const of = (positives: number) => {
    const yTrue = Array.from({ length: 40 }, (_, i) => Number(i < positives));
    return roc({ yTrue, yScore: yTrue.map((y, i) => y + i / 20) }, { bootstrap: 20, band: false }).auc.method;
  };
  expect(of(1)).toBe(
    "percentile bootstrap, 20 samples stratified by class, seed 7; too narrow, the smallest class has 1 patient",
  );
  expect(of(39)).toContain("the smallest class has 1 patient");
  expect(of(9)).toContain("has 9 patients");
  expect(of(10)).toBe("percentile bootstrap, 20 samples stratified by class, seed 7");
});
