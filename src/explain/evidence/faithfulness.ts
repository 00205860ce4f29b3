/**
 * Deletion and insertion curves (Petsiuk, Das and Saenko, "RISE", BMVC 2018, section 3.2), for all images of a patient at
 * once: hide the patches that a map calls important, most important first, and watch the probability fall; or start from
 * a blank patient and put them in, and watch it rise. The same in random order says what any order would do.
 *
 * Hidden means the model's mean colour.
 */
import { invalidArgument } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import { Rng } from "../../core/random";
import type { ViewImage } from "../../model";
import type { ExplainablePatient } from "../maps";
import { hidden, spreadPatches } from "../masks";
import { type OpenModel, type QuestionOptions, withOpenModel } from "../open-model";
import { joined, type Probe } from "../probe";
import type { Explainable } from "../question";
import type { CamResult } from "../result";
import { valuesOf } from "./similarity";

/** Options of `faithfulness`. */
export interface FaithfulnessOptions extends Pick<QuestionOptions, "device" | "signal"> {
  /** Points of a curve after the first; default 10. */
  readonly steps?: number;
  /** Random orders to compare with; default 3. */
  readonly randomOrders?: number;
  /** Default 7. */
  readonly seed?: number;
}

/** The probability of the explained class as patches go or come. */
export interface PerturbationCurve {
  /** Share of patches hidden (deletion) or shown (insertion), from 0 to 1. */
  readonly shares: readonly number[];
  readonly probabilities: readonly number[];
  /** Mean height of the curve, 0-1. */
  readonly auc: number;
  /** The same in random orders: mean curve, mean AUC, and the standard deviation of the AUC between orders. */
  readonly random: {
    readonly probabilities: readonly number[];
    readonly auc: number;
    readonly sd: number;
    readonly orders: number;
  };
}

/** How a model's answer depends on what a map calls important. */
export interface Faithfulness {
  readonly method: CamResult["method"];
  readonly patient: string;
  readonly className: string;
  /** Below random is good. */
  readonly deletion: PerturbationCurve;
  /** Above random is good. */
  readonly insertion: PerturbationCurve;
  readonly provenance: Provenance;
}

/**
 * Deletion and insertion curves of a result, with a random baseline.
 *
 * @param model    that made the result
 * @param patient  that the result is of
 * @param result   maps by any method; patches of all images are ordered together, equal ones by chance
 * @param options  `steps`, default 10; `randomOrders`, default 3; `seed`
 * @throws InvalidArgument  for fewer than one step or order, and for a result of another patient
 * @see Petsiuk, Das and Saenko, BMVC 2018
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TD" });
 * const { deletion, insertion } = await explain.faithfulness(run, patient, result);
 * deletion.auc < deletion.random.auc; // true: what the map marks matters more than what it does not
 */
export async function faithfulness<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  result: CamResult,
  options: FaithfulnessOptions = {},
): Promise<Faithfulness> {
  const { task, targetClass, className, method } = result;
  if (patient.id !== result.patient)
    throw invalidArgument("result", `of patient ${result.patient}`, `maps of patient ${patient.id}`);
  return withOpenModel(model, { ...options, task, targetClass, score: "probability" }, async (open) => {
    const curves = await curvesOf(open, patient, result, options);
    return { method, patient: patient.id, className, ...curves, provenance: result.provenance };
  });
}

/** Both curves, on a model that is open and explains the probability. */
export async function curvesOf(
  open: OpenModel,
  patient: ExplainablePatient,
  result: CamResult,
  { steps = 10, randomOrders = 3, seed = 7 }: FaithfulnessOptions,
): Promise<Pick<Faithfulness, "deletion" | "insertion">> {
  checkCount("steps", steps);
  checkCount("randomOrders", randomOrders);
  const rng = new Rng(seed).split("faithfulness");
  const values = result.maps.flatMap((map) => valuesOf(map));
  const ordered = byImportance(values, rng.split("ties"));
  const chance = Array.from({ length: randomOrders }, (_, i) => rng.split(i).shuffle(ordered));
  const { pixels } = await open.read(patient);
  const along = (order: readonly number[], keepsFirst: boolean) =>
    probabilitiesAlong(open.probe("probability"), pixels, result.targetClass, { order, steps, keepsFirst });
  const curve = async (keepsFirst: boolean): Promise<PerturbationCurve> => {
    const own = await along(ordered, keepsFirst);
    const random: number[][] = [];
    for (const order of chance) random.push(await along(order, keepsFirst));
    const aucs = random.map(meanHeight);
    return {
      shares: own.map((_, i) => i / steps),
      probabilities: own,
      auc: meanHeight(own),
      random: {
        probabilities: own.map((_, i) => mean(random.map((one) => one[i]!))),
        auc: mean(aucs),
        sd: deviation(aucs),
        orders: randomOrders,
      },
    };
  };
  return { deletion: await curve(false), insertion: await curve(true) };
}

interface Walk {
  /** Patches of all images, the first to go or come first. */
  readonly order: readonly number[];
  readonly steps: number;
  /** Whether the first patches are shown (insertion) or hidden (deletion). */
  readonly keepsFirst: boolean;
}

async function probabilitiesAlong(
  probe: Probe,
  pixels: Float32Array,
  target: number,
  { order, steps, keepsFirst }: Walk,
): Promise<number[]> {
  const probabilities: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const moved = Math.round((step / steps) * order.length);
    const keep = new Float32Array(order.length).fill(keepsFirst ? 0 : 1);
    for (let i = 0; i < moved; i++) keep[order[i]!] = keepsFirst ? 1 : 0;
    const features = await probe.encode(withPatches(probe, pixels, keep));
    probabilities.push((await probe.answers(features, target)).scores[0]!);
  }
  return probabilities;
}

/** The patient with some patches of the images hidden: `keep` [M * P], 1 or 0. */
function withPatches(probe: Probe, pixels: Float32Array, keep: Float32Array): Float32Array {
  const { grid, spec, imageValues, images } = probe;
  const patches = grid.rows * grid.columns;
  return joined(
    Array.from({ length: images }, (_, i) =>
      hidden(
        pixels.subarray(i * imageValues, (i + 1) * imageValues),
        spreadPatches(keep.subarray(i * patches, (i + 1) * patches), grid, spec.encoder.imageSize),
        spec.normalisation,
      ),
    ),
  );
}

/** Indices from the largest value down; equal ones in random order. */
function byImportance(values: readonly number[], rng: Rng): number[] {
  return rng.shuffle(values.map((_, i) => i)).sort((a, b) => values[b]! - values[a]!);
}

/** Area under a curve over 0 to 1, by trapezoids. */
function meanHeight(values: readonly number[]): number {
  const inner = values.reduce((sum, value) => sum + value, 0) - (values[0]! + values[values.length - 1]!) / 2;
  return inner / (values.length - 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

function checkCount(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) throw invalidArgument(name, value, "a whole number from 1");
}
