/** One view of a patient: a site at a magnification, on disk or missing. */
import { inspect } from "node:util";
import { OsccError } from "../core/errors";
import type { Decoder } from "../image/native";
import { type ChannelOrder, type ReadResizedOptions, readImage, readResized } from "../image/read-image";
import type { RgbImage } from "../image/rgb-image";
import { readArrayImage } from "./layout/upstream-arrays";
import { readMask, type TruthMask } from "./mask";
import type { Patient } from "./patient";
import type { ImageRecord } from "./record";
import type { CohortSchema, MagnificationOf, MultiOscc, SiteOf } from "./schema";

/**
 * One image of a patient. Opening a cohort reads no pixels; `load()` does.
 *
 * @example
 * const view = cohort.patient(17).image("core", "x400");
 * view.status;                       // "present"
 * const pixels = await view.load();  // RgbImage 2592 x 1944
 */
export class PatientImage<S extends CohortSchema = MultiOscc> {
  readonly patient: Patient<S>;
  readonly site: SiteOf<S>;
  readonly magnification: MagnificationOf<S>;
  /** The file, or `undefined` when the view is missing. */
  readonly path: string | undefined;
  /** Order in which the file stores its colours; `load()` always returns RGB. */
  readonly channels: ChannelOrder;
  /** Which image of the file, where the file is an array of several. */
  readonly slice: number | undefined;
  /** Width of one pixel of the file in micrometres, where the cohort says it. */
  readonly umPerPx: number | undefined;
  /** Set when this image stands in for a missing one: the site that is missing. */
  readonly standsFor: SiteOf<S> | undefined;
  private readonly record: ImageRecord | undefined;

  /** Made by `Patient`. */
  constructor(
    patient: Patient<S>,
    site: SiteOf<S>,
    magnification: MagnificationOf<S>,
    record: ImageRecord | undefined,
    standsFor?: SiteOf<S>,
  ) {
    this.patient = patient;
    this.site = site;
    this.magnification = magnification;
    this.record = record;
    this.path = record?.path;
    this.channels = record?.channels ?? "rgb";
    this.slice = record?.slice;
    this.umPerPx = patient.cohort.umPerPx?.[magnification];
    this.standsFor = standsFor;
  }

  /** Whether the file is there. */
  get status(): "present" | "missing" {
    return this.path === undefined ? "missing" : "present";
  }

  /**
   * Decode the image.
   *
   * @param options `decoder`: `"sharp"` or `"jimp"`; default sharp where it is present
   * @throws MissingImage     when the view is missing
   * @throws UnreadableImage  when the file is no image, cut off or damaged
   */
  async load(options: { decoder?: Decoder } = {}): Promise<RgbImage> {
    if (this.path === undefined) throw this.missing();
    if (this.slice !== undefined) return readArrayImage(this.path, this.slice);
    return readImage(this.path, { channels: this.channels, ...options });
  }

  /**
   * Decode and resize in one go, off the main thread; a large JPEG is decoded at a reduced scale.
   *
   * @param options `size` `[height, width]`; `fit`, default `"squash"`; `filter`, default `"triangle"`; `decoder`
   * @throws MissingImage, UnreadableImage
   * @example
   * const small = await view.loadResized({ size: [224, 224], fit: "crop" });
   */
  async loadResized(options: Omit<ReadResizedOptions, "channels">): Promise<RgbImage> {
    if (this.path === undefined) throw this.missing();
    if (this.slice === undefined) return readResized(this.path, { ...options, channels: this.channels });
    const [height, width] = options.size;
    return (await readArrayImage(this.path, this.slice)).resize(width, height, options);
  }

  /**
   * The ground truth of a phantom image: which pixels show which sign.
   *
   * @returns the mask, or `undefined` when the cohort has none (real patients)
   * @throws  MissingImage when the view is missing; UnreadableImage when the mask is
   */
  async mask(): Promise<TruthMask | undefined> {
    if (this.path === undefined) throw this.missing();
    const file = this.record?.maskPath;
    return file === undefined ? undefined : readMask(file, this.patient.cohort.maskBits ?? {});
  }

  /** This image as the stand-in for a missing site of the same magnification. */
  standingFor(site: SiteOf<S>): PatientImage<S> {
    return new PatientImage(this.patient, this.site, this.magnification, this.record, site);
  }

  /** The error that says which view is missing and what else there is. */
  missing(): OsccError<"MissingImage"> {
    const { patient, site, magnification } = this;
    const present = patient
      .allImages()
      .filter((image) => image.status === "present")
      .map((image) => `${image.site} ${image.magnification}`);
    const folder = patient.imageFolder;
    return new OsccError(
      "MissingImage",
      [
        `patient ${patient.id} has no ${magnification} image at the ${site} site.`,
        folder === undefined ? "No image folder of this patient was found." : `Looked in  ${folder}`,
        present.length > 0
          ? `Patient ${patient.id} has: ${present.join(", ")}.`
          : `Patient ${patient.id} has no image at all.`,
        'Leave missing views out with  patient.images({ onMissing: "skip" })  or check cohort.warnings.',
      ],
      { patient: patient.id, site, magnification },
    );
  }

  [inspect.custom](): string {
    const stands = this.standsFor ? ` (stands for ${this.standsFor})` : "";
    return `Patient ${this.patient.id} · ${this.site} ${this.magnification} · ${this.status}${stands}`;
  }
}
