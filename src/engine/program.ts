/** What compiling a function gives: a program with inputs, outputs and a state of its own. */
import { invalidArgument, OsccError, unknownName } from "../core/errors";
import { allFinite } from "./finite";
import { dtypeOf, type HostTensor, sizeOf, type TensorData, type TensorSpec, type tf } from "./tensors";

/** Where a program can run. `eager`: TensorFlow.js itself, operation by operation. */
export type Device = "cpu" | "webgpu" | "cuda" | "eager";

/** Named tensors of a computation. */
export type Tensors<K extends string = string> = Record<K, tf.Tensor>;

/** What a function to compile returns: outputs, and the new value of any state that changes. */
export interface Step<O extends string = string, S extends string = string> {
  readonly outputs: Tensors<O>;
  readonly state?: Partial<Tensors<S>>;
}

/** A function to compile: a pure function of its inputs and its state. */
export type StepFunction<I extends string = string, S extends string = string, O extends string = string> = (
  inputs: Tensors<I>,
  state: Tensors<S>,
) => Step<O, S>;

/** An input of a run: a host tensor, or its bare elements in row-major order, or a number for a scalar. */
export type RunInput = HostTensor | TensorData | number;

/** Options of `Program.save`. */
export interface SaveOptions {
  /** Whether the values of the state go into the file, default false: the file then has the graph alone. */
  readonly state?: boolean;
}

/** A value of a run that holds NaN or infinity. */
export interface NotFiniteValue {
  /** `input "x"`, `state "w"`, what the code calls it (see `named`), else what it was computed by and of. */
  readonly title: string;
  /** Where the code made it, ` at model.ts:12:7`; empty where that is not known. */
  readonly place: string;
}

/** Options of `Program.run`. */
export interface RunOptions {
  /** Stops before the next step; default: the signal of `compile`, else that of the running cell. */
  readonly signal?: AbortSignal;
}

/**
 * A compiled function.
 *
 * `run` advances the state by one step and gives the outputs. Runs are queued, never interleaved. A stopped run leaves
 * the state of the step before. A run that failed half way may have changed a part of it: then the next one is
 * refused until the whole state is written again.
 */
export interface Program<I extends string = string, O extends string = string, S extends string = string> {
  /** Where it runs. */
  readonly device: Device;
  /** How long tracing and preparing took, and how large the graph is. */
  readonly build: { readonly nodes: number; readonly bytes: number; readonly milliseconds: number };
  /** Shapes of the inputs, the outputs and the state. */
  readonly inputs: Readonly<Record<I, Required<TensorSpec>>>;
  readonly outputs: Readonly<Record<O, Required<TensorSpec>>>;
  readonly state: Readonly<Record<S, Required<TensorSpec>>>;
  run(inputs: Readonly<Record<I, RunInput>>, options?: RunOptions): Promise<Record<O, HostTensor>>;
  /** A copy of the state, all of it or some entries. */
  readState(names?: readonly S[]): Promise<Record<S, HostTensor>>;
  /** Replace some entries of the state. */
  writeState(entries: Partial<Record<S, HostTensor>>): Promise<void>;
  /**
   * Where NaN or infinity first appears in a run from the present state, in the order of computation; `undefined` when
   * nothing does. Changes no state. For finding out why a training stopped being numbers: far slower than a run.
   */
  firstNotFinite(inputs: Readonly<Record<I, RunInput>>): Promise<NotFiniteValue | undefined>;
  /**
   * Write the traced graph as an `.onnx` file, with names and documentation, for `openProgram` and any ONNX viewer or
   * runtime. `state: true` puts the present values of the state in, as what it has unless something is fed.
   */
  save(path: string, options?: SaveOptions): Promise<void>;
  /** Give back all memory. Afterwards the program cannot run. */
  dispose(): Promise<void>;
}

/** A program before it can look into itself. */
export type BareProgram = Omit<Program, "firstNotFinite">;

/** Fill in the defaults of specs and check them. */
export function completeSpecs(
  kind: string,
  specs: Readonly<Record<string, TensorSpec>>,
): Record<string, Required<TensorSpec>> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, completeSpec(`${kind} "${name}"`, spec)]),
  );
}

function completeSpec(what: string, spec: TensorSpec | null | undefined): Required<TensorSpec> {
  const { shape, dtype = "float32" } = spec ?? ({} as Partial<TensorSpec>);
  const lengths: readonly unknown[] | undefined = Array.isArray(shape) ? shape : undefined;
  if (!lengths?.every((length) => Number.isInteger(length) && (length as number) > 0))
    throw invalidArgument(
      `${what}: shape`,
      lengths ? `[${lengths.join(", ")}]` : shape,
      "a list of whole numbers from 1",
      "Shapes are fixed when a function is compiled: compile once for each batch size.",
    );
  return { shape: [...(lengths as number[])], dtype: dtypeOf({ dtype }) };
}

/** Check the first values of a state: each a host tensor whose data fill its shape. */
export function checkState(
  program: string,
  state: Readonly<Record<string, HostTensor>>,
): Record<string, Required<TensorSpec>> {
  const specs = completeSpecs(`${program}: state`, state);
  for (const [name, spec] of Object.entries(specs))
    checkTensor(`${program}: state "${name}"`, spec, state[name]);
  return specs;
}

/** Check what was passed for each input against its spec, and give plain tensors in the order of the specs. */
export function checkInputs(
  program: string,
  specs: Readonly<Record<string, Required<TensorSpec>>>,
  inputs: Readonly<Record<string, RunInput | undefined>>,
): Record<string, HostTensor> {
  const given = record(`${program}: inputs`, inputs);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(specs, name)) throw unknownName(`input of ${program}`, name, Object.keys(specs));
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      checkTensor(`${program}: input "${name}"`, spec, given[name]),
    ]),
  );
}

/** Check new values for entries of the state; gives plain tensors by name. */
export function checkEntries(
  program: string,
  specs: Readonly<Record<string, Required<TensorSpec>>>,
  entries: Readonly<Record<string, HostTensor | undefined>>,
): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(record(`${program}: state`, entries)).map(([name, value]) => {
      if (!Object.hasOwn(specs, name))
        throw unknownName(`state entry of ${program}`, name, Object.keys(specs));
      return [name, checkTensor(`${program}: state "${name}"`, specs[name]!, value)];
    }),
  );
}

/** Check names of state entries; none given means all. */
export function checkNames(
  program: string,
  specs: Readonly<Record<string, Required<TensorSpec>>>,
  names: readonly string[] | undefined,
): readonly string[] {
  const known = Object.keys(specs);
  if (names === undefined) return known;
  if (!Array.isArray(names)) throw invalidArgument(`${program}: names of state`, names, "a list of names");
  for (const name of names)
    if (!known.includes(name)) throw unknownName(`state entry of ${program}`, String(name), known);
  return names;
}

function record<T>(what: string, found: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  if (typeof found === "object" && found !== null && !Array.isArray(found) && !ArrayBuffer.isView(found))
    return found;
  throw invalidArgument(what, found, "tensors by name, { x: ... }");
}

/** The array type of each kind of element. */
const HOLDERS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Check one tensor against its spec. `what` begins the message. */
export function checkTensor(
  what: string,
  { shape, dtype }: Required<TensorSpec>,
  found: RunInput | undefined,
): HostTensor {
  if (typeof found === "number") return checkTensor(what, { shape, dtype }, scalarData(found, dtype));
  const { data, ...host } = partsOf(found);
  const holder = HOLDERS[dtype];
  if (!ArrayBuffer.isView(data))
    throw invalidArgument(what, data, `a ${holder.name} or a tensor of shape [${shape.join(", ")}]`);
  const given = host.shape ?? shape;
  if (!sameShape(given, shape) || data.length !== sizeOf(shape)) {
    const seen = host.shape
      ? `shape [${host.shape.join(", ")}] and ${data.length} elements`
      : `${data.length} elements`;
    throw new OsccError(
      "ShapeMismatch",
      [
        `${what} has ${seen}.`,
        `Expected [${shape.join(", ")}], ${sizeOf(shape)} elements: the shape it was compiled for.`,
        "Pad and mask a smaller last batch, or compile a second program for it.",
      ],
      { expected: shape, found: host.shape ?? [data.length] },
    );
  }
  if (!(data instanceof holder))
    throw invalidArgument(
      what,
      `a ${(data as object).constructor.name}`,
      `a ${holder.name} (dtype ${dtype})`,
    );
  return { shape, dtype, data };
}

/** The shape (if it came with one) and the elements of what was passed. */
function partsOf(found: unknown): { data: TensorData | undefined; shape?: readonly number[] } {
  if (ArrayBuffer.isView(found)) return { data: found as TensorData };
  if (typeof found !== "object" || found === null) return { data: found as undefined };
  const { data, shape } = found as Partial<HostTensor>;
  return Array.isArray(shape) ? { data, shape } : { data: undefined };
}

/** Check the tensors that a traced or eager function returned against the state it has. */
export function checkNewState(
  program: string,
  state: Readonly<Record<string, Required<TensorSpec>>>,
  changed: Readonly<Record<string, tf.Tensor | undefined>>,
): void {
  for (const [name, value] of Object.entries(changed)) {
    const spec = state[name];
    if (!spec) throw unknownName(`state entry of ${program}`, name, Object.keys(state));
    if (!value) throw invalidArgument(`${program}: new state "${name}"`, value, "a tensor");
    if (sameShape(value.shape, spec.shape) && value.dtype === spec.dtype) continue;
    throw new OsccError(
      "ShapeMismatch",
      [
        `${program}: the new value of state "${name}" is ${value.dtype} [${value.shape.join(", ")}].`,
        `Expected ${spec.dtype} [${spec.shape.join(", ")}], as the state began.`,
      ],
      { expected: spec.shape, found: value.shape },
    );
  }
}

/** The first of some tensors that holds NaN or infinity; `kind` says what they are. */
export function firstNotFiniteOf(
  kind: "input" | "state",
  tensors: Readonly<Record<string, HostTensor>>,
): NotFiniteValue | undefined {
  const found = Object.entries(tensors).find(([, { data }]) => !allFinite(data));
  return found && { title: `${kind} "${found[0]}"`, place: "" };
}

/** The error of a program that was disposed. */
export function disposedProgram(program: string): OsccError {
  return invalidArgument(program, "disposed", "a program that is still open", "Compile it again.");
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

function scalarData(value: number, dtype: Required<TensorSpec>["dtype"]): TensorData {
  if (dtype === "float32") return Float32Array.of(value);
  return dtype === "int32" ? Int32Array.of(value) : Uint8Array.of(value ? 1 : 0);
}
