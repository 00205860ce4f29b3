/**
 * Which image mattered: the score of a patient divided among the patient's images, exactly.
 *
 * Each image is encoded once; the coalitions (64 for six images) go through fusion and heads only.
 */
import { throwIfAborted } from "../core/abort";
import { startProgress } from "../core/progress";
import type { ViewImage } from "../model";
import type { ExplainablePatient } from "./maps";
import { blankImage } from "./masks";
import { type OpenModel, type PatientPixels, type QuestionOptions, withOpenModel } from "./open-model";
import type { Explainable } from "./question";
import type { ContributionResult } from "./result";
import { nameOfScore } from "./score";
import { coalitions, shapleyValues } from "./shapley";

/** Options of `contributions`. */
export interface ContributionOptions extends QuestionOptions {
  /**
   * Patients whose mean feature stands for a missing image, view by view: "an image like any other". Default none: then an
   * image of the model's mean colour stands for it. (Not the fusion block's own mask: a model that was trained on
   * complete patients has never seen a hole, and it can say nothing about a patient of whom every image is masked.)
   */
  readonly background?: readonly ExplainablePatient[];
}

/**
 * How much each image of a patient adds to a score: Shapley values, exact over all subsets of the images.
 *
 * @param model    a model or a run
 * @param patient  from the cohort
 * @param options  `task`, `targetClass` (default: the predicted one), `score` (default the logit), `background`
 * @returns        values in units of the score, which sum to `all - none`; the fusion block's attention where it has some
 * @throws UnknownName, InvalidArgument  as `cam`; more than 16 images
 * @see Shapley 1953; Lundberg and Lee, NeurIPS 2017, for models
 * @example
 * const result = await explain.contributions(run, patient, { task: "TD", background: cohort.split("train") });
 * plot.contributions(result);
 */
export async function contributions<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: ContributionOptions = {},
): Promise<ContributionResult<Image>> {
  return withOpenModel(model, options, async (open) => {
    const missing = await missingImage(open, options.background);
    return divided(open, patient, await open.read(patient), missing);
  });
}

/**
 * The same for many patients, with the model opened once. By default the mean feature of these patients stands for a
 * missing image.
 *
 * @returns  one result a patient, in their order; `summariseContributions` puts them together
 * @throws UnknownName, InvalidArgument  as `contributions`
 * @example
 * const results = await explain.contributionsOfPatients(run, cohort.split("test"), { task: "TI", targetClass: 1 });
 * plot.contributions(explain.summariseContributions(results));
 */
export async function contributionsOfPatients<Image extends ViewImage>(
  model: Explainable,
  patients: readonly ExplainablePatient<Image>[],
  options: ContributionOptions = {},
): Promise<ContributionResult<Image>[]> {
  return withOpenModel(model, options, async (open) => {
    const missing = await missingImage(open, options.background ?? patients);
    const progress = startProgress("contributions of images", patients.length);
    const results: ContributionResult<Image>[] = [];
    for (const patient of patients) {
      results.push(await divided(open, patient, await open.read(patient), missing));
      progress.update(results.length);
    }
    progress.end(`contributions of the images of ${results.length} patients`);
    return results;
  });
}

/** What stands for a missing image: a feature for each view, [M * D], and what it is. */
interface MissingImage {
  readonly features: Float32Array;
  readonly inWords: string;
}

async function missingImage(
  open: OpenModel,
  background: readonly ExplainablePatient[] | undefined,
): Promise<MissingImage> {
  const probe = open.probe();
  if (!background || background.length === 0) {
    const blank = await probe.encode(blankImage(probe.imageValues, open.spec.normalisation));
    const features = Float32Array.from(
      { length: probe.images * blank.length },
      (_, i) => blank[i % blank.length]!,
    );
    return { features, inWords: "an image of the model’s mean colour" };
  }
  const sums = new Float64Array(probe.images * probe.featureWidth);
  for (const patient of background) {
    throwIfAborted(open.signal, "encoding the background");
    const features = await probe.encode((await open.read(patient)).pixels);
    features.forEach((value, i) => {
      sums[i]! += value / background.length;
    });
  }
  const who = background.length === 1 ? "of one patient" : `over ${background.length} patients`;
  return { features: Float32Array.from(sums), inWords: `the mean feature of its view ${who}` };
}

async function divided<Image extends ViewImage>(
  open: OpenModel,
  patient: ExplainablePatient<Image>,
  input: PatientPixels<Image>,
  missing: MissingImage,
): Promise<ContributionResult<Image>> {
  const { spec, task } = open;
  const subject = await open.subject(input.pixels);
  const { probe, features, target } = subject;
  const present = coalitions(probe.images);
  const patients = new Float32Array(2 ** probe.images * features.length);
  patients.forEach((_, i) => {
    const row = Math.floor(i / probe.featureWidth); // of image row % M in coalition row / M
    patients[i] = (present[row] ? features : missing.features)[i % features.length]!;
  });
  const { scores } = await probe.answers(patients, target);
  const { attention } = await probe.answers(features, target);
  const values = shapleyValues(scores);
  return {
    patient: patient.id,
    task,
    targetClass: target,
    className: spec.tasks[task]!.classes[target]!,
    score: nameOfScore(probe.options.score),
    probability: subject.probability,
    all: scores[scores.length - 1]!,
    none: scores[0]!,
    baseline: missing.inWords,
    images: input.images.map((image, i) => ({
      image,
      view: spec.views[i]!,
      value: values[i]!,
      ...(attention ? { attention: attention[i]! } : {}),
    })),
    notes: [],
    provenance: patient.provenance,
  };
}
