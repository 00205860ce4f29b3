/** Running a function as it is, operation by operation, on a TensorFlow.js backend. */

import { throwIfAborted } from "../core/abort";
import { OsccError } from "../core/errors";
import { eagerBackend, withBackend } from "./backends";
import {
  type BareProgram,
  checkEntries,
  checkInputs,
  checkNames,
  checkNewState,
  disposedProgram,
  type Step,
  type StepFunction,
} from "./program";
import { dtypeOf, fromTensor, type HostTensor, type TensorSpec, tf, toTensor } from "./tensors";
import { Turns } from "./turns";

export interface EagerProgram {
  readonly name: string;
  readonly fn: StepFunction;
  readonly inputs: Readonly<Record<string, Required<TensorSpec>>>;
  readonly state: Readonly<Record<string, HostTensor>>;
  readonly signal: AbortSignal | undefined;
  /** Called by `save`: writes the traced graph, which an eager program does not have by itself. */
  readonly saveGraph: (path: string, state?: Readonly<Record<string, HostTensor>>) => Promise<void>;
}

/** A program that computes with TensorFlow.js: for debugging a layer, for small work, and as the reference in tests. */
export async function eagerProgram({
  name,
  fn,
  inputs,
  state,
  signal,
  saveGraph,
}: EagerProgram): Promise<BareProgram> {
  const started = performance.now();
  const backend = await eagerBackend();
  const specs = Object.fromEntries(
    Object.entries(state).map(([key, { shape, dtype }]) => [key, { shape, dtype }]),
  );
  let live: Record<string, tf.Tensor> | undefined = withBackend(backend, () => mapValues(state, toTensor));
  const turns = new Turns();
  const outputs: Record<string, Required<TensorSpec>> = {};

  const opened = (): Record<string, tf.Tensor> => {
    if (!live) throw disposedProgram(name);
    return live;
  };
  const advance = async (given: Record<string, HostTensor>): Promise<Record<string, HostTensor>> => {
    const current = opened();
    const step = withBackend(backend, () => tf.tidy(() => runOnce(fn, given, current)) as unknown as Step);
    try {
      checkNewState(name, specs, step.state ?? {});
      const results: Record<string, HostTensor> = {};
      for (const [key, value] of Object.entries(step.outputs)) {
        results[key] = await fromTensor(value);
        outputs[key] = { shape: [...value.shape], dtype: dtypeOf(value) };
      }
      live = replaceState(current, step.state ?? {});
      return results;
    } catch (error) {
      tf.dispose(step.state ?? {});
      throw error;
    } finally {
      tf.dispose(step.outputs);
    }
  };

  const readState: BareProgram["readState"] = async (names) => {
    const wanted = checkNames(name, specs, names);
    return turns.take(async () => {
      const current = opened();
      const read: Record<string, HostTensor> = {};
      for (const key of wanted) read[key] = await fromTensor(current[key]!);
      return read;
    });
  };

  return {
    device: "eager",
    build: { nodes: 0, bytes: 0, milliseconds: performance.now() - started },
    inputs,
    outputs,
    state: specs,
    run: async (given, options) => {
      const checked = checkInputs(name, inputs, given);
      return turns.take(async () => {
        throwIfAborted(options?.signal ?? signal, name);
        return advance(checked);
      });
    },
    readState,
    writeState: async (entries) => {
      const checked = checkEntries(name, specs, entries);
      return turns.take(async () => {
        const current = opened();
        for (const [key, value] of Object.entries(checked)) {
          current[key]!.dispose();
          current[key] = withBackend(backend, () => toTensor(value));
        }
      });
    },
    save: async (path, options) => saveGraph(path, options?.state ? await readState() : undefined),
    dispose: () =>
      turns.take(async () => {
        if (live) tf.dispose(live);
        live = undefined;
      }),
  };
}

/** One call of the function, its inputs made from plain data. Results are clones, so that nothing is owned twice. */
function runOnce(
  fn: StepFunction,
  given: Record<string, HostTensor>,
  state: Record<string, tf.Tensor>,
): tf.TensorContainer {
  const { outputs, state: changed = {} } = fn(mapValues(given, toTensor), { ...state });
  const missing = Object.entries(outputs).find(([, value]) => !(value instanceof tf.Tensor));
  if (missing)
    throw new OsccError("InvalidArgument", [`output "${missing[0]}" is no tensor.`, "Return tensors only."], {
      argument: missing[0],
      found: missing[1],
    });
  return {
    outputs: mapValues(outputs, (value) => tf.clone(value)),
    state: mapValues(changed as Record<string, tf.Tensor>, (value) => tf.clone(value)),
  };
}

function replaceState(
  current: Record<string, tf.Tensor>,
  changed: Partial<Record<string, tf.Tensor>>,
): Record<string, tf.Tensor> {
  const next = { ...current };
  for (const [key, value] of Object.entries(changed)) {
    next[key]!.dispose();
    next[key] = value!;
  }
  return next;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
