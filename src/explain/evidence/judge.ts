/** How far to believe a map: every check in one call, and a line in words under each map. */
import { invalidArgument } from "../../core/errors";
import type { ViewImage } from "../../model";
import type { CamOptions } from "../cam";
import type { ExplainablePatient } from "../maps";
import { withOpenModel } from "../open-model";
import type { Explainable } from "../question";
import type { CamMap, CamResult } from "../result";
import { curvesOf, type Faithfulness, type FaithfulnessOptions } from "./faithfulness";
import { type RandomisationCheck, randomised } from "./randomisation";
import { changedViews, type Stability } from "./stability";
import { hasTruth, isNoScore, type MapTruth, type TruthScores, truthScores } from "./truth";

/** Options of `judge`: what of `cam` made the result, and the checks. */
export interface JudgeOptions
  extends Pick<CamOptions, "steps" | "window" | "stride" | "channels" | "device" | "signal"> {
  /** Of the phantom's masks; default that of the task. */
  readonly sign?: string;
  /** Most similar that maps of a random model may be; default 0.5. */
  readonly threshold?: number;
  /** Deletion and insertion curves: their steps and random orders, or `false` for none. Default 10 and 3. */
  readonly faithfulness?: Pick<FaithfulnessOptions, "steps" | "randomOrders"> | false;
  /** Default 7. */
  readonly seed?: number;
}

/** What the checks found. */
export interface Evidence<Image = ViewImage> {
  /** The result, with a verdict on each map. */
  readonly result: CamResult<Image>;
  readonly randomisation: RandomisationCheck;
  readonly stability: Stability;
  readonly faithfulness?: Faithfulness;
  /** Of phantoms. */
  readonly truth?: TruthScores;
}

/**
 * Check a result in every way that one patient allows, and say it in a line under each map.
 *
 * Parameter randomisation, stability under flips and stain, deletion and insertion curves, and on a phantom the pointing
 * game and the energy inside the planted sign.
 *
 * @param model    that made the result
 * @param patient  that the result is of
 * @param result   of `cam`, made with a score by name
 * @param options  `sign`, `threshold`, `faithfulness`, `seed`; settings of the method if they were not the defaults
 * @returns        the result with verdicts (`plot.cam` prints them), and what each check found
 * @throws InvalidArgument  for a result of another patient, or of a score of your own
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TI", targetClass: 1 });
 * const evidence = await explain.judge(run, patient, result);
 * evidence.result.maps[0]!.verdict; // "passes randomisation; 0.71 of the energy inside the planted TI; chance 0.18"
 */
export async function judge<Image extends ViewImage>(
  model: Explainable,
  patient: ExplainablePatient<Image>,
  result: CamResult<Image>,
  options: JudgeOptions = {},
): Promise<Evidence<Image>> {
  const { task, targetClass, method, layers, score } = result;
  if (patient.id !== result.patient)
    throw invalidArgument("result", `of patient ${result.patient}`, `maps of patient ${patient.id}`);
  if (score === "custom")
    throw invalidArgument(
      "result",
      "of a score of your own",
      "one of a score by name",
      "Pass the score to explain.parameterRandomisation and explain.stability yourself.",
    );
  const question = { ...options, task, targetClass, score };
  const settings = { ...options, method, ...(layers.length > 0 ? { layers } : {}) };
  const truth = (await hasTruth(result))
    ? await truthScores(result, options.sign === undefined ? {} : { sign: options.sign })
    : undefined;
  const { steps: _, ...seeds } = options; // steps are those of the method, not of the curves
  const curves =
    options.faithfulness === false
      ? undefined
      : await withOpenModel(model, { ...question, score: "probability" }, (open) =>
          curvesOf(open, patient, result, { ...seeds, ...options.faithfulness }),
        );
  const [stability, randomisation] = await withOpenModel(model, question, async (open) => {
    const input = await open.read(patient);
    const stable = await changedViews(open, patient, input, result, settings);
    return [stable, await randomised(open, patient, input, result, settings)] as const;
  });
  const faithfulness = curves
    ? { method, patient: patient.id, className: result.className, ...curves, provenance: result.provenance }
    : undefined;
  return {
    result: {
      ...result,
      maps: result.maps.map((map, i) => ({
        ...map,
        verdict: verdictOf(map, randomisation, { truth: truth?.maps[i], sign: truth?.sign, faithfulness }),
      })),
    },
    randomisation,
    stability,
    ...(faithfulness ? { faithfulness } : {}),
    ...(truth ? { truth } : {}),
  };
}

interface Found {
  readonly truth: MapTruth | undefined;
  readonly sign: string | undefined;
  readonly faithfulness: Faithfulness | undefined;
}

/** The line under a map. */
export function verdictOf(
  map: Pick<CamMap, "isFlat">,
  { passes, similarity }: Pick<RandomisationCheck, "passes" | "similarity">,
  { truth, sign, faithfulness }: Found,
): string {
  if (map.isFlat) return "flat: no patch of this image speaks for the class";
  const learned = passes
    ? "passes randomisation"
    : `fails randomisation: a random model gives the like (ρ ${similarity.toFixed(2)})`;
  return [learned, ...(truth ? truthInWords(truth, sign) : curvesInWords(faithfulness))].join("; ");
}

function truthInWords({ energy }: MapTruth, sign: string | undefined): string[] {
  if (isNoScore(energy)) return [energy.reason];
  return [
    `${energy.inside.toFixed(2)} of the energy inside the planted ${sign}`,
    `chance ${energy.chance.toFixed(2)}`,
  ];
}

/** Without a truth: whether hiding what the maps mark lowers the probability more than hiding anything. */
function curvesInWords(faithfulness: Faithfulness | undefined): string[] {
  if (!faithfulness) return [];
  const { auc, random } = faithfulness.deletion;
  return [
    `hiding what the maps mark leaves a mean probability of ${auc.toFixed(2)}`,
    `in random order ${random.auc.toFixed(2)}`,
  ];
}
