/** Where the cells of a site stand. They are placed once; each view draws the same cells. Lengths in um. */
import type { Rng } from "../../core/random";
import { binEpithelium } from "./epithelial-bins";
import { FIELD } from "./fields";
import { placeEpithelialCell } from "./place-epithelial-cells";
import { placeFatCells, placeGlandCells, placeSchwannCells, placeVesselCells } from "./place-host-cells";
import { placeRedCells } from "./place-red-cells";
import { placeStromalCell } from "./place-stromal-cells";
import { placeBuds } from "./place-tumour-cells";
import { Placement } from "./placement";
import type { TissueSite } from "./site";

/** Cells are offered places on a jittered lattice of this step, in scrambled order, um. */
const LATTICE_UM = 4.4;

/** Fill `site.cells`, `site.redCells`, `site.epithelialBins`, the plugs and `site.budCount`. */
export function placeCells(site: TissueSite): void {
  const width = -2 * site.fields.left;
  const height = -2 * site.fields.top;
  const rng = site.stream.split("cells");
  const placement = new Placement(site, rng, width, height);
  placeVesselCells(site, placement, rng);
  placeGlandCells(site, placement, rng);
  placeFatCells(site, placement, rng);
  placeBuds(site, placement, rng);
  placeSchwannCells(site, placement, rng);
  placeFieldCells(site, placement, rng, width, height);
  placeRedCells(site, site.stream.split("red"));
  site.epithelialBins = binEpithelium(site, width, height);
}

/** Everything else: a lattice point becomes the cell that the fields want there, or stays empty. */
function placeFieldCells(
  site: TissueSite,
  placement: Placement,
  rng: Rng,
  width: number,
  height: number,
): void {
  const { fields } = site;
  const columns = Math.floor(width / LATTICE_UM);
  const rows = Math.floor(height / LATTICE_UM);
  const total = columns * rows;
  let step = 7919;
  while (greatestCommonDivisor(step, total) !== 1) step++;
  for (let visited = 0, at = 0; visited < total; visited++, at = (at + step) % total) {
    const x = fields.left + ((at % columns) + rng.uniform()) * LATTICE_UM;
    const y = fields.top + (Math.floor(at / columns) + rng.uniform()) * LATTICE_UM;
    const dice = rng.uniform();
    if (fields.sample(x, y, FIELD.glass) < 2) continue;
    const epithelium = fields.sample(x, y, FIELD.epithelium);
    if (epithelium < -2.2) placeEpithelialCell(site, placement, rng, x, y, dice, epithelium);
    else if (epithelium >= 1.5) placeStromalCell(site, placement, rng, x, y, dice);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
