/** Opening a program that was saved: the graph runs again, nothing is traced. */
import { readFile } from "node:fs/promises";
import { currentSignal } from "../../core/abort";
import { OsccError, type ProgramProblem } from "../../core/errors";
import { selectDevice } from "../devices";
import { type DecodedModel, decodeModel } from "../onnx/decode";
import type { Constant } from "../onnx/graph";
import { checkEntries, type Device, type Program } from "../program";
import type { SessionDevice } from "../protocol";
import { residentProgram } from "../resident";
import { emptyData, type HostTensor, sizeOf, type TensorSpec } from "../tensors";
import { FENCE } from "../trace/trace";
import { NO_UPDATES } from "../updates/plan";
import { defaultState, PROGRAM_FORMAT, type ProgramRecord, programRecord } from "./format";

/** Options of `openProgram`. */
export interface OpenOptions<S extends string = string> {
  /** Values of the state; those that are not given come from the file, if it was saved with them. */
  readonly state?: Readonly<Partial<Record<S, HostTensor>>>;
  /** Default the one it was compiled for. A graph for WebGPU or CUDA runs on the processor too, not the other way round. */
  readonly device?: Exclude<Device, "eager">;
  /** Stops runs of the program; default: the signal of the running cell. */
  readonly signal?: AbortSignal;
}

/**
 * Open a program that `program.save(path)` wrote, without the function it was compiled from.
 *
 * @param path     an `.onnx` file of this package
 * @param options  `state` for what the file does not hold
 * @throws InvalidProgram  when the file is not there, cut short, no program of this package or one of another version;
 *                         when values of the state are missing; when it was compiled for another device
 * @example
 * const double = ({ x }: { x: engine.tf.Tensor }) => ({ outputs: { y: tf.mul(x, 2) } });
 * const program = await engine.compile(double, { inputs: { x: { shape: [2] } } });
 * await program.save("double.onnx");
 * const again = await engine.openProgram("double.onnx");
 * const { y } = await again.run({ x: Float32Array.of(1, 2) });
 */
export async function openProgram<
  I extends string = string,
  O extends string = string,
  S extends string = string,
>(path: string, options: OpenOptions<S> = {}): Promise<Program<I, O, S>> {
  const started = performance.now();
  const { model, record } = await read(path);
  const state = stateOf(path, model, record, options.state ?? {});
  const device = await deviceFor(path, record.device, options.device);
  const traced = {
    ...record,
    updates: NO_UPDATES,
    fence: FENCE,
    model: model.rebuilt(initialState(record), FENCE),
    nodes: model.nodes,
    file: (values: Readonly<Record<string, HostTensor>> = {}) => model.rebuilt(initialState(record, values)),
  };
  const program = await residentProgram(traced, state, device, currentSignal(options.signal), started);
  const firstNotFinite = () => Promise.reject(nothingToLookInto(record.name));
  return { ...program, firstNotFinite } as unknown as Program<I, O, S>;
}

async function read(path: string): Promise<{ model: DecodedModel; record: ProgramRecord }> {
  const file = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw invalidProgram(path, "missing", [
      cause.code === "ENOENT" ? "does not exist." : `cannot be read (${cause.code}).`,
      "Expected a file that program.save(path) wrote.",
    ]);
  });
  const model = decoded(path, file);
  const record = programRecord(model.metadata);
  if (!record)
    throw invalidProgram(path, "not-a-program", [
      "is an ONNX graph, but not a program of this package: it does not say what its inputs and its state are.",
      "Expected a file that program.save(path) wrote; compile the function again and save it.",
    ]);
  if (record.format !== PROGRAM_FORMAT)
    throw invalidProgram(path, "version", [
      `was saved in form ${record.format}; this version of the package reads form ${PROGRAM_FORMAT}.`,
      "Compile the function again with this version, and save it.",
    ]);
  return { model, record };
}

function decoded(path: string, file: Uint8Array): DecodedModel {
  try {
    return decodeModel(file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The first field of every ONNX file is the version of its format.
    if (file[0] === 0x08) throw cutShort(path, error.message);
    throw invalidProgram(path, "not-a-program", [
      "is no ONNX file.",
      "Expected a file that program.save(path) wrote.",
    ]);
  }
}

function cutShort(path: string, how: string): OsccError<"InvalidProgram"> {
  return invalidProgram(path, "truncated", [
    `is cut short or damaged: ${how}.`,
    "Expected a whole file that program.save(path) wrote. Copy it again, or compile the function and save it.",
  ]);
}

/** The state to begin with: what was given, else what the file holds. */
function stateOf(
  path: string,
  model: DecodedModel,
  record: ProgramRecord,
  given: Readonly<Record<string, HostTensor | undefined>>,
): Record<string, HostTensor> {
  const specs: Record<string, Required<TensorSpec>> = Object.fromEntries(
    record.state.map(({ name, shape, dtype }) => [name, { shape, dtype }]),
  );
  const state = checkEntries(record.name, specs, given);
  const missing: string[] = [];
  for (const { name, value, shape, dtype } of record.state) {
    if (state[name]) continue;
    const bytes = model.initial.get(value);
    if (!bytes) missing.push(name);
    else {
      const data = emptyData(dtype, sizeOf(shape));
      new Uint8Array(data.buffer).set(bytes);
      state[name] = { shape, dtype, data };
    }
  }
  if (missing.length === 0) return state;
  const shown =
    missing.slice(0, 5).join(", ") + (missing.length > 5 ? `, ... ${missing.length - 5} more` : "");
  throw invalidProgram(
    path,
    "state",
    [
      `needs values of its state: ${shown}.`,
      "It was saved without. Save it with  program.save(path, { state: true }),",
      "or give them:  openProgram(path, { state: await program.readState() }).",
    ],
    missing,
  );
}

/** A graph for a graphics card has operators that every device knows; one for the processor has not. */
async function deviceFor(
  path: string,
  tracedFor: Device,
  wanted: OpenOptions["device"],
): Promise<SessionDevice> {
  const device = wanted ?? (tracedFor === "eager" ? "cpu" : tracedFor);
  if (device !== tracedFor && device !== "cpu")
    throw invalidProgram(path, "device", [
      `was compiled for ${tracedFor} and cannot run on ${device}.`,
      `Expected ${tracedFor}${tracedFor === "cpu" ? "" : " or cpu"}. Compile the function for ${device} and save it.`,
    ]);
  return (await selectDevice(device)).device as SessionDevice;
}

function initialState(
  { state }: ProgramRecord,
  values: Readonly<Record<string, HostTensor>> = {},
): Map<string, Constant | undefined> {
  const given = new Map(defaultState(state, values).map((constant) => [constant.name, constant]));
  return new Map(state.map(({ value }) => [value, given.get(value)]));
}

function invalidProgram(
  path: string,
  reason: ProgramProblem,
  [found, ...rest]: readonly [string, ...string[]],
  names?: readonly string[],
): OsccError<"InvalidProgram"> {
  return new OsccError("InvalidProgram", [`${path} ${found}`, ...rest], {
    path,
    reason,
    ...(names ? { names } : {}),
  });
}

function nothingToLookInto(name: string): OsccError<"UnsupportedOperation"> {
  return new OsccError(
    "UnsupportedOperation",
    [
      `${name} was opened from a file, which has no function to look into.`,
      "Compile the function and ask that program: compile(fn, signature).",
    ],
    { operation: "firstNotFinite" },
  );
}
