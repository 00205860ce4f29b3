// How long a notebook's other work has to wait while a model is trained: the delay of the event loop of the main
// thread, in milliseconds, while `fit` runs. Training itself is in a worker; what is left are batches and messages.
//
//   node bench/latency.mjs [image side] [patients] [checkpoint folder]
import { createRequire } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";

const require = createRequire(import.meta.url);
const { fit } = require("../dist/train");

const [side = 96, count = 32] = process.argv.slice(2, 4).map(Number);
const checkpoint = process.argv[4];

const image = { width: side, height: side, resize: async () => image };
image.data = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7919) % 251);
const views = ["x200", "x400", "x1000"].flatMap((magnification) =>
  ["core", "edge"].map((site) => ({ site, magnification })),
);
const cohort = {
  provenance: { cohort: "in memory", synthetic: true },
  tasks: ["SIGN"],
  schema: { tasks: { SIGN: { title: "sign", classes: ["absent", "present"] } } },
  views,
  patients: Array.from({ length: count }, (_, i) => ({
    id: `P${i}`,
    split: i % 4 ? "train" : "valid",
    labels: { SIGN: i % 2 },
    images: () => views.map(() => ({ load: async () => image })),
  })),
};

const delay = monitorEventLoopDelay({ resolution: 1 });
await fit(cohort, {
  preset: "notebook",
  device: "cpu",
  imageSize: side,
  epochs: 4,
  batch: 8,
  microBatch: 8,
  onEpoch: (history) => {
    // What is compiled and decoded before the first step is another matter.
    if (history.length === 1) delay.enable();
  },
  ...(checkpoint ? { checkpoint: { folder: checkpoint, everySeconds: 0, resume: false } } : {}),
});
delay.disable();
const milliseconds = (value) => (value / 1e6).toFixed(1);
console.log(
  `${side} px, ${count} patients${checkpoint ? ", a checkpoint after every batch" : ""}: event loop delay ` +
    `median ${milliseconds(delay.percentile(50))}, 99 % ${milliseconds(delay.percentile(99))}, ` +
    `longest ${milliseconds(delay.max)} ms`,
);
