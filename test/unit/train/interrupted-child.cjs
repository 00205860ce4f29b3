/**
 * Trains a tiny model on patients in memory with a checkpoint after every batch, and prints the run.
 * It is killed from outside, again and again.
 *
 * Arguments: the package's compiled form, a checkpoint folder, and the form of the step, "graph" or "chain".
 */
const { createHash } = require("node:crypto");
const path = require("node:path");

const [, , dist, folder, form] = process.argv;
const { fit } = require(path.join(dist, "train"));
const { Rng } = require(path.join(dist, "core/random"));
if (form === "chain") require(path.join(dist, "train/chain-step")).prefersChain = () => true;

const SIZE = 16;
const views = [{ site: "core", magnification: "x200" }];
const rng = new Rng("interrupted");

function pixels(i) {
  const noise = rng.split(i);
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => (i % 2 ? 60 : 120) + noise.integer(90));
  const image = { width: SIZE, height: SIZE, data, resize: async () => image };
  return image;
}

const patients = Array.from({ length: 22 }, (_, i) => ({
  id: `P${i}`,
  split: i < 18 ? "train" : "valid",
  labels: { SIGN: i % 2 },
  images: () => [{ load: async () => pixels(i) }],
}));

const cohort = {
  provenance: { cohort: "in memory", synthetic: true },
  tasks: ["SIGN"],
  schema: { tasks: { SIGN: { title: "sign", classes: ["absent", "present"] } } },
  views,
  patients,
};

fit(cohort, {
  preset: "notebook",
  encoder: { imageSize: [SIZE, SIZE], patch: 8, width: 8, depth: 1, heads: 1, mlpRatio: 1 },
  imageSize: SIZE,
  fusionWidth: 8,
  epochs: 10,
  batch: 4,
  microBatch: form === "chain" ? 1 : 3,
  warmup: 1,
  device: "cpu",
  onEpoch: (history) => process.stdout.write(`epoch ${history.length}\n`),
  ...(folder === "none" ? {} : { checkpoint: { folder, everySeconds: 0 } }),
}).then((run) => {
  const hash = createHash("sha256");
  for (const { data } of Object.values(run.model.parameters)) hash.update(data);
  const history = run.history.map(({ seconds: _, ...record }) => record);
  process.stdout.write(`${JSON.stringify({ history, weights: hash.digest("hex") })}\n`);
});
