/** Text in figures: how wide it will be, where it breaks, and how numbers are written. */

// Advance widths of Open Sans, in thousandths of the font size, for the characters " " to "~".
// Read from the font files that ship with the package; a test compares them with the files.
const REGULAR_WIDTHS = [
  260, 264, 398, 646, 572, 827, 729, 219, 295, 295, 551, 572, 259, 322, 263, 367, 572, 572, 572, 572, 572,
  572, 572, 572, 572, 572, 263, 263, 572, 572, 572, 432, 896, 632, 646, 630, 726, 556, 516, 727, 737, 279,
  269, 612, 522, 899, 753, 778, 602, 778, 617, 548, 551, 729, 596, 923, 578, 559, 572, 327, 367, 327, 572,
  438, 277, 556, 612, 479, 612, 562, 336, 543, 613, 252, 252, 525, 252, 926, 613, 602, 612, 612, 409, 477,
  356, 613, 500, 775, 523, 501, 469, 375, 549, 375, 572,
];
const BOLD_WIDTHS = [
  260, 286, 472, 646, 572, 901, 750, 266, 339, 339, 545, 572, 285, 322, 285, 413, 572, 572, 572, 572, 572,
  572, 572, 572, 572, 572, 285, 285, 572, 572, 572, 477, 897, 690, 672, 637, 740, 560, 549, 724, 765, 331,
  331, 664, 565, 943, 813, 796, 628, 796, 660, 551, 579, 756, 650, 967, 667, 624, 579, 331, 413, 331, 572,
  411, 362, 604, 633, 514, 633, 591, 387, 565, 657, 305, 305, 620, 305, 982, 657, 619, 633, 633, 454, 497,
  434, 657, 569, 856, 578, 569, 488, 394, 551, 394, 572,
];
const FIRST_CODE = 32;
/** A wide guess for characters outside the tables (dashes, accents, other scripts). */
const OTHER_WIDTH = 640;

/**
 * The width of a line of text in pixels, without kerning. Tags (`<b>`) take no room; `&lt;` counts as one character.
 */
export function widthPx(text: string, sizePx: number, bold = false): number {
  const table = bold ? BOLD_WIDTHS : REGULAR_WIDTHS;
  let thousandths = 0;
  for (const character of visibleText(text))
    thousandths += table[character.codePointAt(0)! - FIRST_CODE] ?? OTHER_WIDTH;
  return (thousandths * sizePx) / 1000;
}

/** The widest line of a text whose lines are separated by `<br>`. */
export function widestPx(texts: readonly string[], sizePx: number, bold = false): number {
  const lines = texts.flatMap((text) => text.split("<br>"));
  return Math.max(0, ...lines.map((line) => widthPx(line, sizePx, bold)));
}

/** Break plain text into lines no wider than `maxPx`; a word that is longer alone is cut, without a hyphen. */
export function wrap(text: string, maxPx: number, sizePx: number, bold = false): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((long) => breakWord(long, maxPx, sizePx, bold))) {
    const longer = line ? `${line} ${word}` : word;
    if (line && widthPx(longer, sizePx, bold) > maxPx) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line) lines.push(line);
  return lines;
}

function breakWord(word: string, maxPx: number, sizePx: number, bold: boolean): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece && widthPx(piece + character, sizePx, bold) > maxPx) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  return piece ? [...pieces, piece] : pieces;
}

/** Plotly reads a little HTML in every text; names given by a person are shown as they are. */
export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A figure text as a reader sees it: no tags, no entities, `<br>` as a space. */
export function visibleText(text: string): string {
  return text
    .replace(/<br>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
}

/** `1325` as `1,325`. */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** A level of 0.95 as `95%`. */
export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** A number with a real minus sign; what rounds to zero has none. */
export function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** `0.871 (0.823–0.914)`. */
export function interval(value: number, low: number, high: number, digits = 3): string {
  // A dash beside a minus sign is hard to read.
  const between = low < 0 || high < 0 ? " to " : "–";
  return `${signed(value, digits)} (${signed(low, digits)}${between}${signed(high, digits)})`;
}

/** A p-value as journals print it: `p = 0.031`, `p &lt; 0.001`. */
export function pValue(p: number): string {
  return p < 0.001 ? "p &lt; 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** A magnification as it is read: `x200` is ×200. */
export function magnificationLabel(magnification: string): string {
  return magnification.replace(/^x(?=\d)/i, "×");
}

/** The first letter in upper case; the rest as it is. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
