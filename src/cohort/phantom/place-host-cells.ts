/** Cells of host structures: endothelium, glands, fat, nerves. Lengths in um. */
import type { Rng } from "../../core/random";
import { CELL } from "./cells";
import { fromAxes } from "./geometry";
import { type Lobule, NearestUnits } from "./lobules";
import { lerp } from "./noise";
import { placePlug } from "./place-tumour-cells";
import type { Placement } from "./placement";
import { type Acinus, nerveDistance, type TissueSite } from "./site";

const TURN = 2 * Math.PI;

/** Flat endothelial nuclei along each wall, and the tumour cells of a plug. */
export function placeVesselCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const vessel of site.vessels) {
    const perimeter = Math.PI * (vessel.rx + vessel.ry);
    const count = Math.max(3, Math.round(perimeter / rng.range(16, 26)));
    for (let i = 0; i < count; i++) {
      const turn = (i / count) * TURN + rng.normal(0, 0.12);
      const [x, y] = fromAxes(vessel, (vessel.rx + 1) * Math.cos(turn), (vessel.ry + 1) * Math.sin(turn));
      placement.add({
        kind: CELL.endothelium,
        x,
        y,
        a: rng.range(4, 6.5),
        b: rng.range(1, 1.6),
        angle: Math.atan2(vessel.ry * Math.cos(turn), -vessel.rx * Math.sin(turn)) + vessel.angle,
        hematoxylin: rng.range(0.3, 0.5),
        vesicular: 0.1,
        irregularity: 0.05,
        tone: 0,
        maturity: 0,
      });
    }
    if (vessel.plugged) placePlug(site, vessel, placement, rng);
  }
}

/** Basal nuclei of the acini: round in serous ones, pressed flat in mucous ones. Ducts have a second, inner row. */
export function placeGlandCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const lobule of site.glands)
    for (const acinus of lobule.units) {
      placeAcinusRow(lobule, acinus, 4.2 - 1.6 * acinus.mucous, placement, rng);
      if (acinus.duct) placeAcinusRow(lobule, acinus, 9, placement, rng);
    }
}

/** A row of nuclei `depth` um inside the outline of an acinus. */
function placeAcinusRow(
  lobule: Lobule<Acinus>,
  acinus: Acinus,
  depth: number,
  placement: Placement,
  rng: Rng,
): void {
  const nearest = new NearestUnits();
  const mucous = acinus.duct ? 0 : acinus.mucous;
  const count = Math.round((TURN * lobule.unitRadius * 0.8) / 10.5);
  for (let i = 0; i < count; i++) {
    const turn = ((i + rng.range(-0.25, 0.25)) / count) * TURN;
    let from = 4;
    for (; from < lobule.unitRadius; from += 0.5) {
      nearest.find(lobule, acinus.x + from * Math.cos(turn), acinus.y + from * Math.sin(turn));
      if (nearest.depth(lobule) < depth) break;
    }
    const x = acinus.x + from * Math.cos(turn);
    const y = acinus.y + from * Math.sin(turn);
    if (placement.occupied(x, y, 5.5)) continue;
    placement.add({
      kind: CELL.gland,
      x,
      y,
      a: lerp(2.8, 3.6, rng.uniform()),
      b: lerp(2.7, 1.5, mucous) * rng.range(0.9, 1.1),
      angle: turn + Math.PI / 2,
      hematoxylin: rng.range(0.34, 0.56),
      vesicular: 0.3,
      irregularity: 0.06,
      tone: 0,
      maturity: 0,
    });
  }
}

/** Flat nuclei pressed between fat cells, at a quarter of the walls. */
export function placeFatCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const { units, unitRadius } of site.fat)
    for (const a of units)
      for (const b of units) {
        const apart = Math.hypot(a.x - b.x, a.y - b.y);
        if (a === b || a.x < b.x || apart > 1.9 * unitRadius || !rng.chance(0.25)) continue;
        placement.add({
          kind: CELL.fibroblast,
          x: (a.x + b.x) / 2,
          y: (a.y + b.y) / 2,
          a: rng.range(3.2, 5.4),
          b: rng.range(0.9, 1.5),
          angle: Math.atan2(b.y - a.y, b.x - a.x) + Math.PI / 2,
          hematoxylin: rng.range(0.35, 0.55),
          vesicular: 0.1,
          irregularity: 0.06,
          tone: 0,
          maturity: 0,
        });
      }
}

/** Spindle nuclei inside nerves, along the wavy fibres. One for each 105 um2. */
export function placeSchwannCells(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const nerve of site.nerves) {
    const count = Math.round((Math.PI * nerve.rx * nerve.ry) / 105);
    for (let i = 0; i < count; i++) {
      const turn = rng.uniform() * TURN;
      const from = Math.sqrt(rng.uniform()) * 0.92;
      const along = from * nerve.rx * Math.cos(turn);
      const across = from * nerve.ry * Math.sin(turn);
      const [x, y] = fromAxes(nerve, along, across);
      if (nerveDistance(site.coarse, nerve, x, y) >= -3 || placement.occupied(x, y, 6)) continue;
      placement.add({
        kind: CELL.schwann,
        x,
        y,
        a: rng.range(4.2, 6.6),
        b: rng.range(1.1, 1.8),
        angle: nerve.angle + 0.55 * Math.cos(along / 11 + across * 0.03) + rng.normal(0, 0.15),
        hematoxylin: rng.range(0.26, 0.42),
        vesicular: 0.35,
        irregularity: 0.06,
        tone: 0,
        maturity: 0,
      });
    }
  }
}
