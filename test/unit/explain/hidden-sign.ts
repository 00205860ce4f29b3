/**
 * A cohort in memory whose sign hides anywhere: positive patients have one dark square somewhere in one of two images, and
 * a mask says where. What a map must find, and cannot find by always pointing at the same place.
 */
import { Rng } from "../../../src/core/random";
import type { ViewImage, ViewPixels } from "../../../src/model";
import type { TrainingCohort, TrainingPatient } from "../../../src/train";

/** Pixels a side; eight patches of four. */
export const HIDDEN_SIZE = 32;
const SIGN = 8;

export const HIDDEN_ENCODER = {
  imageSize: [HIDDEN_SIZE, HIDDEN_SIZE],
  patch: 4,
  width: 32,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
} as const;

const VIEWS = [
  { site: "core", magnification: "x200" },
  { site: "edge", magnification: "x200" },
] as const;

interface HiddenImage extends ViewImage {
  mask(): Promise<{ width: number; height: number; of(sign: string): Uint8Array }>;
}

export interface HiddenPatient extends TrainingPatient<"SIGN"> {
  readonly provenance: { readonly cohort: string; readonly synthetic: boolean };
  images(options: { views: readonly { site: string; magnification: string }[] }): readonly HiddenImage[];
}

export interface HiddenCohort extends TrainingCohort<"SIGN"> {
  readonly patients: readonly HiddenPatient[];
}

/** 60 % train, 20 % valid, 20 % test. */
export function hiddenSigns(patients: number): HiddenCohort {
  const provenance = { cohort: "hidden signs", synthetic: true };
  return {
    provenance,
    tasks: ["SIGN"],
    schema: { tasks: { SIGN: { title: "hidden sign", classes: ["absent", "present"] } } },
    views: VIEWS,
    patients: Array.from({ length: patients }, (_, i): HiddenPatient => {
      const rng = new Rng("hidden").split(i);
      const has = i % 2 === 1;
      const site = rng.chance(0.5) ? "core" : "edge";
      const [top, left] = [rng.integer(HIDDEN_SIZE - SIGN), rng.integer(HIDDEN_SIZE - SIGN)];
      const inSign = (ofSite: string, y: number, x: number) =>
        has && ofSite === site && y >= top && y < top + SIGN && x >= left && x < left + SIGN;
      return {
        id: `H${i}`,
        provenance,
        split: i < patients * 0.6 ? "train" : i < patients * 0.8 ? "valid" : "test",
        labels: { SIGN: has ? 1 : 0 },
        images: ({ views }) =>
          views.map((view) => ({
            load: async () => picture((y, x) => inSign(view.site, y, x), rng.split(view.site)),
            mask: async () => ({
              width: HIDDEN_SIZE,
              height: HIDDEN_SIZE,
              of: () =>
                Uint8Array.from({ length: HIDDEN_SIZE ** 2 }, (_, p) =>
                  inSign(view.site, Math.floor(p / HIDDEN_SIZE), p % HIDDEN_SIZE) ? 1 : 0,
                ),
            }),
          })),
      };
    }),
  };
}

function picture(isDark: (y: number, x: number) => boolean, rng: Rng): ViewPixels {
  const shade = rng.range(150, 190); // as between stains: the mean alone does not tell
  const data = Uint8Array.from({ length: HIDDEN_SIZE ** 2 * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const dark = isDark(Math.floor(pixel / HIDDEN_SIZE), pixel % HIDDEN_SIZE);
    return Math.min(255, Math.max(0, Math.round(rng.normal(dark ? shade - 70 : shade, 14))));
  });
  const pixels: ViewPixels = { width: HIDDEN_SIZE, height: HIDDEN_SIZE, data, resize: async () => pixels };
  return pixels;
}
