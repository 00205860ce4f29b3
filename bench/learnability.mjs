// How well the notebooks' small model learns the phantom's tasks: AUC with 95 % intervals on patients it never saw.
//
//   node bench/learnability.mjs --preset easy [--patients 400] [--balanced] [--encoder phantom-tiny] [--folds 5]
//                               [--tasks TD,TI] [--views edge:x200,edge:x400] [--epochs 12] [--size 96] [--width 432]
//                               [--seed learnability] [--learn 7] [--fusion mean] [--batch 16]
//                               [--vit '{"patch":8,"width":64,"depth":2,"heads":2,"mlpRatio":2,"pooling":"mean"}']
//                               (needs the built package)
//
// One model for all the tasks, chosen on validation patients by the mean AUC; with --folds every patient is judged, by a
// model that neither learned from them nor was chosen on them. Without --encoder everything is learned from scratch;
// with it, the encoder is frozen and one linear layer a task is learned. --balanced draws labels independent and equally
// frequent: sharper for the question whether a sign can be seen, further from the study's frequencies.
import { createRequire } from "node:module";
import os from "node:os";
import { parseArgs } from "node:util";

const { crossValidate, evaluate, fit, openCohort, phantom } = createRequire(import.meta.url)(
  "../dist/index.js",
);

const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "default" },
    patients: { type: "string", default: "400" },
    balanced: { type: "boolean", default: false },
    folder: { type: "string" },
    encoder: { type: "string" },
    rate: { type: "string" },
    decay: { type: "string" },
    epochs: { type: "string" },
    size: { type: "string" },
    width: { type: "string", default: "432" },
    seed: { type: "string", default: "learnability" },
    tasks: { type: "string" },
    views: { type: "string" },
    folds: { type: "string", default: "0" },
    learn: { type: "string", default: "7" },
    fusion: { type: "string" },
    batch: { type: "string" },
    vit: { type: "string" },
  },
});
const width = Number(values.width);
const begun = performance.now();
const folder =
  values.folder ??
  (await phantom.phantomCohort({
    preset: values.preset,
    patients: Number(values.patients),
    balanced: values.balanced,
    width,
    height: Math.round(width * 0.75),
    seed: values.seed,
  }));
const made = performance.now();
const cohort = await openCohort(folder);
const recipe = {
  preset: "notebook",
  seed: Number(values.learn),
  ...(values.encoder && phantom.PHANTOM_TINY),
  ...(values.encoder && values.encoder !== "phantom-tiny" && { weights: values.encoder }),
  ...(values.tasks && { tasks: values.tasks.split(",") }),
  ...(values.views && { views: values.views.split(",").map(viewOf) }),
  ...(values.vit && { encoder: { imageSize: [96, 96], ...JSON.parse(values.vit) } }),
  ...(values.rate && {
    learningRate: { encoder: values.encoder ? 0 : Number(values.rate), rest: Number(values.rate) },
  }),
  ...(values.fusion && { fusion: values.fusion }),
  ...(values.batch && { batch: Number(values.batch), microBatch: Number(values.batch) }),
  ...(values.decay && { weightDecay: Number(values.decay) }),
  ...(values.epochs && { epochs: Number(values.epochs) }),
  ...(values.size && { imageSize: Number(values.size) }),
};
const tasks = recipe.tasks ?? cohort.tasks;
const folds = Number(values.folds);
const started = performance.now();
const judged = folds > 0 ? await outOfFold() : await ownSplit();
const seconds = (performance.now() - started) / 1000;

const labels = values.balanced ? "balanced labels" : "labels as in the study";
const seen = recipe.views ? `${values.views}, ` : "";
const start = values.encoder ? `linear probe on frozen ${values.encoder}` : "from scratch";
console.log(
  `\npreset ${values.preset}, ${labels}, ${cohort.patients.length} patients, ${seen}${start}: ` +
    `${seconds.toFixed(0)} s, and ${((made - begun) / 1000).toFixed(0)} s for the cohort, ` +
    `on ${os.availableParallelism()} threads, load ${os.loadavg()[0].toFixed(1)}\n`,
);
console.log(`| task | ${Object.keys(judged).join(" | ")} |`);
console.log(`|---|${"---|".repeat(Object.keys(judged).length)}`);
for (const task of tasks)
  console.log(
    `| ${task} | ${Object.values(judged)
      .map((predictions) => auc(predictions[task]))
      .join(" | ")} |`,
  );

/** `edge:x400` */
function viewOf(name) {
  const [site, magnification] = name.split(":");
  return { site, magnification };
}

/** Every patient, by a model that was neither trained nor chosen on them. */
async function outOfFold() {
  const validation = await crossValidate(cohort, { ...recipe, folds });
  const predictions = Object.fromEntries(tasks.map((task) => [task, validation.predictions(task)]));
  return { [`AUC of all patients, each held out of one of ${folds} folds`]: predictions };
}

/** The cohort's own split: one model, chosen on `valid`. */
async function ownSplit() {
  const run = await fit(cohort, recipe);
  const predicted = {};
  for (const split of ["valid", "test"]) {
    const predictions = {};
    for (const task of tasks) predictions[task] = await run.predict(split, task);
    const count = cohort.patients.filter((patient) => patient.split === split).length;
    predicted[`AUC of ${count} ${split} patients`] = predictions;
  }
  return predicted;
}

function auc(predictions) {
  try {
    const { value, low, high } = evaluate.aucInterval(predictions);
    return `${value.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  } catch (error) {
    return error.message.split("\n")[0]; // a class without a patient
  }
}
