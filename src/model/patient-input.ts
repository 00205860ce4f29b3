/**
 * What a model needs of a patient: its views as pixels. `Patient` and `PatientImage` of a cohort have this form;
 * so may objects of a student's own.
 */
import { OsccError } from "../core/errors";
import type { ImageFit, ModelSpec, View } from "./model";

/** A decoded image that can be resized. */
export interface ViewPixels {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0-255 */
  readonly data: Uint8Array;
  resize(width: number, height: number, options: { fit: ImageFit }): Promise<ViewPixels>;
}

/** An image of a view, as far as a model needs it. */
export interface ViewImage {
  /** The file, if it comes from one. */
  readonly path?: string | undefined;
  load(): Promise<ViewPixels>;
}

/** A patient, as far as a model needs one. */
export interface ViewPatient<Image extends ViewImage = ViewImage> {
  readonly id: string;
  images(options: { onMissing: "substitute-site"; views: readonly View[] }): readonly Image[];
}

/** The images a model sees of a patient, in its order. A missing one is replaced by that of another site, as published. */
export function modelImages<Image extends ViewImage>(
  spec: ModelSpec,
  patient: ViewPatient<Image>,
): readonly Image[] {
  const images = patient.images({ onMissing: "substitute-site", views: spec.views });
  if (images.length === spec.views.length) return images;
  throw new OsccError(
    "ShapeMismatch",
    [
      `patient ${patient.id} has ${images.length} images; the model sees ${spec.views.length}.`,
      `Expected, in order: ${spec.views.map((v) => `${v.site} ${v.magnification}`).join(", ")}.`,
      "Choose views that every patient has, or leave the patient out.",
    ],
    { expected: [spec.views.length], found: [images.length] },
  );
}

/** Decode and resize images one by one: [M, h, w, 3], 0-255, not normalised. */
export async function decodeImages(spec: ModelSpec, images: readonly ViewImage[]): Promise<Uint8Array> {
  const [height, width] = spec.encoder.imageSize;
  const out = new Uint8Array(images.length * height * width * 3);
  await Promise.all(
    images.map(async (image, i) => {
      const small = await (await image.load()).resize(width, height, { fit: spec.imageFit });
      out.set(small.data, i * height * width * 3);
    }),
  );
  return out;
}
