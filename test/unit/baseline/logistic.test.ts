import { describe, expect, it } from "vitest";
import { fitLogistic, logisticProbabilities } from "../../../src/baseline";
import { isOsccError, type OsccErrorCode } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";

const overlapping = { x: [[0], [1], [2], [3], [4], [5]], y: [0, 1, 0, 0, 1, 1] };
const separated = { x: [[0], [1], [2], [3], [4], [5]], y: [0, 0, 0, 1, 1, 1] };

function expectError(call: () => unknown, code: OsccErrorCode, words: string): void {
  let error: unknown;
  try {
    call();
  } catch (caught) {
    error = caught;
  }
  expect(isOsccError(error, code)).toBe(true);
  expect((error as Error).message).toContain(words);
}

describe("separation", () => {
  it("is found and the features are named, when there is no penalty", () => {
    expectError(
      () => fitLogistic(separated.x, separated.y, 2, { penalty: 0, features: ["tumour size"] }),
      "Separated",
      "tumour size",
    );
  });

  it("is found where only one group is pure (quasi-separation)", () => {
    const rng = new Rng(3);
    const x = Array.from({ length: 60 }, (_, n) => [n < 10 ? 1 : 0, rng.normal(0, 1)]);
    const y = x.map(([pure]) => (pure ? 1 : rng.integer(2)));
    expectError(() => fitLogistic(x, y, 2, { penalty: 0, features: ["pure", "noise"] }), "Separated", "pure");
  });

  it("is no obstacle to a penalised fit", () => {
    const { weights } = fitLogistic(separated.x, separated.y, 2, { penalty: 0.1 });
    expect(weights[0]![0]).toBeGreaterThan(0.5);
  });

  it("is not seen in classes that overlap", () => {
    expect(fitLogistic(overlapping.x, overlapping.y, 2, { penalty: 0 }).iterations).toBeLessThan(15);
  });
});

describe("what cannot be fitted", () => {
  it("names features that depend on each other", () => {
    const twice = overlapping.x.map(([value]) => [value!, 2 * value!]);
    expectError(
      () => fitLogistic(twice, overlapping.y, 2, { penalty: 0 }),
      "InvalidArgument",
      "linearly independent",
    );
  });

  it("says when it has not converged", () => {
    expectError(
      () => fitLogistic(overlapping.x, overlapping.y, 2, { penalty: 1, maxIterations: 1 }),
      "NotConverged",
      "after 1 iterations",
    );
  });

  it.each([
    ["a class without patient", () => fitLogistic([[1], [2]], [0, 0], 2), "1 of 2 classes"],
    ["a masked label", () => fitLogistic([[1], [2], [3]], [0, 1, -1], 2), "a label is -1"],
    ["a number that is none", () => fitLogistic([[1], [Number.NaN]], [0, 1], 2), "x[1][0] is NaN"],
    ["a negative penalty", () => fitLogistic([[1], [2]], [0, 1], 2, { penalty: -1 }), "penalty is -1"],
    [
      "several classes without penalty",
      () => fitLogistic([[1], [2], [3]], [0, 1, 2], 3, { penalty: 0 }),
      "unique",
    ],
  ])("%s", (_, call, words) => expectError(call, "InvalidArgument", words));

  it.each([
    ["rows of different lengths", () => fitLogistic([[1], [2, 3]], [0, 1], 2), "row 1 of x has 2 features"],
    ["lengths that differ", () => fitLogistic([[1], [2]], [0], 2), "2 rows"],
    ["nobody", () => fitLogistic([], [], 2), "0 rows"],
  ])("%s", (_, call, words) => expectError(call, "ShapeMismatch", words));
});

describe("a fit", () => {
  it("does not overflow on far-off numbers", () => {
    const x = overlapping.x.map(([value]) => [value! * 1e4]);
    const fit = fitLogistic(x, overlapping.y, 2, { penalty: 1e-6 });
    for (const row of x) expect(logisticProbabilities(fit, row)[1]).toBeGreaterThan(0);
  });
});
