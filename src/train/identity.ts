/** Which run a checkpoint belongs to: everything that decides what its training computes. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { MISSING_LABEL } from "../evaluate";
import { type Model, modelImages } from "../model";
import type { TrainingPatient } from "./cohort";
import type { LossFunction } from "./losses";
import type { FitSettings } from "./options";

/** What a run is made of, each part as text that is equal when the part is. */
export interface RunIdentity {
  /** Every option as JSON, by name. */
  readonly options: Readonly<Record<string, string>>;
  /** Fingerprints by what they are of, in words. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

export interface IdentityParts {
  readonly settings: FitSettings;
  /** Before the first step. */
  readonly model: Model;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly train: readonly TrainingPatient[];
  readonly valid: readonly TrainingPatient[];
}

/**
 * The identity of a run. Weights and images count by what they hold, not by where they lie, so that a run can go on
 * on another machine: the parameters before the first step by value, image files by their size.
 */
export function runIdentity({ settings, model, losses, train, valid }: IdentityParts): RunIdentity {
  const { weights: _counted, ...options } = settings;
  return {
    options: Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    fingerprints: {
      "the model": sha256([JSON.stringify(model.spec)]),
      "the parameters before the first step": sha256(
        Object.values(model.parameters).map(
          ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        ),
      ),
      "the loss functions": sha256(settings.tasks.map((task) => String(losses[task]))),
      "the training patients, their labels or images": patientsHash(settings, model, train),
      "the validation patients, their labels or images": patientsHash(settings, model, valid),
    },
  };
}

/** How two identities differ, one line a difference; none when they are equal. */
export function differences(stored: RunIdentity, present: RunIdentity): string[] {
  const names = new Set([...Object.keys(stored.options), ...Object.keys(present.options)]);
  const options = [...names]
    .filter((name) => stored.options[name] !== present.options[name])
    .map(
      (name) =>
        `${name} was ${stored.options[name] ?? "not there"}, and is ${present.options[name] ?? "not there"}`,
    );
  const parts = Object.keys(present.fingerprints)
    .filter((part) => stored.fingerprints[part] !== present.fingerprints[part])
    .map((part) => `${part} changed`);
  return [...options, ...parts];
}

function patientsHash({ tasks }: FitSettings, { spec }: Model, patients: readonly TrainingPatient[]): string {
  return sha256(
    patients.map((patient) =>
      JSON.stringify([
        patient.id,
        tasks.map((task) => patient.labels[task] ?? MISSING_LABEL),
        modelImages(spec, patient).map(({ path }) => (path === undefined ? null : statSync(path).size)),
      ]),
    ),
  );
}

function sha256(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex");
}
