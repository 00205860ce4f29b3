/**
 * Score-CAM (Wang et al., CVPR workshops 2020). No gradient: a channel counts as much as the score of the image seen
 * through it. With H_k the channel's activations, enlarged to the image and stretched to 0-1, X the image, X_b the blank one:
 *
 *   C_k = f(X . H_k) - f(X_b)          (equation 6)
 *   alpha = softmax over k of C_k       (algorithm 1)
 *   map = relu(sum_k alpha_k A_k)       (equation 8)
 *
 * X_b cancels in the softmax. "Blank" is the model's mean colour, zero after normalisation. The other images of
 * the patient stay as they are. One encoder pass for each channel of each image: choose `channels` for a wide encoder.
 */
import { hidden, smoothPatches } from "../masks";
import { joined } from "../probe";
import { type Subject, scoresWith } from "../subject";
import { type ImageGradients, layerValues, type MapMethod } from "./method";
import { camMap } from "./weighted-sum";

export const scoreCamMethod: MapMethod = {
  title: "Score-CAM",
  paper: "Wang et al., CVPR workshops 2020",
  usesLayers: true,
  followsScore: true,
  isSigned: false,
  async maps(subject, settings) {
    const { layers, onProgress } = settings;
    const images = await layerValues(subject, layers);
    const channels = images[0]![0]!.channels;
    const kept = Math.min(channels, settings.channels ?? channels);
    const total = layers.length * images.length * kept;
    let done = 0;
    const maps: number[][][] = [];
    for (let l = 0; l < layers.length; l++) {
      const ofLayer: number[][] = [];
      for (const [i, ofLayers] of images.entries())
        ofLayer.push(
          await mapOf(subject, i, ofLayers[l]!, kept, (more) => {
            done += more;
            onProgress?.(done, total);
          }),
        );
      maps.push(ofLayer);
    }
    const notes =
      kept < channels
        ? [`Score-CAM of the ${kept} channels of ${channels} that vary most over each image.`]
        : [];
    return { layers: maps, notes };
  },
};

async function mapOf(
  subject: Subject,
  image: number,
  values: ImageGradients,
  kept: number,
  onDone: (channels: number) => void,
): Promise<number[]> {
  const { probe, pixels } = subject;
  const { spec, grid, imageValues, group } = probe;
  const own = pixels.subarray(image * imageValues, (image + 1) * imageValues);
  const chosen = mostVaried(values, kept);
  const scores: number[] = [];
  for (let first = 0; first < chosen.length; first += group) {
    const some = chosen.slice(first, first + group);
    const seen = some.map((channel) => {
      const map = smoothPatches(channelOf(values, channel), grid, spec.encoder.imageSize);
      return hidden(own, stretched(map), spec.normalisation);
    });
    scores.push(...(await scoresWith(subject, image, joined(seen))));
    onDone(some.length);
  }
  const weights = new Float64Array(values.channels);
  softmax(scores).forEach((weight, k) => {
    weights[chosen[k]!] = weight;
  });
  return camMap(values, weights);
}

/** The channels with the largest range, in their order; one that is level shows nothing and is left out. */
function mostVaried(values: ImageGradients, kept: number): number[] {
  const ranges = Array.from({ length: values.channels }, (_, channel) => {
    const own = channelOf(values, channel);
    return { channel, range: Math.max(...own) - Math.min(...own) };
  });
  return ranges
    .filter(({ range }) => range > 0)
    .sort((a, b) => b.range - a.range)
    .slice(0, kept)
    .map(({ channel }) => channel)
    .sort((a, b) => a - b);
}

function channelOf({ activations, positions, channels }: ImageGradients, channel: number): number[] {
  return Array.from({ length: positions }, (_, p) => activations[p * channels + channel]!);
}

/** To 0-1 by the map's own range. */
function stretched(map: Float32Array): Float32Array {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of map) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return most > least ? map.map((value) => (value - least) / (most - least)) : map.fill(1);
}

function softmax(values: readonly number[]): number[] {
  const highest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - highest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}
