/**
 * One training step as a pure function of tensors: forward, loss, gradients, AdamW. It is traced once into one
 * graph; parameters and moments are the graph's state and stay where it runs.
 *
 * Letters: B patients, M images a patient, D feature width, C classes.
 */
import { OsccError } from "../core/errors";
import {
  filledTensor,
  type HostTensor,
  named,
  type Precision,
  type StepFunction,
  type TensorSpec,
  tf,
} from "../engine";
import {
  chosen,
  type GradientVerdict,
  judgeGradients,
  LOSS_SCALE,
  lossScaleState,
  SOUND_STEPS,
} from "../engine/precision";
import {
  encodeImages,
  featureWidth,
  forward,
  forwardFeatures,
  type LiveParameters,
  type LoraOptions,
  type ModelSpec,
  normalise,
  type Parameters,
  withLora,
} from "../model";
import { type AdamWOptions, adamWFactors, adamWState, adamWUpdate, meanName, squareName } from "./adamw";
import type { LossFunction } from "./losses";
import { MASK_INPUT, maskInput } from "./missing-images";
import { asVector, TASK_WEIGHTS, type TaskPass, type TaskWatch, watchTasks } from "./multitask/task-facts";
import { isEncoder } from "./tuning";

/** What the step reads: whole images, or the features that a frozen encoder gave. */
export type StepSource = "images" | "features";

export interface StepOptions {
  /** Patients in one pass: B */
  readonly size: number;
  /** Whether a batch takes several passes, whose gradients are added up before the parameters change. */
  readonly accumulate: boolean;
  readonly source: StepSource;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly adamW: AdamWOptions;
  /** Gradients are scaled down together to this Euclidean norm. Absent: not clipped, as published. */
  readonly clipNorm?: number;
  /** The encoder's own parameters stay; its adapters are among those that are trained. */
  readonly lora?: Required<LoraOptions>;
  /** Of products; `f16` scales the loss, see `judgeGradients`. Default `f32`. */
  readonly precision?: Precision;
  /** Of several tasks: their losses are weighed, and what is watched of them. */
  readonly tasks?: TaskWatch;
}

/** Names of the step's inputs for one task. */
export const oneHotInput = (task: string) => `oneHot.${task}`;
export const weightInput = (task: string) => `weight.${task}`;
export const dropoutInput = (task: string) => `dropout.${task}`;

/** The shapes of the step's inputs. */
export function stepInputs(
  spec: ModelSpec,
  { size: batch, source, accumulate, tasks }: StepOptions,
): Record<string, TensorSpec> {
  const scalar = { shape: [] };
  const perTask = Object.entries(spec.tasks).flatMap(([task, { classes }]) => [
    [oneHotInput(task), { shape: [batch, classes.length] }],
    [weightInput(task), { shape: [batch] }],
    [dropoutInput(task), { shape: [batch, lastHidden(spec)] }],
  ]);
  return {
    ...sourceInput(spec, source, batch),
    ...maskInput(spec, batch),
    ...Object.fromEntries(perTask),
    encoderRate: scalar,
    rate: scalar,
    correction1: scalar,
    correction2: scalar,
    ...(accumulate ? { apply: scalar } : {}),
    ...(tasks && !tasks.scaling ? { [TASK_WEIGHTS]: { shape: [Object.keys(spec.tasks).length] } } : {}),
  };
}

/** The shape of the images [B, M, h, w, 3] or features [B * M, D]. */
export function sourceInput(spec: ModelSpec, source: StepSource, batch: number): Record<string, TensorSpec> {
  const [height, width] = spec.encoder.imageSize;
  return source === "images"
    ? { images: { shape: [batch, spec.views.length, height, width, 3] } }
    : { features: { shape: [batch * spec.views.length, featureWidth(spec.encoder)] } };
}

/** Name of a parameter's gradient sum in a program's state. */
export const sumName = (parameter: string) => `gradient.${parameter}`;

/** Whether an entry of a program's state is a gradient sum. */
export const isSum = (entry: string) => entry.startsWith(sumName(""));

/** Parameters to train, moments and gradient sums before the first step. */
export function stepState(
  parameters: Parameters,
  { accumulate, precision }: Pick<StepOptions, "accumulate" | "precision">,
): Record<string, HostTensor> {
  const sums = Object.entries(parameters).map(([name, { shape }]) => [sumName(name), filledTensor(shape)]);
  return {
    ...parameters,
    ...adamWState(parameters),
    ...(accumulate ? Object.fromEntries(sums) : {}),
    ...(precision === "f16" ? lossScaleState() : {}),
  };
}

/**
 * The step itself. Its output `loss` is the sum over tasks of this pass's share, each times its weight; of several
 * tasks, `losses` has them one by one and unweighted.
 *
 * With `accumulate`, the input `apply` is 1 in the last pass of a batch and 0 before: then only the sum of the
 * gradients changes. It is a factor, not a branch, so that one graph does both.
 */
export function trainingStep(spec: ModelSpec, names: readonly string[], options: StepOptions): StepFunction {
  return (inputs, state) => {
    const live = names.map((name) => state[name]!);
    const half = options.precision === "f16";
    const logits = (parameters: LiveParameters) => logitsOf(spec, parameters, inputs, options);
    const watched =
      options.tasks && watchTasks(taskPass(spec, names, inputs, state, options), options.tasks, inputs);
    const { value: loss, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const parameters = { ...state, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) };
      return totalLoss(spec, logits(parameters), inputs, options.losses, watched?.weights);
    })(live, half ? state[LOSS_SCALE]! : undefined);
    const { apply } = inputs;
    grads.forEach((gradient, i) => {
      named(gradient, `gradient of ${names[i]}`);
    });
    const sums = apply ? grads.map((gradient, i) => tf.add(state[sumName(names[i]!)]!, gradient)) : grads;
    const verdict = half ? judged(sums, state) : undefined;
    const gradients = verdict ? scaledBack(sums, verdict, options.clipNorm) : clipped(sums, options.clipNorm);
    const next: Record<string, tf.Tensor> = {};
    const counts = apply && tf.greater(apply, 0);
    const changes = verdict && (counts ? tf.logicalAnd(counts, verdict.sound) : verdict.sound);
    const change = (name: string, to: tf.Tensor) => {
      const from = state[name]!;
      if (changes) next[name] = chosen(changes, to, from);
      else next[name] = apply ? tf.add(from, tf.mul(apply, tf.sub(to, from))) : to;
    };
    if (verdict)
      for (const [name, to] of [
        [LOSS_SCALE, verdict.scale],
        [SOUND_STEPS, verdict.steps],
      ] as const)
        next[name] = counts ? chosen(counts, to, state[name]!) : to;
    const factors = (rate: string) =>
      adamWFactors(
        {
          learningRate: inputs[rate]!,
          correction1: inputs.correction1!,
          correction2: inputs.correction2!,
        },
        options.adamW,
      );
    const [ofEncoder, ofRest] = [factors("encoderRate"), factors("rate")];
    names.forEach((name, i) => {
      const update = adamWUpdate(
        {
          value: live[i]!,
          gradient: gradients[i]!,
          mean: state[meanName(name)]!,
          square: state[squareName(name)]!,
        },
        isEncoder(name) ? ofEncoder : ofRest,
        options.adamW,
      );
      change(name, named(update.value, `new value of ${name}`));
      change(meanName(name), update.mean);
      change(squareName(name), update.square);
      // Sums that have overflowed stay so when they are multiplied by zero.
      if (counts && verdict) next[sumName(name)] = chosen(counts, tf.zerosLike(sums[i]!), sums[i]!);
      else if (apply) next[sumName(name)] = tf.mul(sums[i]!, tf.sub(1, apply));
    });
    return { outputs: { loss, ...watched?.outputs }, state: next };
  };
}

type Live = Readonly<Record<string, tf.Tensor>>;

/** The sum over tasks of the losses of a pass, each times its weight [T]; absent: 1. */
export function totalLoss(
  spec: ModelSpec,
  logits: Live,
  inputs: Live,
  losses: StepOptions["losses"],
  weights?: tf.Tensor,
): tf.Tensor {
  const terms = Object.keys(spec.tasks).map((task) => lossOf(task, logits[task]!, inputs, losses));
  return weights ? tf.sum(tf.mul(asVector(terms), weights)) : sum(terms);
}

/** The loss of one task in a pass. */
export function lossOf(
  task: string,
  logits: tf.Tensor,
  inputs: Live,
  losses: StepOptions["losses"],
): tf.Tensor {
  const targets = { oneHot: inputs[oneHotInput(task)]!, weight: inputs[weightInput(task)]! };
  const given = named(logits, `logits of ${task}`);
  return named(oneNumber(task, losses[task]!(given, targets)), `loss of ${task}`);
}

/** A pass of one graph, as the facts about its tasks need it. */
function taskPass(
  spec: ModelSpec,
  names: readonly string[],
  inputs: Live,
  state: Live,
  options: StepOptions,
): TaskPass {
  const { source, lora, losses } = options;
  const parameters = lora ? withLora(spec.encoder, state, lora) : state;
  return {
    spec,
    parameters,
    features:
      source === "features"
        ? inputs.features!
        : encodeImages(spec, parameters, normalise(inputs.images!, spec.normalisation)),
    dropout: dropoutOf(spec, inputs),
    mask: inputs[MASK_INPUT],
    lossOf: (task, logits) => lossOf(task, logits, inputs, losses),
    shared: {
      names: names.filter((name) => !name.startsWith("heads.")),
      logits: (values) => logitsOf(spec, { ...state, ...values }, inputs, options),
    },
  };
}

/** The value of a loss function as a scalar. */
function oneNumber(task: string, loss: tf.Tensor): tf.Tensor {
  if (loss.size === 1) return tf.reshape(loss, []);
  throw new OsccError(
    "ShapeMismatch",
    [
      `the loss of ${task} gives shape [${loss.shape.join(", ")}].`,
      "Expected one number: the weighted mean over the patients of a batch.",
      "For example  tf.sum(tf.mul(targets.weight, lossOfEachPatient)).",
    ],
    { expected: [], found: loss.shape },
  );
}

/** The dropout masks among a step's inputs, by task. */
export function dropoutOf(spec: ModelSpec, inputs: Live): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.keys(spec.tasks).map((task) => [task, inputs[dropoutInput(task)]!]));
}

function logitsOf(
  spec: ModelSpec,
  parameters: LiveParameters,
  inputs: Live,
  { source, lora }: StepOptions,
): Live {
  const dropout = dropoutOf(spec, inputs);
  const mask = inputs[MASK_INPUT];
  if (source === "features") return forwardFeatures(spec, parameters, inputs.features!, dropout, mask).logits;
  const adapted = lora ? withLora(spec.encoder, parameters, lora) : parameters;
  const tap = (layer: string, value: tf.Tensor) => named(value, `encoder.${layer}`);
  return forward(spec, adapted, normalise(inputs.images!, spec.normalisation), {
    dropout,
    tap,
    ...(mask ? { mask } : {}),
  }).logits;
}

/** What the size of scaled gradients says. */
function judged(gradients: readonly tf.Tensor[], state: Live): GradientVerdict {
  return judgeGradients(state[LOSS_SCALE]!, state[SOUND_STEPS]!, sum(gradients.map(squaredNorm)));
}

/** Gradients without the scale of the loss, clipped if wanted. */
function scaledBack(
  gradients: readonly tf.Tensor[],
  { factor, squares }: GradientVerdict,
  clipNorm: number | undefined,
): tf.Tensor[] {
  const all = clipNorm === undefined ? factor : tf.mul(factor, clipFactor(squares, clipNorm));
  return gradients.map((gradient) => tf.mul(gradient, all));
}

/** Gradients scaled down together to a joint norm, if one is given. */
function clipped(gradients: readonly tf.Tensor[], norm: number | undefined): readonly tf.Tensor[] {
  if (norm === undefined) return gradients;
  const factor = clipFactor(sum(gradients.map(squaredNorm)), norm);
  return gradients.map((g) => tf.mul(g, factor));
}

export function squaredNorm(gradient: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(gradient));
}

/** min(1, norm / joint norm), as `torch.nn.utils.clip_grad_norm_`, from the sum of all squares. */
export function clipFactor(squares: tf.Tensor, norm: number): tf.Tensor {
  return tf.minimum(1, tf.div(norm, tf.add(tf.sqrt(squares), 1e-6)));
}

function sum(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.reduce((a, b) => tf.add(a, b));
}

function lastHidden(spec: ModelSpec): number {
  return spec.head.hidden[spec.head.hidden.length - 1] ?? spec.fusion.width;
}

/** Width of the layer that dropout acts on. */
export const dropoutWidth = lastHidden;
