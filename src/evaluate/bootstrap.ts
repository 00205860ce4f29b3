/** Bootstrap samples of patients: who is drawn, how often, and the bounds that follow. */
import { invalidArgument } from "../core/errors";
import { Rng } from "../core/random";

/** How patients are drawn. */
export const RESAMPLING = ["stratified", "patients"] as const;
/**
 * `"stratified"`: positives among positives, negatives among negatives, so that each sample has the class counts
 * of the data. `"patients"`: all from one urn; a sample that holds one class only is drawn again.
 */
export type Resampling = (typeof RESAMPLING)[number];

/** The options that every bootstrap of this folder takes. */
export interface BootstrapOptions {
  /** Number of samples. Default 2000. */
  readonly bootstrap?: number;
  /** Default 7. Same seed, same interval. */
  readonly seed?: number;
  /** Coverage, between 0 and 1. Default 0.95. */
  readonly level?: number;
  /** Default `"stratified"`. */
  readonly resampling?: Resampling;
}

export interface BootstrapSettings {
  readonly replicates: number;
  readonly seed: number;
  readonly level: number;
  readonly resampling: Resampling;
}

/** Defaults filled in, ranges checked. */
export function bootstrapSettings(options: BootstrapOptions): BootstrapSettings {
  const { bootstrap = 2000, seed = 7, level = 0.95, resampling = "stratified" } = options;
  if (!Number.isInteger(bootstrap) || bootstrap < 20)
    throw invalidArgument("bootstrap", bootstrap, "a whole number of samples, 20 or more", "Usual: 2000.");
  if (!(level > 0 && level < 1))
    throw invalidArgument("level", level, "a coverage between 0 and 1", "Usual: 0.95.");
  if (!RESAMPLING.includes(resampling))
    throw invalidArgument("resampling", resampling, `one of ${RESAMPLING.join(", ")}`);
  return { replicates: bootstrap, seed, level, resampling };
}

/**
 * Call `visit(sample, replicate)` for each bootstrap sample: the indices of the patients drawn, with replacement.
 * The array is reused: read it, do not keep it.
 *
 * @param classOf the class of each patient, 0, 1, ...; every class up to the highest has a patient
 */
export function forEachSample(
  classOf: ArrayLike<number>,
  settings: BootstrapSettings,
  rng: Rng,
  visit: (sample: Int32Array, replicate: number) => void,
): void {
  const draw = settings.resampling === "stratified" ? stratifiedDraw(classOf) : patientDraw(classOf);
  const sample = new Int32Array(classOf.length);
  for (let replicate = 0; replicate < settings.replicates; replicate++) {
    draw(sample, rng);
    visit(sample, replicate);
  }
}

type Draw = (sample: Int32Array, rng: Rng) => void;

function stratifiedDraw(classOf: ArrayLike<number>): Draw {
  const strata = membersByClass(classOf);
  return (sample, rng) => {
    let filled = 0;
    for (const members of strata) {
      const size = members.length;
      for (let i = 0; i < size; i++) sample[filled++] = members[rng.integer(size)]!;
    }
  };
}

function patientDraw(classOf: ArrayLike<number>): Draw {
  const n = classOf.length;
  const classes = membersByClass(classOf).length;
  return (sample, rng) => {
    do {
      for (let i = 0; i < n; i++) sample[i] = rng.integer(n);
    } while (!holdsEveryClass(sample, classOf, classes));
  };
}

function holdsEveryClass(sample: Int32Array, classOf: ArrayLike<number>, classes: number): boolean {
  const seen = new Uint8Array(classes);
  let missing = classes;
  for (let i = 0; i < sample.length && missing > 0; i++) {
    const label = classOf[sample[i]!]!;
    if (seen[label] === 0) {
      seen[label] = 1;
      missing--;
    }
  }
  return missing === 0;
}

function membersByClass(classOf: ArrayLike<number>): Int32Array[] {
  const members: number[][] = [];
  for (let i = 0; i < classOf.length; i++) {
    const label = classOf[i]!;
    while (members.length <= label) members.push([]);
    members[label]!.push(i);
  }
  return members.map((list) => Int32Array.from(list));
}

/** The stream of one use, so that adding a use never shifts the draws of another. */
export function bootstrapRng(settings: BootstrapSettings, use: string): Rng {
  return new Rng(settings.seed).split("bootstrap").split(use);
}

/** A class needs so many patients before resampling them shows how much they vary. */
const ENOUGH_PATIENTS = 10;

/**
 * The caption of a bootstrap interval.
 *
 * @param fewest the number of patients of the smallest class; where it is small the caption says so, because a
 *               single patient drawn again and again looks like certainty
 */
export function bootstrapMethod(
  settings: BootstrapSettings,
  fewest: number,
  kind: "percentile" | "BCa" = "percentile",
): string {
  const drawn = settings.resampling === "stratified" ? "samples stratified by class" : "samples of patients";
  const method = `${kind} bootstrap, ${settings.replicates} ${drawn}, seed ${settings.seed}`;
  if (fewest >= ENOUGH_PATIENTS) return method;
  return `${method}; too narrow, the smallest class has ${fewest} patient${fewest === 1 ? "" : "s"}`;
}
