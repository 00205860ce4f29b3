/** Options of a phantom cohort: defaults, checks, and the folder they lead to. */
import path from "node:path";
import { invalidArgument, unknownName } from "../../core/errors";
import { cacheFolder } from "../../core/paths";
import { hash32 } from "../../core/random";
import { GENERATOR, PHANTOM_PRESETS, type PhantomPreset } from "./settings";

/** Options of `phantomCohort`. */
export interface PhantomOptions {
  /** Number of patients, 1 to 10,000; default 160. */
  readonly patients?: number;
  /** Same seed, same cohort, on every machine; default `"phantom-1"`. */
  readonly seed?: string | number;
  /** Image size in px, 32 to 4096; default 432 x 324. The study's own size is 2592 x 1944. */
  readonly width?: number;
  readonly height?: number;
  /** How clearly the labels show; default `"default"`. */
  readonly preset?: PhantomPreset;
  /** Labels independent and equally frequent instead of as in the study; default false. For measuring learnability. */
  readonly balanced?: boolean;
  /** Where to put it; default a folder in the cache that is named after these options. */
  readonly folder?: string;
  /** Worker threads; default one for each core, at most 8. Does not change a byte of the result. */
  readonly workers?: number;
  /** Stops the work; default the running cell's signal. */
  readonly signal?: AbortSignal;
}

/** The options that decide what the cohort looks like. They are written to `phantom.json`. */
export interface CohortRecipe {
  readonly patients: number;
  readonly seed: string;
  readonly width: number;
  readonly height: number;
  readonly preset: PhantomPreset;
  readonly balanced: boolean;
}

/** Fill in defaults and check ranges. Throws `InvalidArgument` or `UnknownName`. */
export function resolveRecipe(options: PhantomOptions): CohortRecipe {
  const { patients = 160, seed = "phantom-1", width = 432, height = 324, balanced = false } = options;
  requireWhole("patients", patients, 1, 10_000);
  requireWhole("width", width, 32, 4096, "Use a multiple of 4: the field is 4:3.");
  requireWhole("height", height, 24, 4096, "The field is 4:3: height = 3/4 of width.");
  // A taller image would show more than the 750 um that are grown.
  if (height > Math.ceil(width * 0.75))
    throw invalidArgument(
      "height",
      height,
      `at most 3/4 of the width, ${Math.ceil(width * 0.75)} for a width of ${width}`,
      "A microscope photograph is 4:3; nothing is grown above and below it.",
    );
  const text = String(seed);
  if (text === "") throw invalidArgument("seed", seed, "a word or a number");
  return { patients, seed: text, width, height, preset: resolvePreset(options.preset), balanced };
}

export function resolvePreset(preset: string = "default"): PhantomPreset {
  const known = Object.keys(PHANTOM_PRESETS);
  if (!known.includes(preset)) throw unknownName("phantom preset", preset, known);
  return preset as PhantomPreset;
}

/** The cache folder of a recipe: readable, and different for different recipes. */
export function defaultFolder(recipe: CohortRecipe): string {
  const { preset, patients, width, height } = recipe;
  const key = hash32(JSON.stringify([GENERATOR, recipe]))
    .toString(16)
    .padStart(8, "0");
  return path.join(cacheFolder(), GENERATOR, `${preset}-${patients}-${width}x${height}-${key}`);
}

export function requireWhole(name: string, value: number, low: number, high: number, advice?: string): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw invalidArgument(name, value, `a whole number from ${low} to ${high}`, advice);
}
