/** Pictures that a notebook can carry: at most 300 kB each. */
import { rasterise } from "./draw";

/** The most a figure's PNG may weigh in a notebook. */
export const PNG_BUDGET_BYTES = 300_000;

/** PNG pixels per CSS pixel, for screens of high density. */
const FULL_SCALE = 2;
/** A palette takes a picture to about a third; heavier ones are not worth trying at full scale. */
const PALETTE_GAIN = 3.5;

/** What is tried after full scale, from the best look to the smallest file. `quality` bounds the number of colours. */
const REDUCED: readonly { readonly scale: number; readonly quality: number }[] = [
  { scale: 1.25, quality: 90 },
  { scale: 1, quality: 90 },
  { scale: 1, quality: 20 },
  { scale: 0.8, quality: 20 },
];

/**
 * The PNG for a notebook: scale 2; if over 300 kB, with a palette; if still over, scale 1.25 with a palette, then
 * scale 1 and fewer colours. Figures of photographs need that, charts do not. The lightest is returned even when
 * nothing fits.
 */
export async function pngWithinBudget(svg: string): Promise<Buffer> {
  const full = await rasterise(svg, FULL_SCALE);
  if (full.length <= PNG_BUDGET_BYTES) return full;
  let lightest = full;
  if (full.length <= PNG_BUDGET_BYTES * PALETTE_GAIN) {
    lightest = await withPalette(full, 90);
    if (lightest.length <= PNG_BUDGET_BYTES) return lightest;
  }
  let drawn = { scale: FULL_SCALE, png: full };
  for (const { scale, quality } of REDUCED) {
    if (drawn.scale !== scale) drawn = { scale, png: await rasterise(svg, scale) };
    const reduced = await withPalette(drawn.png, quality);
    if (reduced.length <= PNG_BUDGET_BYTES) return reduced;
    if (reduced.length < lightest.length) lightest = reduced;
  }
  return lightest;
}

/** At most 256 colours, chosen for this picture; dithered, because bands in a colour map would mislead. */
async function withPalette(png: Buffer, quality: number): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  return sharp(png).png({ palette: true, quality, dither: 1, effort: 2 }).toBuffer();
}
