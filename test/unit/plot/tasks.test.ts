/** Figures of several tasks: what they say, and what they refuse. */
import { describe, expect, it } from "vitest";
import { gradientConflict, taskCurves } from "../../../src/plot";
import { gradientConflict as conflictOf, type EpochRecord } from "../../../src/train";

const NOTICE = "phantom cohort, not patient data";
const provenance = { cohort: "phantom", synthetic: true, notice: NOTICE };

function history(tasks: readonly string[], epochs: number): EpochRecord[] {
  return Array.from({ length: epochs }, (_, e) => ({
    epoch: e + 1,
    trainLoss: 1,
    learningRate: 1e-3,
    encoderLearningRate: 1e-3,
    seconds: 1,
    byTask: Object.fromEntries(
      tasks.map((task, i) => [task, { trainLoss: 0.7 - 0.1 * e, validLoss: 0.6, weights: [1, 1 + 0.1 * i] }]),
    ),
    gradientCosines: tasks.map((_, i) => tasks.map((__, j) => (i === j ? 1 : -0.1 * (e + 1)))),
  }));
}

describe("taskCurves", () => {
  it("draws validation, training and weights of each task, and labels the data", async () => {
    const figure = taskCurves({ history: history(["REC", "LNM"], 3), provenance });
    expect(figure.spec.data).toHaveLength(6);
    expect(JSON.stringify(figure.spec).toLowerCase()).toContain(NOTICE);
    const weights = figure.spec.data[2] as { x: number[]; y: number[] };
    expect(weights.x).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect(figure.alt).toContain("LNM training loss 0.500, validation 0.600, weight 1.10");
    expect(await figure.svg()).toContain("<svg");
  });

  it("refuses a run of one task and says what to draw instead", () => {
    expect(() => taskCurves([{ epoch: 1 }])).toThrow(/plot\.training/);
  });
});

describe("gradientConflict", () => {
  it("two tasks are a curve, three a matrix and curves, five a matrix", async () => {
    const kinds = (n: number) => {
      const tasks = ["A", "B", "C", "D", "E"].slice(0, n);
      const { spec } = gradientConflict(conflictOf({ history: history(tasks, 2), provenance }));
      return spec.data.map((trace) => (trace as { type: string }).type);
    };
    expect(kinds(2)).toEqual(["scatter"]);
    expect(kinds(3)).toEqual(["heatmap", "scatter", "scatter", "scatter"]);
    expect(kinds(5)).toEqual(["heatmap"]);
  });

  it("says each pair in words, and what is not defined as such", () => {
    const records = history(["A", "B", "C"], 2).map((record) => ({
      ...record,
      gradientCosines: record.gradientCosines!.map((row, i) => row.map((v, j) => (i + j === 1 ? null : v))),
    }));
    const figure = gradientConflict(conflictOf({ history: records, provenance }));
    expect(figure.alt).toBe(
      "Mean cosine between the gradients of tasks: A – B not defined; A – C −0.15; B – C −0.15.",
    );
    expect(JSON.stringify(figure.spec).toLowerCase()).toContain(NOTICE);
  });
});
