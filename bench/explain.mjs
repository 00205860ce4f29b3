// node bench/explain.mjs [--phantom-tiny | --wide] [--only METHOD] : seconds for a patient's six maps, one task, everything
// included: opening the model, compiling, and the passes. The notebooks' model at 96 px; with --phantom-tiny one of the
// shape of notebook 05's, at 256 px; with --wide a ViT-S/16 at 512 px.
//
// Images are already decoded, as they are after the first look at a patient. Each method runs in this process one after
// the other; the peak is of the whole process.
import { createRequire } from "node:module";
import os from "node:os";

const require = createRequire(import.meta.url);
const { CAM_METHODS, cam, contributions } = require("../dist/explain");
const { createModel } = require("../dist/model");
const { Rng } = require("../dist/core/random");

const wide = process.argv.includes("--wide");
const phantomTiny = process.argv.includes("--phantom-tiny");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
const PHANTOM_TINY = {
  imageSize: [256, 256],
  patch: 16,
  width: 96,
  depth: 4,
  heads: 3,
  mlpRatio: 2,
  pooling: "mean",
};
const encoder = wide ? "pathobench-vit-s/16" : phantomTiny ? PHANTOM_TINY : "tiny";
/** With a wide encoder: one pass and one way back; the others take a pass for each channel, square or step. */
const WIDE_METHODS = ["gradCamPlusPlus", "hiResCam", "attentionRollout", "relevance"];
const ROUNDS = wide ? 2 : 5;

const rng = new Rng("bench");
const views = ["core", "edge"].flatMap((site) =>
  ["x200", "x400", "x1000"].map((magnification) => ({ site, magnification })),
);
const model = createModel(
  {
    encoder,
    tasks: { TI: { title: "invasion", classes: ["no", "yes"] } },
    views,
  },
  rng,
);
const [height, width] = model.spec.encoder.imageSize;
const patient = {
  id: "bench",
  provenance: { cohort: "noise", synthetic: true },
  images: () =>
    views.map(() => {
      const data = Uint8Array.from({ length: height * width * 3 }, () => rng.integer(256));
      const pixels = { width, height, data, resize: async () => pixels };
      return { load: async () => pixels };
    }),
};

const works = {
  ...Object.fromEntries(
    (wide ? WIDE_METHODS : Object.keys(CAM_METHODS)).map((method) => [
      method,
      () => cam(model, patient, { method, targetClass: 1, device: "cpu" }),
    ]),
  ),
  contributions: () => contributions(model, patient, { targetClass: 1, device: "cpu" }),
};
console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} threads, load ${os.loadavg()[0].toFixed(1)}`,
);
console.log(
  `${wide ? "ViT-S/16" : phantomTiny ? "phantom-tiny’s shape" : "the notebooks’ model"} at ${height} px, six images; seconds\n`,
);
for (const [name, work] of Object.entries(works)) {
  if (only !== undefined && name !== only) continue;
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) / 1000);
  }
  const [first] = times;
  const sorted = [...times].sort((a, b) => a - b);
  const peak = (process.resourceUsage().maxRSS / 1024 ** 2).toFixed(2);
  console.log(
    `${name.padEnd(22)} first ${first.toFixed(2)}   least ${sorted[0].toFixed(2)}   median ${sorted[sorted.length >> 1].toFixed(2)}   peak so far ${peak} GiB`,
  );
}
