/** Mean and spread of the colour channels, for normalising what goes into a model. */
import { OsccError } from "../core/errors";
import type { Cohort } from "./cohort";
import { type LoadOptions, loadPixels } from "./loader";
import type { MissingPolicy, Patient } from "./patient";
import type { CohortSchema, Split } from "./schema";

/** Options of `Cohort.channelStatistics`. */
export interface StatisticsOptions extends Partial<LoadOptions> {
  /** Default `"train"`: statistics of held-out patients must not leak into training. */
  split?: Split;
  onMissing?: MissingPolicy;
}

/** Red, green, blue. */
export type Rgb = readonly [number, number, number];

export interface ChannelStatistics {
  /** 0-255. */
  readonly mean: Rgb;
  /** 0-255. */
  readonly std: Rgb;
  /** So many patients were averaged. */
  readonly patients: number;
  /** Patients of the split who have no image. */
  readonly withoutImages: number;
}

/**
 * The values of the Multi-OSCC study's training split, 0-255, as its code has them.
 *
 * @see Multi-OSCC repository; mean over patients of each patient's mean and standard deviation
 */
export const MULTI_OSCC_MEAN: Rgb = [175.14728804175988, 110.57123792228117, 176.73598615775617];
export const MULTI_OSCC_STD: Rgb = [21.239463551725915, 39.15991384752335, 10.99100631656543];

/**
 * Mean and standard deviation of each channel by the published rule: over all pixels of a patient's images,
 * then the mean of both over patients. Memory stays flat: one patient at a time.
 *
 * @param patients  for whom
 * @param options   `size`, default `[512, 512]`; `fit`; `filter`; `onMissing`; `cache`, default false: each image
 *                  is needed once, and a whole study at this size would fill gigabytes
 * @throws Undefined when no patient has an image
 */
export async function patientStatistics<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  options: Omit<StatisticsOptions, "split"> = {},
): Promise<ChannelStatistics> {
  const { size = [512, 512] as const, onMissing = "substitute-site", cache = false, ...load } = options;
  const withImages = patients.filter((patient) => patient.imageCount > 0);
  if (withImages.length === 0)
    throw new OsccError(
      "Undefined",
      ["channel statistics are not defined: no patient has an image.", "Open a cohort with images."],
      { statistic: "channel statistics", reason: "no images" },
    );
  const mean = [0, 0, 0];
  const std = [0, 0, 0];
  for (const patient of withImages) {
    const { data } = await loadPixels(patient.images({ onMissing }), { ...load, size, cache });
    const [m, s] = meanAndDeviation(data);
    for (let c = 0; c < 3; c++) {
      mean[c]! += m[c]! / withImages.length;
      std[c]! += s[c]! / withImages.length;
    }
  }
  return {
    mean: mean as unknown as Rgb,
    std: std as unknown as Rgb,
    patients: withImages.length,
    withoutImages: patients.length - withImages.length,
  };
}

/** The statistics of a part of the split. */
export function channelStatistics<S extends CohortSchema>(
  cohort: Cohort<S>,
  options: StatisticsOptions = {},
): Promise<ChannelStatistics> {
  const { split = "train", ...rest } = options;
  return patientStatistics(cohort.split(split), rest);
}

/** Population mean and standard deviation of each channel. Sums of bytes are exact in doubles. */
function meanAndDeviation(data: Uint8Array): [number[], number[]] {
  const sum = [0, 0, 0];
  const squares = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3)
    for (let c = 0; c < 3; c++) {
      const value = data[i + c]!;
      sum[c]! += value;
      squares[c]! += value * value;
    }
  const n = data.length / 3;
  const mean = sum.map((s) => s / n);
  return [mean, squares.map((q, c) => Math.sqrt(Math.max(0, q / n - mean[c]! * mean[c]!)))];
}
