/** A traced function that lives in the compute worker. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { throwIfAborted } from "../core/abort";
import { writeWhole } from "../core/whole-file";
import { computeFailure, type Doing } from "./failures";
import { lanesOf } from "./lanes/count";
import {
  type BareProgram,
  checkEntries,
  checkInputs,
  checkNames,
  disposedProgram,
  firstNotFiniteOf,
  type NotFiniteValue,
  type Program,
} from "./program";
import {
  NO_KERNEL_MEMORY,
  type PlanPlace,
  type PlanRequest,
  type RequestKind,
  type Requests,
  type SessionDevice,
} from "./protocol";
import { computeThreads, type Runner, runner } from "./runner";
import type { HostTensor, TensorData, TensorSpec } from "./tensors";
import type { Port, TracedFunction } from "./trace/trace";
import { Turns } from "./turns";

/**
 * Load a traced function into the worker with the first values of its state (copied).
 *
 * @param asItIs  without optimising the graph: for one run, and no other program with the same graph
 */
export async function residentProgram(
  traced: TracedFunction,
  initial: Readonly<Record<string, HostTensor>>,
  device: SessionDevice,
  signal: AbortSignal | undefined,
  started: number,
  asItIs = false,
): Promise<BareProgram> {
  const threads = computeThreads();
  const doing = { program: traced.name, device, ...withNeeded(traced) };
  const loading = ({ model, state, updates }: Pick<TracedFunction, "model" | "state" | "updates">) =>
    load("load", doing, () => ({
      name: traced.name,
      key: sessionKey(device, threads, model),
      model,
      fence: traced.fence,
      device,
      threads,
      asItIs,
      inputs: traced.inputs,
      outputs: traced.outputs,
      state,
      updates,
      values: mapValues(initial, (tensor) => tensor.data.slice()),
    }));
  const loaded = await loading(traced).catch((error: Error) => {
    if (traced.inGraph && error.message === NO_KERNEL_MEMORY) return loading(traced.inGraph());
    throw error;
  });
  return handle(loaded, {
    ...traced,
    device,
    bytes: traced.model.byteLength,
    save: (path, state) => writeWhole(path, (beside) => writeFile(beside, traced.file(state))),
    signal,
    started,
  });
}

/** What the main thread knows of a plan, beside what the worker does. */
export interface PlanFacts {
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly state: readonly PortSpec[];
  readonly nodes: number;
  /** About how many bytes a run takes. */
  readonly bytesNeeded?: (() => number) | undefined;
  /** Write the graph, with values of the state if they are given. */
  readonly save: (path: string, state?: Readonly<Record<string, HostTensor>>) => Promise<void>;
}

/** What the main thread knows of a plan beside that. */
export interface PlannedFacts extends PlanFacts {
  /** How to speak of a value that a call of the plan makes. */
  readonly titleOf: (place: PlanPlace) => string;
}

/** Load a plan into the worker. */
export async function plannedProgram(
  plan: Omit<PlanRequest, "threads" | "lanes" | "graphs"> & {
    readonly graphs: readonly { readonly model: Uint8Array; readonly fence: string }[];
  },
  facts: PlannedFacts,
  signal: AbortSignal | undefined,
  started: number,
  wantedLanes?: number,
): Promise<Program> {
  const threads = computeThreads();
  const lanes = wantedLanes ?? lanesOf(plan, threads);
  const graphs = plan.graphs.map((graph) => ({
    ...graph,
    key: sessionKey(plan.device, threads, graph.model),
  }));
  const doing = { program: plan.name, device: plan.device, ...withNeeded(facts) };
  const loaded = await load("loadPlan", doing, () => ({ ...plan, graphs, threads, lanes }));
  const bytes = graphs.reduce((sum, { model }) => sum + model.byteLength, 0);
  const program = handle(loaded, { ...facts, name: plan.name, device: plan.device, bytes, signal, started });
  return { ...program, firstNotFinite: (given) => inspectPlan(loaded, program, plan.name, facts, given) };
}

/** Run a plan once, looking at what each call makes; then put the state back. */
async function inspectPlan(
  { worker, program: id }: Loaded,
  program: BareProgram,
  name: string,
  facts: PlannedFacts,
  given: Parameters<Program["run"]>[0],
): Promise<NotFiniteValue | undefined> {
  const inputs = checkInputs(name, program.inputs, given);
  const state = await program.readState();
  const before = firstNotFiniteOf("input", inputs) ?? firstNotFiniteOf("state", state);
  if (before) return before;
  try {
    const data = mapValues(inputs, (tensor) => tensor.data);
    const place = await worker.request("inspect", { program: id, inputs: data });
    return place && { title: facts.titleOf(place), place: "" };
  } catch (error) {
    throw computeFailure(
      { program: name, device: program.device, what: "running", ...withNeeded(facts) },
      error,
    );
  } finally {
    await program.writeState(state);
  }
}

/** Equal graphs on the same device have equal keys. */
function sessionKey(device: SessionDevice, threads: number, model: Uint8Array): string {
  return createHash("sha256").update(`${device} ${threads} `).update(model).digest("hex");
}

type PortSpec = Pick<Port, "name" | "shape" | "dtype">;

/** A program in the worker: how to ask it, and its number there. */
interface Loaded {
  readonly worker: Runner;
  readonly program: number;
}

/** The state's first values are handed over, not copied. */
async function load<K extends "load" | "loadPlan">(
  kind: K,
  doing: Omit<Doing, "what">,
  make: () => Requests[K]["request"],
): Promise<Loaded> {
  const worker = runner();
  try {
    const request = make();
    const buffers = Object.values(request.values).map((data) => data.buffer);
    const { program } = await worker.request(kind, request, buffers);
    return { worker, program };
  } catch (error) {
    if ((error as Error).message === NO_KERNEL_MEMORY) throw error;
    throw computeFailure({ ...doing, what: "loading" }, error);
  }
}

function withNeeded({ bytesNeeded }: Pick<PlanFacts, "bytesNeeded">): Pick<Doing, "bytesNeeded"> {
  return bytesNeeded ? { bytesNeeded } : {};
}

interface HandleFacts extends PlanFacts {
  readonly name: string;
  readonly device: SessionDevice;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  /** `performance.now()` when building began. */
  readonly started: number;
}

/** What a user holds of a program in the worker. */
function handle({ worker, program }: Loaded, facts: HandleFacts): BareProgram {
  const { name, device, signal } = facts;
  const asked = <K extends RequestKind>(kind: K, payload: Requests[K]["request"]) =>
    worker.request(kind, payload).catch((error: unknown) => {
      throw computeFailure({ program: name, device, what: "running", ...withNeeded(facts) }, error);
    });
  const turns = new Turns();
  let open = true;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
    turns.take(() => (open ? work() : Promise.reject(disposedProgram(name))));
  const inputs = specsByName(facts.inputs);
  const state = specsByName(facts.state);
  const readState: BareProgram["readState"] = async (names) => {
    const wanted = checkNames(name, state, names);
    return inTurn(async () => {
      const read = await asked("read", { program, names: wanted });
      return tensorsOf(
        facts.state.filter((entry) => wanted.includes(entry.name)),
        read,
      );
    });
  };
  return {
    device,
    build: { nodes: facts.nodes, bytes: facts.bytes, milliseconds: performance.now() - facts.started },
    inputs,
    outputs: specsByName(facts.outputs),
    state,
    run: async (given, options) => {
      const data = mapValues(checkInputs(name, inputs, given), (tensor) => tensor.data);
      return inTurn(async () => {
        throwIfAborted(options?.signal ?? signal, name);
        const { outputs } = await asked("run", { program, inputs: data });
        return tensorsOf(facts.outputs, outputs);
      });
    },
    readState,
    writeState: async (entries) => {
      const values = mapValues(checkEntries(name, state, entries), (tensor) => tensor.data.slice());
      await inTurn(() => asked("write", { program, values }));
    },
    save: async (path, options) => facts.save(path, options?.state ? await readState() : undefined),
    dispose: () =>
      turns.take(async () => {
        if (!open) return;
        open = false;
        if (worker.alive) await worker.request("unload", { program });
      }),
  };
}

function specsByName(ports: readonly PortSpec[]): Record<string, Required<TensorSpec>> {
  return Object.fromEntries(ports.map(({ name, shape, dtype }) => [name, { shape, dtype }]));
}

function tensorsOf(
  ports: readonly PortSpec[],
  data: Readonly<Record<string, TensorData>>,
): Record<string, HostTensor> {
  return Object.fromEntries(
    ports.map(({ name, shape, dtype }) => [name, { shape: [...shape], dtype, data: data[name]! }]),
  );
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
