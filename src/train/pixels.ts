/** Pixels of patients at the model's size, decoded once and kept while they fit. */

import { loadPixels, PatientImage } from "../cohort";
import { throwIfAborted } from "../core/abort";
import { decodeImages, type ModelSpec, modelImages } from "../model";
import type { TrainingPatient } from "./cohort";
import { decodeTiles } from "./tiles";

/** Decoded images kept in memory, as bytes. Beyond this each batch is decoded again. */
const MEMORY_BUDGET_BYTES = 2 ** 30;

/** How many images are decoded at the same time: the decoder has threads of its own. */
const CONCURRENT_IMAGES = 8;

/** Reads the images of patients as a model of one specification sees them. */
export class PixelSource {
  private readonly kept = new Map<string, Uint8Array>();
  private keptBytes = 0;

  constructor(
    private readonly spec: ModelSpec,
    private readonly signal?: AbortSignal,
  ) {}

  /** Values of one patient: images * height * width * 3. */
  get patientValues(): number {
    const [height, width] = this.spec.encoder.imageSize;
    return this.spec.views.length * height * width * 3;
  }

  /** The images of one patient, [M, h, w, 3], 0-255. Do not change the array. */
  async read(patient: TrainingPatient): Promise<Uint8Array> {
    const known = this.kept.get(patient.id);
    if (known) return known;
    throwIfAborted(this.signal, "reading images");
    const pixels = await this.decode(patient);
    if (this.keptBytes + pixels.length <= MEMORY_BUDGET_BYTES) {
      this.kept.set(patient.id, pixels);
      this.keptBytes += pixels.length;
    }
    return pixels;
  }

  /** Decode several patients ahead of use. `done` is told after each. */
  async readAll(patients: readonly TrainingPatient[], done: (count: number) => void): Promise<void> {
    const atOnce = Math.max(1, Math.floor(CONCURRENT_IMAGES / this.spec.views.length));
    let count = 0;
    const waiting = [...patients];
    const work = async () => {
      for (let patient = waiting.shift(); patient; patient = waiting.shift()) {
        await this.read(patient);
        done(++count);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** Whether all of these patients fit in memory together. */
  fits(patients: readonly TrainingPatient[]): boolean {
    return patients.length * this.patientValues <= MEMORY_BUDGET_BYTES;
  }

  /** Images of a cohort on disk go through its pixel cache; others are decoded here. */
  private async decode(patient: TrainingPatient): Promise<Uint8Array> {
    const images = modelImages(this.spec, patient);
    if (this.spec.views.some(({ tile }) => tile)) return decodeTiles(this.spec, images);
    if (!images.every((image) => image instanceof PatientImage)) return decodeImages(this.spec, images);
    const { imageSize: size } = this.spec.encoder;
    const { data } = await loadPixels(images, {
      size,
      fit: this.spec.imageFit,
      ...(this.signal ? { signal: this.signal } : {}),
    });
    return data;
  }
}
