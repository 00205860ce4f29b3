/**
 * A planted conflict, small enough to know the answer: two tasks share a point in the plane, and each wants it somewhere
 * else, one with a loss a hundred times the other's. The methods must differ in the way they claim to.
 */
import { describe, expect, test } from "vitest";
import {
  type BalancingSettings,
  balancingMethod,
  checkedBalancing,
} from "../../../../src/train/multitask/balancing";

type Point = readonly [number, number];

const WANTED: readonly Point[] = [
  [1, 0],
  [-1, 0],
];
const SCALE = [1, 100];
const START: Point = [0.4, 2];

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1]];
const dot = (a: Point, b: Point) => a[0] * b[0] + a[1] * b[1];
const lossesAt = (x: Point) => WANTED.map((w, i) => (SCALE[i]! / 2) * dot(minus(x, w), minus(x, w)));
const gradientsAt = (x: Point): Point[] =>
  WANTED.map((w, i) => [SCALE[i]! * (x[0] - w[0]), SCALE[i]! * (x[1] - w[1])]);
const gramAt = (x: Point) => gradientsAt(x).map((a) => gradientsAt(x).map((b) => dot(a, b)));

interface Course {
  readonly points: Point[];
  readonly weights: number[][];
}

/** Descend with the method's weights; `fresh`: those of the very step, as MGDA has them inside the compiled step. */
function descend(settings: BalancingSettings, { steps = 400, rate = 2e-3, fresh = false } = {}): Course {
  const method = balancingMethod(settings);
  let state = method.start(2);
  let x = START;
  const course: Course = { points: [x], weights: [] };
  for (let step = 0; step < steps; step++) {
    const facts = { losses: lossesAt(x), gram: gramAt(x) };
    const next = method.next(state, facts);
    const used = fresh ? next.weights : state.weights;
    state = next;
    const gradients = gradientsAt(x);
    x = [0, 1].map((axis) => {
      const slope = gradients.reduce((sum, g, i) => sum + used[i]! * g[axis as 0 | 1], 0);
      return x[axis as 0 | 1] - rate * slope;
    }) as unknown as Point;
    course.points.push(x);
    course.weights.push([...used]);
  }
  return course;
}

describe("two tasks that want opposite things", () => {
  test("the sum serves the loud task: it ends where that one wants to be, and harms the other", () => {
    const { points } = descend("sum");
    const end = points.at(-1)!;
    expect(end[0]).toBeCloseTo((1 - 100) / 101, 2); // the minimum of the sum
    const quiet = points.map((x) => lossesAt(x)[0]!);
    expect(quiet.at(-1)).toBeGreaterThan(Math.min(...quiet) + 0.1);
  });

  test("MGDA lowers both losses at every step, and ends where neither can fall without the other rising", () => {
    const { points, weights } = descend(checkedBalancing("pareto"), { fresh: true, steps: 600, rate: 8e-3 });
    points.slice(1).forEach((x, i) => {
      const [before, after] = [lossesAt(points[i]!), lossesAt(x)];
      after.forEach((loss, task) => {
        expect(loss).toBeLessThan(before[task]! + 1e-6 * SCALE[task]!);
      });
    });
    const end = points.at(-1)!;
    expect(Math.abs(end[1])).toBeLessThan(0.02); // the Pareto set is the line between the two wishes
    expect(end[0]).toBeGreaterThan(-0.9); // and not the end of it that the sum goes to
    for (const [a, b] of weights) expect(a! + b!).toBeCloseTo(2, 4);
    const g = gradientsAt(end);
    const last = weights.at(-1)!;
    const combined: Point = [0, 1].map((axis) =>
      g.reduce((sum, one, i) => sum + (last[i]! / 2) * one[axis as 0 | 1], 0),
    ) as unknown as Point;
    expect(dot(combined, combined)).toBeLessThan(1e-3 * Math.min(dot(g[0]!, g[0]!), dot(g[1]!, g[1]!)));
  });

  test("GradNorm makes the weighted gradients equally long", () => {
    const settings = checkedBalancing({ gradNorm: { alpha: 0, learningRate: 0.01 } });
    const { points, weights } = descend(settings, { rate: 1e-4, steps: 600 });
    const ratioAt = (i: number) => {
      const [quiet, loud] = gradientsAt(points[i]!).map(
        (g, task) => weights[i]![task]! * Math.sqrt(dot(g, g)),
      );
      return loud! / quiet!;
    };
    expect(ratioAt(0)).toBeGreaterThan(50);
    expect(ratioAt(weights.length - 1)).toBeLessThan(1.5);
    expect(ratioAt(weights.length - 1)).toBeGreaterThan(0.67);
    for (const [a, b] of weights) expect(a! + b!).toBeCloseTo(2, 10);
  });

  test("GradNorm with alpha above 0 pulls the task that learns slower", () => {
    const at = (alpha: number) => {
      const method = balancingMethod(checkedBalancing({ gradNorm: { alpha } }));
      const gram = [
        [1, 0],
        [0, 1],
      ];
      let state = method.start(2);
      state = method.next(state, { losses: [1, 1], gram }); // where both begin
      for (let i = 0; i < 5; i++) state = method.next(state, { losses: [0.9, 0.2], gram });
      return state.weights;
    };
    const [slow, quick] = at(1.5);
    expect(slow!).toBeGreaterThan(1.05);
    expect(quick!).toBeLessThan(0.95);
  });

  test("uncertainty weighs each task by half the inverse of its loss", () => {
    const method = balancingMethod(checkedBalancing({ uncertainty: { learningRate: 0.05 } }));
    let state = method.start(2);
    for (let i = 0; i < 600; i++)
      state = method.next(state, {
        losses: [0.25, 2],
        gram: [
          [0, 0],
          [0, 0],
        ],
      });
    expect(state.weights[0]).toBeCloseTo(1 / (2 * 0.25), 2);
    expect(state.weights[1]).toBeCloseTo(1 / (2 * 2), 2);
  });
});

describe("a task without a labelled patient in a batch", () => {
  const facts = {
    losses: [0.7, 0, 0.6],
    gram: [
      [1, 0, 0.2],
      [0, 0, 0],
      [0.2, 0, 4],
    ],
  };

  test.each(["gradNorm", "uncertainty"] as const)("keeps what %s learned about it", (name) => {
    const method = balancingMethod(checkedBalancing(name));
    const before = method.start(3);
    const after = method.next(before, facts);
    expect(after.steps![1]).toBe(0);
    expect(after.mean![1]).toBe(0);
    expect(after.weights.every(Number.isFinite)).toBe(true);
  });

  test.each(["none", "norm", "loss", "loss+"] as const)("gets weight 0 from MGDA (%s)", (scaling) => {
    const { next, start } = balancingMethod(checkedBalancing({ pareto: { scaling } }));
    const { weights } = next(start(3), facts);
    expect(weights[1]).toBe(0);
    expect(weights[0]! + weights[2]!).toBeCloseTo(3, 4);
  });

  test("where no task has one, all weights of MGDA are 0, not NaN", () => {
    const nothing = [0, 0].map(() => [0, 0]);
    const { next, start } = balancingMethod(checkedBalancing("pareto"));
    expect(next(start(2), { losses: [0, 0], gram: nothing }).weights).toEqual([0, 0]);
  });
});

test.each([
  ["gradNrm", /no balancing "gradNrm"[\s\S]*Did you mean "gradNorm"/],
  [{ gradNorm: { alpha: -1 } }, /alpha is -1/],
  [{ gradNorm: { learningRate: 0 } }, /learningRate is 0/],
  [{ pareto: { scaling: "l2" } }, /no scaling "l2"/],
  [{ pareto: { gradientsOf: "everything" } }, /no place of gradients "everything"/],
  [{ uncertainty: { learningRate: Number.NaN } }, /learningRate is NaN/],
  [{ gradNorm: {}, pareto: {} }, /one of sum, gradNorm, pareto, uncertainty/],
  [{}, /one of sum/],
])("refuses %j", (choice, message) => {
  expect(() => checkedBalancing(choice as never)).toThrow(message);
});
