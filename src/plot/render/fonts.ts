/** The fonts that ship with the package. No system font is ever read, so every machine draws the same picture. */
import { createRequire } from "node:module";

export interface FontFile {
  readonly family: string;
  readonly file: string;
  readonly bold?: boolean;
  readonly italic?: boolean;
}

const resolve = createRequire(__filename).resolve;
const openSans = (face: string) => resolve(`@expo-google-fonts/open-sans/${face}/OpenSans_${face}.ttf`);
const dejaVu = (face: string) => resolve(`dejavu-fonts-ttf/ttf/${face}.ttf`);

/** What text is set in. */
export const TEXT_FAMILY = "Open Sans";
/** What stands in for characters that the text family lacks: arrows, ticks, geometric signs. */
export const SPARE_FAMILY = "DejaVu Sans";
/** What code is set in. */
export const MONO_FAMILY = "DejaVu Sans Mono";

/** Open Sans in four faces, DejaVu for what it lacks. Resolved when asked for, not when this file loads. */
export function fontFiles(): readonly FontFile[] {
  return [
    { family: TEXT_FAMILY, file: openSans("400Regular") },
    { family: TEXT_FAMILY, file: openSans("700Bold"), bold: true },
    { family: TEXT_FAMILY, file: openSans("400Regular_Italic"), italic: true },
    { family: TEXT_FAMILY, file: openSans("700Bold_Italic"), bold: true, italic: true },
    { family: SPARE_FAMILY, file: dejaVu("DejaVuSans") },
    { family: MONO_FAMILY, file: dejaVu("DejaVuSansMono") },
  ];
}
