/**
 * All confusion matrices with whole counts that lead to printed metrics.
 *
 * Accuracy, recall, precision and F1 depend on a matrix only through its margins: the hits of each class and how
 * often each class was called. So margins are searched, hits first (accuracy and recall prune there), and whole
 * matrices are written out only for margins that fit.
 */
import { invalidArgument } from "../core/errors";
import { contains, type Range } from "./digits";

/** A metric that a confusion matrix fixes. */
export type Measure = "recall" | "precision" | "f1";

/** One number of a classification report: a measure and how it is averaged; a number means "of that class". */
export interface Quantity {
  readonly measure: Measure;
  readonly average: "macro" | "weighted" | number;
}

/** A printed number as a share, and what it may be. */
export interface Column {
  readonly range: Range;
  readonly quantities: readonly Quantity[];
}

/** The margins of a confusion matrix, and what each printed column is in it. */
export interface Margins {
  /** Patients called what they are, by class. */
  readonly hits: readonly number[];
  /** Patients called this class, by class. */
  readonly called: readonly number[];
  /** For each column the first of its quantities that fits. */
  readonly readings: readonly Quantity[];
}

/** With more classes a search takes longer than a person waits for a cell. */
const MOST_CLASSES = 3;
/** Margins grow with the square of the patients for two classes, with the fourth power for three. */
const MOST_PATIENTS = { 2: 20_000, 3: 400 } as const;

/** Whether all matrices of these class counts can be searched: 2 classes of 20,000 patients, 3 of 400. */
export function canSearch(supports: readonly number[]): boolean {
  const most = supports.length === 2 ? MOST_PATIENTS[2] : MOST_PATIENTS[3];
  return supports.length <= MOST_CLASSES && sum(supports) <= most;
}

/**
 * Margins whose accuracy lies in a range, and whose every column is one of its quantities.
 *
 * @param supports patients of each class, 2 or 3 classes
 * @param accuracy as a share of all patients
 * @throws InvalidArgument for supports that are no whole numbers, or of more classes
 */
export function* searchMargins(
  supports: readonly number[],
  accuracy: Range,
  columns: readonly Column[],
): Generator<Margins> {
  checkSupports(supports);
  for (const hits of hitsWithin(supports, accuracy)) {
    const open = openColumns(columns, hits, supports);
    if (!open) continue;
    for (const called of calledWith(hits, supports)) {
      const readings = readColumns(open, hits, called, supports);
      if (readings) yield { hits, called, readings };
    }
  }
}

/** Every matrix `[truth, prediction]` with these margins. */
export function matricesWith(
  { hits, called }: Pick<Margins, "hits" | "called">,
  supports: readonly number[],
): number[][][] {
  const missed = supports.map((support, k) => support - hits[k]!);
  const wrong = called.map((calls, k) => calls - hits[k]!);
  if (supports.length === 2) {
    const [a, b] = missed;
    return [
      [
        [hits[0]!, a!],
        [b!, hits[1]!],
      ],
    ];
  }
  // Three classes leave one freedom: how many of class 0 were called class 1.
  return Array.from({ length: missed[0]! + 1 }, (_, first) => {
    const [m0, m1, m2] = missed as [number, number, number];
    const zeroAsTwo = m0 - first;
    const twoAsOne = wrong[1]! - first;
    const twoAsZero = m2 - twoAsOne;
    const oneAsZero = wrong[0]! - twoAsZero;
    const oneAsTwo = m1 - oneAsZero;
    return [
      [hits[0]!, first, zeroAsTwo],
      [oneAsZero, hits[1]!, oneAsTwo],
      [twoAsZero, twoAsOne, hits[2]!],
    ];
  }).filter((matrix) => matrix.every((row) => row.every((count) => count >= 0)));
}

function checkSupports(supports: readonly number[]): void {
  if (supports.length < 2 || supports.length > MOST_CLASSES)
    throw invalidArgument("supports", `${supports.length} classes`, `2 to ${MOST_CLASSES} classes`);
  for (const support of supports)
    if (!(Number.isSafeInteger(support) && support > 0))
      throw invalidArgument("supports", supports.join(", "), "a whole number of patients for each class");
  if (!canSearch(supports))
    throw invalidArgument(
      "supports",
      supports.join(", "),
      `at most ${MOST_PATIENTS[2]} patients of 2 classes or ${MOST_PATIENTS[3]} of 3`,
      "There are too many confusion matrices to search them all.",
    );
}

/** Hits by class whose sum gives the accuracy. */
function* hitsWithin(supports: readonly number[], accuracy: Range): Generator<number[]> {
  const total = sum(supports);
  const from = Math.max(0, Math.ceil(accuracy.low * total));
  const to = Math.min(total, Math.floor(accuracy.high * total));
  for (let correct = from; correct <= to; correct++) yield* parts(correct, supports);
}

/** All ways to write `whole` as a sum of whole numbers up to the given limits. */
function* parts(whole: number, limits: readonly number[]): Generator<number[]> {
  const [limit, ...rest] = limits as [number, ...number[]];
  if (rest.length === 0) {
    if (whole >= 0 && whole <= limit) yield [whole];
    return;
  }
  const most = Math.min(limit, whole);
  for (let first = Math.max(0, whole - sum(rest)); first <= most; first++)
    for (const others of parts(whole - first, rest)) yield [first, ...others];
}

/** A column, and the recall that already explains it, if one does. */
interface OpenColumn extends Column {
  readonly known: Quantity | undefined;
}

/** Recall needs the hits alone; `undefined` when a column that can only be a recall is none. */
function openColumns(
  columns: readonly Column[],
  hits: readonly number[],
  supports: readonly number[],
): OpenColumn[] | undefined {
  const recalls = hits.map((hit, k) => hit / supports[k]!);
  const open: OpenColumn[] = [];
  for (const column of columns) {
    const known = column.quantities.find(
      ({ measure, average }) =>
        measure === "recall" && contains(column.range, averaged(recalls, average, supports)),
    );
    const others = column.quantities.filter(({ measure }) => measure !== "recall");
    if (!known && others.length === 0) return undefined;
    open.push({ range: column.range, quantities: known ? [] : others, known });
  }
  return open;
}

/** How often each class can have been called, given the hits: errors must find a class that is not their own. */
function* calledWith(hits: readonly number[], supports: readonly number[]): Generator<number[]> {
  const missed = supports.map((support, k) => support - hits[k]!);
  const errors = sum(missed);
  if (hits.length === 2) {
    yield [hits[0]! + missed[1]!, hits[1]! + missed[0]!];
    return;
  }
  // Errors called class k are errors of the other classes: at most all of theirs.
  const [most0, most1, most2] = missed.map((own) => errors - own) as [number, number, number];
  for (let wrong0 = Math.max(0, errors - most1 - most2); wrong0 <= most0; wrong0++) {
    const rest = errors - wrong0;
    for (let wrong1 = Math.max(0, rest - most2); wrong1 <= Math.min(most1, rest); wrong1++)
      yield [hits[0]! + wrong0, hits[1]! + wrong1, hits[2]! + rest - wrong1];
  }
}

function readColumns(
  columns: readonly OpenColumn[],
  hits: readonly number[],
  called: readonly number[],
  supports: readonly number[],
): Quantity[] | undefined {
  // 0 where nothing was called, as scikit-learn has it.
  const precision = called.map((calls, k) => (calls > 0 ? hits[k]! / calls : 0));
  const f1 = called.map((calls, k) => (2 * hits[k]!) / (supports[k]! + calls));
  const readings: Quantity[] = [];
  for (const { range, quantities, known } of columns) {
    const reading =
      known ??
      quantities.find(({ measure, average }) =>
        contains(range, averaged(measure === "f1" ? f1 : precision, average, supports)),
      );
    if (!reading) return undefined;
    readings.push(reading);
  }
  return readings;
}

function averaged(
  values: readonly number[],
  average: Quantity["average"],
  supports: readonly number[],
): number {
  if (typeof average === "number") return values[average]!;
  let total = 0;
  let weights = 0;
  for (let k = 0; k < supports.length; k++) {
    const weight = average === "macro" ? 1 : supports[k]!;
    total += weight * values[k]!;
    weights += weight;
  }
  return total / weights;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
