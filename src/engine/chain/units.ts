/** Unit graphs: the small graphs that a plan runs again and again. */
import { cutGraph, foldSums } from "../onnx/cut";
import { encodeModel } from "../onnx/encode";
import type { Graph, ValueInfo } from "../onnx/graph";
import { peakBytes } from "../onnx/memory";
import { LOSS_SCALE, type Precision, withPrecision } from "../precision";
import type { Tensors } from "../program";
import type { SessionDevice } from "../protocol";
import { type TensorSpec, tf } from "../tensors";
import { FENCE, traceGraph } from "../trace/trace";
import { findUpdates, type Update } from "../updates/find";
import type { Link } from "./link";

type Shape = readonly number[];
type Shapes = Readonly<Record<string, Shape>>;

/** What graphs are made for. */
export interface Target {
  readonly device: SessionDevice;
  readonly precision: Precision;
  /** No kernels (see updates/): there is no memory for them. */
  readonly withoutKernels?: boolean;
}

/** A graph ready for the runtime. Inputs that the graph does not read are not among its `inputs`. */
export interface Unit {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly model: Uint8Array;
  readonly file: () => Uint8Array;
  readonly fence: string;
  readonly nodes: number;
  /** About how many bytes a run takes. */
  readonly bytesNeeded: () => number;
  /** What is left to do once the graph has run. */
  readonly update?: Update;
}

/** Names of a unit's values. A parameter's gradient is added to what is there. */
export const parameterValue = (name: string) => `parameter/${name}`;
export const sumValue = (name: string) => `gradient/${name}`;
export const nextSumValue = (name: string) => `next/${name}`;

/** A link that is only run forward: `x` and parameters to `y`. */
export function traceForward(target: Target, link: Link, x: Shape, parameters: Shapes): Unit {
  return unit(target, `${link.kind}.forward`, forwardGraph(target, link, x, parameters));
}

/** The graphs of a link: forward and, from what was kept, backward. */
export interface TrainedLink {
  readonly forward: Unit;
  readonly backward: Unit;
  /** Shape of the result. */
  readonly result: Shape;
  /** What the forward graph gives for the backward graph beside the result `y`. */
  readonly kept: readonly ValueInfo[];
}

/**
 * Trace a link with its gradient.
 *
 * Forward: `x` and parameters to `y` and what is kept. Backward: that, and the gradient `dy` of the result, to the
 * gradient `dx` (unless the link is the first) and new sums of the parameters' gradients.
 */
export function traceTrainedLink(
  target: Target,
  link: Link,
  x: Shape,
  parameters: Shapes,
  first: boolean,
): TrainedLink {
  const result = forwardGraph(target, link, x, parameters).outputs[0]!.shape;
  const names = Object.keys(parameters);
  const joint = drawn(
    target,
    (inputs) => {
      const live = names.map((name) => inputs[parameterValue(name)]!);
      const apply = (values: readonly tf.Tensor[], input: tf.Tensor) =>
        link.apply(Object.fromEntries(names.map((name, i) => [name, values[i]!])), input);
      const { value, grads } = first
        ? tf.valueAndGrads((...values: tf.Tensor[]) => apply(values, inputs.x!))(live, inputs.dy!)
        : tf.valueAndGrads((input: tf.Tensor, ...values: tf.Tensor[]) => apply(values, input))(
            [inputs.x!, ...live],
            inputs.dy!,
          );
      const gradients = first ? grads : grads.slice(1);
      return { y: value, ...(first ? {} : { dx: grads[0]! }), ...addedSums(names, inputs, gradients) };
    },
    { x, dy: result, ...parameterShapes(parameters), ...sumShapes(parameters) },
  );
  const { forward, backward, kept } = cutGraph(joint, "y");
  foldSums(backward);
  // A link of the same kind further on needs more of the way back, and so may keep more.
  const name = first ? `${link.kind}.first` : link.kind;
  return {
    forward: unit(target, `${name}.forward`, forward),
    backward: unit(target, `${name}.backward`, backward),
    result,
    kept: kept.filter(({ name }) => name !== "y"),
  };
}

/** The end of a chain: from its results and other inputs to a loss, with gradients. */
export type ChainLoss = (parameters: Tensors, results: tf.Tensor, inputs: Tensors) => tf.Tensor;

/** What is measured at the end of a chain beside the loss: outputs by name, through which no gradient passes. */
export type ChainMeasures = (parameters: Tensors, results: tf.Tensor, inputs: Tensors) => Tensors;

/**
 * The loss and its gradients in one graph: `loss`, `dresults`, new sums of the parameters' gradients, and what is
 * measured. In half precision the gradients are those of the loss times a scale, an input.
 */
export function traceLoss(
  target: Target,
  loss: ChainLoss,
  results: Shape,
  parameters: Shapes,
  inputs: Shapes,
  measures: ChainMeasures = () => ({}),
): Unit {
  const names = Object.keys(parameters);
  const scale = target.precision === "f16" ? { [LOSS_SCALE]: [] } : {};
  const graph = drawn(
    target,
    (given) => {
      const { value, grads } = tf.valueAndGrads((features: tf.Tensor, ...values: tf.Tensor[]) => {
        const live = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
        return tf.reshape(loss(live, features, given), []);
      })([given.results!, ...names.map((name) => given[parameterValue(name)]!)], given[LOSS_SCALE]);
      const live = Object.fromEntries(names.map((name) => [name, given[parameterValue(name)]!]));
      return {
        loss: value,
        dresults: grads[0]!,
        ...addedSums(names, given, grads.slice(1)),
        ...measures(live, given.results!, given),
      };
    },
    { results, ...inputs, ...parameterShapes(parameters), ...sumShapes(parameters), ...scale },
  );
  foldSums(graph);
  return unit(target, "loss", graph);
}

/** Any function of tensors as a unit. */
export function traceUnit(
  target: Target,
  name: string,
  fn: (inputs: Tensors) => Tensors,
  inputs: Shapes,
): Unit {
  return unit(target, name, drawn(target, fn, inputs));
}

/**
 * A function that goes over tensors element by element, as a unit: the inputs `x` of which there are outputs `next/x`
 * change in place. On the processor a kernel does it, if one can.
 */
export function traceElementwise(
  target: Target,
  name: string,
  fn: (inputs: Tensors) => Tensors,
  inputs: Shapes,
): Unit {
  const graph = drawn(target, fn, inputs);
  const whole = unit(target, name, graph);
  if (target.device !== "cpu" || target.withoutKernels) return whole;
  const found = findUpdates(
    graph,
    Object.keys(inputs).map((value) => ({
      value,
      next: graph.outputs.some((output) => output.name === `next/${value}`) ? `next/${value}` : undefined,
      dtype: "float32",
    })),
  );
  const [update, ...more] = found.updates;
  if (!update || more.length > 0 || found.handed.length > 0) return whole;
  return { ...unit(target, name, found.graph), file: whole.file, nodes: whole.nodes, update };
}

function forwardGraph(target: Target, link: Link, x: Shape, parameters: Shapes): Graph {
  return drawn(
    target,
    (inputs) => {
      const live = Object.keys(parameters).map((name) => [name, inputs[parameterValue(name)]!]);
      return { y: link.apply(Object.fromEntries(live), inputs.x!) };
    },
    { x, ...parameterShapes(parameters) },
  );
}

/** The graph of a function of single-precision tensors. */
function drawn({ device, precision }: Target, fn: (inputs: Tensors) => Tensors, inputs: Shapes): Graph {
  return traceGraph((given) => withPrecision(precision, () => fn(given)), specs(inputs), device);
}

function addedSums(names: readonly string[], inputs: Tensors, gradients: readonly tf.Tensor[]): Tensors {
  return Object.fromEntries(
    names.map((name, i) => [nextSumValue(name), tf.add(inputs[sumValue(name)]!, gradients[i]!)]),
  );
}

const parameterShapes = (shapes: Shapes) => renamed(shapes, parameterValue);
const sumShapes = (shapes: Shapes) => renamed(shapes, sumValue);

function renamed(shapes: Shapes, rename: (name: string) => string): Record<string, Shape> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [rename(name), shape]));
}

function specs(shapes: Shapes): Record<string, Required<TensorSpec>> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" as const }]),
  );
}

function unit(target: Target, name: string, graph: Graph): Unit {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  graph.inputs.splice(0, graph.inputs.length, ...graph.inputs.filter((input) => read.has(input.name)));
  return {
    name,
    inputs: graph.inputs,
    outputs: graph.outputs,
    model: encodeModel(graph, {
      name,
      ...(target.device === "cpu" ? { fence: FENCE } : {}),
    }),
    file: () => encodeModel(graph, { name }),
    fence: FENCE,
    nodes: graph.nodes.length,
    bytesNeeded: () => peakBytes(graph),
  };
}
