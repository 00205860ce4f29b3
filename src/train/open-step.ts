/** Opens a training step in the form that suits its size; the loop does not see which. */
import { compile, compileChainStep, type Device, type Program, selectDevice } from "../engine";
import type { Model } from "../model";
import { chainStep, prefersChain } from "./chain-step";
import type { LossFunction } from "./losses";
import type { FitSettings } from "./options";
import {
  type StepOptions,
  type StepSource,
  stepInputs,
  stepState,
  trainedParameters,
  trainingStep,
} from "./step";

export interface OpenStep {
  readonly program: Program;
  /** Names of the parameters that it changes. */
  readonly names: readonly string[];
  /** Patients in one pass. */
  readonly size: number;
  /** Whether a batch takes several passes, see `StepOptions`. */
  readonly accumulate: boolean;
}

export interface StepWishes {
  readonly model: Model;
  readonly settings: FitSettings;
  readonly source: StepSource;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly device: Device | "auto";
  readonly signal: AbortSignal | undefined;
}

/**
 * One graph for the whole step is quickest for small images. Where it would take too much memory, the encoder is
 * computed as a chain, a patient at a time; that is on the processor only, since graphics memory is not shared
 * between graphs in this runtime.
 */
export async function openStep({
  model,
  settings,
  source,
  losses,
  device,
  signal,
}: StepWishes): Promise<OpenStep> {
  const { device: chosen } = await selectDevice(device);
  const together = Math.min(settings.microBatch, settings.batch);
  const chained = chosen === "cpu" && source === "images" && prefersChain(model.spec, together);
  const size = chained ? 1 : together;
  const options: StepOptions = {
    size,
    accumulate: size < settings.batch,
    source,
    losses,
    adamW: { weightDecay: settings.weightDecay },
    ...(settings.clipNorm === false ? {} : { clipNorm: settings.clipNorm }),
  };
  const trained = trainedParameters(model, source);
  const names = Object.keys(trained);
  const where = { ...(signal ? { signal } : {}), name: "training step" };
  const program = chained
    ? await compileChainStep(chainStep(model.spec, trained, options), where)
    : await compile(
        trainingStep(model.spec, names, options),
        { inputs: stepInputs(model.spec, options), state: stepState(trained, options) },
        { device: chosen, ...where },
      );
  return { program, names, size, accumulate: options.accumulate };
}
