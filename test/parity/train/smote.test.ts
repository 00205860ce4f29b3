/** SMOTE against imbalanced-learn: the same neighbours, and from the same draws the same points. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { nearestRows, smote } from "../../../src/train";
import { between, type SmoteOrigin } from "../../../src/train/smote";

/** Made by generate.py beside it. */
const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/smote/values.json"), "utf8"),
) as {
  features: number[][];
  labels: number[];
  neighbours: number[][];
  draws: SmoteOrigin[];
  points: number[][];
  pointLabels: number[];
};
const { features, labels } = reference;

test("neighbours are scikit-learn's, in its order", () => {
  expect(nearestRows(features, 5)).toEqual(reference.neighbours);
});

test("the same draws give the same points, to single precision", () => {
  reference.draws.forEach((draw, i) => {
    const point = between(features, draw);
    point.forEach((value, c) => void expect(Math.abs(value - reference.points[i]![c]!)).toBeLessThan(1e-6));
  });
});

test("as many points of each class, each drawn from candidates that imbalanced-learn also has", () => {
  const made = smote(features, labels, { seed: 3 });
  const count = (list: readonly number[], label: number) => list.filter((one) => one === label).length;
  for (const label of [0, 1, 2]) expect(count(made.labels, label)).toBe(count(reference.pointLabels, label));
  const pairs = (draws: readonly SmoteOrigin[]) => draws.map(({ from, towards }) => `${from}-${towards}`);
  const allowed = new Set(
    [1, 2].flatMap((label) => {
      const rows = labels.flatMap((one, i) => (one === label ? [i] : []));
      const near = nearestRows(
        rows.map((row) => features[row]!),
        5,
      );
      return rows.flatMap((row, i) => near[i]!.map((j) => `${row}-${rows[j]!}`));
    }),
  );
  for (const pair of [...pairs(reference.draws), ...pairs(made.origins)]) expect(allowed).toContain(pair);
});
