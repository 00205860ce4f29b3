/**
 * The tracing backend: TensorFlow.js hands it operations, it appends nodes to an ONNX graph instead of computing.
 *
 * A tensor of this backend is either a symbol (a value of the graph under construction) or a constant (numbers
 * that the traced function brought along), which enters the graph where it is first used.
 */
import {
  type BackendValues,
  DataStorage,
  engine,
  KernelBackend,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { OsccError } from "../../core/errors";
import { Graph, type NodeOptions, type OnnxType } from "../onnx/graph";
import type { Precision } from "../precision";
import type { Device } from "../program";
import { type DType, dtypeOf, tf } from "../tensors";
import { callSite, drawsRandomNumbers } from "./call-site";

export const TRACE_BACKEND = "oscc-lab-trace";

type Content = { readonly symbol: string; readonly graph: Graph } | { readonly values: BackendValues };

type Stored = Content & { references: number };

export class TraceBackend extends KernelBackend {
  /** The trace that is going on; there is at most one, since tracing is synchronous. */
  current: Trace | undefined;
  private readonly storage = new DataStorage<Stored>(this, engine());

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override write(values: BackendValues, shape: number[], dtype: never): object {
    if (this.current && shape.length > 0 && drawsRandomNumbers()) throw randomAtTrace();
    const id = {};
    this.move(id, values, shape, dtype, 1);
    return id;
  }

  override move(
    id: object,
    values: BackendValues,
    _shape: number[],
    _dtype: never,
    references: number,
  ): void {
    this.storage.set(id, { values, references });
  }

  /** A new tensor that stands for a value of the graph. */
  symbol(graph: Graph, name: string, shape: readonly number[], dtype: DType): TensorInfo {
    const dataId = {};
    this.storage.set(dataId, { symbol: name, graph, references: 1 });
    return { dataId, shape: [...shape], dtype };
  }

  has(tensor: TensorInfo): boolean {
    return this.storage.has(tensor.dataId);
  }

  content(tensor: TensorInfo): Content {
    return this.storage.get(tensor.dataId);
  }

  override readSync(id: object): BackendValues {
    const stored = this.storage.get(id);
    if ("values" in stored) return stored.values;
    throw valueAtTrace();
  }

  override async read(id: object): Promise<BackendValues> {
    return this.readSync(id);
  }

  override disposeData(id: object, force = false): boolean {
    if (!this.storage.has(id)) return true;
    const stored = this.storage.get(id);
    stored.references--;
    if (!force && stored.references > 0) return false;
    this.storage.delete(id);
    return true;
  }

  override incRef(id: object): void {
    this.storage.get(id).references++;
  }

  override refCount(id: object): number {
    return this.storage.has(id) ? this.storage.get(id).references : 0;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }
}

/** The one tracing backend of this process. */
export const traceBackend = new TraceBackend();
tf.registerBackend(TRACE_BACKEND, () => traceBackend, 0);

/** One trace: the graph under construction and the device it is for. Kernels add to the graph through this. */
export class Trace {
  readonly graph = new Graph();
  /** Of the products of blocks that are traced now. */
  precision: Precision = "f32";

  /** @param placeOf  a value that is noted with the line of the user's that makes it; for all of them it takes long */
  constructor(
    readonly device: Device,
    private readonly placeOf?: string,
  ) {}

  /** The name of a tensor's value in the graph. */
  name(tensor: TensorInfo): string {
    const content = traceBackend.content(tensor);
    if ("symbol" in content) {
      if (content.graph === this.graph) return content.symbol;
      throw foreignTensor();
    }
    return this.graph.constant(content.values as Float32Array, tensor.shape, dtypeOf(tensor));
  }

  /** Add a node; tensors and names may be mixed among the inputs. */
  node(operator: string, inputs: readonly (TensorInfo | string)[], options?: NodeOptions): string {
    return this.graph.node(operator, this.names(inputs), options);
  }

  /** Add a node with several outputs. */
  nodeWithOutputs(
    operator: string,
    inputs: readonly (TensorInfo | string)[],
    count: number,
    options?: NodeOptions,
  ): string[] {
    return this.graph.nodeWithOutputs(operator, this.names(inputs), count, options);
  }

  /** A value of the graph as a tensor, for a kernel to return. */
  tensor(name: string, shape: readonly number[], dtype: string): TensorInfo {
    this.graph.shapes.set(name, [...shape]);
    const known = this.graph.notes.get(name);
    if (!known) {
      const place = name === this.placeOf ? { place: callSite() } : {};
      this.graph.notes.set(name, { type: dtypeOf({ dtype }), made: name, ...place });
    }
    return traceBackend.symbol(this.graph, name, shape, dtypeOf({ dtype }));
  }

  /** A vector of whole numbers, as shapes and axes are passed to ONNX operators. */
  integers(values: readonly number[]): string {
    return this.graph.constant(values, [values.length], "int64");
  }

  scalar(value: number, type: OnnxType): string {
    return this.graph.constant([value], [], type);
  }

  private names(inputs: readonly (TensorInfo | string)[]): string[] {
    return inputs.map((input) => (typeof input === "string" ? input : this.name(input)));
  }
}

/**
 * Make `Math.random` an error until the returned function is called. TensorFlow.js seeds its random numbers with it
 * unless it is given a seed; those are found by their stack, in `write`.
 */
export function forbidRandomNumbers(): () => void {
  const former = Math.random;
  Math.random = () => {
    throw randomAtTrace();
  };
  return () => {
    Math.random = former;
  };
}

/** The trace that is going on, if one is. */
export function currentTrace(): Trace | undefined {
  return traceBackend.current;
}

/**
 * Give a tensor a name that people know: messages about values that are not finite use it, and so do saved graphs.
 *
 * @returns  the tensor, as it was
 * @example
 * const [q, k] = [tf.ones([1, 4, 8]), tf.ones([1, 4, 8])];
 * const scores = engine.named(tf.matMul(q, k, false, true), "attention scores");
 */
export function named<T extends tf.Tensor>(tensor: T, name: string): T {
  const graph = traceBackend.current?.graph;
  if (!graph || !traceBackend.has(tensor)) return tensor;
  const content = traceBackend.content(tensor);
  const note = "symbol" in content && content.graph === graph ? graph.notes.get(content.symbol) : undefined;
  if (note) note.label ??= name;
  return tensor;
}

/** The trace that a kernel of the tracing backend adds to. */
export function requireTrace(): Trace {
  if (traceBackend.current) return traceBackend.current;
  throw foreignTensor();
}

function valueAtTrace(): OsccError {
  return new OsccError(
    "UnsupportedOperation",
    [
      `the value of a tensor was asked for while the function is being compiled${callSite()}.`,
      "A compiled function is called once, with symbols: there are no values yet (data, dataSync, array, print).",
      "Return the tensor as an output and look at it after program.run, or compute with tf.where instead of if;" +
        ' to debug with values, compile with { device: "eager" }.',
    ],
    { operation: "dataSync" },
  );
}

function randomAtTrace(): OsccError {
  return new OsccError(
    "UnsupportedOperation",
    [
      `random numbers were drawn while the function is being compiled${callSite()}.`,
      "They would be drawn once and be the same in every run.",
      "Draw them outside (with Rng) and pass them in as an input, for example a dropout mask.",
    ],
    { operation: "random" },
  );
}

function foreignTensor(): OsccError {
  return new OsccError(
    "UnsupportedOperation",
    [
      `a symbol of another compilation was used${callSite()}.`,
      "A tensor that was made inside a compiled function has no value outside of it.",
      "Return it as an output of the function.",
    ],
    { operation: "symbol" },
  );
}
