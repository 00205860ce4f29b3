/**
 * Sanity checks (Adebayo et al., NeurIPS 2018): a map that stays the same when the model forgets what it learned, or when
 * it learned nonsense, does not explain the model.
 */
import { invalidArgument } from "../../core/errors";
import { Rng } from "../../core/random";
import { initialise, type ModelSpec, modelParameters, type ViewImage } from "../../model";
import { type CamOptions, explained } from "../cam";
import type { ExplainablePatient } from "../maps";
import type { CamMethod } from "../methods";
import { type OpenModel, type PatientPixels, withOpenModel } from "../open-model";
import type { Explainable } from "../question";
import type { CamResult } from "../result";
import { similarity } from "./similarity";

/** Maps count as changed when their rank correlation with the original ones is at most this. */
const CHANGED = 0.5;

/** Options of the randomisation checks: those of `cam`, and how strict to be. */
export interface RandomisationOptions extends CamOptions {
  /** Most similar that maps may be to count as changed; default a rank correlation of 0.5. (The paper sets no limit.) */
  readonly threshold?: number;
  /** Of the random parameters; default 7. */
  readonly seed?: number;
}

/** One step of the cascade. */
export interface RandomisationStage {
  /** What was made random last: `heads`, `fusion`, `encoder.norm`, `encoder.blocks.3`, ..., `encoder.embedding`. */
  readonly upTo: string;
  /** Mean rank correlation of the maps with the original ones; absent where all maps of both are level. */
  readonly similarity?: number;
}

/** What a randomisation check found. */
export interface RandomisationCheck {
  readonly check: "parameters" | "labels";
  readonly method: CamMethod;
  /** From the heads down to the whole model; one stage where labels were shuffled. */
  readonly stages: readonly RandomisationStage[];
  /** Similarity when all is random. */
  readonly similarity: number;
  readonly threshold: number;
  /** Whether the maps changed, as they must. */
  readonly passes: boolean;
}

/**
 * Cascading parameter randomisation: make the model random from the heads down, and see whether its maps change.
 *
 * @param model    a trained model or run
 * @param patient  from the cohort
 * @param options  as `cam`; `threshold`, default 0.5; `seed`, default 7
 * @returns        a stage for each part; passes when, with all random, the rank correlation is at most the threshold
 * @throws UnknownName, InvalidArgument  as `cam`
 * @see Adebayo et al., NeurIPS 2018, section 4.1
 * @example
 * const check = await explain.parameterRandomisation(run, patient, { task: "TD", method: "gradCamPlusPlus" });
 * check.passes; // false: the map would look the same if the model had learned nothing
 */
export async function parameterRandomisation<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: RandomisationOptions = {},
): Promise<RandomisationCheck> {
  return withOpenModel(model, options, async (open) => {
    const { method = "gradCamPlusPlus" } = options;
    const input = await open.read(patient);
    return randomised(open, patient, input, await explained(open, patient, input, method, options), options);
  });
}

/** The cascade on an open model, which is random afterwards. */
export async function randomised<Image extends ViewImage>(
  open: OpenModel,
  patient: ExplainablePatient<Image>,
  input: PatientPixels<Image>,
  original: CamResult<Image>,
  options: RandomisationOptions,
): Promise<RandomisationCheck> {
  const { seed = 7 } = options;
  const threshold = checkThreshold(options.threshold ?? CHANGED);
  const { method } = original;
  open.asked = original.targetClass; // whatever a random model would predict
  const random = initialise(modelParameters(open.spec), new Rng(seed).split("randomisation"));
  let { parameters } = open.model;
  const stages: RandomisationStage[] = [];
  for (const { upTo, covers } of cascade(open.spec)) {
    parameters = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, covers(name) ? random[name]! : value]),
    );
    await open.setParameters(parameters);
    const alike = similarity(original, await explained(open, patient, input, method, options));
    stages.push({ upTo, ...(alike === undefined ? {} : { similarity: alike }) });
  }
  const last = stages[stages.length - 1]!.similarity ?? 1; // level before and after: nothing changed
  return { check: "parameters", method, stages, similarity: last, threshold, passes: last <= threshold };
}

/**
 * Label randomisation: compare the maps with those of a model that was trained on shuffled labels.
 *
 * @param model     trained on the true labels
 * @param shuffled  of the same kind, trained on shuffled ones; see `shuffleLabels`
 * @param patient   from the cohort
 * @param options   as `cam`; `threshold`, default 0.5
 * @returns         one stage; passes when the rank correlation of the maps is at most the threshold
 * @throws UnknownName, InvalidArgument  as `cam`; models whose maps have different grids
 * @see Adebayo et al., NeurIPS 2018, section 4.2
 * @example
 * const shuffled = await fit(explain.shuffleLabels(cohort, "TD", new Rng(7)), { preset: "notebook", tasks: "TD" });
 * const check = await explain.labelRandomisation(run, shuffled, patient, { task: "TD" });
 */
export async function labelRandomisation<Image extends ViewImage>(
  model: Explainable,
  shuffled: Explainable,
  patient: ExplainablePatient<Image>,
  options: RandomisationOptions = {},
): Promise<RandomisationCheck> {
  const { method = "gradCamPlusPlus" } = options;
  const threshold = checkThreshold(options.threshold ?? CHANGED);
  const of = (explainable: Explainable, targetClass: CamOptions["targetClass"]) =>
    withOpenModel(
      explainable,
      { ...options, ...(targetClass === undefined ? {} : { targetClass }) },
      async (open) => explained(open, patient, await open.read(patient), method, options),
    );
  const original: CamResult = await of(model, options.targetClass);
  const other: CamResult = await of(shuffled, original.targetClass);
  checkSameGrid(original, other);
  const alike = similarity(original, other);
  return {
    check: "labels",
    method,
    stages: [{ upTo: "trained on shuffled labels", ...(alike === undefined ? {} : { similarity: alike }) }],
    similarity: alike ?? 1,
    threshold,
    passes: (alike ?? 1) <= threshold,
  };
}

/** The parts of a model from the output to the pixels, each with what it adds to the random ones. */
function cascade(spec: ModelSpec): { upTo: string; covers: (parameter: string) => boolean }[] {
  const blocks = Array.from({ length: spec.encoder.depth }, (_, i) => `encoder.blocks.${i}`).reverse();
  const named = ["heads", "fusion", "encoder.norm", ...blocks].map((upTo) => ({
    upTo,
    covers: (parameter: string) => parameter.startsWith(`${upTo}.`),
  }));
  return [...named, { upTo: "encoder.embedding", covers: () => true }];
}

function checkThreshold(threshold: number): number {
  if (threshold >= -1 && threshold <= 1) return threshold;
  throw invalidArgument("threshold", threshold, "a rank correlation from -1 to 1");
}

function checkSameGrid(a: CamResult, b: CamResult): void {
  const size = ({ maps: [map] }: CamResult) => `${map?.grid.length} x ${map?.grid[0]?.length}`;
  if (a.maps.length === b.maps.length && size(a) === size(b)) return;
  throw invalidArgument(
    "shuffled",
    `a model with ${b.maps.length} maps of ${size(b)}`,
    `the same as the other model: ${a.maps.length} maps of ${size(a)}`,
    "Train both with the same options.",
  );
}
