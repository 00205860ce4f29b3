// How well the notebooks' small model learns the phantom's tasks: AUC with 95 % intervals on patients it never saw.
//
//   node bench/learnability.mjs --preset easy [--patients 400] [--balanced] [--encoder phantom-tiny] [--folds 5]
//                               [--epochs 12] [--size 96] [--width 432] [--seed learnability] [--learn 7]
//                               (needs the built package)
//
// One model for all six tasks, chosen on validation patients by the mean AUC; with --folds every patient is judged, by a
// model that neither learned from them nor was chosen on them. Without --encoder everything is learned from scratch; with it, the encoder is frozen and only fusion and head are learned. --balanced draws labels independent
// and equally frequent: sharper for the question whether a sign can be seen, further from the study's frequencies.
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
    epochs: { type: "string" },
    size: { type: "string" },
    width: { type: "string", default: "432" },
    seed: { type: "string", default: "learnability" },
    folds: { type: "string", default: "0" },
    learn: { type: "string", default: "7" },
  },
});
const width = Number(values.width);
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
const cohort = await openCohort(folder);
const pretrained = values.encoder
  ? {
      weights: values.encoder === "phantom-tiny" ? phantom.PHANTOM_TINY : values.encoder,
      mode: "frozen",
      imageSize: phantom.PHANTOM_TINY_SIZE,
      epochs: 40,
    }
  : {};
const recipe = {
  preset: "notebook",
  seed: Number(values.learn),
  ...pretrained,
  ...(values.epochs && { epochs: Number(values.epochs) }),
  ...(values.size && { imageSize: Number(values.size) }),
};
const folds = Number(values.folds);
const started = performance.now();
const judged = folds > 0 ? await outOfFold() : await ownSplit();
const seconds = (performance.now() - started) / 1000;

const labels = values.balanced ? "balanced labels" : "labels as in the study";
const start = values.encoder ? `frozen ${values.encoder}` : "from scratch";
console.log(
  `\npreset ${values.preset}, ${labels}, ${cohort.patients.length} patients, ${start}: ` +
    `${seconds.toFixed(0)} s on ${os.availableParallelism()} threads, load ${os.loadavg()[0].toFixed(1)}\n`,
);
console.log(`| task | ${Object.keys(judged).join(" | ")} |`);
console.log(`|---|${"---|".repeat(Object.keys(judged).length)}`);
for (const task of cohort.tasks)
  console.log(
    `| ${task} | ${Object.values(judged)
      .map((predictions) => auc(predictions[task]))
      .join(" | ")} |`,
  );

/** Every patient, by a model that was neither trained nor chosen on them. */
async function outOfFold() {
  const validation = await crossValidate(cohort, { ...recipe, folds });
  const predictions = Object.fromEntries(cohort.tasks.map((task) => [task, validation.predictions(task)]));
  return { [`AUC of all patients, each held out of one of ${folds} folds`]: predictions };
}

/** The cohort's own split: one model, chosen on `valid`. */
async function ownSplit() {
  const run = await fit(cohort, recipe);
  const predicted = {};
  for (const split of ["valid", "test"]) {
    const predictions = {};
    for (const task of cohort.tasks) predictions[task] = await run.predict(split, task);
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
