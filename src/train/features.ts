/** Features of a cohort from an encoder that stays as it is. */
import { currentSignal } from "../core/abort";
import { Rng } from "../core/random";
import type { TrainingCohort, TrainingPatient } from "./cohort";
import { type FeatureTable, tableOf } from "./feature-table";
import { type FitOptions, resolveOptions } from "./options";
import { modelAtStart } from "./starting-model";

/** Options of `features`: those of `fit` that decide what the encoder sees and says. */
export interface FeatureOptions<Task extends string = string>
  extends Pick<
    FitOptions<Task>,
    | "preset"
    | "encoder"
    | "imageSize"
    | "imageFit"
    | "normalisation"
    | "views"
    | "weights"
    | "positions"
    | "seed"
    | "device"
    | "signal"
  > {
  /** Whose images, default everybody's. */
  readonly patients?: readonly TrainingPatient<Task>[];
}

/**
 * Features of the images of patients, from a frozen encoder. Computed once and kept on disk: the key is the encoder's
 * weights, the settings, and what is in the image files. Training a head on them takes seconds.
 *
 * Any size of image will do, also whole photographs in tiles (see `tileViews`). With `normalisation: "train"` (the
 * notebook preset) the pixel statistics are those of the training patients, or of everybody where there is no split.
 *
 * @param cohort   from `openCohort`
 * @param options  as for `fit`; `patients`, default everybody
 * @throws UnknownName, InvalidArgument, InvalidCheckpoint as `fit`
 * @throws Aborted  when stopped; what was computed is kept
 * @example
 * const table = await train.features(cohort, { preset: "notebook" });
 * const concat = await fit(cohort, { preset: "notebook", tasks: "TD", features: table });
 * const gated = await fit(cohort, { preset: "notebook", tasks: "TD", features: table, fusion: "gated" });
 */
export async function features<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: FeatureOptions<Task> = {},
): Promise<FeatureTable> {
  const { patients = cohort.patients, ...fitOptions } = options;
  const settings = resolveOptions(cohort, { ...fitOptions, mode: "frozen" });
  const signal = currentSignal(options.signal);
  const train = cohort.patients.filter(({ split }) => split === "train");
  const start = await modelAtStart(cohort, settings, fitOptions, {
    rng: new Rng(settings.seed).split("fit").split("model"),
    signal,
    read: [],
    statistics: train.length > 0 ? train : patients,
  });
  const where = { device: options.device ?? "auto", ...(signal ? { signal } : {}) } as const;
  return tableOf(cohort, settings, start, patients, where);
}
