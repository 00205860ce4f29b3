/** What a frozen encoder says about patients: computed once, kept on disk, trained on in seconds. */
import { inspect } from "node:util";
import { invalidArgument, unknownName } from "../core/errors";
import { startProgress } from "../core/progress";
import type { Provenance } from "../core/provenance";
import type { Device } from "../engine";
import {
  featureWidth,
  type LoadReport,
  type Model,
  type ModelSpec,
  type Parameters,
  type View,
  type ViTConfig,
} from "../model";
import type { TrainingPatient } from "./cohort";
import { imagesHash, parametersHash, textHash } from "./content-hash";
import { readFeatures, writeFeatures } from "./feature-cache";
import type { PixelSource } from "./pixels";
import { encodePatients } from "./predictor";
import { isEncoder } from "./tuning";

/** Change this when the features that the same weights and images give change. */
const CACHE_VERSION = 1;

/** What decides the features of an image beside its pixels. */
export type FeatureSpec = Pick<ModelSpec, "encoder" | "views" | "normalisation" | "imageFit">;

/** What a table is made of. */
export interface FeatureParts {
  readonly spec: FeatureSpec;
  /** The encoder's parameters, by full name. */
  readonly parameters: Parameters;
  /** [images * width] by patient. */
  readonly rows: ReadonlyMap<string, Float32Array>;
  readonly provenance: Provenance;
  /** What was taken from a weights file. */
  readonly weights?: LoadReport;
  /** The seed that random weights were drawn with, and the file that others came from: what a run records. */
  readonly origin: { readonly seed: number; readonly weights?: string };
}

/**
 * Features of the images of patients, from an encoder that stays as it is. Made by `features`; give it to `fit`.
 *
 * @example
 * const table = await train.features(cohort, { preset: "notebook" });
 * const [patients, images, width] = table.shape;
 * table.of("17"); // Float32Array of images * width values, image by image
 */
export class FeatureTable {
  constructor(private readonly parts: FeatureParts) {}

  /** Ids, in order. */
  get patients(): readonly string[] {
    return [...this.parts.rows.keys()];
  }

  /** The images of a patient, in order; tiles count one by one. */
  get views(): readonly View[] {
    return this.parts.spec.views;
  }

  /** The encoder that made them. */
  get encoder(): ViTConfig {
    return this.parts.spec.encoder;
  }

  /** Patients, images of each, features of an image. */
  get shape(): readonly [patients: number, images: number, width: number] {
    return [this.parts.rows.size, this.views.length, featureWidth(this.encoder)];
  }

  get provenance(): Provenance {
    return this.parts.provenance;
  }

  /** What of the features decides a run, beside the patients. */
  get spec(): FeatureSpec {
    return this.parts.spec;
  }

  /** The encoder's parameters, by full name. */
  get parameters(): Parameters {
    return this.parts.parameters;
  }

  /** What was taken from a weights file, if one was given. */
  get weights(): LoadReport | undefined {
    return this.parts.weights;
  }

  /** The seed of random weights, and the file of others. */
  get origin(): FeatureParts["origin"] {
    return this.parts.origin;
  }

  /** Whether all of these patients are in the table. */
  has(patients: readonly { readonly id: string }[]): boolean {
    return patients.every(({ id }) => this.parts.rows.has(id));
  }

  /** The features of a patient, [images * width], image by image. Do not change the array. @throws UnknownName */
  of(patient: string | { readonly id: string }): Float32Array {
    const id = typeof patient === "string" ? patient : patient.id;
    const found = this.parts.rows.get(id);
    if (!found) throw unknownName("patient in this table of features", id, this.patients);
    return found;
  }

  [inspect.custom](): string {
    const [patients, images, width] = this.shape;
    return `Features · ${patients} patients · ${images} images of ${width} values · ${this.encoder.imageSize.join(" x ")} px`;
  }
}

/** Where features are computed, and what stops it. */
export interface EncodeOptions {
  readonly device?: Device | "auto";
  readonly signal?: AbortSignal;
}

/** Features of patients by a model's encoder, from the disk where they are known. */
export async function encodeOrRead(
  model: Model,
  patients: readonly TrainingPatient[],
  pixels: PixelSource,
  options: EncodeOptions,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { spec } = model;
  const length = spec.views.length * featureWidth(spec.encoder);
  const encoder = parametersHash(encoderOf(model.parameters));
  const { views, normalisation, imageFit } = spec;
  const settings = JSON.stringify([
    CACHE_VERSION,
    spec.encoder,
    views,
    normalisation,
    imageFit,
    options.device,
  ]);
  const keys = new Map<string, string>();
  const rows = new Map<string, Float32Array>();
  for (const patient of patients) {
    const key = textHash(encoder, settings, await imagesHash(spec, patient));
    keys.set(patient.id, key);
    const kept = await readFeatures(key, length);
    if (kept) rows.set(patient.id, kept);
  }
  const missing = patients.filter(({ id }) => !rows.has(id));
  if (missing.length > 0) {
    const progress = startProgress("features of patients", missing.length);
    await encodePatients(model, missing, pixels, {
      ...options,
      onPatient: async (id, features, done) => {
        rows.set(id, features);
        await writeFeatures(keys.get(id)!, features);
        progress.update(done);
      },
    });
    const read = patients.length - missing.length;
    progress.end(`features of ${missing.length} patients computed${read > 0 ? `, of ${read} read` : ""}`);
  }
  return new Map(patients.map(({ id }) => [id, rows.get(id)!]));
}

/** The table of some patients by a model's encoder. */
export async function tableOf(
  { provenance }: { readonly provenance: Provenance },
  { seed, weights: file }: { readonly seed: number; readonly weights?: string },
  { model, weights, pixels }: { model: Model; weights?: LoadReport | undefined; pixels: PixelSource },
  patients: readonly TrainingPatient[],
  where: EncodeOptions,
): Promise<FeatureTable> {
  const { encoder, views, normalisation, imageFit } = model.spec;
  return new FeatureTable({
    spec: { encoder, views, normalisation, imageFit },
    parameters: encoderOf(model.parameters),
    rows: await encodeOrRead(model, patients, pixels, where),
    provenance,
    origin: { seed, ...(file ? { weights: file } : {}) },
    ...(weights ? { weights } : {}),
  });
}

/** The encoder's part of a model's parameters. */
function encoderOf(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => isEncoder(name)));
}

/** The options that a table of features has decided already. */
export const DECIDED_BY_FEATURES = [
  "encoder",
  "imageSize",
  "imageFit",
  "normalisation",
  "views",
  "weights",
  "positions",
] as const;

/** Refuse options that the features contradict, or that they cannot serve. */
export function checkFeatureOptions(options: Readonly<Record<string, unknown>>): void {
  const doubled = DECIDED_BY_FEATURES.find((name) => options[name] !== undefined);
  if (doubled)
    throw invalidArgument(
      doubled,
      "given beside features",
      "only features, which were made with one already",
      `Give it to the features: train.features(cohort, { ${doubled} }).`,
    );
  const { mode } = options;
  if (mode !== undefined && mode !== "frozen" && mode !== "linear-probe")
    throw invalidArgument(
      "mode",
      typeof mode === "string" ? mode : "lora",
      "frozen or linear-probe with features: they do not change",
      "Leave features out to train the encoder.",
    );
}
