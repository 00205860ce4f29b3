import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auc,
  averagePrecision,
  type BinaryScores,
  brier,
  isUndefined,
  metrics,
  type Predictions,
  type Statistic,
  type WeightOptions,
} from "../../../src/evaluate";

/** Three classes, probabilities in eighths (many ties), and a whole number for each patient. */
const patient = fc.record({
  label: fc.integer({ min: -1, max: 2 }),
  eighths: fc.tuple(fc.nat(4), fc.nat(4)),
  times: fc.nat(3),
});
const weighted = fc.array(patient, { minLength: 1, maxLength: 30 }).map((rows) => ({
  predictions: threeClasses(rows),
  weights: rows.map(({ times }) => times),
}));
type Row = { label: number; eighths: [number, number] };

function threeClasses(rows: readonly Row[]): Predictions {
  return {
    task: "TD",
    classes: ["well", "moderate", "poor"],
    patients: rows.map((_, i) => `${i}`),
    yTrue: rows.map(({ label }) => label),
    probabilities: rows.map(({ eighths: [a, b] }) => [a / 8, b / 8, 1 - (a + b) / 8]),
  };
}

/** The last class against the others, as bare scores. */
function lastClass({ yTrue, probabilities }: Predictions): BinaryScores {
  return {
    yTrue: yTrue.map((label) => (label < 0 ? label : Number(label === 2))),
    yScore: probabilities.map((row) => row[2]!),
  };
}

/** Every patient as often as its weight says. */
function repeated(predictions: Predictions, weights: readonly number[]): Predictions {
  const places = weights.flatMap((times, i) => new Array<number>(times).fill(i));
  return {
    ...predictions,
    patients: places.map((_, at) => `${at}`),
    yTrue: places.map((i) => predictions.yTrue[i]!),
    probabilities: places.map((i) => predictions.probabilities[i]!),
  };
}

/** Every statistic that takes weights, without what only counts patients. */
function statistics(predictions: Predictions, options: WeightOptions): Statistic[] {
  const { accuracy, balancedAccuracy, macro, perClass } = metrics(predictions, options);
  const binary = lastClass(predictions);
  return [
    auc(predictions, options),
    auc(predictions, { ...options, average: "one-vs-one" }),
    auc(predictions, { ...options, average: "micro" }),
    averagePrecision(predictions, options),
    averagePrecision(predictions, { ...options, average: "micro" }),
    brier(predictions, options),
    auc(binary, options),
    averagePrecision(binary, options),
    brier(binary, options),
    accuracy,
    balancedAccuracy,
    ...Object.values(macro),
    ...perClass.flatMap(({ precision, recall, specificity, f1 }) => [precision, recall, specificity, f1]),
  ];
}

/** The same numbers, and no number in the same places; the reasons may be worded for weights. */
function expectSame(found: readonly Statistic[], expected: readonly Statistic[]) {
  expect(found).toHaveLength(expected.length);
  expected.forEach((statistic, i) => {
    const other = found[i]!;
    expect(isUndefined(other)).toBe(isUndefined(statistic));
    if (!isUndefined(statistic)) expect(Math.abs((other as number) - statistic)).toBeLessThanOrEqual(1e-12);
  });
}

describe("weights of patients", () => {
  it("of 1 change nothing, to the last digit", () => {
    fc.assert(
      fc.property(weighted, ({ predictions }) => {
        const ones = predictions.patients.map(() => 1);
        const [found, expected] = [
          statistics(predictions, { weights: ones }),
          statistics(predictions, {}),
        ].map((all) => all.map((one) => (isUndefined(one) ? undefined : one)));
        expect(found).toEqual(expected);
        expect(metrics(predictions, { weights: ones }).confusion).toEqual(metrics(predictions).confusion);
      }),
    );
  });

  it("that are whole numbers repeat patients", () => {
    fc.assert(
      fc.property(weighted, ({ predictions, weights }) => {
        const listed = repeated(predictions, weights);
        expectSame(statistics(predictions, { weights }), statistics(listed, {}));
        expect(metrics(predictions, { weights }).confusion).toEqual(metrics(listed).confusion);
      }),
    );
  });

  it("matter by their ratios alone, be they tiny or huge", () => {
    fc.assert(
      fc.property(weighted, fc.constantFrom(1e-250, 1e-9, 0.3, 7, 1e250), (input, scale) => {
        const { predictions, weights } = input;
        const scaled = weights.map((weight) => weight * scale);
        expectSame(statistics(predictions, { weights: scaled }), statistics(predictions, { weights }));
      }),
    );
  });

  it("keep every statistic within [0, 1], the Brier score of several classes within [0, 2]", () => {
    const reals = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(weighted, reals, ({ predictions }, drawn) => {
        const weights = drawn.slice(0, predictions.patients.length);
        const found = statistics(predictions, { weights });
        found.forEach((statistic, i) => {
          if (isUndefined(statistic)) return;
          expect(statistic).toBeGreaterThanOrEqual(0);
          expect(statistic).toBeLessThanOrEqual(i === 5 ? 2 : 1);
        });
      }),
    );
  });

  it("of whole classes leave the AUC of two classes alone", () => {
    fc.assert(
      fc.property(weighted, fc.double({ min: 0.01, max: 100, noNaN: true }), ({ predictions }, ratio) => {
        const binary = lastClass(predictions);
        const weights = binary.yTrue.map((label) => (Number(label) === 1 ? ratio : 1));
        expectSame([auc(binary, { weights })], [auc(binary)]);
      }),
    );
  });
});
