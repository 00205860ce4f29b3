/** From image files to the numbers that a model takes: decoded, resized, in one array. */
import { currentSignal } from "../core/abort";
import { bytesContent, fileContent, fileState, knownContent, rememberContent } from "../core/content";
import { invalidArgument, isOsccError, OsccError } from "../core/errors";
import { type Progress, startProgress } from "../core/progress";
import type { Filter, Fit } from "../image/fit";
import { type Decoder, decoderVersion } from "../image/native";
import { decodeResized, type ReadResizedOptions, readImageBytes } from "../image/read-image";
import { checkResize } from "../image/rgb-image";
import { mapParallel } from "./parallel";
import type { MissingPolicy, Patient, View } from "./patient";
import type { PatientImage } from "./patient-image";
import { pixelKey, readPixels, writePixels } from "./pixel-cache";
import { listed } from "./problems";
import type { CohortSchema } from "./schema";

/** Options of `loadPixels` and `loadTensor`. */
export interface LoadOptions {
  /** `[height, width]` of every image, in pixels. */
  size: readonly [height: number, width: number];
  /** `"squash"` (default, as published), `"crop"` or `"fit"`. */
  fit?: Fit;
  /** `"triangle"` (default, fast) or `"published"` (the study's Gaussian). */
  filter?: Filter;
  /** Which library decodes; default sharp where it is present. */
  decoder?: Decoder;
  /** Keep decoded pixels on disk; default true. */
  cache?: boolean;
  /** Stops the work; default: the running cell's signal. */
  signal?: AbortSignal;
}

/** Images as one array. */
export interface PixelBatch {
  /** `[images, height, width, 3]` */
  readonly shape: readonly [number, number, number, 3];
  /** 0-255, RGB. */
  readonly data: Uint8Array;
}

/** A batch that would be larger than this is refused with advice. */
const MAX_BATCH_BYTES = 6_000_000_000;
/** Fewer images than this are decoded without showing progress. */
const QUIET_IMAGES = 24;

/**
 * Decode and resize images, in parallel and off the main thread, each one once: the result is kept on disk.
 * The same images give the same bytes, whatever finishes first.
 *
 * @param images  any images of patients; the result has their order
 * @param options `size` `[height, width]`; `fit`, default `"squash"`; `filter`, default `"triangle"`; `cache`, default true
 * @returns       `[n, h, w, 3]` uint8, 0-255
 * @throws MissingImage, UnreadableImage (naming every file that cannot be read), Aborted
 * @example
 * const pixels = await loadPixels(cohort.patient(17).images(), { size: [224, 224] });
 * pixels.shape; // [6, 224, 224, 3]
 */
export async function loadPixels<S extends CohortSchema>(
  images: readonly PatientImage<S>[],
  options: LoadOptions,
): Promise<PixelBatch> {
  const { size, fit = "squash", filter = "triangle", decoder, cache = true } = options;
  const [height, width] = size;
  checkResize(width, height, fit, filter);
  const length = height * width * 3;
  checkBatchSize(images.length, length);
  const data = new Uint8Array(images.length * length);
  const setting = JSON.stringify([height, width, fit, filter, await decoderVersion(decoder)]);
  const report = new LoadReport(images.length);

  const resizing = { size, fit, filter, ...(decoder ? { decoder } : {}) };
  const load = async (image: PatientImage<S>, index: number) => {
    const found = await report.attempt(() =>
      cache
        ? cachedPixels(image, resizing, `${setting}${image.channels}${image.slice ?? ""}`)
        : decodedPixels(image, resizing),
    );
    if (!found) return;
    data.set(found.pixels, index * length);
    report.done(found.isDecoded);
  };
  try {
    await mapParallel(images, load, { signal: currentSignal(options.signal), what: "decoding images" });
    report.throwIfUnreadable();
  } finally {
    report.end();
  }
  return { shape: [images.length, height, width, 3], data };
}

/**
 * The same as 32-bit floats.
 *
 * @returns `[n, h, w, 3]`, 0-255, not normalised
 */
export async function loadTensor<S extends CohortSchema>(
  images: readonly PatientImage<S>[],
  options: LoadOptions,
): Promise<Float32Array> {
  return Float32Array.from((await loadPixels(images, options)).data);
}

/** Options of `loadPatients`. */
export interface PatientTensorOptions<S extends CohortSchema> extends LoadOptions {
  /** Which views, in which order; default all. */
  views?: readonly View<S>[];
  /** `"substitute-site"` (default, as published), `"skip"` (zeros, see `present`) or `"error"`. */
  onMissing?: MissingPolicy;
}

/** Images of several patients on one grid of views. */
export interface PatientTensor<S extends CohortSchema = CohortSchema> {
  /** `[patients, views, height, width, 3]` */
  readonly shape: readonly [number, number, number, number, 3];
  /** 0-255, RGB; a view that was skipped is all zero. */
  readonly data: Uint8Array;
  /** `[patients, views]`: 1 where there is an image, 0 where the view was skipped. */
  readonly present: Uint8Array;
  readonly patients: readonly string[];
  readonly views: readonly View<S>[];
}

/**
 * All images of some patients as one array.
 *
 * @param patients one or more patients of one cohort
 * @param options  as for `loadPixels`, and `views`, `onMissing`
 * @returns        `[patients, views, h, w, 3]` uint8 and which of them are there
 * @throws MissingImage, UnreadableImage, Aborted
 */
export async function loadPatients<S extends CohortSchema>(
  patients: readonly Patient<S>[],
  options: PatientTensorOptions<S>,
): Promise<PatientTensor<S>> {
  const [first] = patients;
  if (!first) throw invalidArgument("patients", "an empty list", "at least one patient");
  const { onMissing = "substitute-site", views = first.cohort.views } = options;
  const [height, width] = options.size;
  const slots = patients.flatMap((patient) =>
    views.map((view) => patient.images({ onMissing, views: [view] })[0]),
  );
  const images = slots.filter((image) => image !== undefined);
  const batch = await loadPixels(images, options);
  const present = Uint8Array.from(slots, (image) => (image ? 1 : 0));
  return {
    shape: [patients.length, views.length, height, width, 3],
    data: images.length === slots.length ? batch.data : spread(batch.data, present, height * width * 3),
    present,
    patients: patients.map((patient) => patient.id),
    views,
  };
}

/** Pixels, and whether they had to be decoded. */
interface Found {
  readonly pixels: Uint8Array;
  readonly isDecoded: boolean;
}

type Resizing = Omit<ReadResizedOptions, "channels">;

async function decodedPixels<S extends CohortSchema>(
  image: PatientImage<S>,
  resizing: Resizing,
): Promise<Found> {
  return { pixels: (await image.loadResized(resizing)).data, isDecoded: true };
}

/**
 * Pixels from the cache, or decoded and put there. They are kept under the fingerprint of the bytes they were decoded
 * from: the file is read once, and what somebody writes into it meanwhile does no harm.
 */
async function cachedPixels<S extends CohortSchema>(
  image: PatientImage<S>,
  resizing: Resizing,
  setting: string,
): Promise<Found> {
  const { path: file, slice, channels } = image;
  if (file === undefined) throw image.missing();
  const length = resizing.size[0] * resizing.size[1] * 3;
  const kept = (content: string) => readPixels(pixelKey(content, setting), length);

  const state = await fileState(file).catch(() => undefined);
  const known = state && (await knownContent(state));
  const pixels = known && (await kept(known));
  if (pixels) return { pixels, isDecoded: false };

  const bytes = slice === undefined ? await readImageBytes(file) : undefined; // an array holds more than this image
  const content = bytes ? await bytesContent(bytes) : await fileContent(file);
  if (state) await rememberContent(state, content);
  const keptElsewhere = content === known ? undefined : await kept(content);
  if (keptElsewhere) return { pixels: keptElsewhere, isDecoded: false };

  const decoded = bytes
    ? (await decodeResized(bytes, { ...resizing, channels, name: file })).data
    : (await image.loadResized(resizing)).data;
  await writePixels(pixelKey(content, setting), decoded);
  return { pixels: decoded, isDecoded: true };
}

/** Put images in their slots, with zeros between. */
function spread(data: Uint8Array, present: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(present.length * length);
  let image = 0;
  present.forEach((isThere, slot) => {
    if (isThere) out.set(data.subarray(image * length, ++image * length), slot * length);
  });
  return out;
}

function checkBatchSize(images: number, length: number): void {
  if (images * length > MAX_BATCH_BYTES)
    throw invalidArgument(
      "batch",
      `${images} images of ${length} bytes`,
      `at most ${MAX_BATCH_BYTES} bytes at once`,
      "Load fewer patients at a time or a smaller size.",
    );
}

/** Progress, shown from the first image that is decoded, and the files that could not be. */
class LoadReport {
  private readonly total: number;
  private finished = 0;
  private decoded = 0;
  private progress: Progress | undefined;
  private readonly failures: OsccError<"UnreadableImage">[] = [];

  constructor(total: number) {
    this.total = total;
  }

  done(wasDecoded: boolean): void {
    this.finished++;
    if (wasDecoded) this.decoded++;
    if (wasDecoded && this.total >= QUIET_IMAGES)
      this.progress ??= startProgress("decoding images", this.total);
    this.progress?.update(this.finished);
  }

  /** Run a decoder; an unreadable file is remembered, so that all of them can be named at once. */
  async attempt<T>(decode: () => Promise<T>): Promise<T | undefined> {
    try {
      return await decode();
    } catch (error) {
      if (!isOsccError(error, "UnreadableImage")) throw error;
      this.failures.push(error);
      return undefined;
    }
  }

  throwIfUnreadable(): void {
    const [first, ...others] = this.failures;
    if (!first) return;
    if (others.length === 0) throw first;
    const paths = this.failures.map((failure) => failure.data.path).sort();
    throw new OsccError(
      "UnreadableImage",
      [
        `${paths.length} of ${this.total} images cannot be read: ${listed(paths)}.`,
        `One of them: ${first.message}`,
      ],
      { path: paths[0]! },
      { cause: first },
    );
  }

  end(): void {
    this.progress?.end(
      `${this.finished} images ready, ${this.decoded} decoded, ${this.finished - this.decoded} from the cache`,
    );
  }
}
