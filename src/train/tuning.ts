/** How deep a training reaches into the encoder. */
import { invalidArgument, unknownName } from "../core/errors";
import type { Rng } from "../core/random";
import {
  initialise,
  type LoraOptions,
  loraOptions,
  loraParameters,
  type Model,
  mergeLora,
  type Parameters,
} from "../model";
import type { StepSource } from "./step";

/** The depths of training by name, deepest first. */
export const TRAINING_MODES = ["full", "lora", "frozen", "linear-probe"] as const;
/**
 * - `"full"`: everything is trained, the encoder at a rate of its own.
 * - `"lora"`, or `{ lora: { rank, alpha, projections } }`: the encoder's weights stay as they are, and low-rank changes of
 *   some of them are learned at the rate of the rest (Hu et al., 2021). The finished model has them merged in.
 * - `"frozen"`: the encoder stays as it is; its features are computed once, and fusion and heads are trained on them.
 * - `"linear-probe"`: the encoder stays as it is, and one linear layer a task reads the features of all images side by
 *   side, without fusion block and hidden layers: how much of the answer do the features hold already?
 */
export type TrainingMode = (typeof TRAINING_MODES)[number] | { readonly lora: LoraOptions };

/** The mode as it is written to `run.json`: LoRA with all of its options. */
export function checkedMode(mode: TrainingMode): TrainingMode {
  if (typeof mode === "string") {
    if (!TRAINING_MODES.includes(mode)) throw unknownName("mode", mode, TRAINING_MODES);
    return mode === "lora" ? { lora: loraOptions() } : mode;
  }
  if (typeof mode !== "object" || mode === null || !("lora" in mode))
    throw invalidArgument("mode", mode, `one of ${TRAINING_MODES.join(", ")}, or { lora: { rank, alpha } }`);
  return { lora: loraOptions(mode.lora) };
}

/** What a training step reads in a mode. */
export function sourceOf(mode: TrainingMode): StepSource {
  return mode === "frozen" || mode === "linear-probe" ? "features" : "images";
}

/** The options of LoRA, if that is the mode. */
export function loraOf(mode: TrainingMode): Required<LoraOptions> | undefined {
  if (mode === "lora") return loraOptions();
  return typeof mode === "object" ? loraOptions(mode.lora) : undefined;
}

/** The parameters that a mode adds to the model while it is trained. */
export function newAdapters({ spec }: Model, mode: TrainingMode, rng: Rng): Parameters {
  const lora = loraOf(mode);
  return lora ? initialise(loraParameters(spec.encoder, lora), rng) : {};
}

/** Which parameters a step changes, and which it only reads. */
export function splitParameters(
  parameters: Parameters,
  mode: TrainingMode,
): { readonly trained: Parameters; readonly fixed: Parameters } {
  if (mode === "full") return { trained: parameters, fixed: {} };
  const entries = Object.entries(parameters);
  const encoder = Object.fromEntries(entries.filter(([name]) => isEncoder(name)));
  const rest = Object.fromEntries(entries.filter(([name]) => !isEncoder(name)));
  return { trained: rest, fixed: sourceOf(mode) === "features" ? {} : encoder };
}

/** A model's parameters with those that were trained in their place, adapters merged. */
export function trainedModel(model: Model, trained: Parameters, mode: TrainingMode): Parameters {
  const lora = loraOf(mode);
  const all = { ...model.parameters, ...trained };
  return lora ? mergeLora(model.spec.encoder, all, lora) : all;
}

/** Whether a parameter is the encoder's own. */
export function isEncoder(name: string): boolean {
  return name.startsWith("encoder.");
}
