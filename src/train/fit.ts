/** Fine-tune a model of patients. */
import { currentSignal } from "../core/abort";
import { invalidArgument } from "../core/errors";
import { host } from "../core/host";
import { Rng } from "../core/random";
import { MISSING_LABEL } from "../evaluate";
import { Augmenter, augmentationRecipe } from "../image";
import { LORA_PREFIX, type Model, under } from "../model";
import type { BatchOptions } from "./batches";
import { Checkpoints } from "./checkpoints";
import type { TrainingCohort, TrainingPatient } from "./cohort";
import { patientsHash } from "./content-hash";
import { tableOf } from "./feature-table";
import { type RunIdentity, runIdentity } from "./identity";
import { trainingLoop } from "./loop";
import { type FitOptions, type FitSettings, lossFunctions, resolveOptions } from "./options";
import { Run } from "./run";
import { modelAtStart } from "./starting-model";
import { withSyntheticPatients } from "./synthetic-patients";
import { balancedClassWeights } from "./targets";
import { newAdapters, sourceOf, trainedModel } from "./tuning";

/**
 * Fine-tune a model on a cohort and keep the epoch that does best on its validation patients.
 *
 * The default is the study's recipe (`preset: "published"`: PathoBench ViT-S/16 at 512 pixels, concatenation,
 * AdamW with cosine, 200 epochs), which wants a GPU; `preset: "notebook"` learns the phantom on two cores.
 * Any single choice can be given beside a preset. Validation scores are computed after each epoch; `select` says which
 * of them chooses the epoch, `earlyStopping` when to give up. `mode` says how deep the training reaches: everything,
 * LoRA, a frozen encoder, a linear probe; with the `features` of a frozen encoder a run takes seconds. Several tasks
 * are learned by the sum of their losses, or as `balancing` says.
 *
 * The same seed gives the same run, also when it was interrupted: with a `checkpoint` folder, the same call goes on
 * where it stopped, on the processor to the same last digit.
 *
 * @param cohort   from `openCohort`, or any object of the same form
 * @param options  see `FitOptions`
 * @throws UnknownName, InvalidArgument  for options that do not fit the cohort
 * @throws NotFinite  when the loss becomes NaN or infinite, naming the step
 * @throws InvalidCheckpoint  when the weights file cannot be read or does not fit the encoder, or the checkpoint
 *                            folder holds another run
 * @throws Aborted    when stopped
 * @example
 * const run = await fit(cohort, { preset: "notebook", tasks: "TD" });
 * await plot.training(run.history);
 */
export async function fit<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: FitOptions<Task> = {},
): Promise<Run<Task>> {
  const settings = resolveOptions(cohort, options);
  const signal = currentSignal(options.signal);
  const rng = new Rng(settings.seed).split("fit");
  const { train, valid } = chooseSplit(cohort, options.split);
  if (settings.earlyStopping && valid.length === 0)
    throw invalidArgument(
      "earlyStopping",
      "given",
      "validation patients, whose score it watches",
      "Name some: fit(cohort, { split: { train, valid } }), or leave earlyStopping out.",
    );
  checkLabels(settings.tasks, train);
  const losses = lossFunctions(settings.tasks, options.loss);

  const isFrozen = sourceOf(settings.mode) === "features";
  const needed = [...train, ...valid];
  const { model, weights, pixels } = await modelAtStart(cohort, settings, options, {
    rng: rng.split("model"),
    signal,
    read: isFrozen ? [] : needed,
    statistics: train,
  });

  let identity: RunIdentity | undefined;
  const checkpoints = await Checkpoints.open(options.checkpoint, {
    identity: () => {
      identity ??= runIdentity({ settings, model, losses, train, valid });
      return identity;
    },
    modelOf: (trained) => ({ spec: model.spec, parameters: trainedModel(model, trained, settings.mode) }),
  });
  const where = { device: options.device ?? "auto", ...(signal ? { signal } : {}) } as const;
  const features = isFrozen
    ? (options.features ?? (await tableOf(cohort, settings, { model, weights, pixels }, needed, where)))
    : undefined;
  const read: BatchOptions["read"] = features
    ? async (patient) => features.of(patient)
    : (patient) => pixels.read(patient);
  const shown =
    settings.sampler === "smote"
      ? await withSyntheticPatients({ patients: train, read }, settings.tasks, rng.split("smote").path)
      : { patients: train, read };
  const augmenter = openAugmenter(settings, model);
  const batches: BatchOptions = {
    spec: model.spec,
    source: sourceOf(settings.mode),
    ...(augmenter ? { augmenter } : {}),
    classWeights: classWeights(settings, model, shown.patients),
    labelSmoothing: settings.labelSmoothing,
    read: shown.read,
  };
  const adapters = newAdapters(model, settings.mode, rng.split("model"));
  const result = await trainingLoop({
    model,
    adapters,
    settings,
    losses,
    train: shown.patients,
    valid,
    batches,
    rng,
    device: where.device,
    signal,
    onEpoch: options.onEpoch ?? (() => {}),
    panel: options.panel ?? true,
    notice: cohort.provenance.notice,
    checkpoints,
  }).finally(() => augmenter?.dispose());
  warnOfUndefinedScores(settings, result.undefinedAuc);
  return new Run({
    cohort,
    options: settings,
    model: { spec: model.spec, parameters: result.parameters },
    adapters: under(LORA_PREFIX, result.trained),
    history: result.history,
    best: result.best,
    device: result.device,
    trainIds: train.map((patient) => patient.id),
    validIds: valid.map((patient) => patient.id),
    pixels,
    dataSha256: await patientsHash(model.spec, needed),
    ...(features ? { features } : {}),
    ...(weights ? { weights } : {}),
  });
}

/** A score that is not defined is said, with what was done instead. */
function warnOfUndefinedScores(
  { select, tasks }: FitSettings,
  undefinedAuc: Readonly<Record<string, string>>,
): void {
  const missing = Object.entries(undefinedAuc);
  const instead = missing.length < tasks.length ? "by the scores of the other tasks" : "by validation loss";
  const note = select === "loss" ? "" : ` The epoch was chosen ${instead}.`;
  for (const [task, reason] of missing)
    host().warn(`validation AUC of ${task} is not defined: ${reason}.${note}`);
}

/** The patients to train on and to validate on. */
function chooseSplit<Task extends string>(cohort: TrainingCohort<Task>, split: FitOptions["split"]) {
  if (split) {
    const byId = new Map(cohort.patients.map((patient) => [patient.id, patient]));
    const pick = (ids: readonly string[]) =>
      ids.map((id) => {
        const patient = byId.get(id);
        if (!patient) throw invalidArgument("split", id, "ids of patients of the cohort");
        return patient;
      });
    return { train: pick(split.train), valid: pick(split.valid) };
  }
  const train = cohort.patients.filter((patient) => patient.split === "train");
  const valid = cohort.patients.filter((patient) => patient.split === "valid");
  if (train.length === 0)
    throw invalidArgument(
      "cohort",
      "without training patients",
      "a cohort with a split by patient",
      "Use crossValidate(cohort, options), or name the patients: fit(cohort, { split: { train, valid } }).",
    );
  return { train, valid };
}

/** Features are the same in every epoch; images are changed, unless the recipe has no step. */
function openAugmenter(settings: FitSettings, { spec }: Model): Augmenter | undefined {
  const isPlain = augmentationRecipe(settings.augment).steps.length === 0;
  if (isPlain || sourceOf(settings.mode) === "features") return undefined;
  const [height, width] = spec.encoder.imageSize;
  return new Augmenter(settings.augment, { width, height, normalisation: spec.normalisation });
}

function classWeights(settings: FitSettings, model: Model, train: readonly TrainingPatient[]) {
  if (settings.classWeights === "none") return {};
  return Object.fromEntries(
    Object.entries(model.spec.tasks).map(([task, { classes }]) => [
      task,
      balancedClassWeights(
        train.map((patient) => patient.labels[task] ?? MISSING_LABEL),
        classes.length,
      ),
    ]),
  );
}

/** A head that no patient has a label for would stay as it was drawn, and its predictions would look like others. */
function checkLabels(tasks: readonly string[], train: readonly TrainingPatient[]): void {
  const unknown = tasks.filter((task) =>
    train.every(({ labels }) => (labels[task] ?? MISSING_LABEL) === MISSING_LABEL),
  );
  if (unknown.length === 0) return;
  const others = tasks.filter((task) => !unknown.includes(task));
  throw invalidArgument(
    "tasks",
    unknown.join(", "),
    `tasks that some training patient has a label for; none of the ${train.length} has`,
    others.length > 0
      ? `Leave it out:  tasks: ${JSON.stringify(others)}.`
      : "Look at cohort.classCounts(): the labels are missing, or in another part of the split.",
  );
}
