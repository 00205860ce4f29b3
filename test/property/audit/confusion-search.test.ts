/** The search finds every confusion matrix and no other. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditPaper, confusionsBehind, explainMetrics } from "../../../src/audit";
import { defined, metrics } from "../../../src/evaluate";

type Matrix = readonly (readonly number[])[];

type Average = "macro" | "weighted" | number;

/** Metrics of a matrix by way of the predictions it stands for: another path than the search takes. */
function printedOf(matrix: Matrix, average: Average = "macro", digits: (x: number) => number = Math.round) {
  const yTrue = matrix.flatMap((row, truth) => row.flatMap((count) => Array<number>(count).fill(truth)));
  const called = matrix.flatMap((row) => row.flatMap((count, k) => Array<number>(count).fill(k)));
  const report = metrics(
    {
      task: "T",
      classes: matrix.map((_, k) => `${k}`),
      patients: yTrue.map((_, i) => `${i}`),
      yTrue,
      probabilities: called.map((k) => matrix.map((_, other) => (other === k ? 1 : 0))),
    },
    { zeroDivision: 0 },
  );
  // Floating point puts a value that ends here a hair below it.
  const percent = (share: number) => digits(Number((1e4 * share).toFixed(6))) / 100;
  const averaged = (measure: "recall" | "precision" | "f1") => {
    const values = report.perClass.map((row) => defined(row[measure], measure));
    if (typeof average === "number") return percent(values[average]!);
    const weights = report.perClass.map(({ support }) => (average === "macro" ? 1 : support));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return percent(values.reduce((sum, value, k) => sum + value * weights[k]!, 0) / total);
  };
  return {
    accuracy: percent(defined(report.accuracy, "accuracy")),
    recall: averaged("recall"),
    precision: averaged("precision"),
    f1: averaged("f1"),
  };
}

const row = (classes: number, most: number) =>
  fc
    .array(fc.integer({ min: 0, max: most }), { minLength: classes, maxLength: classes })
    .filter((counts) => counts.some((count) => count > 0));
const matrixOf = (classes: number, most: number) =>
  fc.array(row(classes, most), { minLength: classes, maxLength: classes });
const anyMatrix = fc.oneof(matrixOf(2, 60), matrixOf(3, 9));

const supportsOf = (matrix: Matrix) => matrix.map((counts) => counts.reduce((sum, count) => sum + count, 0));

/** Every way to spread `total` over `cells` cells. */
function spreads(total: number, cells: number): number[][] {
  if (cells === 1) return [[total]];
  return Array.from({ length: total + 1 }, (_, first) =>
    spreads(total - first, cells - 1).map((rest) => [first, ...rest]),
  ).flat();
}

function everyMatrix(supports: readonly number[]): Matrix[] {
  return supports
    .map((support) => spreads(support, supports.length))
    .reduce<Matrix[]>((done, rows) => done.flatMap((matrix) => rows.map((next) => [...matrix, next])), [[]]);
}

describe("the search for confusion matrices", () => {
  it("finds the matrix that the numbers came from", () => {
    fc.assert(
      fc.property(anyMatrix, (matrix) => {
        const found = confusionsBehind(printedOf(matrix), supportsOf(matrix));
        expect(found.flatMap(({ matrices }) => matrices)).toContainEqual(matrix);
      }),
      { numRuns: 150 },
    );
  });

  it("finds exactly the matrices that trying all of them finds", () => {
    for (const supports of [
      [5, 7],
      [3, 4, 2],
    ]) {
      const all = everyMatrix(supports).map((matrix) => ({
        matrix,
        printed: JSON.stringify(printedOf(matrix)),
      }));
      const texts = [...new Set(all.map(({ printed }) => printed))].filter((_, i) => i % 7 === 0);
      for (const text of texts) {
        const expected = all
          .filter(({ printed }) => printed === text)
          .map(({ matrix }) => JSON.stringify(matrix));
        const found = confusionsBehind(JSON.parse(text), supports).flatMap(({ matrices }) =>
          matrices.map((matrix) => JSON.stringify(matrix)),
        );
        expect(found.sort()).toEqual(expected.sort());
      }
    }
  });

  it("reads its own matrices as printed", () => {
    fc.assert(
      fc.property(anyMatrix, (matrix) => {
        expect(explainMetrics(printedOf(matrix), supportsOf(matrix))?.how).toBe("as printed");
      }),
      { numRuns: 100 },
    );
  });
});

describe("readings", () => {
  const supports = [151, 49];

  it("tells a recall of one class from a macro recall: table 10, REC", () => {
    const explained = explainMetrics({ accuracy: 87, recall: 81.63, precision: 81.94, f1: 85.19 }, supports)!;
    expect(explained.how).toBe(
      "the recall column holds the recall of class 1; the F1 column holds the macro recall",
    );
    expect(explained.solutions.map(({ matrices }) => matrices)).toEqual([
      [
        [
          [134, 17],
          [9, 40],
        ],
      ],
    ]);
  });

  it("sees exchanged columns, with a digit cut off: table 11, CE", () => {
    const printed = { accuracy: 86.5, recall: 58.59, precision: 52.74, f1: 52.79 };
    const explained = explainMetrics(printed, [176, 24])!;
    expect(explained.how).toMatch(/macro precision.*macro recall.*cut off/);
    expect(explained.solutions[0]!.matrices).toEqual([
      [
        [171, 5],
        [22, 2],
      ],
    ]);
  });

  const matrix = [
    [50, 10],
    [13, 27],
  ];

  it.each([
    ["digits are cut off instead of rounded", printedOf(matrix, "macro", Math.floor), [60, 40]],
    ["they are computed on other patients: validation (60, 40)", printedOf(matrix), [70, 30]],
    [
      "the recall column holds the weighted recall; the precision column holds the weighted precision; the F1 column holds the weighted F1",
      printedOf(matrix, "weighted"),
      [60, 40],
    ],
    [
      "the recall column holds the recall of class 1; the precision column holds the precision of class 1; the F1 column holds the F1 of class 1",
      printedOf(matrix, 1),
      [60, 40],
    ],
    ["the F1 column is set aside", { ...printedOf(matrix), f1: 60.01 }, [60, 40]],
  ] as const)("%s", (how, printed, supports) => {
    const explained = explainMetrics(printed, supports, { otherSupports: { validation: [60, 40] } })!;
    expect(explained.how).toBe(how);
    expect(explained.solutions.flatMap(({ matrices }) => matrices)).toContainEqual(matrix);
  });

  it("reads shares as it reads percent", () => {
    const percent = printedOf(matrix);
    const shares = Object.fromEntries(Object.entries(percent).map(([name, value]) => [name, value / 100]));
    expect(confusionsBehind(shares as typeof percent, [60, 40], { scale: 1, decimals: 4 })).toEqual(
      confusionsBehind(percent, [60, 40]),
    );
  });

  it("refuses counts that are none", () => {
    expect(() => confusionsBehind({ accuracy: 50 }, [10, 2.5])).toThrow(/whole number/);
    expect(() => confusionsBehind({ accuracy: 50 }, [10, 10, 10, 10])).toThrow(/2 to 3 classes/);
  });
});

describe("speed", () => {
  it("stops at a limit where little is printed", () => {
    expect(confusionsBehind({ accuracy: 58 }, [72, 95, 33], { limit: 50 })).toHaveLength(50);
  });

  it("refuses what it cannot search, and an audit says that it did not", () => {
    expect(() => confusionsBehind({ accuracy: 58, recall: 60 }, [720, 950, 330])).toThrow(/at most/);
    const fact = { where: "T / a", printed: { accuracy: 58, recall: 60 }, supports: [720, 950, 330] };
    const { findings, checks, notChecked } = auditPaper({ source: "x", metrics: [fact] });
    expect({ findings, checks }).toEqual({ findings: [], checks: [] });
    expect(notChecked).toEqual(["T / a: too many confusion matrices to search them all"]);
  });

  it("searches the most it takes", () => {
    expect(
      explainMetrics({ accuracy: 58, recall: 61.23, precision: 12.34, f1: 91.77 }, [140, 180, 80]),
    ).toBeUndefined();
    const large = [
      [9000, 2000],
      [3000, 6000],
    ];
    const found = confusionsBehind(printedOf(large), supportsOf(large));
    expect(found.flatMap(({ matrices }) => matrices)).toContainEqual(large);
  });

  it("searches 200 patients of three classes for every reading", () => {
    expect(
      explainMetrics({ accuracy: 58, recall: 61.23, precision: 49.31, f1: 71.77 }, [72, 95, 33]),
    ).toBeUndefined();
  });
});
