/**
 * A model of a patient: one encoder for all images, a fusion block, a head for each task.
 *
 * A model is two plain things, a specification (JSON) and parameters (arrays by name), and `forward` is a
 * pure function of them; where it runs is the engine's business.
 *
 * Letters: B patients, M images a patient, h x w pixels, D feature width, F fused width, C classes.
 */
import { invalidArgument, OsccError, unknownName } from "../core/errors";
import type { Rng } from "../core/random";
import { type Chain, tf } from "../engine";
import type { LayerTap } from "./block";
import {
  type FusionKind,
  type FusionReference,
  type FusionShape,
  fusionBlock,
  type OwnFusion,
  referTo,
} from "./fusion";
import { HEAD_DROPOUT, HEAD_HIDDEN, type HeadShape, headForward, headParameters } from "./head";
import type { LiveParameters } from "./layers";
import { type Normalisation, type NormalisationName, normalisation, normalise } from "./normalisation";
import { initialise, type ParameterDeclarations, type Parameters, prefixed, under } from "./parameters";
import { vitChain, vitForward, vitParameters } from "./vit";
import { type EncoderName, featureWidth, type ImageSize, type ViTConfig, vitConfig } from "./vit-config";

/** One of the images a model sees of each patient. */
export interface View {
  readonly site: string;
  readonly magnification: string;
  /**
   * At full resolution, a part of the photograph as large as the model's input; `whole`: all of it, but for rows and columns
   * at its end that fill no patch. Absent: all of it, resized.
   */
  readonly tile?: readonly [row: number, column: number] | "whole";
}

/** A question a model answers: its classes, in label order. */
export interface ModelTask {
  readonly title: string;
  readonly classes: readonly string[];
}

/** How a photograph becomes the model's input size: `squash` changes its proportions (published), `crop` cuts, `fit` adds glass. */
export type ImageFit = "squash" | "crop" | "fit";

/**
 * What stands for an image that a patient does not have: that of another site (published), or nothing: `mask` leaves
 * it out of the fusion.
 */
export const MISSING_IMAGES = ["substitute-site", "mask"] as const;
/** See `MISSING_IMAGES`. */
export type MissingImages = (typeof MISSING_IMAGES)[number];

/** All that is needed to rebuild and to use a model, as plain JSON. */
export interface ModelSpec {
  readonly encoder: ViTConfig;
  /** The block by name, with a fingerprint if it is not a built-in one, and F. */
  readonly fusion: FusionReference & { readonly width: number };
  readonly head: { readonly hidden: readonly number[]; readonly dropout: number };
  readonly tasks: Readonly<Record<string, ModelTask>>;
  /** The images of a patient, in input order. */
  readonly views: readonly View[];
  readonly normalisation: Normalisation;
  readonly imageFit: ImageFit;
  /** Missing images are left out of the fusion; absent: that of another site stands in. */
  readonly missing?: "mask";
}

/** A model: what it is, as plain JSON, and its parameters. */
export interface Model {
  readonly spec: ModelSpec;
  readonly parameters: Parameters;
}

/** Options of `createModel`. */
export interface ModelOptions {
  /** Encoder: a preset's name or a configuration. Default `pathobench-vit-s/16`. */
  readonly encoder?: EncoderName | Omit<ViTConfig, "architecture">;
  /** Pixels: a number or [height, width]. Default the preset's. */
  readonly imageSize?: ImageSize;
  /** A built-in block by name, or one of your own made by `fusion`. Default `concat`. */
  readonly fusion?: FusionKind | OwnFusion;
  /** Width of the fused vector, default 768. */
  readonly fusionWidth?: number;
  /** Hidden widths of each head, default 256, 128, 64. */
  readonly headHidden?: readonly number[];
  /** Dropout before the last layer of each head, default 0.5. */
  readonly dropout?: number;
  readonly tasks: Readonly<Record<string, ModelTask>>;
  readonly views: readonly View[];
  /** Pixel statistics, default `multi-oscc`. */
  readonly normalisation?: NormalisationName | Normalisation;
  /** Default `squash`, as published. */
  readonly imageFit?: ImageFit;
  /** What stands for a missing image, default `substitute-site`, as published. */
  readonly missing?: MissingImages;
}

/**
 * A new model with random parameters.
 *
 * @param options  see `ModelOptions`; the defaults are the study's
 * @param rng      the same path gives the same parameters
 * @throws UnknownName, InvalidArgument
 * @example
 * const small = model.createModel({
 *   encoder: "tiny",
 *   fusion: "gated",
 *   tasks: { TD: { title: "tumour differentiation", classes: ["well", "moderate", "poor"] } },
 *   views: [{ site: "core", magnification: "x200" }, { site: "edge", magnification: "x200" }],
 * }, new Rng(7));
 */
export function createModel(options: ModelOptions, rng: Rng): Model {
  const spec = modelSpec(options);
  return { spec, parameters: initialise(modelParameters(spec), rng) };
}

/** The specification that options describe, checked. */
export function modelSpec(options: ModelOptions): ModelSpec {
  const { fusion = "concat", fusionWidth = 768, headHidden = HEAD_HIDDEN, dropout = HEAD_DROPOUT } = options;
  if (options.missing !== undefined && !MISSING_IMAGES.includes(options.missing))
    throw unknownName("way with missing images", String(options.missing), MISSING_IMAGES);
  if (!(dropout >= 0 && dropout < 1)) throw invalidArgument("dropout", dropout, "a probability in [0, 1)");
  if (options.views.length === 0)
    throw invalidArgument("views", "empty", "at least one site and magnification");
  const tasks = Object.entries(options.tasks);
  if (tasks.length === 0) throw invalidArgument("tasks", "empty", "at least one task");
  for (const [name, { classes }] of tasks)
    if (classes.length < 2)
      throw invalidArgument(`the classes of task ${name}`, classes.join(", "), "at least two classes");
  return {
    encoder: vitConfig(
      options.encoder ?? "pathobench-vit-s/16",
      options.imageSize ? { imageSize: options.imageSize } : {},
    ),
    fusion: referTo(fusion, fusionWidth),
    head: { hidden: headHidden, dropout },
    tasks: Object.fromEntries(tasks.map(([name, { title, classes }]) => [name, { title, classes }])),
    views: options.views.map(({ site, magnification, tile }) => ({
      site,
      magnification,
      ...(tile ? { tile } : {}),
    })),
    normalisation: normalisation(options.normalisation ?? "multi-oscc"),
    imageFit: options.imageFit ?? "squash",
    ...(options.missing === "mask" ? { missing: "mask" } : {}),
  };
}

/** Every parameter of a model: `encoder.*`, `fusion.*`, `heads.<task>.*`. */
export function modelParameters(spec: ModelSpec): ParameterDeclarations {
  const heads = Object.keys(spec.tasks).map((task) =>
    prefixed(`heads.${task}`, headParameters(headShape(spec, task))),
  );
  return {
    ...prefixed("encoder", vitParameters(spec.encoder)),
    ...prefixed("fusion", fusionBlock(spec.fusion).parameters(fusionShape(spec))),
    ...Object.assign({}, ...heads),
  };
}

/** The shape of a model's fusion block. */
export function fusionShape(spec: ModelSpec): FusionShape {
  return { images: spec.views.length, featureWidth: featureWidth(spec.encoder), width: spec.fusion.width };
}

function headShape(spec: ModelSpec, task: string): HeadShape {
  return { inputs: spec.fusion.width, hidden: spec.head.hidden, classes: spec.tasks[task]!.classes.length };
}

/** Options of `forward`. */
export interface ForwardOptions {
  /** Dropout masks [B, last hidden width] by task, 0 or 1 / (1 - p). Absent when predicting. */
  readonly dropout?: Readonly<Record<string, tf.Tensor>>;
  /** Sees each encoder layer's output, see `vitLayers`. */
  readonly tap?: LayerTap;
  /** [B, M], 1 for an image that is there, 0 for one that is missing, see `imageMask`. Absent: all are there. */
  readonly mask?: tf.Tensor;
}

/** What `forward` gives: logits by task, and what they were made from. */
export interface ForwardResult {
  /** [B, C] by task */
  readonly logits: Readonly<Record<string, tf.Tensor>>;
  /** [B * M, D], the encoder's feature of each image */
  readonly features: tf.Tensor;
  /** [B, F] */
  readonly fused: tf.Tensor;
  /** [B, M], how much each image counts, a patient's summing to one: only of fusion blocks that have such weights. */
  readonly attention?: tf.Tensor;
}

/**
 * From images to logits. A pure function of live tensors: it runs eagerly or traced, and disposes nothing.
 *
 * @param spec        the model's specification
 * @param parameters  live tensors by full name
 * @param images      [B, M, h, w, 3], normalised with the model's statistics
 */
export function forward(
  spec: ModelSpec,
  parameters: LiveParameters,
  images: tf.Tensor,
  options: ForwardOptions = {},
): ForwardResult {
  const features = encodeImages(spec, parameters, images, options.tap); // [B * M, D]
  return { features, ...forwardFeatures(spec, parameters, features, options.dropout, options.mask) };
}

/** The encoder's part: from images [B, M, h, w, 3], normalised, to features [B * M, D]. */
export function encodeImages(
  spec: ModelSpec,
  parameters: LiveParameters,
  images: tf.Tensor,
  tap?: LayerTap,
): tf.Tensor {
  checkImages(spec, images.shape);
  const [height, width] = spec.encoder.imageSize;
  return encodeEach(spec, parameters, tf.reshape(images, [-1, height, width, 3]), tap);
}

/** The encoder on any number of images: from [I, h, w, 3], normalised, to features [I, D]. */
export function encodeEach(
  spec: ModelSpec,
  parameters: LiveParameters,
  images: tf.Tensor,
  tap?: LayerTap,
): tf.Tensor {
  return vitForward(spec.encoder, under("encoder", parameters), images, tap);
}

/** The encoder's part as a chain, parameters by full name: from pixels [I, h, w, 3], 0-255, to features [I, D]. */
export function encoderChain(spec: ModelSpec): Chain {
  return vitChain(spec.encoder).map((link, i) => ({
    ...link,
    parameters: Object.fromEntries(
      Object.entries(link.parameters).map(([local, name]) => [local, `encoder.${name}`]),
    ),
    apply: (parameters, x) => link.apply(parameters, i === 0 ? normalise(x, spec.normalisation) : x),
  }));
}

/** The part after the encoder: from features [B * M, D], and a mask [B, M] of missing images, to logits. */
export function forwardFeatures(
  spec: ModelSpec,
  parameters: LiveParameters,
  features: tf.Tensor,
  dropout: ForwardOptions["dropout"] = {},
  mask?: tf.Tensor,
): Pick<ForwardResult, "logits" | "fused" | "attention"> {
  const block = fusionBlock(spec.fusion);
  const shape = fusionShape(spec);
  const own = under("fusion", parameters);
  const fused = block.forward(shape, own, features, mask); // [B, F]
  return {
    logits: forwardHeads(spec, parameters, fused, dropout),
    fused,
    ...(block.attention ? { attention: block.attention(shape, own, features, mask) } : {}),
  };
}

/** The heads: from the fused vector [B, F] to the logits of each task. */
export function forwardHeads(
  spec: ModelSpec,
  parameters: LiveParameters,
  fused: tf.Tensor,
  dropout: Readonly<Record<string, tf.Tensor>> = {},
): ForwardResult["logits"] {
  return Object.fromEntries(
    Object.keys(spec.tasks).map((task) => [
      task,
      headForward(headShape(spec, task), under(`heads.${task}`, parameters), fused, dropout[task]),
    ]),
  );
}

function checkImages(spec: ModelSpec, shape: readonly number[]): void {
  const [height, width] = spec.encoder.imageSize;
  const [, images, h, w, channels] = shape;
  if (shape.length === 5 && images === spec.views.length && h === height && w === width && channels === 3)
    return;
  const expected = ["patients", spec.views.length, height, width, 3];
  throw new OsccError(
    "ShapeMismatch",
    [
      `the images have shape [${shape.join(", ")}].`,
      `Expected [${expected.join(", ")}]: ${spec.views.length} images a patient, ${height} x ${width} pixels, RGB.`,
      `The model sees, in order: ${spec.views.map((v) => `${v.site} ${v.magnification}`).join(", ")}.`,
    ],
    { expected, found: shape },
  );
}
