/** How wide and how high text is, from the font files themselves. */
import { readFileSync } from "node:fs";
import { create, type Font } from "fontkit";
import { type DomElement, pixels, property } from "./dom";
import { type FontFile, fontFiles, MONO_FAMILY, SPARE_FAMILY, TEXT_FAMILY } from "./fonts";

/** The properties that text inherits. */
export interface TextStyle {
  readonly family: string;
  /** `start`, `middle` or `end`. */
  readonly anchor: string;
  readonly sizePx: number;
  readonly bold: boolean;
  readonly italic: boolean;
}

const ROOT_STYLE: TextStyle = { family: "", anchor: "start", sizePx: 16, bold: false, italic: false };

const faces = new Map<string, Font>();
const widthsInEm = new Map<string, number>();

const faceKey = (family: string, bold: boolean, italic: boolean) =>
  `${family.toLowerCase()}|${bold}|${italic}`;

function addFont({ family, file, bold = false, italic = false }: FontFile): void {
  faces.set(faceKey(family, bold, italic), create(readFileSync(file)) as Font);
}

/** Open the font files. Safe to call again. */
export function loadFonts(): void {
  if (faces.size === 0) for (const font of fontFiles()) addFont(font);
}

/** The shipped family for a CSS family list: the first one we have, else ours for code, else Open Sans. */
export function familyFor(list: string): string {
  const wanted = list.split(",").map((family) => family.trim().replace(/['"]/g, ""));
  const shipped = wanted.find((family) => faces.has(faceKey(family, false, false)));
  return shipped ?? (/mono|courier|consol/i.test(list) ? MONO_FAMILY : TEXT_FAMILY);
}

function faceOf(style: TextStyle): Font {
  const family = familyFor(style.family);
  const face =
    faces.get(faceKey(family, style.bold, style.italic)) ?? faces.get(faceKey(family, false, false));
  return face!;
}

/**
 * The advance of one run of text, in pixels, with kerning.
 * A run that holds one character the face lacks is set in DejaVu as a whole, because resvg does so.
 */
export function advance(text: string, style: TextStyle): number {
  const face = faceOf(style);
  const key = `${face.postscriptName}|${text}`;
  let widthInEm = widthsInEm.get(key);
  if (widthInEm === undefined) {
    const visible = text.replace(/[\u200b\n]/g, "");
    const complete = [...visible].every((character) => face.hasGlyphForCodePoint(character.codePointAt(0)!));
    const able = complete ? face : faces.get(faceKey(SPARE_FAMILY, false, false))!;
    widthInEm = able.layout(visible).advanceWidth / able.unitsPerEm;
    widthsInEm.set(key, widthInEm);
  }
  return widthInEm * style.sizePx;
}

/** Ascent and descent of a line, both rounded as browsers round them (else titles sit 0.3 px off). */
export function lineExtent(style: TextStyle): { ascentPx: number; descentPx: number } {
  const face = faceOf(style);
  return {
    ascentPx: Math.round((face.ascent / face.unitsPerEm) * style.sizePx),
    descentPx: Math.round((-face.descent / face.unitsPerEm) * style.sizePx),
  };
}

/** The style of an element: its own properties over the ones it inherits. */
export function styleOf(element: DomElement, inherited = inheritedStyle(element)): TextStyle {
  const size = property(element, "font-size");
  const weight = property(element, "font-weight");
  const slant = property(element, "font-style");
  return {
    family: property(element, "font-family") || inherited.family,
    anchor: property(element, "text-anchor") || inherited.anchor,
    sizePx: size ? pixels(size, inherited.sizePx) : inherited.sizePx,
    bold: weight ? weight === "bold" || Number(weight) >= 600 : inherited.bold,
    italic: slant ? slant !== "normal" : inherited.italic,
  };
}

function inheritedStyle(element: DomElement): TextStyle {
  const parent = element.parentNode;
  return parent?.nodeType === 1 ? styleOf(parent) : ROOT_STYLE;
}
