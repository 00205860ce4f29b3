/**
 * SMOTE: rare classes are filled up with points between neighbours of the same class.
 *
 * Points are interpolated in feature space, where a weighted mean of two patients is a plausible third one; between
 * pixels of two photographs it is a double exposure. So this is for features of a frozen encoder.
 */
import { invalidArgument, OsccError } from "../core/errors";
import { Rng } from "../core/random";

/** A class, or the classes of several tasks at once. -1 stands for missing. */
export type SmoteLabel = number | readonly number[];

/** What is done with a class of a single member, which has no neighbour. */
export const SMOTE_ALONE = ["error", "repeat", "leave"] as const;

/** Options of `smote`. */
export interface SmoteOptions {
  /** So many nearest members of the same class are candidates; default 5. A smaller class offers all its others. */
  readonly neighbours?: number;
  /** Every class gets so many members; default: as many as the largest class has. Larger classes stay as they are. */
  readonly size?: number;
  /** A class of one: `"error"` (default), `"repeat"` it, or `"leave"` it as it is. */
  readonly alone?: (typeof SMOTE_ALONE)[number];
  /** Default 7. The same seed, features and order give the same points. */
  readonly seed?: number | string;
}

/** A new point: `features[from] + share * (features[towards] - features[from])`. */
export interface SmoteOrigin {
  readonly from: number;
  readonly towards: number;
  /** 0-1. */
  readonly share: number;
}

/** What was done to one class. */
export interface SmoteGroup<L extends SmoteLabel> {
  readonly label: L;
  readonly members: number;
  readonly added: number;
  /** Neighbours that were candidates: fewer than asked for in a small class, 0 for a class of one. */
  readonly neighbours: number;
}

/** New points and where each comes from. */
export interface SmoteResult<L extends SmoteLabel> {
  /** The new points only, class by class. */
  readonly features: Float32Array[];
  /** One for each new point. */
  readonly labels: L[];
  readonly origins: SmoteOrigin[];
  readonly groups: SmoteGroup<L>[];
}

/**
 * Make new points until every class, or every combination of labels, is as large as the largest.
 *
 * For each new point a member of the class is drawn, one of its nearest neighbours of that class, and a share of the
 * way to it, all evenly. (Chawla's pseudo-code draws a share for every feature; the text, and this, one for all, which
 * lies on the line between the two.) Points whose only label is missing, or all of whose labels are, make no class.
 *
 * @param features one row for each patient, all of one length, such as an encoder's output
 * @param labels   one for each row: a class index, or one for each of several tasks; -1 for missing
 * @param options  `neighbours`, default 5; `size`; `alone`, default `"error"`; `seed`, default 7
 * @throws ShapeMismatch    rows of different length, or labels for another number of rows
 * @throws InvalidArgument  a class of one (unless `alone` says otherwise), values that are not finite
 * @see Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16, 2002; draws as in imbalanced-learn
 * @example
 * const made = train.smote([[0, 0], [1, 0], [5, 5], [6, 5], [5, 6]], [0, 0, 1, 1, 1]);
 * made.labels;  // [0]
 * made.origins; // [{ from, towards, share }]: between rows 0 and 1
 */
export function smote<L extends SmoteLabel>(
  features: readonly ArrayLike<number>[],
  labels: readonly L[],
  options: SmoteOptions = {},
): SmoteResult<L> {
  const { neighbours = 5, alone = "error", seed = 7 } = options;
  checkRows(features, labels);
  const classes = classesOf(labels);
  const size = options.size ?? Math.max(0, ...classes.map(({ rows }) => rows.length));
  checkOptions(neighbours, size, alone);
  const rng = new Rng(seed).split("smote");
  const origins: SmoteOrigin[] = [];
  const made: L[] = [];
  const groups: SmoteGroup<L>[] = [];
  for (const { label, rows } of classes) {
    const wanted = Math.max(0, size - rows.length);
    const isAlone = rows.length === 1 && wanted > 0;
    if (isAlone && alone === "error") throw aloneError(label, rows[0]!);
    const added = isAlone && alone === "leave" ? 0 : wanted;
    const candidates = Math.min(neighbours, rows.length - 1);
    const points = drawOrigins(features, rows, added, candidates, rng.split(String(label)));
    origins.push(...points);
    made.push(...points.map(() => label));
    groups.push({ label, members: rows.length, added, neighbours: candidates });
  }
  return { features: origins.map((origin) => between(features, origin)), labels: made, origins, groups };
}

/**
 * The rows nearest to each row, by Euclidean distance, nearest first; of equals the one that comes first.
 *
 * @param features one row each
 * @param count    so many for each row, itself not counted
 * @returns        indices of rows
 * @example
 * train.nearestRows([[0], [1], [5]], 1); // [[1], [0], [1]]
 */
export function nearestRows(features: readonly ArrayLike<number>[], count: number): number[][] {
  return features.map((row, i) =>
    features
      .map((other, j) => ({ j, distance: squaredDistance(row, other) }))
      .filter(({ j }) => j !== i)
      .sort((a, b) => a.distance - b.distance || a.j - b.j)
      .slice(0, count)
      .map(({ j }) => j),
  );
}

interface Class<L> {
  readonly label: L;
  readonly rows: number[];
}

/** Rows by label, in order of label, without those that have none. */
function classesOf<L extends SmoteLabel>(labels: readonly L[]): Class<L>[] {
  const classes = new Map<string, Class<L>>();
  labels.forEach((label, row) => {
    if ([label].flat().every((one) => one === -1)) return;
    const key = String(label);
    const known = classes.get(key);
    if (known) known.rows.push(row);
    else classes.set(key, { label, rows: [row] });
  });
  return [...classes].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([, one]) => one);
}

function drawOrigins(
  features: readonly ArrayLike<number>[],
  rows: readonly number[],
  count: number,
  neighbours: number,
  rng: Rng,
): SmoteOrigin[] {
  if (count === 0) return [];
  if (neighbours === 0)
    return Array.from({ length: count }, () => ({ from: rows[0]!, towards: rows[0]!, share: 0 }));
  const nearest = nearestRows(
    rows.map((row) => features[row]!),
    neighbours,
  );
  return Array.from({ length: count }, () => {
    const from = rng.integer(rows.length);
    const towards = nearest[from]![rng.integer(neighbours)]!;
    return { from: rows[from]!, towards: rows[towards]!, share: rng.uniform() };
  });
}

/** The point that an origin describes. */
export function between(
  features: readonly ArrayLike<number>[],
  { from, towards, share }: SmoteOrigin,
): Float32Array {
  const [start, end] = [features[from]!, features[towards]!];
  return Float32Array.from({ length: start.length }, (_, i) => start[i]! + share * (end[i]! - start[i]!));
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

function checkRows(features: readonly ArrayLike<number>[], labels: readonly SmoteLabel[]): void {
  if (labels.length !== features.length)
    throw new OsccError(
      "ShapeMismatch",
      [
        `there are ${labels.length} labels for ${features.length} rows of features.`,
        "Expected one label for each row.",
      ],
      { expected: [features.length], found: [labels.length] },
    );
  const width = features[0]?.length ?? 0;
  features.forEach((row, i) => {
    if (row.length !== width)
      throw new OsccError(
        "ShapeMismatch",
        [`row ${i} has ${row.length} features, the first one ${width}.`, "Expected rows of one length."],
        { expected: [width], found: [row.length] },
      );
    for (let j = 0; j < width; j++)
      if (!Number.isFinite(row[j]))
        throw invalidArgument(`features of row ${i}`, row[j], "finite numbers", "Leave such patients out.");
  });
}

function checkOptions(neighbours: number, size: number, alone: string): void {
  if (!(Number.isInteger(neighbours) && neighbours >= 1))
    throw invalidArgument("neighbours", neighbours, "a whole number from 1");
  if (!(Number.isInteger(size) && size >= 0)) throw invalidArgument("size", size, "a whole number from 0");
  if (!(SMOTE_ALONE as readonly string[]).includes(alone))
    throw invalidArgument("alone", alone, `one of ${SMOTE_ALONE.join(", ")}`);
}

function aloneError(label: SmoteLabel, row: number): OsccError<"InvalidArgument"> {
  return invalidArgument(
    "labels",
    `${label} in row ${row} only`,
    "two members or more of every class, so that there is something between them",
    'Use  { alone: "repeat" }  to show it again and again, or  { alone: "leave" }.',
  );
}
