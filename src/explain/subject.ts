/** A patient under explanation: pixels, features, and the class in question, on an opened model. */
import { loadTensor, PatientImage } from "../cohort";
import { decodeImages, type ModelSpec, type ViewImage } from "../model";
import type { Probe, Underway } from "./probe";

/** Letters: M images, h x w pixels, D feature width. */
export interface Subject {
  readonly probe: Probe;
  /** [M, h, w, 3], 0-255 */
  readonly pixels: Float32Array;
  /** [M * D] */
  readonly features: Float32Array;
  /** The images before the layers in question. */
  readonly at: Underway;
  /** The class that is explained. */
  readonly target: number;
  readonly scoreValue: number;
  readonly probability: number;
  /** What was worked out about this subject under a name; worked out when first asked for. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Which class, and where in the encoder the questions begin. */
export interface SubjectQuestion {
  /** `undefined`: the predicted one. */
  readonly asked: number | undefined;
  /** The link of the encoder that the first layer in question is a part of. */
  readonly link: number;
}

/** Encode a patient's images and find the class to explain. */
export async function openSubject(
  probe: Probe,
  pixels: Float32Array,
  { asked, link }: SubjectQuestion,
): Promise<Subject> {
  const { features, at } = await probe.encodeThrough(pixels, link);
  const { logits, scores } = await probe.answers(features, asked ?? 0);
  const target = asked ?? logits.indexOf(Math.max(...logits));
  const scoreValue =
    target === (asked ?? 0) ? scores[0]! : (await probe.answers(features, target)).scores[0]!;
  const known = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, work: () => Promise<T>) => {
    const result = (known.get(name) as Promise<T> | undefined) ?? work();
    known.set(name, result);
    return result;
  };
  return { probe, pixels, features, at, target, scoreValue, probability: softmax(logits)[target]!, once };
}

/** Images of a cohort on disk go through its pixel cache, as in training; others are decoded here. */
export async function pixelsOf(
  spec: ModelSpec,
  images: readonly ViewImage[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  if (!images.every((image) => image instanceof PatientImage))
    return Float32Array.from(await decodeImages(spec, images));
  return loadTensor(images, {
    size: spec.encoder.imageSize,
    fit: spec.imageFit,
    ...(signal ? { signal } : {}),
  });
}

/** The scores of a patient with one of the images replaced by each of some variants, pixels [V, h, w, 3]; [V]. */
export async function scoresWith(
  { probe, features, target }: Subject,
  image: number,
  variants: Float32Array,
): Promise<Float32Array> {
  const width = probe.featureWidth;
  const replaced = await probe.encode(variants); // [V, D]
  const rows = replaced.length / width;
  const patients = new Float32Array(rows * features.length);
  for (let row = 0; row < rows; row++) {
    patients.set(features, row * features.length);
    patients.set(replaced.subarray(row * width, (row + 1) * width), row * features.length + image * width);
  }
  return (await probe.answers(patients, target)).scores;
}

function softmax(logits: Float32Array): number[] {
  const highest = Math.max(...logits);
  const exponentials = Array.from(logits, (z) => Math.exp(z - highest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}
