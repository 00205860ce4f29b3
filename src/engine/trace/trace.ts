/** Tracing a function: calling it once with symbols, and keeping the graph that this draws. */
import { invalidArgument, isOsccError, OsccError } from "../../core/errors";
import { Dependencies } from "../onnx/dependencies";
import { encodeModel } from "../onnx/encode";
import type { Graph, Node, ValueInfo } from "../onnx/graph";
import { type InspectedValue, inspectedValues, inspectFinite } from "../onnx/inspect";
import { peakBytes } from "../onnx/memory";
import { checkNewState, type Device, type StepFunction, type Tensors } from "../program";
import type { WireUpdates } from "../protocol";
import { defaultState, programMetadata } from "../saved/format";
import { dtypeOf, type HostTensor, type TensorSpec, tf } from "../tensors";
import { findUpdates } from "../updates/find";
import { NO_UPDATES, planUpdates } from "../updates/plan";
import { forbidRandomNumbers, TRACE_BACKEND, Trace, traceBackend } from "./backend";
import { isFromTensorFlow, placeOfError, withLongStacks } from "./call-site";
import "./kernels";

type Spec = Required<TensorSpec>;

/** An input or output: its name in the program, and the value's name in the graph. */
export interface Port extends Spec {
  readonly name: string;
  readonly value: string;
}

/** An entry of the state: where it enters the graph, and where its new value leaves it, if it changes. */
export interface StatePort extends Port {
  readonly next: string | undefined;
  /** The new value may be written over the old one: everything that reads the old one is done by then. */
  readonly inPlace: boolean;
}

export interface TracedFunction {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly state: readonly StatePort[];
  /** What is done to the state once the graph has run: on the processor, where it takes one pass. */
  readonly updates: WireUpdates;
  /** The same with the updates in the graph, for where kernels have no memory; absent where they are in it. */
  readonly inGraph?: () => Pick<TracedFunction, "state" | "updates" | "model">;
  /** The name of the fence, an extra output (see `EncodeOptions.fence`). */
  readonly fence: string;
  /** The model for the runtime; on the processor with the fence. */
  readonly model: Uint8Array;
  /** The model for a file, without the fence; with values of the state, if they are given. */
  readonly file: (state?: Readonly<Record<string, HostTensor>>) => Uint8Array;
  readonly nodes: number;
  /** About how many bytes a run takes. */
  readonly bytesNeeded?: () => number;
}

export const FENCE = "oscc-lab.fence";

/** Trace a function for a device. Leaves no tensor behind. */
export function traceFunction(
  name: string,
  fn: StepFunction,
  inputs: Readonly<Record<string, Spec>>,
  state: Readonly<Record<string, Spec>>,
  device: Device,
): TracedFunction {
  return tracing(device, (trace) => record(name, draw(trace, name, fn, inputs, state), device));
}

/** A function traced to be looked into: it gives one number for each of `values`, 0 where all elements are finite. */
export interface Inspection {
  readonly traced: TracedFunction;
  /** In the order of computation. */
  readonly values: readonly InspectedValue[];
}

/**
 * Trace a function to find out where values stop being finite. The state goes in and does not change.
 *
 * @param placeOf  a value (`made`) that is to be noted with the line of the user's that makes it
 */
export function traceInspection(
  name: string,
  fn: StepFunction,
  inputs: Readonly<Record<string, Spec>>,
  state: Readonly<Record<string, Spec>>,
  device: Device,
  placeOf?: string,
): Inspection {
  const work = (trace: Trace): Inspection => {
    const drawing = draw(trace, name, fn, inputs, state);
    const values = inspectedValues(drawing.graph, (value) => {
      const port = [...drawing.inputs, ...drawing.state].find((p) => p.value === value);
      return port?.name;
    });
    const finite = inspectFinite(
      drawing.graph,
      values.map(({ value }) => value),
    );
    const outputs = [port(finite.name, finite.name, { shape: finite.shape, dtype: "float32" })];
    return { traced: record(name, { ...drawing, outputs, next: [] }, device), values };
  };
  return tracing(device, work, placeOf);
}

/** Trace a function without state; gives the graph itself, whose inputs and outputs are named as the function's. */
export function traceGraph(
  fn: (inputs: Tensors) => Tensors,
  inputs: Readonly<Record<string, Spec>>,
  device: Device,
): Graph {
  return tracing(device, (trace) => {
    const ports = Object.entries(inputs).map(([name, spec]) => port(name, name, spec));
    const results = fn(Object.fromEntries(ports.map((p) => [p.name, symbol(trace, p, "")])));
    trace.graph.finish(
      Object.entries(results).map(([name, tensor]) => ({
        ...valueInfo(tensorPort(name, name, tensor), ""),
        value: trace.name(tensor),
      })),
    );
    return trace.graph;
  });
}

/** Call `work` while operations are being traced. */
function tracing<T>(device: Device, work: (trace: Trace) => T, placeOf?: string): T {
  if (traceBackend.current)
    throw invalidArgument("compile", "called inside a compiled function", "a call outside of one");
  const trace = new Trace(device, placeOf);
  const former = tf.getBackend();
  tf.setBackend(TRACE_BACKEND);
  traceBackend.current = trace;
  tf.engine().startScope("compile");
  const allowRandom = forbidRandomNumbers();
  try {
    return withLongStacks(() => work(trace));
  } catch (error) {
    throw refusedByTensorFlow(error) ?? placed(error);
  } finally {
    allowRandom();
    tf.engine().endScope();
    traceBackend.current = undefined;
    tf.setBackend(former);
  }
}

/** What TensorFlow.js finds wrong with the arguments of an operation, with the line that called it. */
function refusedByTensorFlow(error: unknown): OsccError<"ShapeMismatch"> | undefined {
  if (!(error instanceof Error) || isOsccError(error) || !isFromTensorFlow(error)) return undefined;
  return new OsccError(
    "ShapeMismatch",
    [
      `an operation was called with tensors that do not fit${placeOfError(error)}.`,
      error.message,
      "Print the shapes before that line: console.log(tensor.shape) works while a function is compiled.",
    ],
    { expected: [], found: [] },
    { cause: error },
  );
}

/** An error of ours with the line of the user's that led to it, unless it says so already. */
function placed(error: unknown): unknown {
  if (!isOsccError(error)) return error;
  const [first = "", ...rest] = error.message.split("\n  ");
  const place = placeOfError(error);
  if (place === "" || /:\d+:\d+/.test(first)) return error;
  const line = first.endsWith(".") ? `${first.slice(0, -1)}${place}.` : `${first}${place}`;
  return new OsccError(error.code, [line, ...rest], error.data, { cause: error.cause ?? error });
}

/** A function's graph, with the names of all that goes in and comes out. */
interface Drawing {
  readonly graph: Graph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** State that enters, and the new values of what changes. */
  readonly state: readonly Port[];
  readonly next: readonly Port[];
}

function draw(
  trace: Trace,
  name: string,
  fn: StepFunction,
  inputs: Readonly<Record<string, Spec>>,
  state: Readonly<Record<string, Spec>>,
): Drawing {
  const { graph } = trace;
  const taken = new Set<string>();
  const inputPorts = Object.entries(inputs).map(([key, spec]) => port(key, unique(taken, key), spec));
  const statePorts = Object.entries(state).map(([key, spec]) =>
    port(key, unique(taken, `state/${key}`), spec),
  );
  const symbols = (ports: readonly Port[], description: string) =>
    Object.fromEntries(ports.map((p) => [p.name, symbol(trace, p, description)]));

  const step = fn(symbols(inputPorts, "input"), symbols(statePorts, "state before the step"));
  checkNewState(name, state, step.state ?? {});

  const outputPorts = Object.entries(step.outputs).map(([key, value]) =>
    tensorPort(key, unique(taken, key), value),
  );
  const nextValues = Object.entries(step.state ?? {}).map(([key, value]) => ({
    ...tensorPort(key, unique(taken, `next/${key}`), value!),
    tensor: value!,
  }));
  if (outputPorts.length + nextValues.length === 0)
    throw invalidArgument(name, "no outputs", "a function that returns at least one output or new state");

  graph.finish([
    ...outputPorts.map((p) => ({ ...valueInfo(p, "output"), value: trace.name(step.outputs[p.name]!) })),
    ...nextValues.map((p) => ({ ...valueInfo(p, "state after the step"), value: trace.name(p.tensor) })),
  ]);
  const next = nextValues.map(({ tensor: _, ...p }) => p);
  return { graph, inputs: inputPorts, outputs: outputPorts, state: statePorts, next };
}

function record(
  name: string,
  { graph, inputs, outputs, state, next }: Drawing,
  device: Device,
): TracedFunction {
  const nextNames = new Map(next.map((n) => [n.name, n.value]));
  const dependencies = new Dependencies(graph);
  const description =
    `${name}: inputs ${listed(inputs)}; outputs ${listed(outputs)}.` +
    (state.length > 0
      ? " Values named state/x are carried from step to step: feed next/x back as state/x."
      : "");
  const ports = state.map((p) => {
    const after = nextNames.get(p.name);
    const inPlace = after !== undefined && canOverwrite(graph, dependencies, p.value, after);
    return { ...p, next: after, inPlace };
  });
  const found = device === "cpu" ? findUpdates(graph, ports) : undefined;
  const run = found?.graph ?? graph;
  const modelOf = (drawn: Graph) =>
    encodeModel(drawn, {
      name,
      description,
      ...(device === "cpu" ? { fence: FENCE } : {}),
    });
  return {
    name,
    inputs,
    outputs,
    state: ports.map((p) => (found?.updated.has(p.value) ? { ...p, next: undefined } : p)),
    updates: found ? planUpdates(found) : NO_UPDATES,
    ...(run === graph
      ? {}
      : { inGraph: () => ({ state: ports, updates: NO_UPDATES, model: modelOf(graph) }) }),
    fence: FENCE,
    model: modelOf(run),
    file: (values = {}) =>
      encodeModel(graph, {
        name,
        description,
        metadata: programMetadata({ name, device, inputs, outputs, state: ports }),
        defaults: defaultState(ports, values),
      }),
    nodes: graph.nodes.length,
    bytesNeeded: () => peakBytes(run),
  };
}

function symbol(trace: Trace, p: Port, description: string): tf.Tensor {
  trace.graph.input(valueInfo(p, description));
  return tf.engine().makeTensorFromTensorInfo(trace.tensor(p.value, p.shape, p.dtype));
}

function port(name: string, value: string, { shape, dtype }: Spec): Port {
  return { name, value, shape: [...shape], dtype };
}

function tensorPort(name: string, value: string, tensor: tf.Tensor): Port {
  if (!(tensor instanceof tf.Tensor)) throw invalidArgument(`output "${name}"`, tensor, "a tensor");
  return port(name, value, { shape: tensor.shape, dtype: dtypeOf(tensor) });
}

function valueInfo({ value, shape, dtype }: Port, description: string): ValueInfo {
  return { name: value, type: dtype, shape, description };
}

/** The name, or with a number behind it when an input and an output are called the same. */
function unique(taken: Set<string>, name: string): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n++) candidate = `${name}#${n}`;
  taken.add(candidate);
  return candidate;
}

function listed(ports: readonly Port[]): string {
  return ports.map((p) => `${p.name} [${p.shape.join(", ")}]`).join(", ") || "none";
}

/** Operators that finish reading an element before they write the one in its place. */
const ELEMENT_BY_ELEMENT = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Sqrt", "Where", "Sum"]);

/**
 * Whether the runtime may write `next` into the buffer of `old`: every node that reads `old` must come before the
 * node that writes `next` because that node depends on it, or be that node itself, working element by element.
 * Weights fail this (the backward pass still reads them), moments of an optimiser pass.
 */
function canOverwrite(graph: Graph, dependencies: Dependencies, old: string, next: string): boolean {
  const writer = dependencies.producerOf(next);
  if (!writer || writer.operator === "Identity") return false;
  if (graph.outputs.some((output) => output.name === old)) return false;
  const readers = readersThroughViews(graph, dependencies, old);
  if (readers.has(writer) && !ELEMENT_BY_ELEMENT.has(writer.operator)) return false;
  readers.delete(writer);
  // The latest first: where one fails it is usually that one.
  return [...readers].reverse().every((reader) => dependencies.needsAll(writer, [reader]));
}

/** Operators whose output the runtime may let lie in the memory of their input, or fold into the node behind them. */
const VIEWS = new Set(["Cast", "Concat", "Expand", "Identity", "Reshape", "Slice", "Tile", "Transpose"]);
/** Operators that vanish, or fold into a product, when their other input is a constant. */
const SCALINGS = new Set(["Add", "Div", "Mul", "Neg", "Sub"]);

/**
 * All nodes that may read the memory of `value` once the runtime has optimised the graph: its readers, and, where a
 * reader may be optimised away, the readers of what that one makes.
 */
function readersThroughViews(graph: Graph, dependencies: Dependencies, value: string): Set<Node> {
  const found = new Set<Node>();
  const open = [value];
  while (open.length > 0)
    for (const reader of dependencies.readers(open.pop()!)) {
      if (found.has(reader)) continue;
      found.add(reader);
      const scales =
        SCALINGS.has(reader.operator) && reader.inputs.some((input) => graph.constants.has(input));
      if (scales || VIEWS.has(reader.operator)) open.push(...reader.outputs);
    }
  return found;
}
