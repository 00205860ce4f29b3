import { expect, it } from "vitest";
import { Rng } from "../../../src/core/random";
import { aucInterval, permutationTest, roc } from "../../../src/evaluate";

it("draws 2,000 bootstrap AUCs of 200 patients in well under 100 ms", () => {
  const rng = new Rng("speed");
  const yTrue = Array.from({ length: 200 }, () => Number(rng.chance(0.3)));
  const yScore = yTrue.map((y) => rng.normal(y, 1));
  // The best of a few: the machine may be busy. It takes about 5 ms; sorting in each sample took over 100.
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now();
    roc({ yTrue, yScore }, { bootstrap: 2000, band: false });
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(50);
});

it("draws 2,000 bootstrap AUCs of 200 patients for each of 6 tasks in under 150 ms", () => {
  const rng = new Rng("six tasks");
  const tasks = Array.from({ length: 6 }, () => {
    const yTrue = Array.from({ length: 200 }, () => Number(rng.chance(0.3)));
    return { yTrue, yScore: yTrue.map((y) => rng.normal(y, 1)) };
  });
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    for (const task of tasks) aucInterval(task);
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(150);
});

it("corrects these intervals for skewness, and tests differences by exchange, in as little", () => {
  const rng = new Rng("corrected");
  const yTrue = Array.from({ length: 200 }, () => Number(rng.chance(0.3)));
  const [a, b] = [1, 0.8].map((strength) => ({
    yTrue,
    yScore: yTrue.map((y) => rng.normal(strength * y, 1)),
  }));
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    aucInterval(a!, { rule: "bca" });
    permutationTest(a!, b!);
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(150);
});
