/** A traced function that lives in the compute worker. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { throwIfAborted } from "../core/abort";
import { computeFailure } from "./failures";
import { checkEntries, checkInputs, checkNames, disposedProgram, type Program } from "./program";
import type { RequestKind, Requests, SessionDevice } from "./protocol";
import { computeThreads, runner } from "./runner";
import type { HostTensor, TensorData, TensorSpec } from "./tensors";
import type { Port, TracedFunction } from "./trace/trace";
import { Turns } from "./turns";

/** Load a traced function into the worker with the first values of its state (copied). */
export async function residentProgram(
  traced: TracedFunction,
  initial: Readonly<Record<string, HostTensor>>,
  device: SessionDevice,
  signal: AbortSignal | undefined,
  started: number,
): Promise<Program> {
  const { name } = traced;
  const worker = runner();
  const threads = computeThreads();
  const values = mapValues(initial, (tensor) => tensor.data.slice());
  const asked = <K extends RequestKind>(
    kind: K,
    payload: Requests[K]["request"],
    handOver?: ArrayBufferLike[],
  ) =>
    worker.request(kind, payload, handOver).catch((error: unknown) => {
      throw computeFailure(name, kind === "load" ? "loading" : "running", error);
    });
  const { program } = await asked(
    "load",
    {
      name,
      key: createHash("sha256").update(`${device} ${threads} `).update(traced.model).digest("hex"),
      model: traced.model,
      fence: traced.fence,
      device,
      threads,
      inputs: traced.inputs,
      outputs: traced.outputs,
      state: traced.state,
      values,
    },
    Object.values(values).map((data) => data.buffer),
  );
  const turns = new Turns();
  let open = true;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
    turns.take(() => (open ? work() : Promise.reject(disposedProgram(name))));
  const inputs = specsByName(traced.inputs);
  const state = specsByName(traced.state);
  return {
    device,
    build: { nodes: traced.nodes, bytes: traced.model.byteLength, milliseconds: performance.now() - started },
    outputs: specsByName(traced.outputs),
    run: async (given, options) => {
      const data = mapValues(checkInputs(name, inputs, given), (tensor) => tensor.data);
      return inTurn(async () => {
        throwIfAborted(options?.signal ?? signal, name);
        const { outputs } = await asked("run", { program, inputs: data });
        return tensorsOf(traced.outputs, outputs);
      });
    },
    readState: async (names) => {
      const wanted = checkNames(name, state, names);
      return inTurn(async () => {
        const read = await asked("read", { program, names: wanted });
        return tensorsOf(
          traced.state.filter((entry) => wanted.includes(entry.name)),
          read,
        );
      });
    },
    writeState: async (entries) => {
      const values = mapValues(checkEntries(name, state, entries), (tensor) => tensor.data.slice());
      await inTurn(() => asked("write", { program, values }));
    },
    save: (path) => writeFile(path, traced.file()),
    dispose: () =>
      turns.take(async () => {
        if (!open) return;
        open = false;
        if (worker.alive) await worker.request("unload", { program });
      }),
  };
}

function specsByName(ports: readonly Port[]): Record<string, Required<TensorSpec>> {
  return Object.fromEntries(ports.map(({ name, shape, dtype }) => [name, { shape, dtype }]));
}

function tensorsOf(
  ports: readonly Port[],
  data: Readonly<Record<string, TensorData>>,
): Record<string, HostTensor> {
  return Object.fromEntries(
    ports.map(({ name, shape, dtype }) => [name, { shape: [...shape], dtype, data: data[name]! }]),
  );
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
