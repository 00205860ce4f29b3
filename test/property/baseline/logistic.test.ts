import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLogistic, logisticProbabilities } from "../../../src/baseline";
import { Rng } from "../../../src/core/random";

/** A random problem: patients by features, labels of every class. */
const problems = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    patients: fc.integer({ min: 12, max: 40 }),
    features: fc.integer({ min: 1, max: 4 }),
    classes: fc.integer({ min: 2, max: 4 }),
    penalty: fc.double({ min: 0.05, max: 50, noNaN: true }),
  })
  .map(({ seed, patients, features, classes, penalty }) => {
    const rng = new Rng(seed);
    const x = Array.from({ length: patients }, () =>
      Array.from({ length: features }, () => rng.normal(0, 1)),
    );
    const y = x.map((_, n) => (n < classes ? n : rng.integer(classes)));
    return { x, y, classes, penalty };
  });

type Problem = Parameters<Parameters<typeof problems.map>[0]>[0];

/** The penalised objective, straight from its definition. */
function objective({ x, y, penalty }: Problem, fit: ReturnType<typeof fitLogistic>): number {
  const loss = x.reduce((sum, row, n) => sum - Math.log(logisticProbabilities(fit, row)[y[n]!]!), 0);
  return loss + (penalty / 2) * fit.weights.flat().reduce((sum, weight) => sum + weight * weight, 0);
}

const close = (a: readonly number[], b: readonly number[], tolerance = 1e-6) =>
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i]!)).toBeLessThan(tolerance);
  });

describe("a penalised fit", () => {
  it("is the minimum: no change of a coefficient lowers the objective", () => {
    fc.assert(
      fc.property(
        problems,
        fc.integer({ min: 0, max: 99 }),
        fc.constantFrom(-1e-3, 1e-3),
        (problem, pick, by) => {
          const fit = fitLogistic(problem.x, problem.y, problem.classes, { penalty: problem.penalty });
          const width = problem.x[0]!.length;
          const [e, j] = [pick % fit.weights.length, pick % (width + 1)];
          const moved = {
            ...fit,
            intercepts: fit.intercepts.map((value, i) => (i === e && j === width ? value + by : value)),
            weights: fit.weights.map((row, i) =>
              row.map((value, k) => (i === e && k === j ? value + by : value)),
            ),
          };
          expect(objective(problem, moved)).toBeGreaterThanOrEqual(objective(problem, fit) - 1e-12);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("predicts the class frequencies of its own patients, on average", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const fit = fitLogistic(problem.x, problem.y, problem.classes, { penalty: problem.penalty });
        for (let label = 0; label < problem.classes; label++) {
          const predicted = problem.x.reduce((sum, row) => sum + logisticProbabilities(fit, row)[label]!, 0);
          expect(predicted).toBeCloseTo(problem.y.filter((y) => y === label).length, 6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("does not depend on the order of patients, and turns with the labels of two classes", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { x, y, classes, penalty } = problem;
        const fit = fitLogistic(x, y, classes, { penalty });
        const reversed = fitLogistic([...x].reverse(), [...y].reverse(), classes, { penalty });
        fit.weights.forEach((row, e) => void close(row, reversed.weights[e]!));
        if (classes !== 2) return;
        const turned = fitLogistic(
          x,
          y.map((label) => 1 - label),
          2,
          { penalty },
        );
        close(
          fit.weights[0]!,
          turned.weights[0]!.map((weight) => -weight),
        );
        close(fit.standardErrors[0]!, turned.standardErrors[0]!);
      }),
      { numRuns: 40 },
    );
  });

  it("does not depend on where it starts", () => {
    fc.assert(
      fc.property(problems, ({ x, y, classes, penalty }) => {
        const start = fitLogistic(x, y, classes, { penalty: penalty * 10 });
        const [cold, warm] = [{}, { start }].map((more) => fitLogistic(x, y, classes, { penalty, ...more }));
        cold!.weights.forEach((row, e) => void close(row, warm!.weights[e]!, 1e-8));
        close(cold!.intercepts, warm!.intercepts, 1e-8);
      }),
      { numRuns: 40 },
    );
  });

  it("shrinks with the penalty", () => {
    fc.assert(
      fc.property(problems, ({ x, y, classes, penalty }) => {
        const size = (strength: number) =>
          Math.hypot(...fitLogistic(x, y, classes, { penalty: strength }).weights.flat());
        expect(size(penalty * 2)).toBeLessThanOrEqual(size(penalty) + 1e-9);
      }),
      { numRuns: 40 },
    );
  });
});
