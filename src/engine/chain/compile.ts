/** Compiling a chain into a program. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { currentSignal } from "../../core/abort";
import { checkState, type Program } from "../program";
import { plannedProgram } from "../resident";
import type { HostTensor } from "../tensors";
import type { Plan } from "./plan";
import { type ChainTraining, planTraining } from "./train";

export interface ChainOptions {
  /** Stops runs of the program; default: the signal of the running cell. */
  readonly signal?: AbortSignal;
  /** What messages call it. */
  readonly name?: string;
}

/**
 * Compile a training step of a chain, link by link: the program of `compile` with far less memory.
 *
 * The program has the inputs given and the output `loss`, the sum over a run; its state are the parameters, the
 * optimiser's moments and the sums of gradients. It runs on the processor. `save` writes one file for each graph,
 * beside the path given: `step.onnx` becomes `step.block.forward.onnx` and so on.
 */
export async function compileChain(training: ChainTraining, options: ChainOptions = {}): Promise<Program> {
  const started = performance.now();
  const name = options.name ?? "chain";
  checkState(name, training.parameters);
  const plan = planTraining(training);
  return openPlan(name, plan, training.parameters, currentSignal(options.signal), started);
}

async function openPlan(
  name: string,
  plan: Plan,
  parameters: Readonly<Record<string, HostTensor>>,
  signal: AbortSignal | undefined,
  started: number,
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
    nodes: plan.units.reduce((sum, unit) => sum + unit.nodes, 0),
    save: async (file: string) => {
      const { dir, name: stem, ext } = path.parse(file);
      for (const unit of plan.units)
        await writeFile(path.join(dir, `${stem}.${unit.name}${ext}`), unit.file());
    },
  };
  return plannedProgram(plan.request(name, values), facts, signal, started);
}
