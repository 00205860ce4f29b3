/** Compiling a chain into a program. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { currentSignal } from "../../core/abort";
import { invalidArgument } from "../../core/errors";
import { selectDevice } from "../devices";
import { PLACES } from "../door";
import { checkPrecision, lossScaleState, type Precision } from "../precision";
import type { Device, Program } from "../program";
import { NO_KERNEL_MEMORY, type PlanPlace } from "../protocol";
import { plannedProgram } from "../resident";
import type { HostTensor } from "../tensors";
import { checkChain, checkInput } from "./check";
import { type ChainForward, planForward } from "./forward";
import type { Plan } from "./plan";
import { type ChainTraining, planTraining } from "./train";
import type { Target } from "./units";

/** Options of `compileChain` and `compileChainStep`. */
export interface ChainOptions {
  /** Where to run; default `cpu`. TensorFlow.js itself (`eager`) runs a chain inline, see `runChain`. */
  readonly device?: Exclude<Device, "eager"> | "auto";
  /** Of the products of linear layers and attention, default `f32`; see `compile`. */
  readonly precision?: Precision;
  /** Stops runs of the program; default: the signal of the running cell. */
  readonly signal?: AbortSignal;
  /** What messages call it. */
  readonly name?: string;
}

/** Options of `compileChainStep`. */
export interface ChainStepOptions extends ChainOptions {
  /**
   * How many groups of items are worked on at the same time, on the processor; each has its own part of the threads, and some
   * 100 MiB for a ViT-S at 512 pixels. 1 to 64; default: for a large step as many as share out groups and threads
   * evenly, else 1. Results differ in the order of sums only.
   */
  readonly lanes?: number;
}

/**
 * Compile a chain that is run forward, link by link: the program of `compile` in less memory.
 *
 * Its state are the parameters. `save` writes one file for each graph, beside the path
 * given: `predict.onnx` becomes `predict.block.forward.onnx` and so on.
 *
 * @throws UnknownName, InvalidArgument  for a chain that does not fit its parameters and inputs
 * @example
 * const layer = (i: number): engine.Link => ({
 *   kind: "layer",
 *   parameters: { weight: `layers.${i}.weight` },
 *   apply: ({ weight }, x) => tf.relu(engine.linear(x, weight!)),
 * });
 * const weight = engine.filledTensor([8, 8], 0.1);
 * const program = await engine.compileChain({
 *   chain: [layer(0), layer(1)],
 *   items: { input: "x", group: 2 },
 *   inputs: { x: [6, 8] },
 *   parameters: { "layers.0.weight": weight, "layers.1.weight": weight },
 *   outputs: (_, results) => ({ sum: tf.sum(results, 1) }),
 * });
 * const { sum } = await program.run({ x: new Float32Array(48).fill(1) });
 * await program.dispose();
 */
export async function compileChain(forward: ChainForward, options: ChainOptions = {}): Promise<Program> {
  const started = performance.now();
  const name = options.name ?? "chain";
  checkChain(name, forward);
  return openPlan(
    name,
    planForward(forward, await targetOf(options)),
    forward.parameters,
    currentSignal(options.signal),
    started,
  );
}

/**
 * Compile a training step of a chain, link by link: the step of `compile` in far less memory.
 *
 * The program has the inputs given and the output `loss`; its state are the parameters, the optimiser's moments and
 * the sums of gradients; on WebGPU they stay on the device. `save` as in `compileChain`.
 *
 * @throws UnknownName, InvalidArgument  for a chain that does not fit its parameters and inputs
 */
export async function compileChainStep(
  training: ChainTraining,
  options: ChainStepOptions = {},
): Promise<Program> {
  const started = performance.now();
  const name = options.name ?? "training step of a chain";
  const { lanes } = options;
  checkChain(name, training);
  if (lanes !== undefined && !(Number.isInteger(lanes) && lanes >= 1 && lanes <= PLACES))
    throw invalidArgument("lanes", lanes, `a whole number from 1 to ${PLACES}`);
  if (training.apply !== undefined) checkInput(name, training.apply, training.inputs);
  for (const group of new Set(Object.keys(training.parameters).map(training.optimiser.groupOf)))
    for (const input of Object.values(training.optimiser.rates(group)))
      checkInput(name, input, training.inputs);
  const target = await targetOf(options);
  const state = { ...training.parameters, ...(target.precision === "f16" ? lossScaleState() : {}) };
  const open = (plan: Plan) => openPlan(name, plan, state, currentSignal(options.signal), started, lanes);
  return open(planTraining(training, target)).catch((error: Error) => {
    if (error.message !== NO_KERNEL_MEMORY) throw error;
    return open(planTraining(training, { ...target, withoutKernels: true }));
  });
}

async function targetOf({ device = "cpu", precision = "f32" }: ChainOptions): Promise<Target> {
  checkPrecision(precision, device);
  const { device: chosen } = await selectDevice(device);
  if (chosen !== "eager") return { device: chosen, precision };
  throw invalidArgument("device", device, "cpu, webgpu, cuda or auto", "runChain runs a chain eagerly.");
}

async function openPlan(
  name: string,
  plan: Plan,
  parameters: Readonly<Record<string, HostTensor>>,
  signal: AbortSignal | undefined,
  started: number,
  lanes?: number,
): Promise<Program> {
  const values = Object.fromEntries(
    Object.entries(parameters).map(([key, tensor]) => [key, tensor.data.slice()]),
  );
  const ports = (views: Readonly<Record<string, number>>) =>
    Object.entries(views).map(([key, view]) => ({
      name: key,
      shape: plan.views[view]!.shape,
      dtype: "float32" as const,
    }));
  const facts = {
    inputs: ports(plan.inputs),
    outputs: ports(plan.outputs),
    state: ports(plan.state),
    titleOf: (place: PlanPlace) => plan.titleOf(place),
    bytesNeeded: () =>
      4 * plan.buffers.reduce((sum, length) => sum + length, 0) +
      Math.max(...plan.units.map((unit) => unit.bytesNeeded())),
    nodes: plan.units.reduce((sum, unit) => sum + unit.nodes, 0),
    save: async (file: string, state?: object) => {
      if (state)
        throw invalidArgument(
          "save: state",
          true,
          "false for a chain, whose graphs are saved one by one",
          "Keep its state with readState, and compile the chain again to go on.",
        );
      const { dir, name: stem, ext } = path.parse(file);
      for (const unit of plan.units)
        await writeFile(path.join(dir, `${stem}.${unit.name}${ext}`), unit.file());
    },
  };
  return plannedProgram(plan.request(name, values), facts, signal, started, lanes);
}
