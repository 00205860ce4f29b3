/**
 * The tensor part of balancing: the losses of all tasks in a pass, and the scalar products of their gradients. Traced
 * into the compiled step, beside the loss.
 *
 * Letters: B patients, M images a patient, D feature width, F fused width, T tasks.
 */
import { tf } from "../../engine";
import { forwardFeatures, forwardHeads, type LiveParameters, type ModelSpec } from "../../model";
import { type ParetoScaling, paretoWeights } from "./pareto";
import { type GradientPlace, lastSharedLayer } from "./place";

type Live = Readonly<Record<string, tf.Tensor>>;

/** A pass as far as the heads' losses need it. */
export interface TaskPass {
  readonly spec: ModelSpec;
  /** By full name, adapters merged. */
  readonly parameters: LiveParameters;
  /** [B * M, D] */
  readonly features: tf.Tensor;
  readonly dropout: Live;
  /** [B, M], where missing images are masked. */
  readonly mask?: tf.Tensor | undefined;
  /** The loss of each task from its logits. */
  readonly lossOf: (task: string, logits: tf.Tensor) => tf.Tensor;
  /** For `"shared"`: names of the trained parameters before the heads, and the logits as a function of them. */
  readonly shared?: {
    readonly names: readonly string[];
    readonly logits: (changed: LiveParameters) => Live;
  };
}

/** Losses of all tasks as a vector [T], unweighted. */
export function taskLosses(pass: TaskPass): tf.Tensor {
  const { spec, parameters, features, dropout, mask, lossOf } = pass;
  const { logits } = forwardFeatures(spec, parameters, features, dropout, mask);
  return asVector(Object.keys(spec.tasks).map((task) => lossOf(task, logits[task]!)));
}

/** Scalars as a vector. */
export function asVector(scalars: readonly tf.Tensor[]): tf.Tensor {
  return tf.concat(scalars.map((scalar) => tf.reshape(scalar, [1])));
}

/** Scalar products of the gradients of the tasks' losses at a place, [T, T]. */
export function gradientProducts(pass: TaskPass, place: GradientPlace): tf.Tensor {
  const { values, logits } = variablesAt(pass, place);
  const gradients = Object.keys(pass.spec.tasks).map((task) =>
    tf.grads((...live: tf.Tensor[]) => tf.reshape(pass.lossOf(task, logits(live)[task]!), []))([...values]),
  );
  const products = values.map((_, k) => {
    const rows = tf.concat(
      gradients.map((gradient) => tf.reshape(gradient[k]!, [1, -1])),
      0,
    ); // [T, elements]
    return tf.matMul(rows, rows, false, true);
  });
  return products.reduce((a, b) => tf.add(a, b));
}

/** The variables of a place, and all logits as a function of them. */
function variablesAt(
  { spec, parameters, features, dropout, mask, shared }: TaskPass,
  place: GradientPlace,
): { readonly values: readonly tf.Tensor[]; readonly logits: (values: readonly tf.Tensor[]) => Live } {
  if (place === "representation") {
    const { fused } = forwardFeatures(spec, parameters, features, dropout, mask); // [B, F]
    return { values: [fused], logits: ([z]) => forwardHeads(spec, parameters, z!, dropout) };
  }
  if (place === "lastSharedLayer") {
    const name = lastSharedLayer(spec)!;
    return {
      values: [parameters[name]!],
      logits: ([weight]) =>
        forwardFeatures(spec, { ...parameters, [name]: weight! }, features, dropout, mask).logits,
    };
  }
  const { names, logits } = shared!;
  return {
    values: names.map((name) => parameters[name]!),
    logits: (values) => logits(Object.fromEntries(names.map((name, i) => [name, values[i]!]))),
  };
}

/** The input of a step that holds the tasks' weights, [T]. */
export const TASK_WEIGHTS = "taskWeights";

/** What a step does about several tasks. */
export interface TaskWatch {
  /** Where gradients are compared; absent: not at all. */
  readonly place?: GradientPlace;
  /** MGDA inside the step: the weights come from the gradients of this very pass. */
  readonly scaling?: ParetoScaling;
}

/** The facts of a pass as outputs of a step, and the weights of its losses. */
export function watchTasks(
  pass: TaskPass,
  { place, scaling }: TaskWatch,
  inputs: Live,
): { readonly outputs: Record<string, tf.Tensor>; readonly weights: tf.Tensor } {
  const losses = taskLosses(pass);
  const gram = place && gradientProducts(pass, place);
  const found = scaling && gram && paretoWeights(scaling, losses, gram);
  const outputs = { losses, ...(gram ? { gram } : {}), ...(found ? { weights: found } : {}) };
  return { outputs, weights: found ?? inputs[TASK_WEIGHTS]! };
}
