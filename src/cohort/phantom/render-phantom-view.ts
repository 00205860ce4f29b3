/** One phantom photograph in memory, at any size: for figures, lessons and high-resolution pictures. */
import { invalidArgument, unknownName } from "../../core/errors";
import { PHANTOM_NOTICE, type Provenance } from "../../core/provenance";
import { RgbImage } from "../../image/rgb-image";
import { TruthMask } from "../mask";
import { type Magnification, MULTI_OSCC, type Site } from "../schema";
import { buildSite } from "./build-site";
import { LABEL_ORDER, type PhantomLabels, PREVALENCE } from "./labels";
import { MASK_BITS } from "./masks";
import { requireWhole, resolvePreset } from "./options";
import { makePatient } from "./patient";
import { GENERATOR, PHANTOM_PRESETS, type PhantomPreset } from "./settings";
import { renderView } from "./view";

/** Options of `renderPhantomView`. */
export interface PhantomViewOptions {
  /** Labels of the imagined patient; those left out are 0. */
  readonly labels?: Partial<PhantomLabels>;
  /** Which of all patients with these labels; default 1. */
  readonly pid?: number;
  /** Default `"phantom-1"`. */
  readonly seed?: string | number;
  /** Default `"core"`. */
  readonly site?: Site;
  /** Default `"x200"`. */
  readonly magnification?: Magnification;
  /** px, 32 to 4096; default 1296. */
  readonly width?: number;
  /** px; default 3/4 of the width. */
  readonly height?: number;
  /** Default `"default"`. */
  readonly preset?: PhantomPreset;
}

/** A phantom photograph, its truth and its scale. */
export interface PhantomPicture {
  readonly image: RgbImage;
  /** Which pixels show which sign. */
  readonly truth: TruthMask;
  readonly umPerPx: number;
  readonly provenance: Provenance;
}

/**
 * Grow a site and photograph it once. Takes about 0.2 s, and 1 s for each million pixels.
 *
 * @throws InvalidArgument a size or label out of range
 * @throws UnknownName     a site, magnification, task or preset that does not exist
 *
 * @example
 * const picture = phantom.renderPhantomView({ labels: { TI: 1 }, site: "edge", magnification: "x400" });
 * picture.truth.fraction("TI"); // share of the pixels that are tumour between muscle fibres
 * picture.umPerPx;              // 0.386
 * picture.image;                // shown when it ends a cell
 */
export function renderPhantomView(options: PhantomViewOptions = {}): PhantomPicture {
  const { site = "core", magnification = "x200", width = 1296, pid = 1, seed = "phantom-1" } = options;
  const height = options.height ?? Math.round(width * 0.75);
  if (!MULTI_OSCC.sites.includes(site)) throw unknownName("site", site, MULTI_OSCC.sites);
  if (!MULTI_OSCC.magnifications.includes(magnification))
    throw unknownName("magnification", magnification, MULTI_OSCC.magnifications);
  requireWhole("width", width, 32, 4096);
  requireWhole("height", height, 24, Math.ceil(width * 0.75));
  requireWhole("pid", pid, 0, 2 ** 31);
  const settings = PHANTOM_PRESETS[resolvePreset(options.preset)];
  const patient = makePatient(String(seed), pid, wholeLabels(options.labels ?? {}), settings);
  const view = renderView(buildSite(String(seed), patient, site, settings), magnification, width, height);
  return {
    image: new RgbImage(width, height, view.rgb),
    truth: new TruthMask(width, height, view.mask, MASK_BITS),
    umPerPx: view.umPerPx,
    provenance: { cohort: GENERATOR, synthetic: true, notice: PHANTOM_NOTICE },
  };
}

function wholeLabels(some: Partial<PhantomLabels>): PhantomLabels {
  for (const task of Object.keys(some))
    if (!(task in PREVALENCE)) throw unknownName("task", task, LABEL_ORDER);
  const labels = {} as PhantomLabels;
  for (const task of LABEL_ORDER) {
    const label = some[task] ?? 0;
    const classes = PREVALENCE[task].length;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw invalidArgument(`labels.${task}`, label, `a whole number from 0 to ${classes - 1}`);
    labels[task] = label;
  }
  return labels;
}
