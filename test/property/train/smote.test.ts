/** What holds of SMOTE for any features and labels. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { nearestRows, smote } from "../../../src/train";

const rows = (labels: fc.Arbitrary<number | readonly number[]>) =>
  fc.integer({ min: 1, max: 5 }).chain((width) =>
    fc.array(
      fc.record({
        label: labels,
        row: fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
          minLength: width,
          maxLength: width,
        }),
      }),
      { maxLength: 40 },
    ),
  );
const single = rows(fc.integer({ min: -1, max: 2 }));
const tuples = rows(fc.tuple(fc.integer({ min: -1, max: 1 }), fc.integer({ min: 0, max: 2 })));

test.each([
  ["classes", single],
  ["tuples of labels", tuples],
])("%s become equally frequent, and every point lies between two members of its own", (_, arbitrary) => {
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 6 }), fc.integer(), (data, neighbours, seed) => {
      const features = data.map(({ row }) => row);
      const labels = data.map(({ label }) => label);
      const made = smote(features, labels, { neighbours, seed, alone: "repeat" });
      const sizes = made.groups.map(({ members, added }) => members + added);
      expect(new Set(sizes).size).toBeLessThanOrEqual(1);
      expect(made.features).toHaveLength(made.groups.reduce((sum, { added }) => sum + added, 0));
      made.origins.forEach(({ from, towards, share }, i) => {
        expect(labels[from]).toEqual(made.labels[i]);
        expect(labels[towards]).toEqual(made.labels[i]);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThan(1);
        made.features[i]!.forEach((value, c) => {
          const [a, b] = [features[from]![c]!, features[towards]![c]!];
          expect(value).toBeGreaterThanOrEqual(Math.fround(Math.min(a, b)) - 1e-5);
          expect(value).toBeLessThanOrEqual(Math.fround(Math.max(a, b)) + 1e-5);
          expect(Math.abs(value - (a + share * (b - a)))).toBeLessThan(2e-5);
        });
      });
      expect(smote(features, labels, { neighbours, seed, alone: "repeat" })).toEqual(made);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("a neighbour is never further away than a row that is none", () => {
  fc.assert(
    fc.property(single, fc.integer({ min: 1, max: 5 }), (data, count) => {
      const features = data.map(({ row }) => row);
      const distance = (i: number, j: number) =>
        Math.hypot(...features[i]!.map((value, c) => value - features[j]![c]!));
      nearestRows(features, count).forEach((near, i) => {
        expect(near).toHaveLength(Math.min(count, features.length - 1));
        const others = features.map((__, j) => j).filter((j) => j !== i && !near.includes(j));
        const furthest = Math.max(0, ...near.map((j) => distance(i, j)));
        for (const j of others) expect(distance(i, j)).toBeGreaterThanOrEqual(furthest - 1e-9);
      });
    }),
    { numRuns: 60, seed: 2 },
  );
});

test("the largest class and missing labels get nothing", () => {
  const features = Array.from({ length: 9 }, (_, i) => [i]);
  const made = smote(features, [0, 0, 0, 0, 1, 1, -1, -1, -1]);
  expect(made.labels).toEqual([1, 1]);
  expect(made.groups).toEqual([
    { label: 0, members: 4, added: 0, neighbours: 3 },
    { label: 1, members: 2, added: 2, neighbours: 1 },
  ]);
  expect(smote([], [])).toEqual({ features: [], labels: [], origins: [], groups: [] });
});

test("a class of one is an error, is repeated, or is left", () => {
  const features = [[0], [1], [2], [9]];
  const labels = [0, 0, 0, 1];
  expect(() => smote(features, labels)).toThrow(/labels is "1 in row 3 only".*alone: "repeat"/s);
  expect(smote(features, labels, { alone: "repeat" }).features.map((row) => [...row])).toEqual([[9], [9]]);
  expect(smote(features, labels, { alone: "leave" }).features).toEqual([]);
  expect(smote(features, labels, { size: 6, alone: "leave" }).labels).toEqual([0, 0, 0]);
});

test.each([
  [[[1], [2, 3]], [0, 1], {}, "ShapeMismatch"],
  [[[1], [2]], [0], {}, "ShapeMismatch"],
  [[[Number.NaN], [2]], [0, 1], {}, "InvalidArgument"],
  [[[1], [2]], [0, 1], { neighbours: 0 }, "InvalidArgument"],
  [[[1], [2]], [0, 1], { size: 1.5 }, "InvalidArgument"],
  [[[1], [2]], [0, 1], { alone: "drop" }, "InvalidArgument"],
])("refused: %j %j %j", (features, labels, options, code) => {
  try {
    smote(features as number[][], labels as number[], options as object);
    expect.unreachable();
  } catch (error) {
    expect(isOsccError(error) ? error.code : error).toBe(code);
  }
});
