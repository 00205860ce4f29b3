/** The model before the first step: random or from a weights file, with the pixel statistics it will see. */
import { startProgress } from "../core/progress";
import type { Rng } from "../core/random";
import {
  createModel,
  featureWidth,
  inferEncoder,
  type LoadReport,
  loadEncoder,
  type Model,
  type ModelOptions,
  NORMALISATIONS,
  readCheckpoint,
  vitConfig,
} from "../model";
import type { TrainingCohort, TrainingPatient } from "./cohort";
import { sideBySide } from "./linear-probe";
import { type FitOptions, type FitSettings, TRAINING_PRESETS } from "./options";
import { PixelSource } from "./pixels";
import { meanOfPatients, type PatientStatistics, patientStatistics } from "./statistics";

/** A model, and the pixels of the patients it was made ready for. */
export interface StartingModel {
  readonly model: Model;
  readonly weights?: LoadReport;
  readonly pixels: PixelSource;
}

/** Whose pixels are needed, and why. */
export interface StartingPatients {
  /** Read ahead, if they fit in memory. */
  readonly read: readonly TrainingPatient[];
  /** Whose pixel statistics count with `normalisation: "train"`. */
  readonly statistics: readonly TrainingPatient[];
}

/** The model of a run before it is trained. */
export async function modelAtStart<Task extends string>(
  cohort: TrainingCohort<Task>,
  settings: FitSettings,
  options: FitOptions<Task>,
  {
    rng,
    signal,
    ...patients
  }: StartingPatients & { readonly rng: Rng; readonly signal: AbortSignal | undefined },
): Promise<StartingModel> {
  const start = await startingModel(cohort, settings, options, rng);
  const pixels = new PixelSource(start.model.spec, signal);
  await decode(patients.read, pixels);
  if (settings.normalisation !== "train") return { ...start, pixels };
  return { ...start, model: await withStatistics(start.model, patients.statistics, pixels), pixels };
}

/** The model before training: random, with the encoder from a weights file if there is one. */
async function startingModel<Task extends string>(
  cohort: TrainingCohort<Task>,
  settings: FitSettings,
  options: FitOptions<Task>,
  rng: Rng,
): Promise<{ model: Model; weights?: LoadReport }> {
  const { features } = options;
  const checkpoint =
    settings.weights === undefined || features ? undefined : await readCheckpoint(settings.weights);
  const encoder =
    checkpoint && options.encoder === undefined
      ? inferEncoder(checkpoint, settings.imageSize)
      : settings.encoder;
  const modelOptions: ModelOptions = {
    encoder,
    imageSize: settings.imageSize,
    imageFit: settings.imageFit,
    missing: settings.missing,
    ...(settings.mode === "linear-probe"
      ? linearProbe(featureWidth(vitConfig(encoder)) * settings.views.length)
      : {
          fusion: options.fusion ?? TRAINING_PRESETS[settings.preset].fusion,
          fusionWidth: settings.fusionWidth,
          dropout: settings.dropout,
        }),
    views: settings.views,
    // The statistics of the training images are put in once these are decoded.
    normalisation: settings.normalisation === "train" ? NORMALISATIONS["multi-oscc"] : settings.normalisation,
    tasks: Object.fromEntries(settings.tasks.map((task) => [task, cohort.schema.tasks[task]!])),
  };
  const model = createModel(modelOptions, rng);
  if (features)
    return {
      model: { ...model, parameters: { ...model.parameters, ...features.parameters } },
      ...(features.weights ? { weights: features.weights } : {}),
    };
  if (!checkpoint) return { model };
  const loaded = loadEncoder(model, checkpoint, { positions: settings.positions });
  return { model: loaded.model, weights: loaded.report };
}

/** One linear layer a task on the features of all images. */
function linearProbe(width: number): Pick<ModelOptions, "fusion" | "fusionWidth" | "headHidden" | "dropout"> {
  return { fusion: sideBySide, fusionWidth: width, headHidden: [], dropout: 0 };
}

async function decode(patients: readonly TrainingPatient[], pixels: PixelSource): Promise<void> {
  if (patients.length === 0 || !pixels.fits(patients)) return; // then each batch decodes its own
  const progress = startProgress("reading images of patients", patients.length);
  await pixels.readAll(patients, (done) => progress.update(done));
  progress.end(`read the images of ${patients.length} patients`);
}

/** The model with the pixel statistics of its training images. */
async function withStatistics(
  model: Model,
  train: readonly TrainingPatient[],
  pixels: PixelSource,
): Promise<Model> {
  // One patient after the other: whole photographs of all of them would not fit in memory.
  const found: PatientStatistics[] = [];
  for (const patient of train) found.push(patientStatistics(await pixels.read(patient)));
  return { ...model, spec: { ...model.spec, normalisation: meanOfPatients(found) } };
}
