/** How a kernel of the tracing backend is written: from inputs and attributes to nodes of the graph. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { ELEMENT_TYPE } from "../../onnx/encode";
import type { OnnxType } from "../../onnx/graph";
import type { tf } from "../../tensors";
import type { Trace } from "../backend";

export type Inputs = Readonly<Record<string, tf.Tensor>>;
export type Attributes = Readonly<Record<string, unknown>>;
export type Build = (inputs: Inputs, attributes: Attributes, trace: Trace) => TensorInfo | TensorInfo[];

/** Kernels by the name TensorFlow.js calls them. */
export type Kernels = Readonly<Record<string, Build>>;

/** A kernel that is a composition of other TensorFlow.js operations. */
export function composed(compose: (inputs: Inputs, attributes: Attributes) => tf.Tensor): Build {
  return (inputs, attributes) => compose(inputs, attributes);
}

/** The value converted to another element type. */
export function cast(trace: Trace, value: TensorInfo | string, to: OnnxType): string {
  return trace.node("Cast", [value], { attributes: { to: ELEMENT_TYPE[to] } });
}

/** The value as floating point: many operators exist for nothing else. */
export function asFloat(trace: Trace, x: TensorInfo): string {
  return x.dtype === "float32" ? trace.name(x) : cast(trace, x, "float32");
}

/** The value as numbers: ONNX does not calculate with booleans. */
export function asNumber(trace: Trace, x: TensorInfo): string {
  return x.dtype === "bool" ? cast(trace, x, "int32") : trace.name(x);
}

/** The value under another shape. */
export function reshaped(trace: Trace, value: TensorInfo | string, shape: readonly number[]): string {
  return trace.node("Reshape", [value, trace.integers(shape)]);
}

/** The axis as a number from 0. */
export function axisFromStart(axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < Math.max(rank, 1))
    return axis < 0 ? axis + rank : axis;
  throw new Error(`There is no axis ${axis} among ${rank}; expected ${-rank} to ${rank - 1}.`);
}
