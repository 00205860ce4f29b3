/** The mean of the images' projections: the plainest baseline. A missing image is left out of the mean. */
import { linearLayer } from "../layers";
import { linearParameters } from "../parameters";
import type { FusionBlock } from "./block";
import { meanOverImages, withoutMissing } from "./mask";

/** 295,680 parameters for 384-wide features. Any number of images. Not in the study. */
export const mean: FusionBlock = {
  title: "mean",
  parameters: ({ featureWidth, width }) => linearParameters("fc", featureWidth, width),
  forward({ images }, parameters, features, mask) {
    const x = linearLayer(withoutMissing(features, mask), parameters, "fc"); // [B * M, F]
    return meanOverImages(x, images, mask); // [B, F]
  },
};
