/** Host structures: glands, fat, nerves, vessels. */
import type { Canvas } from "./canvas";
import { ellipseDistance } from "./geometry";
import { MASK_BITS } from "./masks";
import { clamp, lerp, smooth } from "./noise";
import { nerveDistance, type TissueSite } from "./site";

export function paintGlands({ glands, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  for (const gland of glands)
    canvas.over(gland, 2, (i, x, y) => {
      const distance = ellipseDistance(gland, x, y);
      const share = clamp(0.5 - (distance + 3 * coarse(x / 13 + gland.seed, y / 13)) / umPerPx);
      if (share <= 0) return;
      const grain = 1 + 0.3 * coarse(x / 2.5, y / 2.5);
      const fromCentre = Math.hypot(x - gland.x, y - gland.y);
      let eosin = lerp(0.3, 0.09, gland.mucous) * grain;
      let hematoxylin = lerp(0.11, 0.05, gland.mucous) * grain;
      const lumen = (gland.seed % 5) * 0.9 + 0.8 * fine(x / 3, y / 3);
      if (fromCentre < lumen) {
        eosin *= 0.15;
        hematoxylin *= 0.15;
      }
      const sector = Math.abs(Math.sin(Math.atan2(y - gland.y, x - gland.x) * 3.5 + gland.seed));
      if (sector < 1.2 / (fromCentre + 4)) eosin += 0.05;
      if (distance > -1.2) eosin += 0.08;
      canvas.mix(i, share, hematoxylin, eosin, 0);
      mask[i]! &= ~MASK_BITS.REC;
    });
}

/** Fat cells: empty after processing, with a thin wall. */
export function paintFat({ fat, coarse }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  for (const cell of fat)
    canvas.over(cell, 3, (i, x, y) => {
      const distance = ellipseDistance(cell, x, y) + 1.2 * coarse(x / 14, y / 14);
      const share = clamp(0.5 - distance / umPerPx);
      if (share > 0) {
        canvas.mix(i, share, 0, 0.0121, 0);
        mask[i]! &= ~MASK_BITS.REC;
      }
      const wall = clamp((0.7 + umPerPx * 0.4 - Math.abs(distance)) / umPerPx + 0.3) * 0.8;
      if (wall > 0) canvas.mix(i, Math.min(1, wall), 0.03, 0.2, 0);
    });
}

/** Nerves: wavy pale fibres inside a laminated perineurium with a cleft. */
export function paintNerves({ nerves, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  for (const nerve of nerves)
    canvas.over(nerve, 12, (i, x, y) => {
      const dx = x - nerve.x;
      const dy = y - nerve.y;
      const along = dx * nerve.cos + dy * nerve.sin;
      const across = -dx * nerve.sin + dy * nerve.cos;
      const distance = nerveDistance(coarse, nerve, x, y) + 1.2 * coarse(x / 16, y / 16);

      const perineurium = smooth(6.5, 5, distance) * smooth(-1, 1.2, distance);
      if (perineurium > 0 && !(mask[i]! & MASK_BITS.tumour)) {
        const lamellae = fine(distance / 1.3, along / 20 + across / 30);
        canvas.mix(i, perineurium, 0.045, 0.25 + 0.09 * lamellae, 0);
        canvas.mix(i, smooth(3.5, 1, distance) * smooth(-0.6, 0.6, distance) * 0.6, 0.01, 0.06, 0);
      }
      const inside = clamp(0.5 - distance / Math.max(umPerPx, 0.8));
      if (inside > 0) {
        const wavy = across + 5.5 * Math.sin(along / 11 + across * 0.03) + 3 * coarse(x / 24, y / 24);
        const axons = coarse(wavy / 1.5 + 9, along / 34);
        const bundles = fine(wavy / 4.2, along / 26 + 7);
        const density = clamp(0.5 + 0.36 * axons + 0.26 * bundles + 0.22 * fine(x / 3, y / 3));
        const space = smooth(0.26, 0.08, density);
        canvas.mix(i, inside, 0.055 + 0.025 * density, (0.13 + 0.14 * density) * (1 - 0.7 * space), 0);
        mask[i]! &= ~(MASK_BITS.tumour | MASK_BITS.REC);
      }
      // The collar's mask closes over the nerve, so that it can be pointed at as one thing.
      if (nerve.collar && ellipseDistance(nerve, x, y) < 6) mask[i]! |= MASK_BITS.PI;
    });
}

/** Vessels: a thin wall around plasma; red cells and plugs are drawn with the cells. */
export function paintVessels({ vessels, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  for (const vessel of vessels) {
    const { wall, seed, capillary } = vessel;
    canvas.over(vessel, wall + 3, (i, x, y) => {
      const distance =
        ellipseDistance(vessel, x, y) +
        (capillary ? 2 : 7) * coarse(x / 30 + seed, y / 30) +
        (capillary ? 0.5 : 1.2) * coarse(x / 9, y / 9);
      const wallShare = smooth(wall + 1.2, wall - 0.5, distance);
      if (wallShare > 0) {
        canvas.mix(i, wallShare, 0.05, 0.3 + 0.07 * fine(distance / 1.2, (x + y) / 12), 0);
        mask[i]! &= ~MASK_BITS.REC;
      }
      const lumen = clamp(0.5 - distance / umPerPx);
      if (lumen > 0) {
        const plasma = capillary ? 0.05 : 0.04 + 0.13 * smooth(-0.1, 0.5, coarse(x / 40 + seed, y / 40));
        canvas.mix(i, lumen, 0.004, plasma + 0.02 * coarse(x / 5, y / 5), 0);
        if (lumen > 0.5 && vessel.plugged) mask[i]! |= MASK_BITS.CE;
      }
    });
  }
}
