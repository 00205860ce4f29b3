/**
 * Mixed precision: the products of linear layers and attention take operands of half precision; everything else, the
 * weights first of all, stays in single precision (Micikevicius et al., ICLR 2018).
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { invalidArgument, unknownName } from "../core/errors";
import { type HostTensor, hostTensor, tf } from "./tensors";
import { currentTrace, type Trace } from "./trace/backend";
import { cast } from "./trace/kernels/define";

/** `f32`: single precision throughout. `f16`: half precision within large products, for GPUs. */
export const PRECISIONS = ["f32", "f16"] as const;
/** See `PRECISIONS`. */
export type Precision = (typeof PRECISIONS)[number];

/** Check an option; half precision needs a compiled graph. */
export function checkPrecision(precision: Precision, device: string): void {
  if (!PRECISIONS.includes(precision)) throw unknownName("precision", precision, PRECISIONS);
  if (precision === "f16" && device === "eager")
    throw invalidArgument("precision", "f16 on device eager", "f32", "TensorFlow.js has no half precision.");
}

/** Trace `work` with products in that precision, and the products of gradients that are taken within it. */
export function withPrecision<T>(precision: Precision, work: () => T): T {
  const trace = currentTrace();
  if (!trace) return work();
  const former = trace.precision;
  trace.precision = precision;
  try {
    return work();
  } finally {
    trace.precision = former;
  }
}

/** A value in half precision; each value is converted once. */
export function halved(trace: Trace, value: TensorInfo): string {
  const name = trace.name(value);
  return trace.graph.cached(`half:${name}`, () => {
    const half = cast(trace, name, "float16");
    trace.graph.shapes.set(half, value.shape);
    return half;
  });
}

/** Names of the state that dynamic loss scaling carries from step to step. */
export const LOSS_SCALE = "lossScale";
export const SOUND_STEPS = "lossScale.steps";

/** Half precision ends at 65,504: the first scale overflows at most for a few steps, which are skipped. */
const FIRST_SCALE = 2 ** 16;
const LARGEST_SCALE = 2 ** 24;
/** The scale doubles after so many steps without an overflow. */
const PATIENCE = 2000;
/** Sums of squares from here on have overflowed. Comparing is safe where a test for NaN is not to be had. */
const OVERFLOWN = 3e38;

/** The state of loss scaling before the first step. */
export function lossScaleState(): Record<string, HostTensor> {
  return { [LOSS_SCALE]: hostTensor([FIRST_SCALE], []), [SOUND_STEPS]: hostTensor([0], []) };
}

/** What the size of a step's gradients says. */
export interface GradientVerdict {
  /** Boolean scalar: they are finite. If not, the step must be skipped. */
  readonly sound: tf.Tensor;
  /** The sum of squares of the gradients without the scale. */
  readonly squares: tf.Tensor;
  /** The factor that takes the scale away. */
  readonly factor: tf.Tensor;
  /** The scale and the count of sound steps for the next step. */
  readonly scale: tf.Tensor;
  readonly steps: tf.Tensor;
}

/**
 * Judge gradients of a loss times a scale.
 *
 * The scale lifts small gradients above what half precision loses. Where it lifts others too far, the step is skipped
 * and the scale halved; after 2,000 sound steps it doubles.
 *
 * @param scale    scalar
 * @param steps    scalar: sound steps since the scale last changed
 * @param squares  scalar: sum of squares of the scaled gradients
 */
export function judgeGradients(scale: tf.Tensor, steps: tf.Tensor, squares: tf.Tensor): GradientVerdict {
  const sound = tf.less(squares, OVERFLOWN);
  const next = tf.add(steps, 1);
  const grows = tf.greaterEqual(next, PATIENCE);
  const grown = tf.minimum(tf.mul(scale, 2), LARGEST_SCALE);
  const zero = tf.scalar(0);
  return {
    sound,
    squares: tf.div(squares, tf.square(scale)),
    factor: tf.div(1, scale),
    scale: chosen(sound, chosen(grows, grown, scale), tf.maximum(tf.div(scale, 2), 1)),
    steps: chosen(sound, chosen(grows, zero, next), zero),
  };
}

/** `yes` or `no`, of one shape, by a boolean scalar: the scalar is not spread over the shape first, as tf.where does. */
export function chosen(condition: tf.Tensor, yes: tf.Tensor, no: tf.Tensor): tf.Tensor {
  const trace = currentTrace();
  if (!trace) return tf.where(condition, yes, no);
  const value = trace.node("Where", [condition, yes, no]);
  return tf.engine().makeTensorFromTensorInfo(trace.tensor(value, yes.shape, "float32"));
}
