/**
 * A cohort in memory with a planted sign: positive patients have a dark square in the upper left of their
 * core image. Everything else is noise, so a model can only succeed by seeing it.
 */
import { Rng } from "../../../src/core/random";
import type { ViewImage, ViewPixels } from "../../../src/model";
import type { TrainingCohort, TrainingPatient } from "../../../src/train";

/** Pixels a side. */
export const TOY_SIZE = 16;

export const TOY_VIEWS = [
  { site: "core", magnification: "x200" },
  { site: "edge", magnification: "x200" },
] as const;

/** The smallest sensible encoder for `TOY_SIZE` pixels: four patches a side. */
export const TOY_ENCODER = {
  imageSize: [16, 16],
  patch: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
} as const;

export type ToyTask = "SIGN" | "COIN";

export interface ToyOptions {
  readonly patients?: number;
  /** Patients of the first class only in this split: an undefined AUC. */
  readonly oneClassIn?: "valid";
  /** How many patients have no label of `SIGN`. */
  readonly unlabelled?: number;
  readonly noise?: number;
}

export interface ToyImage extends ViewImage {
  readonly site: string;
}

export interface ToyPatient extends TrainingPatient<ToyTask> {
  readonly provenance: { readonly cohort: string; readonly synthetic: boolean };
  images(options: { views: readonly { site: string; magnification: string }[] }): readonly ToyImage[];
}

export interface ToyCohort extends TrainingCohort<ToyTask> {
  readonly patients: readonly ToyPatient[];
}

/** `SIGN` is in the pixels; `COIN` is chance. The first 60 % train, then 20 % valid and 20 % test. */
export function toyCohort({
  patients = 20,
  oneClassIn,
  unlabelled = 0,
  noise = 12,
}: ToyOptions = {}): ToyCohort {
  const rng = new Rng("toy");
  const provenance = { cohort: "toy", synthetic: true };
  return {
    provenance,
    tasks: ["SIGN", "COIN"],
    schema: {
      tasks: {
        SIGN: { title: "planted sign", classes: ["absent", "present"] },
        COIN: { title: "coin", classes: ["heads", "tails"] },
      },
    },
    views: TOY_VIEWS,
    patients: Array.from({ length: patients }, (_, i): ToyPatient => {
      const split = i < patients * 0.6 ? "train" : i < patients * 0.8 ? "valid" : "test";
      const sign = oneClassIn === split ? 0 : i % 2;
      return {
        id: `T${i}`,
        provenance,
        split,
        labels: { SIGN: i < unlabelled ? undefined : sign, COIN: rng.split(`coin ${i}`).integer(2) },
        images: ({ views }) =>
          views.map(({ site }) => ({
            site,
            load: async () => picture(sign === 1 && site === "core", noise, rng.split(`${i} ${site}`)),
          })),
      };
    }),
  };
}

/** The patient without the images of some sites. */
export function withoutSites(patient: ToyPatient, sites: readonly string[]): ToyPatient {
  return {
    ...patient,
    images: ({ views }) => patient.images({ views: views.filter(({ site }) => !sites.includes(site)) }),
  };
}

/** The cohort with every third patient's edge missing, where there is nothing to see, whatever the label. */
export function incompleteToyCohort(options: ToyOptions = { patients: 30 }): ToyCohort {
  const cohort = toyCohort(options);
  return {
    ...cohort,
    patients: cohort.patients.map((patient, i) => (i % 3 ? patient : withoutSites(patient, ["edge"]))),
  };
}

function picture(hasSign: boolean, noise: number, rng: Rng): ViewPixels {
  const data = new Uint8Array(TOY_SIZE * TOY_SIZE * 3);
  for (let y = 0; y < TOY_SIZE; y++)
    for (let x = 0; x < TOY_SIZE; x++) {
      const dark = hasSign && x < 8 && y < 8;
      for (let c = 0; c < 3; c++)
        data[(y * TOY_SIZE + x) * 3 + c] = Math.min(
          255,
          Math.max(0, Math.round(rng.normal(dark ? 90 : 170, noise))),
        );
    }
  const pixels: ViewPixels = {
    width: TOY_SIZE,
    height: TOY_SIZE,
    data,
    resize: async (width, height) => {
      if (width !== TOY_SIZE || height !== TOY_SIZE) throw new Error("toy images have one size");
      return pixels;
    },
  };
  return pixels;
}
