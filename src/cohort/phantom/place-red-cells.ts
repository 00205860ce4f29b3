/** Red cells: in vessels, and as bleedings in the stroma. Lengths in um. */
import type { Rng } from "../../core/random";
import { FIELD } from "./fields";
import { ellipseDistance, fromAxes } from "./geometry";
import { distanceToLobules } from "./lobules";
import { PLUG_STRETCH } from "./place-tumour-cells";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM } from "./settings";
import type { TissueSite } from "./site";

const TURN = 2 * Math.PI;

/** Red cells: in vessels, and as bleedings in the stroma. */
export function placeRedCells(site: TissueSite, rng: Rng): void {
  for (const vessel of site.vessels) {
    const count = Math.round(((Math.PI * vessel.rx * vessel.ry) / 38) * vessel.fill);
    for (let i = 0; i < count; i++) {
      const turn = rng.uniform() * TURN;
      const from = Math.sqrt(rng.uniform()) * 0.9;
      const [x, y] = fromAxes(vessel, from * vessel.rx * Math.cos(turn), from * vessel.ry * Math.sin(turn));
      const { plug } = vessel;
      if (plug && Math.hypot((x - plug.x) / PLUG_STRETCH, y - plug.y) < plug.radius + 2) continue;
      addRedCell(site, rng, x, y);
    }
  }
  const bleedings = rng.poisson(site.patient.traits.bleeding * 3);
  for (let i = 0; i < bleedings; i++) placeBleeding(site, rng);
}

function placeBleeding(site: TissueSite, rng: Rng): void {
  const { fields } = site;
  const centreX = rng.range(-FIELD_WIDTH_UM / 2, FIELD_WIDTH_UM / 2);
  const centreY = rng.range(-FIELD_HEIGHT_UM / 2, FIELD_HEIGHT_UM / 2);
  const spread = rng.range(25, 110);
  const count = Math.round(spread * 14);
  for (let i = 0; i < count; i++) {
    const x = centreX + rng.normal(0, spread);
    const y = centreY + rng.normal(0, spread * 0.6);
    // Blood runs between the bundles: in streaks and pools, with gaps.
    const pool =
      site.coarse(x / 46 + 11, y / 46) + 0.6 * site.fine(fields.sample(x, y, FIELD.across) / 15, x / 90);
    if (pool < 0.05) continue;
    if (Math.abs(x) > FIELD_WIDTH_UM / 2 + 30 || Math.abs(y) > FIELD_HEIGHT_UM / 2 + 30) continue;
    const free =
      fields.sample(x, y, FIELD.epithelium) > 3 &&
      fields.sample(x, y, FIELD.muscle) > 0 &&
      fields.sample(x, y, FIELD.glass) > 4 &&
      distanceToLobules(site.fat, x, y, 2) > 1 &&
      !site.nerves.some((o) => ellipseDistance(o, x, y) < 4);
    if (free) addRedCell(site, rng, x, y);
  }
}

function addRedCell(site: TissueSite, rng: Rng, x: number, y: number): void {
  site.redCells.push({ x, y, radius: rng.range(2.6, 3.3), seed: rng.uint32() & 0xffff });
}
