/** A small encoder that knows phantoms, for lessons. */
import path from "node:path";
import { PACKAGE_ROOT } from "../../core/paths";

/**
 * Training options for `phantom-tiny`: a linear probe on a small frozen vision transformer that knows phantoms.
 *
 * The encoder (256 px, patch 16, width 96, depth 4; its feature is the mean of the patches) was taught on truth masks of
 * phantom patients of another seed where each sign is and how much of it; no label of a patient was used. With it the phantom's tasks are learned in seconds; the tables in
 * `src/cohort/phantom/README.md` say how well. It has never seen tissue: it is no pathology encoder, of no use for real
 * images. `scripts/phantom-encoder.mjs` makes it. Options given after it win.
 *
 * - `weights`: the file; `imageSize` and `normalisation`: what it was trained with (px; means and standard deviations of
 *   red, green and blue, 0 to 255).
 * - `mode`, `learningRate`, `weightDecay`, `epochs`: for one linear layer on the features of all images.
 *
 * @example
 * const run = await fit(cohort, { preset: "notebook", tasks: "TI", ...phantom.PHANTOM_TINY });
 */
export const PHANTOM_TINY = {
  weights: path.join(PACKAGE_ROOT, "weights", "phantom-tiny.safetensors"),
  imageSize: 256,
  normalisation: { mean: [168.95, 91, 170.38], std: [32.12, 40.7, 24.77] },
  mode: "linear-probe",
  learningRate: { encoder: 0, rest: 1e-3 },
  weightDecay: 0.05,
  epochs: 30,
} as const;
