/** Micrographs in figures: what a patient shows, embedded small, and its words. */
import { mapParallel } from "../cohort/parallel";
import type { TaskDefinition } from "../cohort/schema";
import { isOsccError } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RgbImage } from "../image/rgb-image";
import { magnificationLabel } from "./words";

/** One view of a patient. `PatientImage` is one. */
export interface Micrograph {
  readonly site: string;
  readonly magnification: string;
  readonly status: "present" | "missing";
  /** Width of one pixel of the file in micrometres; without it there is no scale bar. */
  readonly umPerPx?: number | undefined;
  /** Set when this image stands in for a missing one of another site. */
  readonly standsFor?: string | undefined;
  /** Whose it is; says how the fields of magnifications lie in one another, where that is known. */
  readonly patient?: Pick<PatientViews, "cohort">;
  load(): Promise<RgbImage>;
}

/** A patient with views. `Patient` is one. */
export interface PatientViews {
  readonly id: string;
  readonly provenance?: Provenance;
  readonly labels?: Readonly<Record<string, number | undefined>>;
  readonly cohort?: {
    readonly schema: { readonly tasks: Readonly<Record<string, TaskDefinition>> };
    /** How the fields of higher magnification lie in those of lower: about the same centre, or not known. */
    readonly fieldsOfView?: "concentric" | undefined;
  };
  allImages(): readonly Micrograph[];
}

/** A view as it enters a figure: pixels as a data URI, or the reason why there are none. */
export type EmbeddedView =
  | { readonly uri: string; readonly width: number; readonly height: number; readonly umAcross?: number }
  | { readonly absent: string };

/** Micrographs are embedded with this many image pixels per CSS pixel. */
const EMBED_SCALE = 1.5;
const EMBED_QUALITY = 80;
const DEFAULT_ASPECT = 3 / 4;

/** How a picture is made small. */
export interface EmbedOptions {
  /** Picture pixels per CSS pixel. Default 1.5. */
  readonly scale?: number;
  /** The most bytes that its JPEG may have; the quality goes down to 40 for it. Default: no bound. */
  readonly maxBytes?: number;
}

/** So many pictures are decoded at a time: a full photograph takes 15 MB. */
const DECODED_AT_ONCE = 4;
const LOWEST_QUALITY = 40;

/** Decode views and make each small enough for a panel of the given width; a few at a time. */
export function embedAll(
  views: readonly Micrograph[],
  panelWidth: number,
  options: EmbedOptions = {},
): Promise<EmbeddedView[]> {
  return mapParallel(views, (view) => embed(view, panelWidth, options), {
    limit: DECODED_AT_ONCE,
    what: "decoding micrographs",
  });
}

/** Decode a view and make it small enough for a panel of the given width. */
export async function embed(
  view: Micrograph,
  panelWidth: number,
  { scale = EMBED_SCALE, maxBytes = Number.POSITIVE_INFINITY }: EmbedOptions = {},
): Promise<EmbeddedView> {
  if (view.status === "missing") return { absent: "no image" };
  try {
    const image = await view.load();
    const width = Math.min(image.width, Math.round(panelWidth * scale));
    const small = width < image.width ? await image.resize(width, heightFor(image, width)) : image;
    const jpeg = await jpegWithin(small, maxBytes);
    const umAcross = view.umPerPx === undefined ? undefined : view.umPerPx * image.width;
    return {
      uri: `data:image/jpeg;base64,${jpeg.toString("base64")}`,
      width: image.width,
      height: image.height,
      ...(umAcross === undefined ? {} : { umAcross }),
    };
  } catch (error) {
    if (isOsccError(error, "UnreadableImage")) return { absent: "file cannot be read" };
    throw error;
  }
}

/** The best JPEG that fits; where even the lowest quality does not, that one at half the size. */
async function jpegWithin(image: RgbImage, maxBytes: number): Promise<Buffer> {
  for (let quality = EMBED_QUALITY; quality >= LOWEST_QUALITY; quality -= 10) {
    const jpeg = await image.toJpeg(quality);
    if (jpeg.length <= maxBytes || image.width < 64) return jpeg;
  }
  const width = Math.round(image.width / 2);
  return jpegWithin(await image.resize(width, heightFor(image, width)), maxBytes);
}

const heightFor = (image: RgbImage, width: number) =>
  Math.max(1, Math.round((image.height * width) / image.width));

/** Height over width of the first view that is there; 3:4, as the study's microscope gives it, when none is. */
export function aspectOf(views: readonly EmbeddedView[]): number {
  const first = views.find((view) => !("absent" in view));
  return first && !("absent" in first) ? first.height / first.width : DEFAULT_ASPECT;
}

/** "core ×200", and for which site it stands where it stands in for another. */
export function viewLabel({ site, magnification, standsFor }: Micrograph): string {
  const label = `${site} ${magnificationLabel(magnification)}`;
  return standsFor ? `${label}, in place of ${standsFor}` : label;
}

/** Sites and magnifications in the order in which a patient's views name them. */
export function viewGrid(views: readonly Pick<Micrograph, "site" | "magnification">[]): {
  sites: string[];
  magnifications: string[];
} {
  return {
    sites: [...new Set(views.map(({ site }) => site))],
    magnifications: [...new Set(views.map(({ magnification }) => magnification))],
  };
}

/** A patient's known labels in words: "recurrence: no · tumour differentiation: moderate". */
export function labelsInWords({ labels = {}, cohort }: PatientViews): string {
  const tasks = Object.entries(cohort?.schema.tasks ?? {});
  return tasks.map(([task, { title, classes }]) => `${title}: ${answer(classes, labels[task])}`).join(" · ");
}

/** Yes and no for a question whose first class is "no ...", else the class name. */
export function answer(classes: readonly string[], label: number | undefined): string {
  if (label === undefined) return "unknown";
  const isYesNo = classes.length === 2 && /^(no|not) /.test(classes[0] ?? "");
  if (isYesNo) return label === 0 ? "no" : "yes";
  return classes[label] ?? `label ${label}`;
}
