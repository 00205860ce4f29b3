/** Pixel statistics of training images, as the study computes its own. */
import type { Normalisation } from "../model";

/** A channel without variation would divide by zero: one grey level is the least standard deviation. */
const LEAST_DEVIATION = 1;

/**
 * Mean and standard deviation of each channel: over the pixels of each patient, then the mean over patients.
 *
 * @param patients  of each patient all pixels of all images, red, green, blue interleaved
 * @returns         on the scale of the pixels; a deviation below one grey level counts as one
 * @example
 * train.pixelStatistics([[10, 0, 7, 20, 0, 9]]); // { mean: [15, 0, 8], std: [5, 1, 1] }
 */
export function pixelStatistics(patients: Iterable<ArrayLike<number>>): Normalisation {
  const mean: [number, number, number] = [0, 0, 0];
  const std: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (const pixels of patients) {
    count++;
    for (const channel of [0, 1, 2] as const) {
      const { m, s } = channelStatistics(pixels, channel);
      mean[channel] += m;
      std[channel] += s;
    }
  }
  const average = (sum: number) => sum / Math.max(1, count);
  const deviation = (sum: number) => Math.max(LEAST_DEVIATION, average(sum));
  return {
    mean: [average(mean[0]), average(mean[1]), average(mean[2])],
    std: [deviation(std[0]), deviation(std[1]), deviation(std[2])],
  };
}

function channelStatistics(pixels: ArrayLike<number>, channel: number): { m: number; s: number } {
  const n = pixels.length / 3;
  let sum = 0;
  let squares = 0;
  for (let i = channel; i < pixels.length; i += 3) {
    const value = pixels[i]!;
    sum += value;
    squares += value * value;
  }
  const m = sum / n;
  return { m, s: Math.sqrt(Math.max(0, squares / n - m * m)) };
}
