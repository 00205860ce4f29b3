/** How the Multi-OSCC study names image files: site, underscore, objective. */
import type { Magnification, Site } from "../schema";

/** The six image slots in published order. 2X, 4X and 10X name the objective: x200, x400 and x1000 in all. */
export const SLOTS = [
  { stem: "01_2X", site: "core", magnification: "x200" },
  { stem: "01_4X", site: "core", magnification: "x400" },
  { stem: "01_10X", site: "core", magnification: "x1000" },
  { stem: "02_2X", site: "edge", magnification: "x200" },
  { stem: "02_4X", site: "edge", magnification: "x400" },
  { stem: "02_10X", site: "edge", magnification: "x1000" },
] as const satisfies readonly { stem: string; site: Site; magnification: Magnification }[];

export type Slot = (typeof SLOTS)[number];

/** Endings of files that are taken for images. */
const IMAGE_ENDING = /\.(jpe?g|png|tiff?|bmp|webp)$/i;

/** Is this a file name of an image? */
export function isImageName(name: string): boolean {
  return IMAGE_ENDING.test(name);
}

/** The slot that a file name such as `01_4X.jpg` stands for, or `undefined`. */
export function slotOf(name: string): Slot | undefined {
  if (!isImageName(name)) return undefined;
  const stem = name.replace(IMAGE_ENDING, "").toUpperCase();
  return SLOTS.find((slot) => slot.stem === stem);
}

/** A published sample image: patient, slot if known, whether red and blue are exchanged in the file. */
export interface SampleName {
  readonly patient: string;
  readonly slot: Slot | undefined;
  readonly redBlueSwapped: boolean;
}

/** Read names such as `219011_slot1_rb-swapped.jpg` and `296482_slot-unknown_rb-swapped.jpg`. */
export function parseSampleName(name: string): SampleName | undefined {
  const match = /^(\d+)_slot(-unknown|\d+)(_rb-swapped)?\.\w+$/i.exec(name);
  if (!match || !isImageName(name)) return undefined;
  return {
    patient: match[1]!,
    slot: match[2] === "-unknown" ? undefined : SLOTS[Number(match[2])],
    redBlueSwapped: match[3] !== undefined,
  };
}
