/**
 * A compiled program as an `.onnx` file: an ordinary ONNX graph, and in its metadata what the graph does not say, which
 * values are state, which may be overwritten, what device it was traced for.
 */
import { type Constant, elementBytes } from "../onnx/graph";
import type { Device } from "../program";
import type { HostTensor } from "../tensors";
import type { Port, StatePort } from "../trace/trace";

/** The form of the metadata and of the graph; another number is another form. */
export const PROGRAM_FORMAT = 1;
const KEY = "oscc-lab.program";

/** What the metadata of a saved program holds. */
export interface ProgramRecord {
  readonly name: string;
  /** The device that the graph was traced for. */
  readonly device: Device;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly state: readonly StatePort[];
}

/** The metadata of a program. */
export function programMetadata(record: ProgramRecord): Record<string, string> {
  return { [KEY]: JSON.stringify({ format: PROGRAM_FORMAT, ...record }) };
}

/** What a file's metadata say of a program; `undefined` when they say nothing. */
export function programRecord(
  metadata: Readonly<Record<string, string>>,
): (ProgramRecord & { readonly format: number }) | undefined {
  const text = metadata[KEY];
  return text === undefined ? undefined : JSON.parse(text);
}

/** The values of the state as what the graph's inputs have when nothing is fed. */
export function defaultState(
  state: readonly StatePort[],
  values: Readonly<Record<string, HostTensor>>,
): Constant[] {
  return state.flatMap(({ name, value, dtype, shape }) => {
    const tensor = values[name];
    return tensor ? [{ name: value, type: dtype, shape, bytes: elementBytes(tensor.data, dtype) }] : [];
  });
}
