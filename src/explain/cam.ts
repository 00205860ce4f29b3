/** Maps of a patient: where in which image the model looked. One entry for every method. */
import { unknownName } from "../core/errors";
import { host } from "../core/host";
import { startProgress } from "../core/progress";
import type { ViewImage } from "../model";
import type { LayerChoice } from "./layers";
import {
  averaged,
  type ExplainablePatient,
  layersOf,
  type MapOptions,
  methodMaps,
  methodOf,
  resultOf,
} from "./maps";
import { CAM_METHODS, type CamMethod } from "./methods";
import { type OpenModel, type PatientPixels, type QuestionOptions, withOpenModel } from "./open-model";
import type { Explainable } from "./question";
import type { CamResult } from "./result";

/** Options of the methods that explain layers. */
export interface LayerCamOptions extends QuestionOptions {
  /**
   * One layer or several, whose maps are averaged, each scaled by its largest value over the patient. Default the last
   * layer with a value for every patch: `blocks.<last>.norm1`, or `norm` of an encoder that pools patches. See
   * `model.vitLayers`.
   */
  readonly layers?: LayerChoice;
}

/** Options of `scoreCam`. */
export interface ScoreCamOptions extends LayerCamOptions {
  /** Only the channels that vary most over an image. Default all, as published: one encoder pass each. */
  readonly channels?: number;
}

/** Options of `integratedGradients`. */
export interface IntegratedGradientsOptions extends QuestionOptions {
  /** Steps of the path from a blank patient; default 32. */
  readonly steps?: number;
}

/** Options of `occlusion`. */
export interface OcclusionOptions extends QuestionOptions {
  /** Side of the hidden square, in patches; default an eighth of the grid's shorter side. */
  readonly window?: number;
  /** Patches by which the square moves; default half of `window`. */
  readonly stride?: number;
}

/** Options of `cam`: the method, and whatever that method reads. */
export interface CamOptions extends ScoreCamOptions, IntegratedGradientsOptions, OcclusionOptions {
  /** Default `"gradCamPlusPlus"`. */
  readonly method?: CamMethod;
}

/**
 * Where in which image of a patient the model looked, by any method, through the fusion block.
 *
 * @param model    a model or a run
 * @param patient  from the cohort
 * @param options  `method`, default `"gradCamPlusPlus"`; `task`; `targetClass` (default: the predicted one); `score`;
 *                 `layers`; `steps`, `window`, `stride`, `channels` of the methods that read them
 * @returns        raw maps on the patch grid, from 0
 * @throws UnknownName      for a method, task, class or layer that is not there, with the nearest one that is
 * @throws InvalidArgument  for a class index out of range, and for an encoder without patches
 * @example
 * const result = await explain.cam(run, patient, { task: "TD", method: "layerCam", targetClass: "poor" });
 * await plot.cam(result);
 */
export async function cam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamOptions = {},
): Promise<CamResult<Image>> {
  const method = checkMethod(options.method ?? "gradCamPlusPlus");
  return withOpenModel(model, options, async (open) =>
    said(await explained(open, patient, await open.read(patient), method, options)),
  );
}

/** Options of `cams`. */
export interface CamsOptions extends Omit<CamOptions, "method"> {
  /** Default Grad-CAM, Grad-CAM++, Layer-CAM, HiResCAM, attention relevance and integrated gradients. */
  readonly methods?: readonly CamMethod[];
}

/** What is laid side by side by default: gradients at a layer, attention, and pixels. */
const COMPARED: readonly CamMethod[] = [
  "gradCam",
  "gradCamPlusPlus",
  "layerCam",
  "hiResCam",
  "relevance",
  "integratedGradients",
];

/**
 * The same question answered by several methods: maps to lay side by side.
 *
 * @param options  `methods`; else as `cam`
 * @returns        one result a method, in their order, all about the same class
 * @throws UnknownName, InvalidArgument  as `cam`
 * @example
 * const results = await explain.cams(run, patient, { task: "TD", methods: ["gradCamPlusPlus", "occlusion"] });
 */
export async function cams<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamsOptions = {},
): Promise<CamResult<Image>[]> {
  const { methods = COMPARED } = options;
  methods.forEach(checkMethod);
  return withOpenModel(model, options, async (open) => {
    const input = await open.read(patient);
    const results: CamResult<Image>[] = [];
    for (const method of methods) results.push(said(await explained(open, patient, input, method, options)));
    return results;
  });
}

/**
 * The maps of several layers one by one, from one pass.
 *
 * @param options  as `cam`; `layers`, those to show
 * @returns        one result a layer, in their order
 * @throws UnknownName, InvalidArgument  as `cam`
 * @example
 * const layers = model.vitLayers(run.model.spec.encoder).filter((name) => name.endsWith("norm1"));
 * const results = await explain.camOfEachLayer(run, patient, { task: "TD", layers });
 */
export async function camOfEachLayer<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamOptions & { readonly layers: readonly string[] },
): Promise<CamResult<Image>[]> {
  const method = checkMethod(options.method ?? "gradCamPlusPlus");
  return withOpenModel(model, options, async (open) => {
    const input = await open.read(patient);
    const layers = layersOf(open, method, options.layers);
    const subject = await open.subject(input.pixels, layers, methodOf(method).defaults?.score);
    const { layers: values, notes = [] } = await methodMaps(method, subject, {
      ...settingsOf(options),
      layers,
    });
    const named = values.length === layers.length ? layers.map((layer) => [layer]) : [layers];
    return values.map((ofLayer, l) =>
      said(resultOf({ open, method, layers: named[l]!, patient, input, subject, notes }, ofLayer)),
    );
  });
}

/**
 * The maps of many patients, with the model opened once.
 *
 * @param options  as `cam`
 * @returns        one result a patient, in their order
 * @throws UnknownName, InvalidArgument  as `cam`
 * @example
 * const results = await explain.camsOfPatients(run, cohort.split("test"), { task: "TI", targetClass: 1 });
 */
export async function camsOfPatients<Image extends ViewImage>(
  model: Explainable,
  patients: readonly ExplainablePatient<Image>[],
  options: CamOptions = {},
): Promise<CamResult<Image>[]> {
  const method = checkMethod(options.method ?? "gradCamPlusPlus");
  return withOpenModel(model, options, async (open) => {
    const progress = startProgress(methodOf(method).title, patients.length);
    const results: CamResult<Image>[] = [];
    for (const patient of patients) {
      const quietly = { ...options, onProgress: () => {} }; // one line of progress is enough
      results.push(await explained(open, patient, await open.read(patient), method, quietly));
      progress.update(results.length);
    }
    progress.end(`${methodOf(method).title}: ${results.length} patients`);
    return results;
  });
}

/** One method on one patient. */
export async function explained<Image extends ViewImage>(
  open: OpenModel,
  patient: ExplainablePatient<Image>,
  input: PatientPixels<Image>,
  method: CamMethod,
  options: MapOptions,
): Promise<CamResult<Image>> {
  const layers = layersOf(open, method, options.layers);
  const subject = await open.subject(input.pixels, layers, methodOf(method).defaults?.score);
  const { layers: values, notes = [] } = await methodMaps(method, subject, {
    ...settingsOf(options),
    layers,
  });
  return resultOf({ open, method, layers, patient, input, subject, notes }, averaged(values));
}

/** The result, after its notes were said. */
function said<Image extends ViewImage>(result: CamResult<Image>): CamResult<Image> {
  for (const note of result.notes) host().warn(note);
  return result;
}

function settingsOf({ steps, window, stride, channels, onProgress }: MapOptions) {
  return { steps, window, stride, channels, onProgress };
}

function checkMethod(method: CamMethod): CamMethod {
  if (!Object.hasOwn(CAM_METHODS, method)) throw unknownName("method", method, Object.keys(CAM_METHODS));
  return method;
}
