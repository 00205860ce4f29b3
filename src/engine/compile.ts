/** Compiling a function of tensors into a program. */
import { writeFile } from "node:fs/promises";
import { currentSignal } from "../core/abort";
import { writeWhole } from "../core/whole-file";
import { selectDevice } from "./devices";
import { eagerProgram } from "./eager";
import { withInspection } from "./inspection";
import { checkPrecision, type Precision, withPrecision } from "./precision";
import { checkState, completeSpecs, type Device, type Program, type StepFunction } from "./program";
import { residentProgram } from "./resident";
import type { HostTensor, TensorSpec } from "./tensors";
import { traceFunction, traceInspection } from "./trace/trace";

/** What a function takes: its inputs, and the state it carries from step to step, with its first values. */
export interface Signature<I extends string = string, S extends string = string> {
  readonly inputs: Readonly<Record<I, TensorSpec>>;
  readonly state?: Readonly<Record<S, HostTensor>>;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** Where to run; default `auto`, the best that passes a self-test. */
  readonly device?: Device | "auto";
  /** Stops runs of the program; default: the signal of the running cell. */
  readonly signal?: AbortSignal;
  /** Of the products of linear layers and attention, default `f32`; `f16` is for GPUs, and slower on processors. */
  readonly precision?: Precision;
  /** What messages and saved graphs call it; default: the function's name. */
  readonly name?: string;
}

/**
 * Compile a function of tensors.
 *
 * The function is called once with symbolic tensors; what it does to them becomes one graph that ONNX Runtime runs
 * in a worker thread. It must be pure: no values are looked at (`dataSync`), random numbers come in as inputs.
 * The same function runs unchanged with `device: "eager"`.
 *
 * @param fn         from named inputs and named state to named outputs and new values of any state entries
 * @param signature  shapes of the inputs; state with its first values (copied)
 * @throws UnsupportedOperation  naming the operation and the line that called it
 * @example
 * const program = await engine.compile(
 *   ({ x }, { total }) => {
 *     const next = tf.add(total, tf.sum(x));
 *     return { outputs: { mean: tf.mean(x) }, state: { total: next } };
 *   },
 *   { inputs: { x: { shape: [4] } }, state: { total: engine.hostTensor([0], []) } },
 * );
 * const { mean } = await program.run({ x: Float32Array.of(1, 2, 3, 4) });
 * await program.dispose();
 */
export async function compile<I extends string, O extends string, S extends string = never>(
  fn: StepFunction<I, S, O>,
  signature: Signature<I, S>,
  options: CompileOptions = {},
): Promise<Program<I, O, S>> {
  const started = performance.now();
  const name = options.name ?? (fn.name || "program");
  const inputs = completeSpecs(`${name}: input`, signature.inputs);
  const state: Readonly<Record<string, HostTensor>> = signature.state ?? ({} as Record<string, HostTensor>);
  const stateSpecs = checkState(name, state);
  const signal = currentSignal(options.signal);
  const { device } = await selectDevice(options.device);
  const { precision = "f32" } = options;
  checkPrecision(precision, device);
  const plain = fn as unknown as StepFunction;
  const step: StepFunction = (given, live) => withPrecision(precision, () => plain(given, live));
  const trace = (target: Device) => traceFunction(name, step, inputs, stateSpecs, target);
  const program =
    device === "eager"
      ? await eagerProgram({
          name,
          fn: step,
          inputs,
          state,
          signal,
          saveGraph: (path, values) =>
            writeWhole(path, (beside) => writeFile(beside, trace("cpu").file(values))),
        })
      : await residentProgram(trace(device), state, device, signal, started);
  const inspection = (placeOf?: string) =>
    traceInspection(name, step, inputs, stateSpecs, device === "eager" ? "cpu" : device, placeOf);
  return withInspection(name, program, inspection) as unknown as Program<I, O, S>;
}
