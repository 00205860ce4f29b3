/** Host structures: glands, fat, nerves, vessels. */
import type { Canvas } from "./canvas";
import { ellipseDistance } from "./geometry";
import { NearestUnits } from "./lobules";
import { MASK_BITS } from "./masks";
import { clamp, lerp, smooth } from "./noise";
import { nerveDistance, type TissueSite } from "./site";

/** Stroma left between two acini, um. */
const SEPTUM_UM = 1.6;
/** Half the thickness of the wall between two fat cells, um. */
const FAT_WALL_UM = 0.6;

/** Acini: pyramidal cells around a lumen; ducts: a pink double row around a wide one. */
export function paintGlands({ glands, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  const nearest = new NearestUnits();
  for (const lobule of glands)
    canvas.over(lobule, 4, (i, column, row) => {
      const x = canvas.x(column);
      const y = canvas.y(row);
      nearest.find(lobule, x + 1.6 * coarse(x / 13, y / 13), y + 1.6 * coarse(x / 13 + 40, y / 13));
      const depth = nearest.depth(lobule) - SEPTUM_UM;
      const share = clamp(depth / umPerPx + 0.5);
      if (share <= 0) return;
      const acinus = lobule.units[nearest.index]!;
      const mucous = acinus.duct ? 0 : acinus.mucous;
      const grain = 1 + 0.28 * coarse(x / 1.9, y / 1.9) + 0.16 * fine(x / 5, y / 5);
      // Secretion granules gather towards the lumen; the base is purple.
      const apex = smooth(3, 12, depth);
      let eosin = lerp(0.2 + 0.12 * apex, 0.07, mucous) * grain;
      let hematoxylin = lerp(0.15 - 0.08 * apex, 0.05, mucous) * grain;
      if (acinus.duct) {
        eosin = 0.3 * grain;
        hematoxylin = 0.06 * grain;
      }
      const turn = Math.atan2(y - acinus.y, x - acinus.x);
      const cellBorder = Math.abs(Math.sin(turn * 3.5 + acinus.seed)) * nearest.first;
      const border = 0.4 * smooth(1.4 + umPerPx * 0.4, 0.3, cellBorder) + 0.4 * smooth(1.6, 0.4, depth);
      eosin += 0.12 * border;
      hematoxylin += 0.02 * border;
      const lumenRadius = (acinus.duct ? 7.5 : 0.6 + (acinus.seed % 4) * 0.7) + fine(x / 4, y / 4);
      const lumen = smooth(lumenRadius + umPerPx * 0.5, lumenRadius - umPerPx * 0.5, nearest.first);
      canvas.mix(i, share, hematoxylin * (1 - 0.9 * lumen), eosin * (1 - 0.9 * lumen), 0);
      mask[i]! &= ~MASK_BITS.REC;
    });
}

/** Fat cells: emptied by processing, flattened by each other, with thin walls. */
export function paintFat({ fat, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  const nearest = new NearestUnits();
  for (const lobule of fat)
    canvas.over(lobule, 4, (i, column, row) => {
      const x = canvas.x(column);
      const y = canvas.y(row);
      nearest.find(lobule, x + 4 * coarse(x / 34, y / 34), y + 4 * coarse(x / 34 + 40, y / 34));
      const depth = nearest.depth(lobule);
      const share = clamp((depth + FAT_WALL_UM) / umPerPx + 0.5);
      if (share <= 0) return;
      const wall = clamp((FAT_WALL_UM * (1 + 0.5 * fine(x / 20, y / 20)) - depth) / umPerPx + 0.5);
      // A wall thinner than a pixel keeps its amount of stain, not its darkness.
      const strength = Math.min(1, (2.2 * FAT_WALL_UM) / umPerPx + 0.25);
      canvas.mix(i, share, 0.04 * wall * strength, 0.012 + 0.27 * wall * strength, 0);
      mask[i]! &= ~MASK_BITS.REC;
    });
}

/** Nerves: wavy pale fibres inside a laminated perineurium with a cleft. */
export function paintNerves({ nerves, coarse, fine }: TissueSite, canvas: Canvas): void {
  const { umPerPx, mask } = canvas;
  for (const nerve of nerves)
    canvas.over(nerve, 12, (i, column, row) => {
      const x = canvas.x(column);
      const y = canvas.y(row);
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
    canvas.over(vessel, wall + 3, (i, column, row) => {
      const x = canvas.x(column);
      const y = canvas.y(row);
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
