/** Runs a model forward over patients, in batches of one fixed size. */
import {
  compile,
  compileChain,
  type Device,
  type Program,
  type StepFunction,
  selectDevice,
  type tf,
} from "../engine";
import {
  encodeImages,
  featureWidth,
  forward,
  forwardFeatures,
  type Model,
  type ModelSpec,
  normalise,
  type Parameters,
  tokenCount,
} from "../model";
import { chainForward, imagesTogether, prefersChain } from "./chain-step";
import type { TrainingPatient } from "./cohort";
import { MASK_INPUT, maskInput, maskValues } from "./missing-images";
import type { PixelSource } from "./pixels";
import { type StepSource, sourceInput } from "./step";

/** Most patients in one forward pass, and most tokens: more would take memory without saving time. */
const MOST_PATIENTS = 8;
const MOST_TOKENS = 8192;

function predictionBatch({ encoder, views }: ModelSpec): number {
  const tokens = views.length * tokenCount(encoder);
  return Math.max(1, Math.min(MOST_PATIENTS, Math.floor(MOST_TOKENS / tokens)));
}

export interface PredictorOptions {
  readonly source?: StepSource;
  readonly device?: Device | "auto";
  readonly signal?: AbortSignal;
}

/** Logits by task, one row a patient. */
export type Logits = Readonly<Record<string, readonly Float32Array[]>>;

/** A compiled forward pass whose parameters can be replaced. */
export class Predictor {
  private constructor(
    private readonly spec: ModelSpec,
    private readonly program: Program,
    private readonly source: StepSource,
    private readonly batch: number,
  ) {}

  static async open(model: Model, options: PredictorOptions = {}): Promise<Predictor> {
    const { source = "images", device = "auto", signal } = options;
    const state =
      source === "images"
        ? model.parameters
        : Object.fromEntries(
            Object.entries(model.parameters).filter(([name]) => !name.startsWith("encoder.")),
          );
    const { device: chosen } = await selectDevice(device);
    const where = { name: "predict", ...(signal ? { signal } : {}) };
    const chained = chosen !== "eager" && source === "images" && prefersChain(model.spec, 1);
    const batch = chained ? 1 : predictionBatch(model.spec);
    const program = chained
      ? await compileChain(chainForward(model.spec, model.parameters), { device: chosen, ...where })
      : await compile(
          forwardStep(model.spec, source),
          {
            inputs: { ...sourceInput(model.spec, source, batch), ...maskInput(model.spec, batch) },
            state,
          },
          { device: chosen, ...where },
        );
    return new Predictor(model.spec, program, source, batch);
  }

  get device(): Device {
    return this.program.device;
  }

  /** Use other values for some or all parameters. */
  async setParameters(parameters: Parameters): Promise<void> {
    await this.program.writeState({ ...parameters });
  }

  /** Logits of patients, from their images or, for a frozen encoder, from their features [M * D]. */
  async logits(
    patients: readonly TrainingPatient[],
    read: (patient: TrainingPatient) => Promise<ArrayLike<number>>,
  ): Promise<Logits> {
    const rows: Record<string, Float32Array[]> = {};
    for (const task of Object.keys(this.spec.tasks)) rows[task] = [];
    for (let start = 0; start < patients.length; start += this.batch) {
      const batch = patients.slice(start, start + this.batch);
      const outputs = await this.program.run({
        [this.source]: await gather(batch, this.batch, read),
        ...maskValues(this.spec, batch, this.batch),
      });
      for (const [task, { classes }] of Object.entries(this.spec.tasks))
        batch.forEach((_, i) => {
          rows[task]!.push(
            (outputs[task]!.data as Float32Array).slice(i * classes.length, (i + 1) * classes.length),
          );
        });
    }
    return rows;
  }

  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

function forwardStep(spec: ModelSpec, source: StepSource): StepFunction {
  return (inputs, state) => {
    const mask = inputs[MASK_INPUT];
    if (source === "features")
      return { outputs: { ...forwardFeatures(spec, state, inputs.features!, {}, mask).logits } };
    const images = normalise(inputs.images!, spec.normalisation);
    return { outputs: { ...forward(spec, state, images, mask ? { mask } : {}).logits } };
  };
}

/** The values of several patients one after the other; a last, smaller batch is filled with zeros. */
export async function gather(
  patients: readonly TrainingPatient[],
  batch: number,
  read: (patient: TrainingPatient, index: number) => Promise<ArrayLike<number>>,
): Promise<Float32Array> {
  const parts = await Promise.all(patients.map((patient, i) => read(patient, i)));
  const length = parts[0]?.length ?? 0;
  const out = new Float32Array(batch * length);
  parts.forEach((part, i) => {
    out.set(part, i * length);
  });
  return out;
}

/** Features of each patient's images from the encoder alone, [M * D] a patient. */
export async function encodePatients(
  model: Model,
  patients: readonly TrainingPatient[],
  pixels: PixelSource,
  options: PredictorOptions & {
    onPatient: (id: string, features: Float32Array, done: number) => Promise<void>;
  },
): Promise<void> {
  const { spec } = model;
  const encoder = Object.fromEntries(
    Object.entries(model.parameters).filter(([name]) => name.startsWith("encoder.")),
  );
  const { program, images } = await openEncoder(spec, encoder, options);
  const [height, width] = spec.encoder.imageSize;
  const length = images * height * width * 3;
  try {
    for (const [i, patient] of patients.entries()) {
      const seen = await pixels.read(patient);
      const found = new Float32Array(spec.views.length * featureWidth(spec.encoder));
      for (let from = 0, to = 0; from < seen.length; from += length) {
        const images = new Float32Array(seen.subarray(from, from + length));
        const { features } = await program.run({ images });
        found.set(features!.data as Float32Array, to);
        to += features!.data.length;
      }
      await options.onPatient(patient.id, found, i + 1);
    }
  } finally {
    await program.dispose();
  }
}

/** The encoder on some images of a patient, a divisor of all of them; output `features`. Large images come one by one. */
async function openEncoder(
  spec: ModelSpec,
  parameters: Parameters,
  { device, signal }: PredictorOptions,
): Promise<{ program: Program; images: number }> {
  const { device: chosen } = await selectDevice(device);
  const where = { name: "encode", ...(signal ? { signal } : {}) };
  const all = spec.views.length;
  if (chosen !== "eager" && prefersChain(spec, 1)) {
    const images = imagesTogether(spec, all);
    const some = { ...spec, views: spec.views.slice(0, images) };
    const { chain, items, inputs } = chainForward(some, parameters);
    const outputs = (_: unknown, features: tf.Tensor) => ({ features });
    const forward = { chain, items, inputs: { images: inputs.images! }, parameters, outputs };
    return { program: await compileChain(forward, { device: chosen, ...where }), images };
  }
  const program = await compile(
    (inputs, state) => ({
      outputs: { features: encodeImages(spec, state, normalise(inputs.images!, spec.normalisation)) },
    }),
    { inputs: sourceInput(spec, "images", 1), state: parameters },
    { device: chosen, ...where },
  );
  return { program, images: all };
}

/** Class probabilities of a row of logits: a softmax that cannot overflow. */
export function softmaxRow(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const highest = Math.max(...values);
  const exponentials = values.map((z) => Math.exp(z - highest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
