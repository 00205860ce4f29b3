/** Cells of the tumour: how one looks, and those outside nests: plugs in vessels, buds in the stroma. Lengths in um. */
import type { Rng } from "../../core/random";
import { CELL, type CellKind } from "./cells";
import { FIELD } from "./fields";
import { ellipseDistance } from "./geometry";
import { distanceToLobules } from "./lobules";
import { clamp, lerp } from "./noise";
import type { Placement } from "./placement";
import { nerveDistance, type TissueSite, type Vessel } from "./site";

const TURN = 2 * Math.PI;

/** What decides how a tumour cell looks. */
export interface TumourCell {
  readonly kind: CellKind;
  readonly maturity: number;
  readonly angle: number;
  readonly pleomorphism: number;
  /** Flattened around a pearl. */
  readonly flattened?: boolean;
}

/** Add one, with a size, shape and stain of its own. */
export function addTumourCell(placement: Placement, rng: Rng, x: number, y: number, one: TumourCell): void {
  const { maturity, pleomorphism } = one;
  const spread = Math.min(1.75, Math.exp(rng.normal(0, 0.13 + 0.17 * pleomorphism)));
  const size = lerp(3.7, 4.25, maturity) * lerp(1, 1.16, pleomorphism) * spread;
  const elongation = lerp(1.32, 1.12, maturity) * Math.exp(rng.normal(0, 0.1 + 0.08 * pleomorphism));
  const darkness =
    lerp(0.46, 0.25, maturity) + 0.09 * pleomorphism + rng.normal(0, 0.05 + 0.07 * pleomorphism);
  const stretch = Math.sqrt(elongation);
  placement.add({
    kind: one.kind,
    x,
    y,
    a: size * stretch * (one.flattened ? 1.25 : 1),
    b: (size / stretch) * (one.flattened ? 0.62 : 1),
    angle: one.angle,
    hematoxylin: clamp(darkness, 0.14, 0.85),
    vesicular: clamp(lerp(0.35, 0.9, maturity) + rng.normal(0.12 * pleomorphism, 0.25)),
    irregularity: 0.085 + 0.08 * pleomorphism,
    tone: rng.uniform(),
    maturity,
  });
}

/** A plug is this much longer than wide, along x. */
export const PLUG_STRETCH = 1.25;

/** A cohesive clump of tumour cells in the lumen. */
export function placePlug(site: TissueSite, vessel: Vessel, placement: Placement, rng: Rng): void {
  const radius = vessel.ry * rng.range(0.58, 0.84);
  const plug = {
    x: vessel.x + rng.normal(0, vessel.rx * 0.15),
    y: vessel.y + rng.normal(0, vessel.ry * 0.08),
    radius,
  };
  vessel.plug = plug;
  for (let i = 0; i < 160; i++) {
    const turn = rng.uniform() * TURN;
    const from = Math.sqrt(rng.uniform()) * (radius - 3);
    const x = plug.x + from * Math.cos(turn) * PLUG_STRETCH;
    const y = plug.y + from * Math.sin(turn);
    if (placement.occupied(x, y, 8.5)) continue;
    const angle = rng.uniform() * Math.PI;
    addTumourCell(placement, rng, x, y, {
      kind: CELL.plug,
      maturity: 0.15,
      angle,
      pleomorphism: site.pleomorphism,
    });
  }
}

/** Groups of one to four tumour cells, each 7.5 um from its neighbour, where the stroma is free. */
export function placeBuds(site: TissueSite, placement: Placement, rng: Rng): void {
  for (const bud of site.budPlaces) {
    if (site.budCount >= site.budsWanted) break;
    let placed = false;
    let turn = rng.uniform() * TURN;
    for (let i = 0; i < bud.cells; i++) {
      const from = i ? 7.5 * (1 + (i >> 1) * 0.5) : 0;
      const x = bud.x + from * Math.cos(turn);
      const y = bud.y + from * Math.sin(turn);
      turn += 2.2;
      if (!freeStroma(site, x, y) || placement.occupied(x, y, 6)) continue;
      const angle = rng.uniform() * Math.PI;
      addTumourCell(placement, rng, x, y, {
        kind: CELL.bud,
        maturity: 0.2,
        angle,
        pleomorphism: site.pleomorphism,
      });
      placed = true;
    }
    if (placed) site.budCount++;
  }
}

function freeStroma(site: TissueSite, x: number, y: number): boolean {
  const { fields } = site;
  return (
    fields.sample(x, y, FIELD.epithelium) >= 7 &&
    fields.sample(x, y, FIELD.muscle) >= 3 &&
    fields.sample(x, y, FIELD.glass) >= 4 &&
    !site.nerves.some((o) => nerveDistance(site.coarse, o, x, y) < (o.collar ? 6 : 26)) &&
    !site.vessels.some((o) => ellipseDistance(o, x, y) < 8) &&
    distanceToLobules(site.fat, x, y, 8) > 3 &&
    distanceToLobules(site.glands, x, y, 8) >= 8
  );
}
