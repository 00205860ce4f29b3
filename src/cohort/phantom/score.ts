/**
 * Does a heat map point at what is there? Scores of class activation maps against the truth masks of a phantom.
 *
 * A map has one value for each patch of the model's input, so the mask is brought to the map's grid: each patch
 * gets the share of its pixels that show the sign.
 */
import { invalidArgument, OsccError } from "../../core/errors";
import type { Fit } from "../../image/fit";

/** Values of a heat map, rows from the top, from 0; a `CamMap` of `explain` is one. */
export interface HeatMap {
  readonly grid: readonly (readonly number[])[];
}

/** Which pixels of an image show a sign; a `TruthMask` is one. */
export interface SignMask {
  readonly width: number;
  readonly height: number;
  /** 1 where the sign is, else 0; `[height, width]`. */
  of(sign: string): Uint8Array;
}

/** Which sign, and how the model saw the photograph. A `CamResult` has the last two under the same names. */
export interface ScoreOptions {
  /** `"TI"`, `"PI"`, `"tumour"`, ... see `MASK_BITS`. */
  readonly sign: string;
  /** How the photograph was brought to the model's input; default `"squash"`. */
  readonly imageFit?: Fit;
  /** Height over width of the model's input; default 1. */
  readonly inputAspect?: number;
}

/** A score has no value here, and why; the same form as in `evaluate`. */
export interface NoScore {
  readonly undefined: true;
  readonly reason: string;
}

/** One round of the pointing game. */
export interface PointingScore {
  /** 1: the highest patch holds a pixel of the sign; 0: it does not; between: several are equally high, and so many do. */
  readonly hit: number;
  /** What a patch drawn by chance scores: the share of patches that hold a pixel of the sign. */
  readonly chance: number;
  /** Share of the sign in the highest patch, 0-1. */
  readonly share: number;
  /** The highest patch; of several, the first. */
  readonly peak: { readonly row: number; readonly column: number };
}

/** Where the map's energy lies. */
export interface EnergyScore {
  /** Share of the map's sum that lies on the sign, 0-1. */
  readonly inside: number;
  /** The same for a map that is equal everywhere: the sign's share of the picture. */
  readonly chance: number;
}

/**
 * The pointing game: does the map's highest patch hold the sign?
 *
 * Averages over images say something only beside the average of `chance`: a large sign is hit easily.
 * Patches outside the photograph (white borders of `"fit"`) can be pointed at, and never hit.
 *
 * @param map     values on the patch grid, from 0
 * @param mask    the truth of the same image
 * @param options `sign`; `imageFit` and `inputAspect` of the result that the map is from
 * @returns       hit, chance level, share; or the reason why there is no score: a flat map, no pixel of the sign
 * @throws UnknownName      for a sign that the mask does not have
 * @throws ShapeMismatch    when the map's rows differ in length
 * @see Zhang et al., IJCV 2018 (here the point is a patch, as fine as the map is, in place of a tolerance of 15 pixels)
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TI", targetClass: 1 });
 * for (const map of result.maps) {
 *   const mask = await patient.image(map.image.site, map.image.magnification).mask();
 *   if (mask) console.log(phantom.pointingGame(map, mask, { sign: "TI", ...result }));
 * }
 */
export function pointingGame(map: HeatMap, mask: SignMask, options: ScoreOptions): PointingScore | NoScore {
  const { values, shares, columns } = aligned(map, mask, options);
  const none = whyNoScore(values, shares, options.sign);
  if (none) return none;
  const highest = Math.max(...values);
  const peaks = values.flatMap((value, i) => (value === highest ? [i] : []));
  const having = (patches: readonly number[]) =>
    patches.filter((i) => shares[i]! > 0).length / patches.length;
  return {
    hit: having(peaks),
    chance: having(values.map((_, i) => i)),
    share: peaks.reduce((sum, i) => sum + shares[i]!, 0) / peaks.length,
    peak: { row: Math.floor(peaks[0]! / columns), column: peaks[0]! % columns },
  };
}

/**
 * How much of the map's energy lies on the sign?
 *
 * @param map     values on the patch grid, from 0
 * @param mask    the truth of the same image
 * @param options as for `pointingGame`
 * @returns       share inside and chance level; or the reason why there is no score
 * @throws UnknownName, ShapeMismatch, InvalidArgument (a negative or non-finite value)
 * @see Wang et al., "Score-CAM", CVPR workshops 2020 (energy-based pointing game)
 * @example
 * const mask = await view.mask();
 * const even = [[1, 1], [1, 1]];
 * if (mask) phantom.energyInside({ grid: even }, mask, { sign: "tumour" }); // inside equals chance
 */
export function energyInside(map: HeatMap, mask: SignMask, options: ScoreOptions): EnergyScore | NoScore {
  const { values, shares } = aligned(map, mask, options);
  const none = whyNoScore(values, shares, options.sign);
  if (none) return none;
  const energy = values.reduce((sum, value) => sum + value, 0);
  const onSign = values.reduce((sum, value, i) => sum + value * shares[i]!, 0);
  return {
    inside: onSign / energy,
    chance: shares.reduce((sum, share) => sum + share, 0) / shares.length,
  };
}

interface Aligned {
  /** Row by row. */
  readonly values: readonly number[];
  /** Share of the sign in each patch, 0-1. */
  readonly shares: readonly number[];
  readonly columns: number;
}

function aligned(map: HeatMap, mask: SignMask, options: ScoreOptions): Aligned {
  const rows = map.grid.length;
  const columns = map.grid[0]?.length ?? 0;
  const odd = map.grid.find((row) => row.length !== columns);
  if (columns === 0 || odd)
    throw new OsccError(
      "ShapeMismatch",
      [`the map has rows of ${columns} and ${odd?.length ?? 0} values.`, "Expected a grid [rows, columns]."],
      { expected: ["rows", "columns"], found: [rows, odd?.length ?? 0] },
    );
  const values = map.grid.flat();
  const wrong = values.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (wrong !== undefined)
    throw invalidArgument(
      "map",
      wrong,
      "finite values from 0",
      "Scores are of raw maps, which never go below 0.",
    );
  return { values, shares: signShares(mask, rows, columns, options), columns };
}

/** A flat map points nowhere, and without the sign there is nothing to point at. */
function whyNoScore(values: readonly number[], shares: readonly number[], sign: string): NoScore | undefined {
  if (!values.some((value) => value > 0))
    return { undefined: true, reason: "the map is zero everywhere: it points at nothing" };
  if (!shares.some((share) => share > 0))
    return { undefined: true, reason: `no pixel that the model saw shows ${sign}` };
  return undefined;
}

/** The share of each patch that shows the sign. Patches need not hold whole pixels: borders count in part. */
function signShares(mask: SignMask, rows: number, columns: number, options: ScoreOptions): number[] {
  const field = seenField(mask, options.imageFit ?? "squash", options.inputAspect ?? 1);
  const across = overlaps(mask.width, field.x, field.width, columns);
  const down = overlaps(mask.height, field.y, field.height, rows);
  const sign = mask.of(options.sign);
  const patchArea = (field.width / columns) * (field.height / rows);
  return down.flatMap((ofRow) =>
    across.map((ofColumn) => {
      let area = 0;
      for (const { pixel: y, length: tall } of ofRow)
        for (const { pixel: x, length: wide } of ofColumn) area += sign[y * mask.width + x]! * tall * wide;
      return area / patchArea;
    }),
  );
}

/** The rectangle that the model's input covers, in pixels of the mask; with `"fit"` it reaches beyond the picture. */
function seenField({ width, height }: SignMask, fit: Fit, aspect: number) {
  if (!(aspect > 0 && Number.isFinite(aspect)))
    throw invalidArgument("inputAspect", aspect, "height over width, above 0");
  if (fit === "squash") return { x: 0, y: 0, width, height };
  const widths = [width, height / aspect] as const;
  const seen = fit === "crop" ? Math.min(...widths) : Math.max(...widths);
  return {
    x: (width - seen) / 2,
    y: (height - seen * aspect) / 2,
    width: seen,
    height: seen * aspect,
  };
}

interface Overlap {
  readonly pixel: number;
  /** How much of the pixel lies in the patch, 0-1. */
  readonly length: number;
}

/** The pixels under each of `patches` equal parts of an interval. */
function overlaps(pixels: number, start: number, length: number, patches: number): Overlap[][] {
  return Array.from({ length: patches }, (_, patch) => {
    const from = start + (length * patch) / patches;
    const to = start + (length * (patch + 1)) / patches;
    const under: Overlap[] = [];
    for (let pixel = Math.max(0, Math.floor(from)); pixel < Math.min(pixels, to); pixel++)
      under.push({ pixel, length: Math.min(pixel + 1, to) - Math.max(pixel, from) });
    return under;
  });
}
