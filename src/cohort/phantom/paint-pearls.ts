/** Hearts of nests: keratin pearls and comedo necrosis. */
import type { Canvas } from "./canvas";
import { ellipseDistance } from "./geometry";
import { MASK_BITS } from "./masks";
import { clamp, smooth } from "./noise";
import type { Pearl, TissueSite } from "./site";

/** Squames are drawn, and the pearl's influence ends, this far outside, um. */
const WHORL_UM = 26;
/** The mask of a pearl reaches this far into the whorl, um. */
const MASK_REACH_UM = 10;

export function paintPearls(site: TissueSite, canvas: Canvas): void {
  for (const pearl of site.pearls) {
    if (pearl.necrotic) paintNecrosis(site, canvas, pearl);
    else paintPearl(site, canvas, pearl);
  }
}

/** Granular pink debris with holes. */
function paintNecrosis({ coarse, fine }: TissueSite, canvas: Canvas, pearl: Pearl): void {
  const own = pearl.seed * 0.01;
  // Tongues of necrosis reach into the nest, and bays of live tumour into the necrosis.
  const bays = 0.34 * pearl.ry;
  const bayUm = 0.8 * pearl.ry;
  canvas.over(pearl, WHORL_UM, (i, column, row) => {
    const x = canvas.x(column);
    const y = canvas.y(row);
    if (!(canvas.mask[i]! & MASK_BITS.tumour)) return;
    const distance =
      ellipseDistance(pearl, x, y) +
      bays * coarse(x / bayUm + own, y / bayUm) +
      3.2 * coarse(x / 15 + own, y / 15) +
      3 * fine(x / 12, y / 12 + own);
    const share = smooth(3, -5, distance);
    if (share <= 0) return;
    const granules = coarse(x / 2.3, y / 2.3 + own);
    const clumps = fine(x / 6 + own, y / 6);
    const hole = smooth(0.25, 0.6, clumps + 0.4 * granules);
    const eosin = (0.44 + 0.16 * granules + 0.12 * clumps) * (1 - 0.75 * hole);
    canvas.mix(i, share, 0.07 * (1 + 0.5 * granules), eosin, 0.14);
    if (share > 0.5) canvas.mask[i]! |= MASK_BITS.REC;
  });
}

/** Concentric lamellae of keratin, cracked in rings, and the whorl of squames that continues into the nest. */
function paintPearl({ coarse, fine }: TissueSite, canvas: Canvas, pearl: Pearl): void {
  const own = pearl.seed * 0.01;
  const radius = Math.min(pearl.rx, pearl.ry);
  canvas.over(pearl, WHORL_UM, (i, column, row) => {
    const x = canvas.x(column);
    const y = canvas.y(row);
    if (!(canvas.mask[i]! & MASK_BITS.tumour)) return;
    const distance = ellipseDistance(pearl, x, y) + 3.2 * coarse(x / 15 + own, y / 15);
    const turn = Math.atan2(y - pearl.y, x - pearl.x);
    const share = smooth(4, -2.5, distance);
    canvas.eosin[i]! += 0.1 * Math.exp(-Math.max(0, distance) / 9) * (1 - share);
    if (distance > -2 && distance < WHORL_UM - 2) {
      const squames = fine(distance / 2.6 + own, turn * 2.6);
      canvas.eosin[i]! *= 1 + 0.22 * squames * Math.exp(-distance / 14);
    }
    if (distance < MASK_REACH_UM) canvas.mask[i]! |= MASK_BITS.TD;
    if (share <= 0) return;

    const depth = -distance;
    const lamellae =
      coarse(depth / 2.7 + own, turn * 1.9 + own) + 0.6 * fine(depth / 1.2 + 7, turn * 3 + own);
    const cloud = fine(x / 22 + own, y / 22);
    const centre = smooth(radius * 0.5, radius * 0.85, depth);
    const whole = 1 - 0.93 * crackAt(pearl, { coarse, fine }, turn, depth, radius, canvas.umPerPx);
    const eosin = 0.44 + 0.2 * lamellae + 0.14 * cloud + 0.08 * centre;
    const orange = 0.2 + 0.12 * lamellae + 0.09 * cloud + 0.1 * centre;
    canvas.mix(i, share, 0.03 * (1 - (1 - whole) / 0.93), eosin * whole, orange * whole);
  });
}

/** Shrinkage cracks, shaped as arcs of a ring. 0 to 1. */
function crackAt(
  pearl: Pearl,
  { coarse, fine }: Pick<TissueSite, "coarse" | "fine">,
  turn: number,
  depth: number,
  radius: number,
  umPerPx: number,
): number {
  const own = pearl.seed * 0.01;
  const arc = coarse(turn * 1.1 + own * 3, 4.2) * 0.5 + 0.5;
  const ring = radius * (0.18 + 0.22 * pearl.crack) + 2.5 * fine(turn * 1.6, own);
  const halfWidth = pearl.crack > 0.35 ? 1.5 + 3.4 * arc : 0.2;
  return (
    clamp((halfWidth - Math.abs(depth - ring)) / Math.max(0.8, umPerPx * 0.7) + 0.5) * smooth(0.3, 0.55, arc)
  );
}
