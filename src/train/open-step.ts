/** Opens a training step in the form that suits its size; the loop does not see which. */
import { invalidArgument } from "../core/errors";
import {
  compile,
  compileChainStep,
  type Device,
  filledTensor,
  type HostTensor,
  type Program,
  selectDevice,
} from "../engine";
import { lossScaleState } from "../engine/precision";
import type { Model, ModelSpec, Parameters } from "../model";
import { chainStep, FIXED_RATE, prefersChain } from "./chain-step";
import type { LossFunction } from "./losses";
import { gradientPlace, needsGradients, paretoScaling } from "./multitask/balancing";
import { possiblePlace } from "./multitask/place";
import type { TaskWatch } from "./multitask/task-facts";
import type { FitSettings } from "./options";
import { type StepOptions, stepInputs, stepState, trainingStep } from "./step";
import { loraOf, sourceOf, splitParameters } from "./tuning";

export interface OpenStep {
  readonly program: Program;
  /** Names of the parameters that it changes. */
  readonly names: readonly string[];
  /** Patients in one pass. */
  readonly size: number;
  /** Whether a batch takes several passes, see `StepOptions`. */
  readonly accumulate: boolean;
  /** Whether the weights of tasks are an input; MGDA may find them inside the step. */
  readonly takesWeights: boolean;
  /** Inputs that are the same in every pass. */
  readonly constants: Readonly<Record<string, number>>;
  /** The program's state before the first step. */
  readonly initial: () => Readonly<Record<string, HostTensor>>;
}

export interface StepWishes {
  readonly model: Model;
  /** Parameters that the mode of training adds, see `newAdapters`. */
  readonly adapters: Parameters;
  readonly settings: FitSettings;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly device: Device | "auto";
  readonly signal: AbortSignal | undefined;
}

/**
 * One graph for the whole step is quickest for small images. Where it would take too much memory, the encoder is
 * computed as a chain, a patient at a time.
 */
export async function openStep({
  model,
  adapters,
  settings,
  losses,
  device,
  signal,
}: StepWishes): Promise<OpenStep> {
  const { device: chosen } = await selectDevice(device);
  const source = sourceOf(settings.mode);
  const lora = loraOf(settings.mode);
  const together = Math.min(settings.microBatch, settings.batch);
  const chained = chosen !== "eager" && source === "images" && prefersChain(model.spec, together);
  const size = chained ? 1 : together;
  const options: StepOptions = {
    size,
    accumulate: size < settings.batch,
    source,
    losses,
    adamW: { weightDecay: settings.weightDecay },
    ...(settings.clipNorm === false ? {} : { clipNorm: settings.clipNorm }),
    ...(lora ? { lora } : {}),
    precision: settings.precision,
    ...(settings.tasks.length > 1
      ? { tasks: taskWatch(model.spec, settings, { accumulate: size < settings.batch, chained }) }
      : {}),
  };
  const { trained, fixed } = splitParameters({ ...model.parameters, ...adapters }, settings.mode);
  const names = Object.keys(trained);
  const { precision } = settings;
  const where = { precision, ...(signal ? { signal } : {}), name: "training step" };
  const scaling = precision === "f16" ? lossScaleState() : {};
  const state = () => ({ ...fixed, ...(chained ? { ...trained, ...scaling } : stepState(trained, options)) });
  const program = chained
    ? await compileChainStep(chainStep(model.spec, { ...fixed, ...trained }, options), {
        device: chosen,
        ...where,
      })
    : await compile(
        trainingStep(model.spec, names, options),
        { inputs: stepInputs(model.spec, options), state: state() },
        { device: chosen, ...where },
      );
  const constants = chained && lora ? { [FIXED_RATE]: 0 } : {};
  const takesWeights = options.tasks !== undefined && options.tasks.scaling === undefined;
  const initial = () => ({ ...zeros(program), ...state() });
  return { program, names, size, accumulate: options.accumulate, takesWeights, constants, initial };
}

/** What a chain adds to its parameters by itself begins at zero. */
function zeros({ state }: Program): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, filledTensor(shape)]));
}

/** What a step watches of several tasks. */
function taskWatch(
  spec: ModelSpec,
  { mode, balancing, gradientConflict }: FitSettings,
  { accumulate, chained }: { readonly accumulate: boolean; readonly chained: boolean },
): TaskWatch {
  if (mode === "linear-probe") {
    if (!needsGradients(balancing)) return {};
    throw invalidArgument(
      "balancing",
      Object.keys(balancing).join(),
      "sum or uncertainty with a linear probe, whose tasks share nothing that is trained",
    );
  }
  if (!gradientConflict && !needsGradients(balancing)) return {};
  const place = possiblePlace(spec, gradientPlace(balancing));
  if (place === "shared" && chained)
    throw invalidArgument(
      "gradientsOf",
      place,
      "a place after the encoder, which is computed a few images at a time here",
      'Use gradientsOf: "representation" (MGDA-UB), or smaller images.',
    );
  const scaling = paretoScaling(balancing);
  // Weights of the very batch need all of its gradients at once.
  return { place, ...(scaling && !accumulate && !chained ? { scaling } : {}) };
}
