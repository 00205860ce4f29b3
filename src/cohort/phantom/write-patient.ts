/** Write one patient's photographs and truth masks in the raw Multi-OSCC layout. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { nativeSharp } from "../../image/native";
import { RgbImage } from "../../image/rgb-image";
import { type Magnification, MULTI_OSCC, type Site } from "../schema";
import { buildSite } from "./build-site";
import type { PhantomLabels } from "./labels";
import { type MaskBit, maskAreas } from "./masks";
import type { CohortRecipe } from "./options";
import type { PhantomPatient, Traits } from "./patient";
import { PHANTOM_PRESETS } from "./settings";
import type { TissueSite } from "./site";
import { type PhantomView, renderView } from "./view";

/** What is really in one site: for judging models, never for training them. */
export interface SiteTruth {
  readonly differentiation: number;
  /** How many of each object the site holds, in and just around the x200 field. */
  readonly counts: Readonly<Record<string, number>>;
  /** Share of each image's pixels that carries each mask bit. */
  readonly area: Readonly<Record<Magnification, Record<MaskBit, number>>>;
}

/** What is true of a generated patient, as `truth.json` holds it. */
export interface PatientTruth {
  readonly pid: number;
  readonly labels: PhantomLabels;
  readonly laboratory: string;
  readonly traits: Traits;
  readonly sites: Readonly<Record<Site, SiteTruth>>;
}

/** The study's names of sites and magnifications in file names. */
const SITE_NUMBER: Readonly<Record<Site, string>> = { core: "01", edge: "02" };
const OBJECTIVE: Readonly<Record<Magnification, string>> = { x200: "2X", x400: "4X", x1000: "10X" };

/** `01_2X` for core x200, as in the study. */
export function viewName(site: Site, magnification: Magnification): string {
  return `${SITE_NUMBER[site]}_${OBJECTIVE[magnification]}`;
}

/** `100001_phantom` */
export function patientFolderName(pid: number): string {
  return `${pid}_phantom`;
}

/** Grow, photograph and write one patient. */
export async function writePatient(
  folder: string,
  recipe: CohortRecipe,
  patient: PhantomPatient,
): Promise<PatientTruth> {
  const images = path.join(folder, "images", patientFolderName(patient.pid));
  const masks = path.join(folder, "masks", String(patient.pid));
  await Promise.all([mkdir(images, { recursive: true }), mkdir(masks, { recursive: true })]);
  const sites = {} as Record<Site, SiteTruth>;
  for (const siteName of MULTI_OSCC.sites) {
    const site = buildSite(recipe.seed, patient, siteName, PHANTOM_PRESETS[recipe.preset]);
    const area = {} as Record<Magnification, Record<MaskBit, number>>;
    const written: Promise<unknown>[] = [];
    for (const magnification of MULTI_OSCC.magnifications) {
      const view = renderView(site, magnification, recipe.width, recipe.height);
      const name = viewName(siteName, magnification);
      area[magnification] = rounded(maskAreas(view.mask));
      written.push(
        writeJpeg(path.join(images, `${name}.jpg`), view, patient.stain.jpegQuality),
        writeMask(path.join(masks, `${name}.png`), view),
      );
    }
    await Promise.all(written);
    sites[siteName] = { differentiation: round(site.differentiation, 3), counts: countObjects(site), area };
  }
  const { pid, labels, laboratory, traits } = patient;
  return { pid, labels, laboratory, traits, sites };
}

async function writeJpeg(file: string, { width, height, rgb }: PhantomView, quality: number): Promise<void> {
  await writeFile(file, await new RgbImage(width, height, rgb).toJpeg(quality));
}

/** A grey PNG; where the native image library is missing, a colour one with three equal channels. */
async function writeMask(file: string, { width, height, mask }: PhantomView): Promise<void> {
  const sharp = await nativeSharp();
  if (sharp) {
    const grey = sharp(mask, { raw: { width, height, channels: 1 } }).toColourspace("b-w");
    await grey.png({ compressionLevel: 3 }).toFile(file);
    return;
  }
  const equal = Uint8Array.from({ length: 3 * mask.length }, (_, i) => mask[Math.floor(i / 3)]!);
  await writeFile(file, await new RgbImage(width, height, equal).toPng());
}

function countObjects(site: TissueSite): Record<string, number> {
  return {
    nests: site.nests.length,
    cords: site.cords.length,
    nerves: site.nerves.length,
    invadedNerves: site.nerves.filter((nerve) => nerve.collar > 0).length,
    vessels: site.vessels.length,
    pluggedVessels: site.vessels.filter((vessel) => vessel.plugged).length,
    buds: site.budCount,
    pearls: site.pearls.filter((pearl) => !pearl.necrotic).length,
    necroses: site.pearls.filter((pearl) => pearl.necrotic).length,
    muscle: site.muscle.present ? 1 : 0,
    cells: site.cells.length,
  };
}

function rounded<K extends string>(values: Record<K, number>): Record<K, number> {
  const out = { ...values };
  for (const key of Object.keys(out) as K[]) out[key] = round(out[key], 5);
  return out;
}

function round(x: number, digits: number): number {
  return Number(x.toFixed(digits));
}
