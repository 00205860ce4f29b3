/**
 * What the published code of the Multi-OSCC study draws (its Figure 3). It is called Grad-CAM++ there, but:
 *
 * - the class is `GradCAM`: the weights are mean gradients;
 * - the scalar is the cross-entropy loss, whose gradient points away from the class;
 * - the weighted activations are not summed over channels but projected on their first principal component, whose sign
 *   is arbitrary (here: the value of largest size is positive; the study leaves it to the linear algebra library);
 * - the maps of the last two blocks' `norm1` are each stretched to 0-1, averaged and stretched again, image by image, so
 *   that values of different images cannot be compared.
 *
 * Kept so that the figure can be repeated. For an explanation use another method.
 */
import { gradCamWeights } from "./grad-cam";
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";
import { firstComponent } from "./principal-component";

/** Keeps the quotient finite on a map of zeros; value of the reference implementation. */
const EPSILON = 1e-7;

/** One layer of one image: the centred, weighted activations along their first principal component, stretched to 0-1. */
export function upstreamLayerMap(image: ImageGradients): number[] {
  const { activations, positions, channels } = image;
  const weights = gradCamWeights(image);
  const weighted = Float64Array.from(activations, (a, i) => a * weights[i % channels]!);
  for (let c = 0; c < channels; c++) {
    let mean = 0;
    for (let p = 0; p < positions; p++) mean += weighted[p * channels + c]! / positions;
    for (let p = 0; p < positions; p++) weighted[p * channels + c]! -= mean;
  }
  return stretched(Array.from(firstComponent(weighted, positions, channels), (v) => Math.max(0, v)));
}

/** (x - min) / (max - min) */
export function stretched(values: readonly number[]): number[] {
  const low = Math.min(...values);
  const high = Math.max(...values) - low;
  return values.map((value) => (value - low) / (EPSILON + high));
}

export const upstreamMultiOsccMethod: MapMethod = {
  title: "Multi-OSCC’s published code",
  paper: "published code of the Multi-OSCC study",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  defaults: {
    score: "upstreamCrossEntropy",
    layers: ({ depth }) => [depth - 2, depth - 1].filter((i) => i >= 0).map((i) => `blocks.${i}.norm1`),
  },
  async maps(subject, settings) {
    const { layers } = await mapsOfLayers(subject, settings, upstreamLayerMap);
    const images = subject.probe.images;
    const joint = Array.from({ length: images }, (_, i) => {
      const maps = layers.map((ofImages) => ofImages[i]!);
      const mean = Array.from(maps[0]!, (_, p) => maps.reduce((sum, map) => sum + map[p]!, 0) / maps.length);
      return stretched(mean);
    });
    return {
      layers: [joint],
      notes: [
        "As in the study’s published code: explains the cross-entropy loss, not the class; each image has a scale of its own.",
      ],
    };
  },
};
