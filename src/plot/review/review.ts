/** The study's protocol in one call: correct and confident predictions, their maps, a page to judge them. */
import { invalidArgument, OsccError, unknownName } from "../../core/errors";
import { Rng } from "../../core/random";
import type { Predictions } from "../../evaluate";
import { type CamMethod, type CamOptions, camsOfPatients, type ExplainablePatient } from "../../explain";
import type { Run, TrainingPatient } from "../../train";
import type { Micrograph } from "../micrograph";
import { count } from "../words";
import { type ReviewPage, type ReviewPageOptions, reviewPage } from "./page";

/** Options of `plot.review`. */
export interface ReviewOptions<Task extends string = string> extends ReviewPageOptions {
  /** The page to write, ending in `.html`. */
  readonly file: string;
  /** Default: the run's only task. */
  readonly task?: Task;
  /** Cases below this probability of the predicted class are left out, 0 to 1. Default 0.7, as published. */
  readonly minConfidence?: number;
  /** Also show predictions that are wrong. Default false, as published. */
  readonly includeWrong?: boolean;
  /** Only predictions of these classes. Default all. */
  readonly classes?: readonly string[];
  /** Cases at most, drawn at random. Default 24. */
  readonly limit?: number;
  /** Of the draw and the order, so that the page does not begin with the surest. Default 7. */
  readonly seed?: number | string;
  /** Default `"gradCamPlusPlus"`, as published. */
  readonly method?: CamMethod;
  readonly layers?: CamOptions["layers"];
}

/** An image that can be explained and shown. `PatientImage` is one. */
export interface ReviewImage extends Micrograph {
  /** The file, if it comes from one. */
  readonly path?: string | undefined;
}

/** A patient that can be predicted, explained and shown. `Patient` is one. */
export type ReviewPatient<Task extends string = string> = ExplainablePatient<ReviewImage> &
  TrainingPatient<Task>;

/** How the cases of a page were chosen. */
export interface ReviewSelection extends ReviewPage {
  readonly patients: number;
  /** Without a label. */
  readonly unlabelled: number;
  readonly wrong: number;
  readonly belowConfidence: number;
  /** Good cases that were not drawn. */
  readonly notDrawn: number;
}

const DEFAULTS = { minConfidence: 0.7, limit: 24, seed: 7 } as const;

/**
 * Choose the predictions that the study reviews, explain them, and write the page for a pathologist.
 *
 * The study shows correct predictions of high confidence only: a page made that way says how plausible the reasons of
 * right answers are, and nothing of wrong ones. The page says so.
 *
 * @param run      a trained run
 * @param patients for example the test part of the cohort; never those it was trained on
 * @param options  `file`; `task`; `minConfidence` default 0.7; `limit` default 24; `method`, `classes`, `includeWrong`, `seed`
 * @returns        the page, and how many patients were left out for which reason
 * @throws OsccError `InvalidArgument` for a share outside 0 to 1; `Undefined` when no patient is left, with the reasons
 * @example
 * const page = await plot.review(run, cohort.split("test"), { file: "review-ti.html", task: "TI", minConfidence: 0.9 });
 * page.cases.length;
 */
export async function review<Task extends string>(
  run: Run<Task>,
  patients: readonly ReviewPatient<Task>[],
  options: ReviewOptions<Task>,
): Promise<ReviewSelection> {
  const { minConfidence = DEFAULTS.minConfidence, limit = DEFAULTS.limit, seed = DEFAULTS.seed } = options;
  if (!(minConfidence >= 0 && minConfidence <= 1))
    throw invalidArgument("minConfidence", minConfidence, "a probability from 0 to 1");
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 200))
    throw invalidArgument(
      "limit",
      limit,
      "a whole number from 1 to 200",
      "A reviewer tires; write several pages.",
    );
  const predictions = await run.predict(patients, options.task);
  const sorted = sortCases(predictions, { ...options, minConfidence });
  const drawn = new Rng(seed).split("review").shuffle(sorted.chosen).slice(0, limit);
  if (drawn.length === 0) throw nothingLeft(predictions, sorted, minConfidence);
  const results = await camsOfPatients<ReviewImage>(
    run,
    drawn.map((i) => patients[i]!),
    {
      task: predictions.task,
      method: options.method ?? "gradCamPlusPlus",
      ...(options.layers ? { layers: options.layers } : {}),
    },
  );
  const notDrawn = sorted.chosen.length - drawn.length;
  const page = await reviewPage(results, options.file, {
    ...options,
    notes: [
      selectionInWords(predictions, sorted, { ...options, minConfidence, notDrawn }),
      ...(options.notes ?? []),
    ],
  });
  const { unlabelled, wrong, belowConfidence } = sorted;
  return Object.assign(page, { patients: patients.length, unlabelled, wrong, belowConfidence, notDrawn });
}

interface SortedCases {
  /** Places in the predictions. */
  readonly chosen: readonly number[];
  readonly unlabelled: number;
  readonly wrong: number;
  readonly belowConfidence: number;
  /** Of classes that were not asked for. */
  readonly otherClass: number;
}

/** Each patient is chosen, or left out for the first reason that holds. */
function sortCases(
  { classes, yTrue, probabilities }: Predictions,
  { classes: asked, includeWrong, minConfidence }: ReviewOptions & { readonly minConfidence: number },
): SortedCases {
  for (const name of asked ?? []) if (!classes.includes(name)) throw unknownName("class", name, classes);
  const left = { unlabelled: 0, otherClass: 0, wrong: 0, belowConfidence: 0 };
  const chosen: number[] = [];
  probabilities.forEach((ofPatient, i) => {
    const confidence = Math.max(...ofPatient);
    const predicted = ofPatient.indexOf(confidence);
    if (asked && !asked.includes(classes[predicted]!)) left.otherClass++;
    else if (!includeWrong && yTrue[i]! < 0) left.unlabelled++;
    else if (!includeWrong && yTrue[i] !== predicted) left.wrong++;
    else if (confidence < minConfidence) left.belowConfidence++;
    else chosen.push(i);
  });
  return { ...left, chosen };
}

/** What a reader of the page must know of its cases. */
function selectionInWords(
  { patients }: Predictions,
  { wrong, belowConfidence, unlabelled, otherClass }: SortedCases,
  {
    includeWrong,
    minConfidence,
    notDrawn,
  }: ReviewOptions & { readonly minConfidence: number; readonly notDrawn: number },
): string {
  const kind = includeWrong ? "Predictions" : "Correct predictions";
  const out = [
    [wrong, "predicted wrongly"],
    [belowConfidence, "below that"],
    [unlabelled, "without a label"],
    [otherClass, "of other classes"],
    [notDrawn, "beyond the limit, by lot"],
  ] as const;
  const reasons = out.flatMap(([n, why]) => (n > 0 ? [`${count(n)} ${why}`] : []));
  const limits = includeWrong ? "" : " Right answers only: the page says nothing of wrong ones.";
  return `${kind} with a probability of ${minConfidence} or more, out of ${count(patients.length)} patients${reasons.length > 0 ? ` (left out: ${reasons.join(", ")})` : ""}.${limits}`;
}

function nothingLeft(
  { patients, task }: Predictions,
  { wrong, belowConfidence, unlabelled, otherClass }: SortedCases,
  minConfidence: number,
): OsccError<"Undefined"> {
  const reason = `of ${patients.length} patients ${wrong} are predicted wrongly, ${belowConfidence} with a probability below ${minConfidence}, ${unlabelled} have no label and ${otherClass} are of other classes`;
  return new OsccError(
    "Undefined",
    [
      `no case of ${task} is left to review: ${reason}.`,
      "Lower minConfidence, or show wrong predictions too with  includeWrong: true.",
    ],
    { statistic: "review", reason },
  );
}
