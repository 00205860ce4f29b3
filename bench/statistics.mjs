// How long evaluation and opening take, in milliseconds: least and median of seven runs. Nothing to compare with, so no ratios.
//
//   node bench/statistics.mjs                    (needs the built package; $OSCC_DATA for the time to open a cohort)

import { createRequire } from "node:module";

const { evaluate, openCohort, Rng } = createRequire(import.meta.url)("../dist/index.js");
const ROUNDS = 7;

const rng = new Rng("bench/statistics");
const tasks = Array.from({ length: 6 }, () => {
  const yTrue = Array.from({ length: 200 }, () => Number(rng.chance(0.3)));
  return { yTrue, yScore: yTrue.map((y) => rng.normal(y, 1)) };
});
const [first, second] = [
  tasks[0],
  { ...tasks[0], yScore: tasks[0].yScore.map((score) => rng.normal(score, 0.5)) },
];

await time("2,000 bootstrap AUCs of 200 patients, 6 tasks", () =>
  tasks.map((task) => evaluate.aucInterval(task, { bootstrap: 2000 })),
);
await time("one BCa interval", () => evaluate.aucInterval(first, { rule: "bca" }));
await time("one permutation test", () => evaluate.permutationTest(first, second));
if (process.env.OSCC_DATA) await time("open $OSCC_DATA", () => openCohort(process.env.OSCC_DATA));

async function time(what, run) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const [least, median] = [times[0], times[ROUNDS >> 1]].map((ms) => ms.toFixed(1));
  console.log(`${what.padEnd(48)} least ${least} ms, median ${median} ms`);
}
