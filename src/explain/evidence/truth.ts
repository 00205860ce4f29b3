/** Maps against the truth masks of a phantom: do they point at what was planted? */
import {
  type EnergyScore,
  energyInside,
  type NoScore,
  type PointingScore,
  pointingGame,
  type SignMask,
} from "../../cohort/phantom";
import { invalidArgument } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import { type BootstrapIntervalOptions, bootstrapInterval, type Interval } from "../../evaluate";
import type { View, ViewImage } from "../../model";
import { type CamOptions, camsOfPatients } from "../cam";
import type { ExplainablePatient } from "../maps";
import type { Explainable } from "../question";
import type { CamResult } from "../result";

/** One map against the mask of its image. */
export interface MapTruth {
  readonly view: View;
  readonly pointing: PointingScore | NoScore;
  readonly energy: EnergyScore | NoScore;
}

/** The maps of a patient against the truth. */
export interface TruthScores {
  readonly method: CamResult["method"];
  readonly patient: string;
  readonly sign: string;
  /** In the order of the result's maps. */
  readonly maps: readonly MapTruth[];
  readonly provenance: Provenance;
}

/** Options of `truthScores`. */
export interface TruthOptions {
  /** Which sign of the masks; default that of the result's task. See `phantom.MASK_BITS`. */
  readonly sign?: string;
}

/**
 * The pointing game, and the energy inside the planted sign, of every map of a result, each beside its chance level.
 *
 * A map of an image that does not show the sign has no score, and says so; nor has one that stands for another site.
 *
 * @param result   maps of a phantom patient
 * @param options  `sign`, default that of the task
 * @throws InvalidArgument  for images without masks: the truth of real patients is not known
 * @throws UnknownName      for a sign that phantoms do not have
 * @see `phantom.pointingGame`, `phantom.energyInside`
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TI", targetClass: 1 });
 * const { maps } = await explain.truthScores(result);
 */
export async function truthScores(
  result: CamResult<unknown>,
  options: TruthOptions = {},
): Promise<TruthScores> {
  const { sign = result.task } = options;
  const { method, patient, provenance, imageFit, inputAspect } = result;
  const maps = await Promise.all(
    result.maps.map(async (map): Promise<MapTruth> => {
      const { view } = map;
      if ((map.image as MaskedImage).standsFor !== undefined) {
        const none: NoScore = { undefined: true, reason: `another site stands in for ${view.site}` };
        return { view, pointing: none, energy: none };
      }
      const mask = await maskOf(map.image);
      if (!mask)
        throw invalidArgument(
          "result",
          `of images without truth masks (patient ${patient})`,
          "maps of a phantom",
          "Where the lesion is in real tissue is for a pathologist to say.",
        );
      const where = { sign, imageFit, inputAspect };
      return { view, pointing: pointingGame(map, mask, where), energy: energyInside(map, mask, where) };
    }),
  );
  return { method, patient, sign, maps, provenance };
}

/** Whether a result's images have truth masks. */
export async function hasTruth(result: CamResult<unknown>): Promise<boolean> {
  const masks = await Promise.all(result.maps.map(({ image }) => maskOf(image)));
  return masks.length > 0 && masks.every((mask) => mask !== undefined);
}

/** An image whose truth may be known; `PatientImage` is one. */
interface MaskedImage {
  readonly standsFor?: string | undefined;
  mask?(): Promise<SignMask | undefined>;
}

async function maskOf(image: unknown): Promise<SignMask | undefined> {
  return (image as MaskedImage).mask?.();
}

/** Options of `truthOfPatients`: those of `cam`, the sign, and those of the intervals. */
export type TruthOfPatientsOptions = CamOptions & TruthOptions & TruthIntervalOptions;

/** Options of the intervals: `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95. */
export type TruthIntervalOptions = Pick<BootstrapIntervalOptions<unknown>, "bootstrap" | "seed" | "level">;

/**
 * Do the maps of a model point at the planted sign, over many patients? `camsOfPatients`, `truthScores` and
 * `summariseTruth` in one.
 *
 * @param patients  of a phantom; those who have the class, and whom the model never saw
 * @param options   as `cam`; `sign`, default that of the task; `bootstrap`, `seed`, `level`
 * @throws UnknownName, InvalidArgument  as `cam` and `truthScores`
 * @example
 * const invaded = cohort.where({ split: "test", TI: "invaded" });
 * const { pointing } = await explain.truthOfPatients(run, invaded, { task: "TI", targetClass: "invaded" });
 * pointing?.gain; // above 0: better than chance
 */
export async function truthOfPatients<Image extends ViewImage>(
  model: Explainable,
  patients: readonly ExplainablePatient<Image>[],
  options: TruthOfPatientsOptions = {},
): Promise<TruthSummary> {
  const results = await camsOfPatients(model, patients, options);
  return summariseTruth(await Promise.all(results.map((result) => truthScores(result, options))), options);
}

/** A mean score beside what chance gives, over the same images. */
export interface AgainstChance {
  readonly score: Interval;
  readonly chance: number;
  /** Score less chance, image by image, patients resampled: above 0 it beats chance. */
  readonly gain: Interval;
  readonly images: number;
  readonly patients: number;
}

/** What `truthScores` of many patients say together; absent where no map has a score. */
export interface TruthSummary {
  readonly method: CamResult["method"];
  readonly sign: string;
  readonly pointing?: AgainstChance;
  readonly energy?: AgainstChance;
  readonly provenance: Provenance;
}

/**
 * Mean scores over patients, beside chance, with intervals that keep a patient's images together.
 *
 * @param scores   of one method and sign
 * @param options  `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95
 * @throws InvalidArgument  for no scores, or scores of different methods or signs
 * @example
 * const results = await explain.camsOfPatients(run, cohort.split("test"), { task: "TI", targetClass: 1 });
 * const scores = [];
 * for (const result of results) scores.push(await explain.truthScores(result));
 * explain.summariseTruth(scores).pointing?.gain.low; // above 0: better than chance
 */
export function summariseTruth(
  scores: readonly TruthScores[],
  options: TruthIntervalOptions = {},
): TruthSummary {
  const [first] = scores;
  if (!first) throw invalidArgument("scores", "empty", "the scores of one patient or more");
  const other = scores.find(({ method, sign }) => method !== first.method || sign !== first.sign);
  if (other)
    throw invalidArgument(
      "scores",
      `of ${first.method} on ${first.sign} and of ${other.method} on ${other.sign}`,
      "scores of one method and one sign",
    );
  const rows = <S>(of: (map: MapTruth) => S | NoScore, score: (found: S) => Row) =>
    scores.flatMap(({ patient, maps }) =>
      maps.flatMap((map) => {
        const found = of(map);
        return isNoScore(found) ? [] : [{ patient, ...score(found) }];
      }),
    );
  const pointing = againstChance(
    rows(
      ({ pointing }) => pointing,
      ({ hit, chance }) => ({ score: hit, chance }),
    ),
    options,
  );
  const energy = againstChance(
    rows(
      ({ energy }) => energy,
      ({ inside, chance }) => ({ score: inside, chance }),
    ),
    options,
  );
  return {
    method: first.method,
    sign: first.sign,
    ...(pointing ? { pointing } : {}),
    ...(energy ? { energy } : {}),
    provenance: first.provenance,
  };
}

interface Row {
  readonly score: number;
  readonly chance: number;
}

function againstChance(
  rows: readonly (Row & { readonly patient: string })[],
  options: TruthIntervalOptions,
): AgainstChance | undefined {
  if (rows.length === 0) return undefined;
  const mean = (of: (row: Row) => number) => (some: readonly Row[]) =>
    some.reduce((sum, row) => sum + of(row), 0) / some.length;
  const { bootstrap, seed, level } = options;
  const ofPatients = {
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(seed === undefined ? {} : { seed }),
    ...(level === undefined ? {} : { level }),
    patientOf: ({ patient }: { readonly patient: string }) => patient,
  };
  return {
    score: bootstrapInterval(
      rows,
      mean(({ score }) => score),
      ofPatients,
    ),
    chance: mean(({ chance }) => chance)(rows),
    gain: bootstrapInterval(
      rows,
      mean(({ score, chance }) => score - chance),
      ofPatients,
    ),
    images: rows.length,
    patients: new Set(rows.map(({ patient }) => patient)).size,
  };
}

/** Whether there is no score, and a reason instead. */
export function isNoScore(found: unknown): found is NoScore {
  return typeof found === "object" && found !== null && "undefined" in found;
}
