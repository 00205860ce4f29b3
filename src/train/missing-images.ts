/** Masks of missing images as an input of compiled steps: there only when the model masks them. */
import type { TensorSpec } from "../engine";
import { imageMask, type ModelSpec, presentImages } from "../model";
import type { TrainingPatient } from "./cohort";

/** Name of the input, [B, M]: 1 for an image that is there, 0 for one that is missing. */
export const MASK_INPUT = "mask";

/** Its shape, for so many patients. */
export function maskInput(spec: ModelSpec, patients: number): Record<string, TensorSpec> {
  return spec.missing === "mask" ? { [MASK_INPUT]: { shape: [patients, spec.views.length] } } : {};
}

/** Its values. Places without a patient have all images. */
export function maskValues(
  spec: ModelSpec,
  patients: readonly TrainingPatient[],
  places: number,
): Record<string, Float32Array> {
  if (spec.missing !== "mask") return {};
  const present = patients.map((patient) => presentImages(spec, patient));
  const mask = new Float32Array(places * spec.views.length).fill(1);
  mask.set(
    imageMask(
      present,
      patients.map(({ id }) => id),
    ),
  );
  return { [MASK_INPUT]: mask };
}
