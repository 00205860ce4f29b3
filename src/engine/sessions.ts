/**
 * Programs that are held ready in the compute worker: the session, and the state in buffers of its own.
 *
 * On the CPU the buffers of state and outputs are allocated once. State that is still read after its new value is
 * written (weights, in the backward pass) has two buffers that change roles with every step; the rest has one.
 *
 * onnxruntime-node copies every output into a new array, even one that was computed in a given buffer; at the size of
 * a model that costs more than the arithmetic. It does so after the run, output by output, and gives up at an output
 * that is no tensor. The fence is such an output, asked for first: all buffers are filled, nothing is copied, and
 * exactly one known error is thrown. This is no documented behaviour, so it is proven at start-up on a
 * graph of two elements; where the proof fails, outputs are copied as usual.
 */
import { encodeModel } from "./onnx/encode";
import { Graph } from "./onnx/graph";
import type { LoadRequest, PlanPlace, SessionDevice, WirePort, WireState } from "./protocol";
import { releaseNow } from "./release";
import {
  closeSession,
  giveBack,
  type InferenceSession,
  openSession,
  runSession,
  type Tensor,
  tensor,
} from "./runtime";
import type { DType, TensorData } from "./tensors";
import { ResidentUpdates } from "./updates/resident";

const FENCE_ERROR = /Non tensor type is temporarily not supported/;

/** Sessions without a program that are kept for the next program with the same graph (a fold, a resumed run). */
const IDLE_SESSIONS = 4;

/** For so long threads wait awake for the next operator: longer than most operators take to be handed out. */
const AWAKE_US = 50;

/** What opening a session takes. */
export type SessionRequest = Pick<
  LoadRequest,
  "key" | "model" | "device" | "threads" | "asItIs" | "outputs" | "state" | "fence"
>;

interface SharedSession {
  readonly session: InferenceSession;
  users: number;
}

export class Sessions {
  private readonly sessions = new Map<string, Promise<SharedSession>>();
  private fences: Promise<boolean> | undefined;

  /** The session of a graph; the same graph on the same device has one session. */
  async acquire(request: SessionRequest): Promise<InferenceSession> {
    const known = this.sessions.get(request.key);
    const opening = known ?? openRequested(request).then((session) => ({ session, users: 0 }));
    // The most recently used are last.
    this.sessions.delete(request.key);
    this.sessions.set(request.key, opening);
    try {
      const shared = await opening;
      shared.users++;
      return shared.session;
    } catch (error) {
      this.sessions.delete(request.key);
      throw error;
    }
  }

  async release(key: string): Promise<void> {
    const shared = await this.sessions.get(key);
    if (!shared) return;
    shared.users--;
    const idle: string[] = [];
    for (const [other, opening] of this.sessions) if ((await opening).users === 0) idle.push(other);
    for (const oldest of idle.slice(0, Math.max(0, idle.length - IDLE_SESSIONS))) {
      const closing = await this.sessions.get(oldest);
      this.sessions.delete(oldest);
      if (closing) await closeSession(closing.session);
    }
  }

  /** Whether the fence works in this version of the runtime; tried once. */
  fenceWorks(): Promise<boolean> {
    this.fences ??= proveFence();
    return this.fences;
  }
}

/** One program: run, read and write its state. Calls must not overlap; the worker takes one at a time. */
export interface ResidentProgram {
  readonly copiesOutputs: boolean;
  run(inputs: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>>;
  /** Of a plan: run it up to the first call that makes a value which is not finite, and say which. */
  inspect?(inputs: Readonly<Record<string, TensorData>>): Promise<PlanPlace | undefined>;
  read(names: readonly string[]): Promise<Record<string, TensorData>>;
  write(values: Readonly<Record<string, TensorData>>): Promise<void>;
  close(): Promise<void>;
}

export async function loadProgram(
  sessions: Sessions,
  { values, ...request }: LoadRequest,
): Promise<ResidentProgram> {
  const updates = request.updates.calls.length > 0 ? new ResidentUpdates(request.updates) : undefined;
  const session = await sessions.acquire(request);
  const release = () => sessions.release(request.key);
  return request.device === "cpu"
    ? new BufferedProgram(session, request, values, updates, await sessions.fenceWorks(), release)
    : new DeviceProgram(session, request, values, release);
}

/** A request without the first values of the state, which are not kept. */
type Loaded = Omit<LoadRequest, "values">;
type Values = LoadRequest["values"];

/** A program whose state lies in buffers of main memory; some of it is updated by kernels once the graph has run. */
class BufferedProgram implements ResidentProgram {
  /** Feeds and fetches of even and of odd steps. */
  private readonly feeds: [Tensors, Tensors] = [{}, {}];
  private readonly fetches: [Fetches, Fetches] = [{}, {}];
  private readonly results: Tensors = {};
  private parity: 0 | 1 = 0;
  /** Why the state can no longer be trusted: a run failed in the middle of writing it. */
  private torn: string | undefined;

  constructor(
    private readonly session: InferenceSession,
    private readonly request: Loaded,
    values: Values,
    private readonly updates: ResidentUpdates | undefined,
    private readonly fenced: boolean,
    private readonly release: () => Promise<void>,
  ) {
    for (const step of [0, 1] as const) if (fenced) this.fetches[step][request.fence] = null;
    if (updates) this.placeUpdates(updates);
    for (const entry of request.state) this.placeState(entry, values[entry.name]!);
    if (updates) {
      const copied = request.state.filter(({ value }) => updates.tensors.has(value));
      releaseNow(copied.map(({ name }) => values[name]!));
    }
    for (const output of request.outputs) {
      const buffer = emptyTensor(output);
      this.results[output.name] = buffer;
      this.fetchInto(output.value, buffer);
    }
  }

  get copiesOutputs(): boolean {
    return !this.fenced;
  }

  async run(inputs: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    if (this.torn)
      throw new Error(
        `an earlier run failed half way (${this.torn}); write the whole state again before the next run`,
      );
    const step = this.parity;
    const feeds: Tensors = { ...this.feeds[step] };
    for (const input of this.request.inputs) feeds[input.value] = tensorOf(input, inputs[input.name]!);
    try {
      await runFenced(this.session, feeds, this.fetches[step], this.fenced);
      const given = { ...feeds, ...this.fetches[step] };
      this.updates?.apply((value) => given[value]!.data[0] as number);
    } catch (error) {
      if (this.request.state.some(({ next, inPlace }) => next !== undefined && inPlace))
        this.torn = (error as Error).message;
      throw error;
    }
    this.parity = step === 0 ? 1 : 0;
    return Object.fromEntries(this.request.outputs.map(({ name }) => [name, copyOf(this.results[name]!)]));
  }

  async read(names: readonly string[]): Promise<Record<string, TensorData>> {
    const current = this.feeds[this.parity];
    return Object.fromEntries(names.map((name) => [name, copyOf(current[this.entry(name).value]!)]));
  }

  async write(values: Readonly<Record<string, TensorData>>): Promise<void> {
    const current = this.feeds[this.parity];
    for (const [name, data] of Object.entries(values))
      (current[this.entry(name).value]!.data as Float32Array).set(data as Float32Array);
    if (this.request.state.every((entry) => entry.name in values)) this.torn = undefined;
  }

  close(): Promise<void> {
    return this.release();
  }

  private entry(name: string): WireState {
    return this.request.state.find((entry) => entry.name === name)!;
  }

  /** Where the graph writes what it hands to the updates. */
  private placeUpdates({ tensors }: ResidentUpdates): void {
    const { inputs, state, updates } = this.request;
    for (const { value, shape, handed } of updates.tensors)
      if (handed) this.fetchInto(value, tensorOf({ dtype: "float32", shape }, tensors.get(value)!));
    const given = new Set([...inputs, ...state].map((port) => port.value));
    for (const value of updates.calls.flatMap(({ numbers }) => numbers))
      if (!given.has(value)) this.fetchInto(value, emptyTensor({ dtype: "float32", shape: [] }));
  }

  private placeState(entry: WireState, initial: TensorData): void {
    const updated = this.updates?.tensors.get(entry.value);
    updated?.set(initial as Float32Array);
    const first = tensorOf(entry, updated ?? initial);
    const second = entry.next === undefined || entry.inPlace ? first : emptyTensor(entry);
    this.feeds[0][entry.value] = first;
    this.feeds[1][entry.value] = second;
    if (entry.next === undefined) return;
    this.fetches[0][entry.next] = second;
    this.fetches[1][entry.next] = first;
  }

  /** The same buffer in every step. */
  private fetchInto(value: string, buffer: Tensor): void {
    for (const step of [0, 1] as const) this.fetches[step][value] = buffer;
  }
}

/**
 * A program whose state stays on another device. Each step makes new tensors there; the old ones are given back.
 * State is read through a copying graph, since asking a device tensor for its data is not safe in this runtime.
 */
class DeviceProgram implements ResidentProgram {
  readonly copiesOutputs = false;
  private state: Tensors;
  private reader: InferenceSession | undefined;

  constructor(
    private readonly session: InferenceSession,
    private readonly request: Loaded,
    values: Values,
    private readonly release: () => Promise<void>,
  ) {
    this.state = Object.fromEntries(
      request.state.map((entry) => [entry.name, tensorOf(entry, values[entry.name]!)]),
    );
  }

  async run(inputs: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    const feeds: Tensors = {};
    for (const input of this.request.inputs) feeds[input.value] = tensorOf(input, inputs[input.name]!);
    for (const entry of this.request.state) feeds[entry.value] = this.state[entry.name]!;
    const wanted = [
      ...this.request.outputs.map((output) => output.value),
      ...this.request.state.flatMap((entry) => (entry.next === undefined ? [] : [entry.next])),
    ];
    const results = await runSession(this.session, feeds, wanted);
    for (const { name, next } of this.request.state)
      if (next !== undefined) this.replace(name, results[next]!);
    return Object.fromEntries(this.request.outputs.map(({ name, value }) => [name, copyOf(results[value]!)]));
  }

  async read(names: readonly string[]): Promise<Record<string, TensorData>> {
    const read: Record<string, TensorData> = {};
    const onDevice = names.filter((name) => this.state[name]!.location !== "cpu");
    for (const name of names) if (!onDevice.includes(name)) read[name] = copyOf(this.state[name]!);
    if (onDevice.length === 0) return read;
    this.reader ??= await openReader(this.request);
    const feeds = Object.fromEntries(
      this.request.state.map((entry) => [entry.value, this.state[entry.name]!]),
    );
    const values = await runSession(this.reader, feeds, this.reader.outputNames);
    for (const name of onDevice) read[name] = copyOf(values[`${this.entry(name).value}/read`]!);
    return read;
  }

  async write(values: Readonly<Record<string, TensorData>>): Promise<void> {
    for (const [name, data] of Object.entries(values)) this.replace(name, tensorOf(this.entry(name), data));
  }

  async close(): Promise<void> {
    for (const tensor of Object.values(this.state)) giveBack(tensor);
    this.state = {};
    if (this.reader) await closeSession(this.reader);
    await this.release();
  }

  private replace(name: string, tensor: Tensor): void {
    giveBack(this.state[name]!);
    this.state[name] = tensor;
  }

  private entry(name: string): WireState {
    return this.request.state.find((entry) => entry.name === name)!;
  }
}

type Tensors = Record<string, Tensor>;
export type Fetches = Record<string, Tensor | null>;

function openRequested({
  model,
  device,
  threads,
  outputs,
  state,
  asItIs,
}: SessionRequest): Promise<InferenceSession> {
  const graphOptimizationLevel = asItIs ? "disabled" : "all";
  if (device === "cpu") return openSession(model, { ...cpuOptions(threads), graphOptimizationLevel });
  const onDevice = state.flatMap(({ next }) => (next === undefined ? [] : [[next, "gpu-buffer"] as const]));
  const onHost = outputs.map(({ value }) => [value, "cpu"] as const);
  return openSession(model, {
    executionProviders: [device],
    graphOptimizationLevel,
    logSeverityLevel: 3,
    // Only WebGPU can hand out its buffers in this runtime.
    ...(device === "webgpu" ? { preferredOutputLocation: Object.fromEntries([...onHost, ...onDevice]) } : {}),
  });
}

function cpuOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    enableCpuMemArena: true,
    // Planning one block for all intermediate values doubles the peak of a large graph.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        set_denormal_as_zero: "1",
        // A thread that sleeps between two small operators costs more than they do; one that waits awake for
        // ever slows all else on the machine. So threads wait awake for a moment, then sleep.
        intra_op: { allow_spinning: "1", spin_duration_us: String(AWAKE_US) },
      },
    },
  };
}

/** A graph that copies the state, so that it can be read as an output on the host. */
function openReader({ state, device }: Loaded): Promise<InferenceSession> {
  const graph = new Graph();
  const outputs = state.map(({ value, dtype, shape }) => {
    graph.input({ name: value, type: dtype, shape });
    return { name: `${value}/read`, type: dtype, shape, value };
  });
  graph.finish(outputs);
  return openSession(encodeModel(graph, { name: "read state" }), {
    executionProviders: [device as Exclude<SessionDevice, "cpu">],
    logSeverityLevel: 3,
    preferredOutputLocation: Object.fromEntries(outputs.map(({ name }) => [name, "cpu" as const])),
  });
}

/** Run a session whose outputs go into given buffers, without copies where the fence works. */
export async function runFenced(
  session: InferenceSession,
  feeds: Tensors,
  fetches: Fetches,
  fenced: boolean,
): Promise<void> {
  try {
    const copies = await runSession(session, feeds, fetches);
    // Without the fence the runtime answers with copies, and has filled our buffers as well.
    if (fenced) throw new Error("the runtime did not stop at the fence");
    for (const [name, buffer] of Object.entries(fetches))
      if (buffer && copies[name]) (buffer.data as Float32Array).set(copies[name].data as Float32Array);
  } catch (error) {
    if (!fenced || !FENCE_ERROR.test(String(error))) throw error;
  }
}

/** Double two numbers behind the fence, twice with different numbers; does the buffer hold the result? */
async function proveFence(): Promise<boolean> {
  const graph = new Graph();
  const info = { type: "float32", shape: [2] } as const;
  graph.input({ name: "x", ...info });
  graph.finish([{ name: "y", ...info, value: graph.node("Add", ["x", "x"]) }]);
  const model = encodeModel(graph, { name: "fence", fence: "fence" });
  const session = await openSession(model, cpuOptions(1));
  try {
    const y = tensor("float32", new Float32Array(2), [2]);
    for (const [a, b] of [
      [1, 2],
      [-3, 0.5],
    ] as const) {
      const x = tensor("float32", Float32Array.of(a, b), [2]);
      await runFenced(session, { x }, { fence: null, y }, true);
      if (y.data[0] !== 2 * a || y.data[1] !== 2 * b) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    await closeSession(session);
  }
}

function tensorOf({ dtype, shape }: Pick<WirePort, "dtype" | "shape">, data: TensorData): Tensor {
  return tensor(dtype, data as Float32Array, [...shape]);
}

function emptyTensor(port: Pick<WirePort, "dtype" | "shape">): Tensor {
  const size = port.shape.reduce((n, length) => n * length, 1);
  return tensorOf(port, emptyArray(port.dtype, size));
}

function emptyArray(dtype: DType, size: number): TensorData {
  if (dtype === "float32") return new Float32Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

function copyOf(tensor: Tensor): TensorData {
  return (tensor.data as Float32Array).slice();
}
