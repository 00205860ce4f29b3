/** What can be chosen about a training run, with the study's choices as defaults. */
import { invalidArgument, unknownName } from "../core/errors";
import { type Device, PRECISIONS, type Precision } from "../engine";
import { type Augmentation, augmentationRecipe } from "../image";
import {
  type EncoderName,
  type FusionKind,
  type ImageFit,
  type ImageSize,
  MISSING_IMAGES,
  type MissingImages,
  type Normalisation,
  type NormalisationName,
  type OwnFusion,
  type PositionResize,
  type View,
  type ViTConfig,
} from "../model";
import { ADAMW_DEFAULTS } from "./adamw";
import type { CheckpointOptions } from "./checkpoints";
import type { TrainingCohort } from "./cohort";
import { checkEarlyStopping, type EarlyStopping } from "./early-stopping";
import { checkFeatureOptions, type FeatureTable } from "./feature-table";
import type { EpochRecord } from "./history";
import { sideBySide } from "./linear-probe";
import { LOSSES, type LossFunction, type LossName } from "./losses";
import { type Balancing, type BalancingSettings, checkedBalancing } from "./multitask/balancing";
import { SAMPLERS, type SamplerName } from "./sampler";
import { SELECTION_SCORES, type SelectionScore } from "./selection";
import { checkedMode, sourceOf, type TrainingMode } from "./tuning";

/** Learning rates of the encoder and of all that comes after it. */
export interface LearningRates {
  readonly encoder: number;
  readonly rest: number;
}

/** How classes are weighted in the loss. */
export const CLASS_WEIGHTS = ["none", "balanced"] as const;
/** See `CLASS_WEIGHTS`. */
export type ClassWeights = (typeof CLASS_WEIGHTS)[number];

/** The choices that a preset makes. */
export interface TrainingRecipe {
  /** Encoder: a preset's name or a configuration of your own. */
  readonly encoder: EncoderName | Omit<ViTConfig, "architecture">;
  /** Pixels: a number or [height, width]. */
  readonly imageSize: ImageSize;
  /** How photographs get that size. */
  readonly imageFit: ImageFit;
  /** What stands for an image that a patient does not have: another site's, or nothing (`mask`). */
  readonly missing: MissingImages;
  /** Pixel statistics; `train`: those of the training images. */
  readonly normalisation: NormalisationName | Normalisation | "train";
  readonly fusion: FusionKind;
  readonly fusionWidth: number;
  readonly dropout: number;
  /** How deep the training reaches into the encoder. */
  readonly mode: TrainingMode;
  readonly epochs: number;
  /** Patients in a step. */
  readonly batch: number;
  /** Patients computed at once; gradients of a batch are added up. Fewer take less memory and give the same result. */
  readonly microBatch: number;
  readonly learningRate: LearningRates;
  /** Rate at the end of the cosine. */
  readonly minimumRate: number;
  /** Epochs of linear rise at the start. */
  readonly warmup: number;
  readonly weightDecay: number;
  /** Joint norm that gradients are clipped to; `false`: not clipped. */
  readonly clipNorm: number | false;
  readonly sampler: SamplerName;
  /** What is done to training images before normalisation: a recipe of `images.AUGMENTATIONS` or one of your own. */
  readonly augment: Augmentation;
  readonly classWeights: ClassWeights;
  readonly labelSmoothing: number;
  /** The score on the validation patients that the kept epoch is chosen by. */
  readonly select: SelectionScore;
  /** How the losses of several tasks are weighed. */
  readonly balancing: Balancing;
  /** Of several tasks: compare their gradients in every batch, see `gradientConflict`. */
  readonly gradientConflict: boolean;
  /**
   * Of large products: `f32`, or `f16` on a GPU, which is faster there and takes less memory between layers. Weights,
   * sums and the optimiser stay in single precision; the loss is scaled so that small gradients are not lost.
   */
  readonly precision: Precision;
  /** Ends the run when that score stops rising; `false`: all epochs. */
  readonly earlyStopping: EarlyStopping | false;
}

/**
 * Recipes by name.
 *
 * `published` is the study's (`paper` where paper and code differ and the paper is sound): 200 epochs of a ViT-S
 * at 512 pixels are hours on a GPU. `notebook` learns the phantom on two cores while one reads on.
 */
export const TRAINING_PRESETS = {
  published: {
    encoder: "pathobench-vit-s/16",
    imageSize: 512,
    imageFit: "squash",
    missing: "substitute-site",
    normalisation: "multi-oscc",
    fusion: "concat",
    fusionWidth: 768,
    dropout: 0.5,
    mode: "full",
    epochs: 200,
    batch: 16,
    microBatch: 1,
    learningRate: { encoder: 5e-7, rest: 1e-6 },
    minimumRate: 1e-9,
    warmup: 0,
    weightDecay: ADAMW_DEFAULTS.weightDecay,
    clipNorm: false,
    sampler: "balanced-tuples",
    augment: "published",
    classWeights: "none",
    labelSmoothing: 0,
    select: "auc",
    balancing: "sum",
    gradientConflict: true,
    precision: "f32",
    earlyStopping: false,
  },
  notebook: {
    encoder: "tiny",
    imageSize: 96,
    imageFit: "squash",
    missing: "substitute-site",
    normalisation: "train",
    fusion: "concat",
    fusionWidth: 768,
    dropout: 0.5,
    mode: "full",
    epochs: 12,
    batch: 16,
    microBatch: 16,
    learningRate: { encoder: 5e-4, rest: 5e-4 },
    minimumRate: 1e-6,
    warmup: 2,
    weightDecay: 0.05,
    clipNorm: 1,
    sampler: "shuffle",
    augment: "dihedral",
    classWeights: "balanced",
    labelSmoothing: 0,
    select: "auc",
    balancing: "sum",
    gradientConflict: true,
    precision: "f32",
    earlyStopping: false,
  },
} as const satisfies Record<string, TrainingRecipe>;

/** `"published" | "notebook"` */
export type TrainingPreset = keyof typeof TRAINING_PRESETS;

/** A loss by name, or a function of your own. */
export type LossChoice = LossName | LossFunction;

/** Everything that `fit` takes beside the cohort. What is not given comes from the preset. */
export interface FitOptions<Task extends string = string> extends Partial<Omit<TrainingRecipe, "fusion">> {
  /** A built-in fusion block by name, or one of your own made by `model.fusion`. */
  readonly fusion?: FusionKind | OwnFusion;
  /** Default `published`. */
  readonly preset?: TrainingPreset;
  /** What to learn: one task, or several at once (see `balancing`). Default all tasks of the cohort. */
  readonly tasks?: Task | readonly Task[];
  /** Features of a frozen encoder, made by `features`: fusion and heads are trained on them, in seconds. */
  readonly features?: FeatureTable;
  /** Which images of a patient the model sees, in order. Default all. */
  readonly views?: readonly View[];
  /** Loss of every task, or by task. Default `crossEntropy`, as the paper says. */
  readonly loss?: LossChoice | Readonly<Partial<Record<Task, LossChoice>>>;
  /**
   * File with encoder weights. Default `$OSCC_WEIGHTS`; without it the encoder starts from random values. Unless
   * `encoder` is given too, the encoder is the one the file was made for.
   */
  readonly weights?: string;
  /** How a position embedding of another size is resized, default `bicubic-2d`. */
  readonly positions?: PositionResize;
  /** Same seed, data and device kind: same run. Default 7. */
  readonly seed?: number;
  /** Where to compute, default `auto`. */
  readonly device?: Device | "auto";
  /** Stops the run; default the signal of the running cell. */
  readonly signal?: AbortSignal;
  /**
   * In a notebook: a panel with curves, throughput and time left, rewritten in place while the run goes on.
   * Default true; `false`: a line of progress, as in a terminal.
   */
  readonly panel?: boolean;
  /** Called after each epoch with all epochs so far, for example to draw a picture of your own. */
  readonly onEpoch?: (history: readonly EpochRecord[]) => void | Promise<void>;
  /**
   * A folder, or options: the run is written down there while it goes on, and an interrupted one goes on from there
   * by itself (see `CheckpointOptions`). Default none; `keptFit` and `heldOut` keep one of their own.
   */
  readonly checkpoint?: string | CheckpointOptions;
  /** Patients by id, instead of the cohort's own split. */
  readonly split?: { readonly train: readonly string[]; readonly valid: readonly string[] };
}

/** A recipe with nothing left open, as plain JSON: what `run.json` holds. */
export interface FitSettings
  extends Omit<TrainingRecipe, "encoder" | "imageSize" | "normalisation" | "fusion" | "balancing"> {
  /** Name of the fusion block, built in or one's own. */
  readonly fusion: string;
  readonly preset: TrainingPreset;
  readonly tasks: readonly string[];
  readonly views: readonly View[];
  /** Name of each task's loss; `custom` for a function. */
  readonly loss: Readonly<Record<string, LossName | "custom">>;
  readonly encoder: TrainingRecipe["encoder"];
  readonly imageSize: ImageSize;
  readonly normalisation: TrainingRecipe["normalisation"];
  readonly balancing: BalancingSettings;
  readonly seed: number;
  readonly weights?: string;
  readonly positions: PositionResize;
}

/**
 * Rate of an encoder that starts from weights instead of random values, with the `notebook` preset: high enough to
 * adapt in a few epochs, low enough not to forget.
 */
const PRETRAINED_NOTEBOOK_RATE = 2e-5;

/** The options with presets and defaults filled in, checked. */
export function resolveOptions<Task extends string>(
  cohort: TrainingCohort<Task>,
  wishes: FitOptions<Task>,
): FitSettings {
  const options = wishes.features ? { ...wishes, ...ofFeatures(wishes.features, wishes) } : wishes;
  const { preset = "published" } = options;
  if (!Object.hasOwn(TRAINING_PRESETS, preset))
    throw unknownName("preset", preset, Object.keys(TRAINING_PRESETS));
  const weights = options.weights ?? (options.features ? undefined : process.env.OSCC_WEIGHTS || undefined);
  const start: TrainingRecipe = TRAINING_PRESETS[preset];
  const learningRate =
    weights && preset === "notebook"
      ? { ...start.learningRate, encoder: PRETRAINED_NOTEBOOK_RATE }
      : start.learningRate;
  const chosen: TrainingRecipe = { ...start, learningRate, ...recipeOf(options) };
  const recipe = {
    ...chosen,
    mode: checkedMode(chosen.mode),
    balancing: checkedBalancing(chosen.balancing),
  };
  const fusion = fusionOf(recipe.mode, options, start);
  const tasks = options.tasks === undefined ? cohort.tasks : [options.tasks].flat();
  for (const task of tasks)
    if (!cohort.tasks.includes(task as Task)) throw unknownName("task", task, cohort.tasks);
  if (tasks.length === 0)
    throw invalidArgument("tasks", "empty", `at least one of ${cohort.tasks.join(", ")}`);
  checkRecipe(recipe);
  const loss = Object.fromEntries(tasks.map((task) => [task, lossName(options.loss, task)]));
  checkSmoothing(recipe, loss);
  return {
    ...recipe,
    fusion: typeof fusion === "string" ? fusion : fusion.name,
    preset,
    tasks,
    views: checkedViews(cohort, options.views ?? cohort.views),
    loss,
    seed: options.seed ?? 7,
    positions: options.positions ?? "bicubic-2d",
    ...(weights ? { weights } : {}),
  };
}

/** What features have decided, as options. */
function ofFeatures(
  { spec, origin }: FeatureTable,
  { mode = "frozen", seed, ...options }: FitOptions,
): FitOptions {
  checkFeatureOptions({ mode, ...options });
  const { encoder, views, normalisation, imageFit } = spec;
  return {
    mode,
    encoder,
    imageSize: encoder.imageSize,
    views,
    normalisation,
    imageFit,
    seed: seed ?? origin.seed,
    ...(origin.weights ? { weights: origin.weights } : {}),
  };
}

/** The fusion block: chosen, the preset's, or none for a linear probe. */
function fusionOf(mode: TrainingMode, { fusion }: FitOptions, start: TrainingRecipe): FusionKind | OwnFusion {
  if (mode !== "linear-probe") return fusion ?? start.fusion;
  if (fusion === undefined || fusion === sideBySide) return sideBySide;
  const name = typeof fusion === "string" ? fusion : fusion.name;
  throw invalidArgument(
    "fusion",
    name,
    "none with a linear probe",
    'Use mode: "frozen" to train a fusion block.',
  );
}

/** The loss function of each task. */
export function lossFunctions(
  tasks: readonly string[],
  loss: FitOptions["loss"],
): Record<string, LossFunction> {
  return Object.fromEntries(
    tasks.map((task) => {
      const choice = lossChoice(loss, task);
      return [task, typeof choice === "function" ? choice : LOSSES[choice]];
    }),
  );
}

function lossName(loss: FitOptions["loss"], task: string): LossName | "custom" {
  const choice = lossChoice(loss, task);
  return typeof choice === "function" ? "custom" : choice;
}

function lossChoice(loss: FitOptions["loss"], task: string): LossChoice {
  const choice = (typeof loss === "object" ? loss[task] : loss) ?? "crossEntropy";
  if (typeof choice === "string" && !Object.hasOwn(LOSSES, choice))
    throw unknownName("loss", choice, Object.keys(LOSSES));
  return choice;
}

/** The part of the options that belongs to the recipe, without those that are `undefined`. */
function recipeOf(options: FitOptions): Partial<TrainingRecipe> {
  const keys = Object.keys(TRAINING_PRESETS.published) as (keyof TrainingRecipe)[];
  const own = keys.filter((key) => key !== "fusion" && options[key] !== undefined);
  return Object.fromEntries(own.map((key) => [key, options[key]]));
}

function checkRecipe(recipe: TrainingRecipe): void {
  if (!PRECISIONS.includes(recipe.precision)) throw unknownName("precision", recipe.precision, PRECISIONS);
  const { epochs, batch, microBatch, learningRate, labelSmoothing, warmup } = recipe;
  if (!(Number.isInteger(epochs) && epochs >= 1))
    throw invalidArgument("epochs", epochs, "a whole number from 1");
  if (!(Number.isInteger(batch) && batch >= 1))
    throw invalidArgument("batch", batch, "a whole number from 1");
  if (!(Number.isInteger(microBatch) && microBatch >= 1))
    throw invalidArgument("microBatch", microBatch, "a whole number from 1");
  for (const [name, rate] of Object.entries(learningRate))
    if (!(rate >= 0 && Number.isFinite(rate)))
      throw invalidArgument(`learningRate.${name}`, rate, "a number from 0");
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw invalidArgument("labelSmoothing", labelSmoothing, "a number in [0, 1)");
  if (!(warmup >= 0)) throw invalidArgument("warmup", warmup, "a number of epochs from 0");
  known("sampler", recipe.sampler, SAMPLERS);
  if (recipe.sampler === "smote" && sourceOf(recipe.mode) !== "features")
    throw invalidArgument(
      "sampler",
      recipe.sampler,
      'a sampler for images, or mode "frozen": SMOTE makes points between features, not between photographs',
      'Use  mode: "frozen",  or  sampler: "balanced-tuples".',
    );
  augmentationRecipe(recipe.augment);
  known("missing", recipe.missing, MISSING_IMAGES);
  if (recipe.missing === "mask" && recipe.sampler === "smote")
    throw invalidArgument(
      "missing",
      recipe.missing,
      'substitute-site beside sampler: "smote"',
      "A point between two patients has no images that could be missing.",
    );
  known("classWeights", recipe.classWeights, CLASS_WEIGHTS);
  known("select", recipe.select, SELECTION_SCORES);
  checkEarlyStopping(recipe.earlyStopping);
}

/** Smoothed labels that count by class weights are wanted probabilities no more, which the focal loss compares with. */
function checkSmoothing(
  { labelSmoothing, classWeights }: TrainingRecipe,
  loss: Readonly<Record<string, LossName | "custom">>,
): void {
  const focal = Object.keys(loss).find((task) => loss[task] === "focal");
  if (labelSmoothing > 0 && classWeights !== "none" && focal !== undefined)
    throw invalidArgument(
      "labelSmoothing",
      labelSmoothing,
      `0 for ${focal}, whose loss is focal and whose classes are weighted`,
      'Use  labelSmoothing: 0,  classWeights: "none",  or  loss: "crossEntropy".',
    );
}

function known(kind: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw unknownName(kind, name, names);
}

function checkedViews(cohort: TrainingCohort, views: readonly View[]): View[] {
  const sites = [...new Set(cohort.views.map((view) => view.site))];
  const magnifications = [...new Set(cohort.views.map((view) => view.magnification))];
  return views.map(({ site, magnification, tile }) => {
    known("site", site, sites);
    known("magnification", magnification, magnifications);
    return { site, magnification, ...(tile ? { tile } : {}) };
  });
}
