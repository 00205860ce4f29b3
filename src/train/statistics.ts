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
  return meanOfPatients(Array.from(patients, patientStatistics));
}

/** What `meanOfPatients` needs of a patient: for each channel. */
export interface PatientStatistics {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Mean and standard deviation of each channel over all pixels of one patient. */
export function patientStatistics(pixels: ArrayLike<number>): PatientStatistics {
  const channels = [0, 1, 2].map((channel) => channelStatistics(pixels, channel)) as [
    Channel,
    Channel,
    Channel,
  ];
  const [red, green, blue] = channels;
  return { mean: [red.m, green.m, blue.m], std: [red.s, green.s, blue.s] };
}

/** The mean over patients, as `pixelStatistics` gives it. */
export function meanOfPatients(patients: readonly PatientStatistics[]): Normalisation {
  const average = (value: (patient: PatientStatistics) => number) =>
    patients.reduce((sum, patient) => sum + value(patient), 0) / Math.max(1, patients.length);
  const mean = (channel: 0 | 1 | 2) => average((patient) => patient.mean[channel]);
  const std = (channel: 0 | 1 | 2) =>
    Math.max(
      LEAST_DEVIATION,
      average((patient) => patient.std[channel]),
    );
  return { mean: [mean(0), mean(1), mean(2)], std: [std(0), std(1), std(2)] };
}

interface Channel {
  readonly m: number;
  readonly s: number;
}

function channelStatistics(pixels: ArrayLike<number>, channel: number): Channel {
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
