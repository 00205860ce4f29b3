/** Striated muscle: fibres of uneven width, thin endomysium, wide perimysial clefts, cross striation. */
import { FIELD } from "./fields";
import type { GroundPixel } from "./ground-pixel";
import { MASK_BITS } from "./masks";
import { clamp, hash01, lerp, smooth } from "./noise";
import type { TissueSite } from "./site";

/** Cross striation has a period of 2.4 um and shows only at high magnification. */
const STRIATION_PER_UM = (2 * Math.PI) / 2.4;
const STRIATION_VISIBLE_UM_PER_PX = 0.7;
/** Share of fibre borders that are wide perimysial clefts. */
const CLEFT_SHARE = 0.38;

/** Blend muscle over what the pixel holds. `share`: how much of the pixel is muscle. */
export function paintMuscle(site: TissueSite, pixel: GroundPixel, share: number): void {
  const { coarse, fine, muscle } = site;
  const { x, y, umPerPx } = pixel;
  const position = pixel.read(FIELD.fibre);
  const across = position * muscle.fibreWidth;
  const along = x * muscle.cos + y * muscle.sin;
  const fibre = Math.floor(position);
  const within = position - fibre;
  const own = hash01(fibre * 7 + 3);

  // The border on the nearer side: how far, how wide, how empty.
  const side = within < 0.5 ? fibre : fibre + 1;
  const cleft = hash01(side * 13 + 5) > 1 - CLEFT_SHARE;
  const fromBorder = Math.min(within, 1 - within) * muscle.fibreWidth;
  const borderWidth = Math.max(
    0.25,
    0.9 +
      2.2 * fine(along / 55 + side * 3.7, side * 1.9) +
      (cleft ? 4.2 + 5 * coarse(along / 75, side * 2.3) : 0),
  );
  const inside = clamp((fromBorder - borderWidth * 0.6) / Math.max(1.2, umPerPx) + 0.5);

  let eosin =
    0.27 +
    0.13 * own +
    0.09 * coarse(across / 2.6, along / 42) +
    0.07 * fine(along / 60 + own * 50, fibre * 3.1) +
    0.04 * pixel.rough;
  if (umPerPx < STRIATION_VISIBLE_UM_PER_PX) {
    const phase = along * STRIATION_PER_UM + 1.5 * coarse(along / 15, across / 4);
    eosin *= 1 + 0.085 * Math.sin(phase) * clamp(1.4 - umPerPx * 1.1);
  }
  const pale = smooth(0.46, 0.6, coarse(along / 22 + own * 91, across / 55 + 40));
  eosin *= 1 - 0.22 * pale;
  const borderEosin = cleft ? 0.13 + 0.08 * coarse(along / 12, across / 3) : 0.07;

  pixel.hematoxylin = lerp(pixel.hematoxylin, lerp(0.03, 0.05, inside), share);
  pixel.eosin = lerp(pixel.eosin, lerp(borderEosin, eosin, inside), share);
  pixel.orange = 0.05 * share * inside;
  if (share > 0.5) pixel.mask &= ~MASK_BITS.REC;
}
