/** Chromatin: one texture for all nuclei, each of which lies at a place of its own on it. */
import { Rng } from "../../core/random";
import { makeNoise } from "./noise";

/** Samples for each um; clumps are about 1.6 um wide. */
const PER_UM = 5;
const SIDE = 1024;
/** A nucleus is placed this far from the border of the tile, samples: it never reaches over. */
const BORDER = 128;
const PLACES = SIDE - 2 * BORDER;

const TILE = clumps();

function clumps(): Float32Array {
  const rng = new Rng("chromatin");
  const coarse = makeNoise(rng);
  const fine = makeNoise(rng);
  const tile = new Float32Array(SIDE * SIDE);
  const [wide, narrow] = [new Float64Array(SIDE), new Float64Array(SIDE)];
  for (let row = 0; row < SIDE; row++) {
    const y = row / PER_UM;
    coarse.row(wide, 0, 0.62 / PER_UM, y * 0.62);
    fine.row(narrow, 0, 1.5 / PER_UM, y * 1.5);
    for (let column = 0; column < SIDE; column++)
      tile[row * SIDE + column] = wide[column]! + 0.5 * narrow[column]!;
  }
  return tile;
}

/** The place on the tile of a nucleus with this seed (16 bits): an index for `chromatinAt`. */
export function chromatinPlace(seed: number): number {
  const column = BORDER + ((seed * 73) % PLACES);
  const row = BORDER + ((seed * 7919) % PLACES);
  return row * SIDE + column;
}

/** Density of chromatin, about [-1.5, 1.5], at (u, v) um from the centre of a nucleus, each within 25 um. */
export function chromatinAt(place: number, u: number, v: number): number {
  return TILE[place + Math.round(v * PER_UM) * SIDE + Math.round(u * PER_UM)]!;
}
