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
  /** Images of views in order. `skip`: without those that are missing. */
  images(options: { onMissing: "substitute-site" | "skip"; views: readonly View[] }): readonly Image[];
}

/**
 * The images a model sees of a patient, in its order. A missing one is replaced by that of another site, as published;
 * for a model that masks missing images, by any image of the patient, which then changes nothing.
 *
 * @throws NoImages       for a patient without any image, of a model that masks missing ones
 * @throws ShapeMismatch  when there are not as many images as the model sees
 */
export function modelImages<Image extends ViewImage>(
  spec: ModelSpec,
  patient: ViewPatient<Image>,
): readonly Image[] {
  if (spec.missing === "mask") return withStandIns(spec, patient);
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

/** Which of the views a patient has, for `imageMask`; all of them when another site's image stands in. */
export function presentImages(spec: ModelSpec, patient: ViewPatient): readonly boolean[] {
  if (spec.missing !== "mask") return spec.views.map(() => true);
  return ownImages(spec, patient).map((image) => image !== undefined);
}

function withStandIns<Image extends ViewImage>(spec: ModelSpec, patient: ViewPatient<Image>): Image[] {
  const own = ownImages(spec, patient);
  const standIn = own.find((image) => image !== undefined);
  if (standIn) return own.map((image) => image ?? standIn);
  throw new OsccError(
    "NoImages",
    [
      `patient ${patient.id} has none of the images that the model sees.`,
      `Expected at least one of: ${spec.views.map((v) => `${v.site} ${v.magnification}`).join(", ")}.`,
      "Leave the patient out.",
    ],
    { patient: patient.id },
  );
}

/** The image of each view, if the patient has it. */
function ownImages<Image extends ViewImage>(
  spec: ModelSpec,
  patient: ViewPatient<Image>,
): (Image | undefined)[] {
  return spec.views.map((view) => patient.images({ onMissing: "skip", views: [view] })[0]);
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
