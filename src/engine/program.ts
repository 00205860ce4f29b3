/** What compiling a function gives: a program with inputs, outputs and a state of its own. */
import { invalidArgument, OsccError, unknownName } from "../core/errors";
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

export interface RunOptions {
  /** Stops before the next step; default: the signal of `compile`, else that of the running cell. */
  readonly signal?: AbortSignal;
}

/**
 * A compiled function.
 *
 * `run` advances the state by one step and gives the outputs. Runs are queued, never interleaved. A stopped or
 * failed run leaves the state of the step before.
 */
export interface Program<I extends string = string, O extends string = string, S extends string = string> {
  /** Where it runs. */
  readonly device: Device;
  /** How long tracing and preparing took, and how large the graph is. */
  readonly build: { readonly nodes: number; readonly bytes: number; readonly milliseconds: number };
  /** Shapes of the outputs. */
  readonly outputs: Readonly<Record<O, Required<TensorSpec>>>;
  run(inputs: Readonly<Record<I, RunInput>>, options?: RunOptions): Promise<Record<O, HostTensor>>;
  /** A copy of the state, all of it or some entries. */
  readState(names?: readonly S[]): Promise<Record<S, HostTensor>>;
  /** Replace some entries of the state. */
  writeState(entries: Partial<Record<S, HostTensor>>): Promise<void>;
  /** Write the traced graph as an `.onnx` file, with names and documentation. */
  save(path: string): Promise<void>;
  /** Give back all memory. Afterwards the program cannot run. */
  dispose(): Promise<void>;
}

/** Fill in the defaults of specs and check them. */
export function completeSpecs(
  kind: string,
  specs: Readonly<Record<string, TensorSpec>>,
): Record<string, Required<TensorSpec>> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype = "float32" }]) => {
      for (const length of shape)
        if (!Number.isInteger(length) || length < 1)
          throw invalidArgument(
            `${kind} "${name}": shape`,
            `[${shape.join(", ")}]`,
            "whole numbers from 1",
            "Shapes are fixed when a function is compiled: compile once for each batch size.",
          );
      return [name, { shape: [...shape], dtype: dtypeOf({ dtype }) }];
    }),
  );
}

/** Check what was passed for each input against its spec, and give plain tensors in the order of the specs. */
export function checkInputs(
  program: string,
  specs: Readonly<Record<string, Required<TensorSpec>>>,
  inputs: Readonly<Record<string, RunInput | undefined>>,
): Record<string, HostTensor> {
  for (const name of Object.keys(inputs))
    if (!(name in specs)) throw unknownName(`input of ${program}`, name, Object.keys(specs));
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      checkTensor(`${program}: input "${name}"`, spec, inputs[name]),
    ]),
  );
}

/** Check one tensor against its spec. `what` begins the message. */
export function checkTensor(
  what: string,
  { shape, dtype }: Required<TensorSpec>,
  found: RunInput | undefined,
): HostTensor {
  if (found === undefined) throw invalidArgument(what, found, `a tensor of shape [${shape.join(", ")}]`);
  if (typeof found === "number") return checkTensor(what, { shape, dtype }, scalarData(found, dtype));
  const isHostTensor = "data" in found;
  const data = isHostTensor ? found.data : found;
  const fits = isHostTensor ? sameShape(found.shape, shape) : data.length === sizeOf(shape);
  if (!fits) {
    const foundShape = isHostTensor ? found.shape : [data.length];
    throw new OsccError(
      "ShapeMismatch",
      [
        `${what} has ${isHostTensor ? `shape [${foundShape.join(", ")}]` : `${data.length} elements`}.`,
        `Expected [${shape.join(", ")}]${isHostTensor ? "" : `, ${sizeOf(shape)} elements`}: the shape it was compiled for.`,
        "Pad and mask a smaller last batch, or compile a second program for it.",
      ],
      { expected: shape, found: foundShape },
    );
  }
  const holder = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  if (!(data instanceof holder))
    throw invalidArgument(what, `a ${data.constructor.name}`, `a ${holder.name} (dtype ${dtype})`);
  return { shape, dtype, data };
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
