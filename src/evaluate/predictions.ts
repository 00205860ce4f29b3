/** What a model said about patients, beside what was true: the input of every evaluation. */
import { invalidArgument, OsccError } from "../core/errors";
import type { Provenance } from "../core/provenance";

/** The label of a patient whose truth is not known. Such patients are left out of every statistic. */
export const MISSING_LABEL = -1;

/** Probabilities of one task for a list of patients. Plain data: saved as JSON, it can be evaluated anywhere. */
export interface Predictions {
  readonly task: string;
  /** Class names; the index is the label. */
  readonly classes: readonly string[];
  readonly patients: readonly string[];
  /** The true label of each patient: an index into `classes`, or -1 where it is not known. */
  readonly yTrue: readonly number[];
  /** `[patients, classes]`, each row in [0, 1] and summing to 1. */
  readonly probabilities: readonly (readonly number[])[];
  /** Which part of the cohort this is: `"test"`, `"out of fold"`, ... */
  readonly split?: string;
  readonly provenance?: Provenance;
  /** A short name of the model, for legends. */
  readonly model?: string;
}

/** Scores of a yes/no question: any real number, higher means more likely yes. */
export interface BinaryScores {
  /** 1 or true: yes; 0 or false: no; -1: not known, left out. */
  readonly yTrue: readonly (number | boolean)[];
  readonly yScore: readonly number[];
  /** A name for legends. Default: `"scores"`. */
  readonly label?: string;
  readonly provenance?: Provenance;
}

/** How far a row of probabilities may be from summing to 1: wide enough for float16 softmax. */
const ROW_SUM_TOLERANCE = 2e-3;

/**
 * Check predictions and give them back; every function of `evaluate` does this first.
 *
 * @throws ShapeMismatch    when lengths differ: patients, `yTrue`, rows of `probabilities`, classes
 * @throws InvalidArgument  when a label is not an index into `classes` (or -1), a probability is NaN or
 *                          outside [0, 1], a row does not sum to 1, or a patient is listed twice
 * @example
 * evaluate.checkPredictions(JSON.parse(readFileSync("predictions.json", "utf8")));
 */
export function checkPredictions(predictions: Predictions): Predictions {
  const { classes, patients, yTrue, probabilities } = predictions;
  if (classes.length < 2)
    throw invalidArgument(
      "classes",
      classes.length,
      "two class names or more",
      "A task has two answers or more.",
    );
  sameLength("patients", patients.length, "yTrue", yTrue.length);
  sameLength("patients", patients.length, "probabilities", probabilities.length);
  const twice = firstRepeated(patients);
  if (twice !== undefined)
    throw invalidArgument(
      "patients",
      twice,
      "each patient once",
      "Average the probabilities of a patient's images or folds first.",
    );
  for (let i = 0; i < patients.length; i++) {
    checkLabel(yTrue[i]!, classes, patients[i]!);
    checkRow(probabilities[i]!, classes, patients[i]!);
  }
  return predictions;
}

/** Is this the full form with classes, rather than scores of a yes/no question? */
export function isPredictions(input: Predictions | BinaryScores): input is Predictions {
  return "probabilities" in input;
}

/** The patients whose truth is known, as indices into `yTrue`. */
export function knownPatients(predictions: Predictions): number[] {
  return predictions.yTrue.flatMap((label, i) => (label === MISSING_LABEL ? [] : [i]));
}

/** The class that a row of probabilities calls: the highest, the first one in a tie. */
export function mostProbable(row: readonly number[]): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k;
  return best;
}

/** One yes/no question put to the input: who is positive, and the score of each; unknown patients are gone. */
export interface Question {
  readonly positive: Uint8Array;
  readonly scores: Float64Array;
  /** Where each of them stands in the input. */
  readonly rows: Int32Array;
  /** How much each of them counts. Default: 1. */
  readonly weights?: Float64Array;
  readonly label: string;
  readonly provenance?: Provenance;
}

/**
 * Turn predictions into the yes/no question "is it this class?" (one against the rest), or check scores
 * that are one already.
 *
 * @param classIndex the class that counts as yes; for two classes the default is 1, for more it must be given
 */
export function asQuestion(input: Predictions | BinaryScores, classIndex?: number): Question {
  return isPredictions(input) ? classQuestion(input, classIndex) : scoresQuestion(input);
}

/** The questions whose mean AUC is the AUC of the input: one for two classes, one for each class of more. */
export function questionsAbout(input: Predictions | BinaryScores, classIndex?: number): Question[] {
  const one = classIndex !== undefined || !isPredictions(input) || input.classes.length === 2;
  return one ? [asQuestion(input, classIndex)] : input.classes.map((_, k) => asQuestion(input, k));
}

/** All patients and classes in one question: "is this patient of this class?" */
export function pooledQuestion(input: Predictions): Question {
  checkPredictions(input);
  const known = knownPatients(input);
  const named = input.model ? `${input.model}, ${input.task}` : input.task;
  return {
    positive: Uint8Array.from(
      known.flatMap((i) => input.classes.map((_, k) => (input.yTrue[i] === k ? 1 : 0))),
    ),
    scores: Float64Array.from(known.flatMap((i) => input.probabilities[i]!)),
    rows: Int32Array.from(known.flatMap((i) => input.classes.map(() => i))),
    label: `${named}: all classes pooled`,
    ...(input.provenance ? { provenance: input.provenance } : {}),
  };
}

/** For each ordered pair of classes: among the patients of both, is it the first? By the first one's probability. */
export function questionsOfPairs(input: Predictions): Question[] {
  checkPredictions(input);
  return input.classes.flatMap((first, a) =>
    input.classes.flatMap((second, b) => {
      if (a === b) return [];
      const members = knownPatients(input).filter((i) => input.yTrue[i] === a || input.yTrue[i] === b);
      return [
        {
          positive: Uint8Array.from(members, (i) => (input.yTrue[i] === a ? 1 : 0)),
          scores: Float64Array.from(members, (i) => input.probabilities[i]![a]!),
          rows: Int32Array.from(members),
          label: `${input.task}: ${first} or ${second}`,
        },
      ];
    }),
  );
}

/** A question whose scores are probabilities, checked to be so. */
export function asProbabilityQuestion(input: Predictions | BinaryScores, classIndex?: number): Question {
  const question = asQuestion(input, classIndex);
  const outside = question.scores.findIndex((p) => !(p >= 0 && p <= 1));
  if (outside >= 0)
    throw invalidArgument(
      `score ${outside} of ${question.label}`,
      question.scores[outside],
      "a probability in [0, 1]",
      "Logits become probabilities through the logistic function.",
    );
  return question;
}

function classQuestion(input: Predictions, classIndex: number | undefined): Question {
  checkPredictions(input);
  const chosen = chooseClass(input.classes, classIndex);
  const known = knownPatients(input);
  const asked =
    input.classes.length === 2 && chosen === 1 ? input.task : `${input.task}: ${input.classes[chosen]}`;
  return {
    positive: Uint8Array.from(known, (i) => (input.yTrue[i] === chosen ? 1 : 0)),
    scores: Float64Array.from(known, (i) => input.probabilities[i]![chosen]!),
    rows: Int32Array.from(known),
    label: input.model ? `${input.model}, ${asked}` : asked,
    ...(input.provenance ? { provenance: input.provenance } : {}),
  };
}

function scoresQuestion(input: BinaryScores): Question {
  sameLength("yTrue", input.yTrue.length, "yScore", input.yScore.length);
  const positive: number[] = [];
  const scores: number[] = [];
  const rows: number[] = [];
  input.yTrue.forEach((value, i) => {
    const truth = Number(value);
    const score = input.yScore[i]!;
    if (truth === MISSING_LABEL) return;
    if (truth !== 0 && truth !== 1)
      throw invalidArgument(
        `yTrue[${i}]`,
        value,
        "0, 1 or -1 (not known)",
        "For more classes pass predictions.",
      );
    if (!Number.isFinite(score)) throw invalidArgument(`yScore[${i}]`, score, "a finite number");
    positive.push(truth);
    scores.push(score);
    rows.push(i);
  });
  return {
    positive: Uint8Array.from(positive),
    scores: Float64Array.from(scores),
    rows: Int32Array.from(rows),
    label: input.label ?? "scores",
    ...(input.provenance ? { provenance: input.provenance } : {}),
  };
}

function chooseClass(classes: readonly string[], classIndex: number | undefined): number {
  const named = classes.map((name, i) => `${i} (${name})`).join(", ");
  if (classIndex === undefined) {
    if (classes.length === 2) return 1;
    throw invalidArgument(
      "classIndex",
      undefined,
      `one of ${named}`,
      "With more than two classes a curve is drawn for one against the rest; evaluate.rocPerClass draws all.",
    );
  }
  if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex >= classes.length)
    throw invalidArgument("classIndex", classIndex, `one of ${named}`);
  return classIndex;
}

function checkLabel(label: number, classes: readonly string[], patient: string): void {
  const valid = Number.isInteger(label) && label >= MISSING_LABEL && label < classes.length;
  if (!valid)
    throw invalidArgument(
      `yTrue of patient ${patient}`,
      label,
      `a label from 0 to ${classes.length - 1} (${classes.join(", ")}), or -1 for not known`,
    );
}

function checkRow(row: readonly number[], classes: readonly string[], patient: string): void {
  if (row.length !== classes.length)
    throw new OsccError(
      "ShapeMismatch",
      [
        `patient ${patient} has ${row.length} probabilities; expected ${classes.length}, one for each class.`,
        `Classes: ${classes.join(", ")}.`,
      ],
      { expected: [classes.length], found: [row.length] },
    );
  let sum = 0;
  row.forEach((p, k) => {
    // Written so that NaN fails it too.
    if (!(p >= 0 && p <= 1))
      throw invalidArgument(
        `the probability of "${classes[k]}" for patient ${patient}`,
        p,
        "a number in [0, 1]",
        "Logits become probabilities through softmax.",
      );
    sum += p;
  });
  if (Math.abs(sum - 1) > ROW_SUM_TOLERANCE)
    throw invalidArgument(
      `the sum of the probabilities of patient ${patient}`,
      sum,
      "1, because the classes of a task exclude each other",
      "Use softmax over the classes, not a sigmoid for each.",
    );
}

export function sameLength(nameA: string, a: number, nameB: string, b: number): void {
  if (a === b) return;
  throw new OsccError(
    "ShapeMismatch",
    [`${nameA} has ${a} entries but ${nameB} has ${b}; expected one entry for each patient in both.`],
    { expected: [a], found: [b] },
  );
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
