/** Mean and spread of the colour channels, for normalising what goes into a model. */
import { currentSignal } from "../core/abort";
import { OsccError } from "../core/errors";
import { startProgress } from "../core/progress";
import { decoderVersion } from "../image/native";
import type { Cohort } from "./cohort";
import { hashOf, imageFacts, Journal } from "./journal";
import { type LoadOptions, loadPixels } from "./loader";
import { mapParallel } from "./parallel";
import type { MissingPolicy, Patient } from "./patient";
import type { PatientImage } from "./patient-image";
import type { CohortSchema, Split } from "./schema";

/** Options of `Cohort.channelStatistics`. */
export interface StatisticsOptions extends Partial<LoadOptions> {
  /** Default `"train"`: statistics of held-out patients must not leak into training. */
  split?: Split;
  onMissing?: MissingPolicy;
  /** Go on where an earlier run stopped, and pass over patients whose files have not changed; default true. */
  resume?: boolean;
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
  /** Of these, how many were known from an earlier run. */
  readonly remembered: number;
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

/** Change this when the numbers of a patient change. */
const STATISTICS_VERSION = 1;
/** Patients at a time: each one's images are decoded in parallel, too. */
const AT_ONCE = 2;

/**
 * Mean and standard deviation of each channel by the published rule: over all pixels of a patient's images,
 * then the mean of both over patients. Memory stays flat: a few patients at a time. Each patient's numbers are kept as
 * soon as they are known, so that a run which was stopped goes on where it was.
 *
 * @param patients  for whom
 * @param options   `size`, default `[512, 512]`; `fit`; `filter`; `onMissing`; `resume`, default true; `cache` (of
 *                  pixels), default false: each image is needed once, and a whole study at this size would fill gigabytes
 * @throws Undefined when no patient has an image
 */
export async function patientStatistics<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  options: Omit<StatisticsOptions, "split"> = {},
): Promise<ChannelStatistics> {
  const { onMissing = "substitute-site", resume = true, ...given } = options;
  const load: LoadOptions = { size: [512, 512], cache: false, ...given };
  const withImages = patients.filter((patient) => patient.imageCount > 0);
  const [first] = withImages;
  if (!first)
    throw new OsccError(
      "Undefined",
      ["channel statistics are not defined: no patient has an image.", "Open a cohort with images."],
      { statistic: "channel statistics", reason: "no images" },
    );
  const journal = resume ? await Journal.open("statistics", first.cohort.folder, isNumbers) : undefined;
  const { size, fit = "squash", filter = "triangle", decoder } = load;
  const setting = [STATISTICS_VERSION, size, fit, filter, await decoderVersion(decoder)];
  const progress = startProgress("channel statistics", withImages.length);
  let done = 0;
  let remembered = 0;
  const work = async (patient: Patient<S>): Promise<PatientNumbers> => {
    const images = patient.images({ onMissing });
    const key = journal && (await keyOf(images, setting));
    const known = key === undefined ? undefined : journal?.get(key);
    if (known) remembered++;
    const numbers = known ?? meanAndDeviation((await loadPixels(images, load)).data);
    if (!known && key !== undefined) await journal?.add(key, numbers);
    progress.update(++done);
    return numbers;
  };
  try {
    const all = await mapParallel(withImages, work, {
      limit: AT_ONCE,
      signal: currentSignal(options.signal),
      what: "channel statistics",
    });
    return {
      mean: average(all.map(([mean]) => mean)),
      std: average(all.map(([, std]) => std)),
      patients: withImages.length,
      remembered,
      withoutImages: patients.length - withImages.length,
    };
  } finally {
    progress.end(
      `${done} of ${withImages.length} patients measured, ${remembered} of them known from before`,
    );
  }
}

/** The statistics of a part of the split. */
export function channelStatistics<S extends CohortSchema>(
  cohort: Cohort<S>,
  options: StatisticsOptions = {},
): Promise<ChannelStatistics> {
  const { split = "train", ...rest } = options;
  return patientStatistics(cohort.split(split), rest);
}

/** One patient's mean and standard deviation. */
type PatientNumbers = readonly [mean: Rgb, std: Rgb];

async function keyOf<S extends CohortSchema>(
  images: readonly PatientImage<S>[],
  setting: readonly unknown[],
): Promise<string | undefined> {
  const facts = await Promise.all(
    images.map((image) => imageFacts(image as unknown as PatientImage<CohortSchema>)),
  );
  return facts.includes(undefined) ? undefined : hashOf([...setting, facts]);
}

function isNumbers(value: unknown): value is PatientNumbers {
  const isRgb = (one: unknown) => Array.isArray(one) && one.length === 3 && one.every(Number.isFinite);
  return Array.isArray(value) && value.length === 2 && value.every(isRgb);
}

function average(values: readonly Rgb[]): Rgb {
  const of = (c: 0 | 1 | 2) => values.reduce((sum, value) => sum + value[c], 0) / values.length;
  return [of(0), of(1), of(2)];
}

/** Population mean and standard deviation of each channel. Sums of bytes are exact in doubles. */
function meanAndDeviation(data: Uint8Array): PatientNumbers {
  const sum = [0, 0, 0];
  const squares = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3)
    for (let c = 0; c < 3; c++) {
      const value = data[i + c]!;
      sum[c]! += value;
      squares[c]! += value * value;
    }
  const n = data.length / 3;
  const mean = (c: number) => sum[c]! / n;
  const std = (c: number) => Math.sqrt(Math.max(0, squares[c]! / n - mean(c) ** 2));
  return [
    [mean(0), mean(1), mean(2)],
    [std(0), std(1), std(2)],
  ];
}
