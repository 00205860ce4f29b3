/**
 * Stability: a slide has no up and no left, and stains vary. The map of a turned, mirrored or slightly restained
 * patient, brought back, should be the map of the patient.
 */
import { Rng } from "../../core/random";
import type { ViewImage } from "../../model";
import { type CamOptions, explained } from "../cam";
import type { ExplainablePatient } from "../maps";
import { type OpenModel, type PatientPixels, withOpenModel } from "../open-model";
import type { Explainable } from "../question";
import type { CamMap, CamResult } from "../result";
import { mapSimilarity, meanOf } from "./similarity";

/** Optical density of each colour channel is changed by up to this share. */
const STAIN_CHANGE = 0.1;
/** Light through clear glass. */
const WHITE = 255;

/** Options of `stability`: those of `cam`. */
export interface StabilityOptions extends CamOptions {
  /** Of the stain changes; default 7. */
  readonly seed?: number;
}

/** How alike the maps stay under each change of the images. */
export interface Stability {
  readonly method: CamResult["method"];
  /** Mean rank correlation over the images; absent where both maps are level. */
  readonly changes: readonly { readonly change: string; readonly similarity?: number }[];
  /** Their mean; `undefined` where no map had a place. */
  readonly similarity: number | undefined;
}

/** A rearrangement of rows and columns that undoes itself: where the value at a place comes from. */
type Rearrangement = (
  row: number,
  column: number,
  rows: number,
  columns: number,
) => readonly [number, number];

const REARRANGEMENTS: Readonly<Record<string, Rearrangement>> = {
  "left and right swapped": (r, c, _, columns) => [r, columns - 1 - c],
  "up and down swapped": (r, c, rows) => [rows - 1 - r, c],
  "half a turn": (r, c, rows, columns) => [rows - 1 - r, columns - 1 - c],
  "rows and columns swapped": (r, c) => [c, r],
};

/**
 * Explain a patient again after flips, turns and changes of stain, bring the maps back, and compare.
 *
 * @param options  as `cam`; the class is that of the unchanged patient
 * @returns        a rank correlation for each change; rows and columns are swapped only where images are square
 * @throws UnknownName, InvalidArgument  as `cam`
 * @example
 * const { similarity } = await explain.stability(run, patient, { task: "TD", method: "gradCamPlusPlus" });
 */
export async function stability<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  options: StabilityOptions = {},
): Promise<Stability> {
  const { method = "gradCamPlusPlus" } = options;
  return withOpenModel(model, options, async (open) => {
    const input = await open.read(patient);
    return changedViews(
      open,
      patient,
      input,
      await explained(open, patient, input, method, options),
      options,
    );
  });
}

/** The comparison on an open model. */
export async function changedViews<Image extends ViewImage>(
  open: OpenModel,
  patient: ExplainablePatient<Image>,
  input: PatientPixels<Image>,
  original: CamResult<Image>,
  options: StabilityOptions,
): Promise<Stability> {
  const { method } = original;
  open.asked = original.targetClass;
  const [height, width] = open.spec.encoder.imageSize;
  const before = original.maps.map(fullGrid);
  const mapsOf = async (pixels: Float32Array) =>
    (await explained(open, patient, { ...input, pixels }, method, options)).maps.map(fullGrid);
  const changes: { change: string; similarity?: number }[] = [];
  const add = (change: string, after: readonly Grid[]) => {
    const alike = meanOf(before.map((grid, i) => mapSimilarity(grid.flat(), after[i]!.flat())));
    changes.push({ change, ...(alike === undefined ? {} : { similarity: alike }) });
  };
  for (const [change, from] of Object.entries(REARRANGEMENTS)) {
    if (change === "rows and columns swapped" && height !== width) continue;
    const after = await mapsOf(rearrangePixels(input.pixels, height, width, from));
    add(
      change,
      after.map((grid) => rearrangeGrid(grid, from)),
    );
  }
  add("stain", await mapsOf(restained(input.pixels, new Rng(options.seed ?? 7).split("stain"))));
  return { method, changes, similarity: meanOf(changes.map(({ similarity }) => similarity)) };
}

function fullGrid({ grid, signedGrid }: CamMap): Grid {
  return signedGrid ?? grid;
}

type Grid = readonly (readonly number[])[];

function rearrangePixels(
  pixels: Float32Array,
  height: number,
  width: number,
  from: Rearrangement,
): Float32Array {
  const out = new Float32Array(pixels.length);
  const imageValues = height * width * 3;
  for (let image = 0; image < pixels.length; image += imageValues)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [row, column] = from(y, x, height, width);
        for (let c = 0; c < 3; c++)
          out[image + (y * width + x) * 3 + c] = pixels[image + (row * width + column) * 3 + c]!;
      }
  return out;
}

function rearrangeGrid(grid: Grid, from: Rearrangement): Grid {
  return grid.map((values, row) =>
    values.map((_, column) => {
      const [r, c] = from(row, column, grid.length, values.length);
      return grid[r]![c]!;
    }),
  );
}

/** Each colour channel absorbs a little more or less, the same in all images of the patient. */
function restained(pixels: Float32Array, rng: Rng): Float32Array {
  const factors = Array.from({ length: 3 }, () => rng.range(1 - STAIN_CHANGE, 1 + STAIN_CHANGE));
  return pixels.map((value, i) => WHITE * (value / WHITE) ** factors[i % 3]!);
}
