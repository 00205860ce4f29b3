/**
 * Images out of focus, against the cohort's own images of the same magnification.
 *
 * Sharpness is the logarithm of the variance of the Laplacian at the file's resolution. An image is suspected
 * when it lies 2.2 (nine times less variance) and 4 robust standard deviations below the median. Of the 960 images
 * of the default phantom, whose focus varies as a microscope's does, the least sharp lies 2.0 below; blurred by
 * a Gaussian of 3 pixels all lie 2.6 or more below.
 */

import { groupBy } from "../group-by";
import type { Examined, Found } from "./examined";
import { median } from "./median";

/** Fewer images have no distribution to compare with. */
export const MIN_FOR_FOCUS = 8;
const LEAST_DROP = 2.2;
const DEVIATIONS = 4;
/** Scales the median absolute deviation to the standard deviation of a normal distribution. */
const MAD_TO_SD = 1.4826;

export function findBlur(images: readonly Examined[]): Found[] {
  const tissue = images.filter(({ measures }) => measures.glass < 0.9 && measures.contrast >= 2);
  return [...groupBy(tissue, ({ image }) => image.magnification)].flatMap(([magnification, group]) => {
    if (group.length < MIN_FOR_FOCUS) return [];
    const values = group.map(({ measures }) => measures.sharpness);
    const centre = median(values);
    const spread = MAD_TO_SD * median(values.map((value) => Math.abs(value - centre)));
    const limit = Math.max(LEAST_DROP, DEVIATIONS * spread);
    return group
      .filter(({ measures }) => centre - measures.sharpness > limit)
      .map(
        ({ image, measures }): Found => ({
          kind: "blur",
          severity: "warning",
          image,
          detail: `out of focus: variance of the Laplacian ${Math.exp(measures.sharpness).toPrecision(3)}, median at ${magnification} ${Math.exp(centre).toPrecision(3)}, suspected below ${Math.exp(centre - limit).toPrecision(3)}`,
        }),
      );
  });
}
