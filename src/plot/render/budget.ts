/** Pictures that a notebook can carry: at most 300 kB each. */
import { rasterise } from "./draw";

/** The most a figure's PNG may weigh in a notebook. */
export const PNG_BUDGET_BYTES = 300_000;

/** PNG pixels per CSS pixel, for screens of high density. */
export const FULL_SCALE = 2;
/** For figures of photographs that are too heavy at full scale. */
const REDUCED_SCALE = 1.25;

/** At most 256 colours, chosen for this picture. */
async function withPalette(png: Buffer): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  return sharp(png).png({ palette: true, quality: 90 }).toBuffer();
}

/**
 * The PNG for a notebook: scale 2; if over 300 kB, with a palette; if still over, scale 1.25 with a palette.
 * A figure of very many photographs may still be heavier; the lightest is returned then.
 */
export async function pngWithinBudget(svg: string): Promise<Buffer> {
  const full = await rasterise(svg, FULL_SCALE);
  if (full.length <= PNG_BUDGET_BYTES) return full;
  const reduced = await withPalette(full);
  if (reduced.length <= PNG_BUDGET_BYTES) return reduced;
  return withPalette(await rasterise(svg, REDUCED_SCALE));
}
