/** Class activation maps of a patient: where in which image the model looked. */
import { loadTensor, PatientImage } from "../cohort";
import { currentSignal } from "../core/abort";
import { invalidArgument, unknownName } from "../core/errors";
import { host } from "../core/host";
import type { Provenance } from "../core/provenance";
import { compile, type Device, type HostTensor, type StepFunction, tf } from "../engine";
import {
  decodeImages,
  forward,
  type ImageFit,
  type Model,
  type ModelSpec,
  modelImages,
  normalise,
  type View,
  type ViewImage,
  type ViewPatient,
  vitLayers,
} from "../model";
import { CAM_WEIGHTS, type CamMethod, camMap, type ImageGradients } from "./cam-weights";
import { layerGradients } from "./layer-gradients";
import { asGrid, type TokenGrid, tokenGrid } from "./tokens";

/** A model, or anything that has one: a run. */
export type Explainable = Model | { readonly model: Model };

/** A patient whose images can be explained. */
export interface ExplainablePatient<Image extends ViewImage = ViewImage> extends ViewPatient<Image> {
  readonly provenance: Provenance;
}

/** Options of `gradCam` and `gradCamPlusPlus`. */
export interface CamOptions {
  /** Which of the model's tasks; default its only one. */
  readonly task?: string;
  /** Index or name of the class whose score is explained; default the predicted class. */
  readonly targetClass?: number | string;
  /** Default the last layer with a value for every patch, `blocks.<last>.norm1`. See `model.vitLayers`. */
  readonly layer?: string;
  /** Default `auto`. */
  readonly device?: Device | "auto";
  readonly signal?: AbortSignal;
}

/** The map of one image. */
export interface CamMap<Image = ViewImage> {
  readonly image: Image;
  readonly view: View;
  /** Raw values from 0, rows of patches from the top: comparable between the images of one patient. */
  readonly grid: readonly (readonly number[])[];
  readonly range: readonly [min: number, max: number];
  /** Zero everywhere: no patch of this image raises the score. Say so; do not draw a picture. */
  readonly isFlat: boolean;
}

/** The maps of all images of a patient for one class, through the fusion block. */
export interface CamResult<Image = ViewImage> {
  readonly method: CamMethod;
  readonly layer: string;
  readonly patient: string;
  readonly task: string;
  readonly targetClass: number;
  readonly className: string;
  /** Probability of the explained class, 0 to 1. */
  readonly probability: number;
  readonly maps: readonly CamMap<Image>[];
  /** What the model saw of each photograph, and the input's height over its width: where the grid lies on it. */
  readonly imageFit: ImageFit;
  readonly inputAspect: number;
  /** What a reader must know, for example that a map is flat. */
  readonly notes: readonly string[];
  readonly provenance: Provenance;
}

/**
 * Grad-CAM++ of every image of a patient, through the fusion block.
 *
 * Explains the class score before the softmax. (The study's code says Grad-CAM++ but constructs Grad-CAM on the
 * cross-entropy loss, whose sign is opposite; this is the method as its authors define it.)
 *
 * @param model    a model or a run
 * @param patient  from the cohort
 * @param options  `task`, `targetClass` (default: the predicted one), `layer`
 * @returns        raw maps on the patch grid, from 0
 * @throws UnknownName      for a task, class or layer that is not there, with the nearest one that is
 * @throws InvalidArgument  for a class index out of range
 * @see Chattopadhay et al., WACV 2018
 * @example
 * const result = await explain.gradCamPlusPlus(run, cohort.patient(17), { task: "TD", targetClass: "poor" });
 * await plot.cam(result);
 */
export function gradCamPlusPlus<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamOptions = {},
): Promise<CamResult<Image>> {
  return cam("grad-cam++", model, patient, options);
}

/**
 * Grad-CAM of every image of a patient, through the fusion block. As `gradCamPlusPlus`, with the mean gradient as weight.
 *
 * @see Selvaraju et al., ICCV 2017
 * @example
 * const result = await explain.gradCam(run, cohort.patient(17));
 */
export function gradCam<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamOptions = {},
): Promise<CamResult<Image>> {
  return cam("grad-cam", model, patient, options);
}

async function cam<Image extends ViewImage>(
  method: CamMethod,
  explainable: Explainable,
  patient: ExplainablePatient<Image>,
  options: CamOptions,
): Promise<CamResult<Image>> {
  const model = "model" in explainable ? explainable.model : explainable;
  const { spec } = model;
  const task = chooseTask(spec, options.task);
  const layer = chooseLayer(spec, options.layer);
  const asked = chooseClass(spec, task, options.targetClass);
  const images = modelImages(spec, patient);
  const pixels = await pixelsOf(spec, images, options.signal);
  const computed = await compute(model, { task, layer, asked, pixels }, options);

  const { classes } = spec.tasks[task]!;
  const grid = tokenGrid(spec.encoder);
  const maps = images.map((image, i): CamMap<Image> => {
    const gradients = imageGradients(computed.activations, computed.gradients, i, grid);
    const values = camMap(gradients, CAM_WEIGHTS[method](gradients));
    const max = Math.max(...values);
    return {
      image,
      view: spec.views[i]!,
      grid: asGrid(values, grid),
      range: [Math.min(...values), max],
      isFlat: max === 0,
    };
  });
  const className = classes[computed.targetClass]!;
  const notes = flatNotes(maps, task, className);
  for (const note of notes) host().warn(note);
  return {
    method,
    layer,
    patient: patient.id,
    task,
    targetClass: computed.targetClass,
    className,
    probability: computed.probability,
    maps,
    imageFit: spec.imageFit,
    inputAspect: spec.encoder.imageSize[0] / spec.encoder.imageSize[1],
    notes,
    provenance: patient.provenance,
  };
}

/** Images of a cohort on disk go through its pixel cache, as in training; others are decoded here. */
async function pixelsOf(
  spec: ModelSpec,
  images: readonly ViewImage[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  if (!images.every((image) => image instanceof PatientImage))
    return Float32Array.from(await decodeImages(spec, images));
  return loadTensor(images, {
    size: spec.encoder.imageSize,
    fit: spec.imageFit,
    ...(signal ? { signal } : {}),
  });
}

interface Question {
  readonly task: string;
  readonly layer: string;
  /** `undefined`: the predicted class. */
  readonly asked: number | undefined;
  readonly pixels: Float32Array;
}

/** Activations, gradients and probability from one compiled pass. */
async function compute(model: Model, question: Question, options: CamOptions) {
  const { spec, parameters } = model;
  const classes = spec.tasks[question.task]!.classes.length;
  const [height, width] = spec.encoder.imageSize;
  const signal = currentSignal(options.signal);
  const program = await compile(
    explanationStep(spec, question.task, question.layer),
    {
      inputs: {
        images: { shape: [1, spec.views.length, height, width, 3] },
        target: { shape: [1, classes] },
      },
      state: parameters,
    },
    { device: options.device ?? "auto", name: "explain", ...(signal ? { signal } : {}) },
  );
  try {
    const run = (target: number) => program.run({ images: question.pixels, target: oneHot(target, classes) });
    const first = await run(question.asked ?? 0);
    const logits = Array.from(first.logits!.data);
    const targetClass = question.asked ?? logits.indexOf(Math.max(...logits));
    const { activations, gradients } = targetClass === (question.asked ?? 0) ? first : await run(targetClass);
    return {
      activations: activations!,
      gradients: gradients!,
      targetClass,
      probability: softmax(logits)[targetClass]!,
    };
  } finally {
    await program.dispose();
  }
}

/** The score is the logit that `target` marks. */
function explanationStep(spec: ModelSpec, task: string, layer: string): StepFunction {
  return ({ images, target }, state) => {
    const input = normalise(images!, spec.normalisation);
    const { activations, gradients } = layerGradients(
      (tap) => tf.sum(tf.mul(forward(spec, state, input, { tap }).logits[task]!, target!)),
      layer,
    );
    return { outputs: { activations, gradients, logits: forward(spec, state, input).logits[task]! } };
  };
}

/** The patches of image `index` out of [T, M, D] arrays. */
function imageGradients(
  activations: HostTensor,
  gradients: HostTensor,
  index: number,
  { rows, columns, prefix }: TokenGrid,
): ImageGradients {
  const [, images, channels] = activations.shape as [number, number, number];
  const positions = rows * columns;
  const pick = ({ data }: HostTensor) => {
    const out = new Float32Array(positions * channels);
    for (let p = 0; p < positions; p++) {
      const from = ((prefix + p) * images + index) * channels;
      out.set(data.subarray(from, from + channels), p * channels);
    }
    return out;
  };
  return { activations: pick(activations), gradients: pick(gradients), positions, channels };
}

function chooseTask(spec: ModelSpec, task: string | undefined): string {
  const tasks = Object.keys(spec.tasks);
  if (task !== undefined && !tasks.includes(task)) throw unknownName("task in this model", task, tasks);
  if (task === undefined && tasks.length > 1)
    throw invalidArgument(
      "task",
      undefined,
      `one of ${tasks.join(", ")}`,
      "The model answers several questions.",
    );
  return task ?? tasks[0]!;
}

function chooseLayer(spec: ModelSpec, layer: string | undefined): string {
  const layers = vitLayers(spec.encoder);
  if (layer === undefined) return layers[layers.length - 1]!;
  if (!layers.includes(layer)) throw unknownName("layer", layer, layers);
  return layer;
}

function chooseClass(spec: ModelSpec, task: string, target: number | string | undefined): number | undefined {
  if (target === undefined) return undefined;
  const { classes } = spec.tasks[task]!;
  const index = typeof target === "string" ? classes.indexOf(target) : target;
  if (typeof target === "string" && index < 0) throw unknownName(`class of ${task}`, target, classes);
  if (!(Number.isInteger(index) && index >= 0 && index < classes.length))
    throw invalidArgument(
      "targetClass",
      target,
      `a class of ${task}: ${classes.map((name, i) => `${i} (${name})`).join(", ")}`,
    );
  return index;
}

function flatNotes(maps: readonly CamMap<unknown>[], task: string, className: string): string[] {
  const flat = maps.filter((map) => map.isFlat).map(({ view }) => `${view.site} ${view.magnification}`);
  if (flat.length === 0) return [];
  const which = flat.length === maps.length ? "every image" : flat.join(", ");
  return [
    `The map of ${which} is zero everywhere: no patch there raises the score of ${task} "${className}".`,
  ];
}

function oneHot(index: number, classes: number): Float32Array {
  return Float32Array.from({ length: classes }, (_, c) => (c === index ? 1 : 0));
}

function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const exponentials = logits.map((z) => Math.exp(z - highest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
