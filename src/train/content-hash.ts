/** Fingerprints of what is in files and tensors, whatever they are called and wherever they lie. */
import { createHash } from "node:crypto";
import { fileContent } from "../core/content";
import { type ModelSpec, modelImages, type Parameters, type ViewImage } from "../model";
import type { TrainingPatient } from "./cohort";

/** Fingerprint of the images that a model sees of a patient; of decoded pixels where they come from no file. */
export async function imagesHash(spec: ModelSpec, patient: TrainingPatient): Promise<string> {
  const images = modelImages(spec, patient);
  const distinct = images.filter((image, i) => i === 0 || !isSameFile(image, images[i - 1]!));
  const hash = createHash("sha256");
  for (const image of distinct) {
    const { channels, slice } = image as { channels?: string; slice?: number };
    hash.update(`${channels ?? ""} ${slice ?? ""}\n`);
    hash.update(image.path === undefined ? (await image.load()).data : await fileContent(image.path));
  }
  return hash.digest("hex");
}

function isSameFile(a: ViewImage, b: ViewImage): boolean {
  const slice = (image: ViewImage) => (image as { slice?: number }).slice;
  return a.path !== undefined && a.path === b.path && slice(a) === slice(b);
}

/** Fingerprint of patients as a model sees them: ids, labels of its tasks, images; independent of order. */
export async function patientsHash(spec: ModelSpec, patients: readonly TrainingPatient[]): Promise<string> {
  const tasks = Object.keys(spec.tasks);
  const lines: string[] = [];
  for (const patient of patients) {
    const labels = tasks.map((task) => `${task} ${patient.labels[task] ?? "missing"}`);
    lines.push([patient.id, ...labels, await imagesHash(spec, patient)].join(" "));
  }
  return textHash(...lines.sort());
}

/** Fingerprint of parameters, by name and value. */
export function parametersHash(parameters: Parameters): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(parameters).sort()) {
    const { shape, data } = parameters[name]!;
    hash.update(`${name} ${shape.join("x")}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** Fingerprint of a few texts. */
export function textHash(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\n");
  return hash.digest("hex");
}
