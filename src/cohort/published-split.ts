/**
 * A split by the rule of the Multi-OSCC study: patients with the same labels are shared out 70/15/15, then moved
 * until valid and test have their sizes, and all of it is tried again until every class is spread evenly enough.
 * The study's own file is one outcome of this rule; the seed it was made with cannot be reproduced outside Python.
 */
import { invalidArgument, OsccError } from "../core/errors";
import { Rng } from "../core/random";
import { groupBy } from "./group-by";
import { SPLITS, type Split } from "./schema";

/** What the rule needs to know of a patient; a `Patient` is one. */
export interface LabelledPatient {
  readonly id: string;
  /** Class index of each task; `undefined` where missing. */
  readonly labels: Readonly<Record<string, number | undefined>>;
}

/** Options of `publishedSplit`. */
export interface PublishedSplitOptions {
  /** Patients in valid; default 15 %, rounded. The study: 200 of 1,325. */
  valid?: number;
  /** Patients in test; default 15 %, rounded. The study: 200 of 1,325. */
  test?: number;
  /** In every class, the counts of valid and test differ by less than this; default 5, as published. */
  maxCountDifference?: number;
  /** The share of every class in valid and in test differs from that in train by less than this; default 0.1, as published. */
  maxShareDifference?: number;
  /** So many splits are tried; default 1000. */
  attempts?: number;
  /** Default 2024. The same seed and patients give the same split, in whatever order the patients come. */
  seed?: number | string;
}

const SHARE: Readonly<Record<Split, number>> = { train: 0.7, valid: 0.15, test: 0.15 };

/**
 * Split patients into train, valid and test by the published rule.
 *
 * @param patients of one cohort; a missing label counts as a label of its own when groups are made
 * @param options  `valid`, `test`: sizes, default 15 %; `maxCountDifference`, default 5; `maxShareDifference`,
 *                 default 0.1; `attempts`, default 1000; `seed`, default 2024
 * @returns        ids of each part, sorted, disjoint, together all patients: what `saveSplit` writes
 * @throws InvalidArgument  for sizes that do not leave a patient for each part, or a patient named twice
 * @throws NotConverged     when no attempt keeps to the bounds; the message names the class that fails
 * @see Multi-OSCC, section 3: split by patient
 * @example
 * const split = publishedSplit(cohort.patients, { seed: 7 });
 * await saveSplit("split_seed=7.json", split); // read by openCohort
 */
export function publishedSplit(
  patients: readonly LabelledPatient[],
  options: PublishedSplitOptions = {},
): Record<Split, string[]> {
  const { maxCountDifference = 5, maxShareDifference = 0.1, attempts = 1000, seed = 2024 } = options;
  const sizes = checkedSizes(patients, options);
  if (!(Number.isInteger(attempts) && attempts >= 1))
    throw invalidArgument("attempts", attempts, "a whole number from 1");
  for (const [name, bound] of Object.entries({ maxCountDifference, maxShareDifference }))
    if (!(bound > 0)) throw invalidArgument(name, bound, "a number above 0");

  const sorted = [...patients].sort((a, b) => (a.id < b.id ? -1 : 1));
  const groups = [...groupBy(sorted, labelTuple)].sort(([a], [b]) => (a < b ? -1 : 1));
  const rng = new Rng(seed).split("published-split");
  let best: Excess | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const parts = attemptSplit(
      groups.map(([, group]) => group),
      sizes,
      rng.split(attempt),
    );
    const excess = worstExcess(parts, maxCountDifference, maxShareDifference);
    if (!excess) return idsOf(parts);
    if (!best || excess.by < best.by) best = excess;
  }
  throw notConverged(best!, attempts);
}

function checkedSizes(
  patients: readonly LabelledPatient[],
  options: PublishedSplitOptions,
): Record<Split, number> {
  const count = patients.length;
  const { valid = Math.round(count * SHARE.valid), test = Math.round(count * SHARE.test) } = options;
  for (const [name, size] of Object.entries({ valid, test }))
    if (!(Number.isInteger(size) && size >= 1))
      throw invalidArgument(name, size, `a whole number of patients from 1; there are ${count}`);
  if (valid + test >= count)
    throw invalidArgument(
      "valid + test",
      valid + test,
      `fewer than the ${count} patients, so that some can train`,
    );
  const ids = patients.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw invalidArgument("patients", twice, "each patient once");
  return { train: count - valid - test, valid, test };
}

function labelTuple({ labels }: LabelledPatient): string {
  return Object.keys(labels)
    .sort()
    .map((task) => labels[task] ?? "missing")
    .join(" ");
}

type Parts = Record<Split, LabelledPatient[]>;

/** Each group 70/15/15, then patients drawn by chance are moved from parts that have too many to those that have too few. */
function attemptSplit(
  groups: readonly (readonly LabelledPatient[])[],
  sizes: Record<Split, number>,
  rng: Rng,
): Parts {
  const parts: Parts = { train: [], valid: [], test: [] };
  for (const group of groups) {
    const shuffled = rng.shuffle(group);
    const toTrain = Math.round(group.length * SHARE.train);
    const toValid = Math.round((group.length - toTrain) / 2 + (rng.uniform() - 0.5)); // an odd one goes either way
    parts.train.push(...shuffled.slice(0, toTrain));
    parts.valid.push(...shuffled.slice(toTrain, toTrain + toValid));
    parts.test.push(...shuffled.slice(toTrain + toValid));
  }
  const surplus = SPLITS.flatMap((part) => {
    parts[part] = rng.shuffle(parts[part]);
    return parts[part].splice(sizes[part]);
  });
  for (const part of SPLITS) parts[part].push(...surplus.splice(0, sizes[part] - parts[part].length));
  return parts;
}

/** By how much a split misses a bound, as a multiple of it, and where. */
interface Excess {
  readonly by: number;
  readonly where: string;
}

/** The worst miss, or `undefined` when the split keeps to both bounds in every class. */
function worstExcess(parts: Parts, maxCount: number, maxShare: number): Excess | undefined {
  let worst: Excess | undefined;
  const note = (found: number, bound: number, where: string) => {
    const by = found / bound;
    if (by >= 1 && !(worst && worst.by >= by)) worst = { by, where };
  };
  for (const [task, label] of classesOf(parts)) {
    const count = (part: Split) => parts[part].filter(({ labels }) => labels[task] === label).length;
    const labelled = (part: Split) => parts[part].filter(({ labels }) => labels[task] !== undefined).length;
    const share = (part: Split) => count(part) / Math.max(1, labelled(part));
    note(
      Math.abs(count("valid") - count("test")),
      maxCount,
      `${task} ${label}: ${count("valid")} in valid, ${count("test")} in test`,
    );
    for (const part of ["valid", "test"] as const)
      note(
        Math.abs(share(part) - share("train")),
        maxShare,
        `${task} ${label}: ${percent(share(part))} of ${part}, ${percent(share("train"))} of train`,
      );
  }
  return worst;
}

function classesOf(parts: Parts): [task: string, label: number][] {
  const classes = new Map<string, [string, number]>();
  for (const { labels } of SPLITS.flatMap((part) => parts[part]))
    for (const [task, label] of Object.entries(labels))
      if (label !== undefined) classes.set(`${task} ${label}`, [task, label]);
  return [...classes.values()];
}

/** Numbers by size, names by alphabet. */
function idsOf(parts: Parts): Record<Split, string[]> {
  const ids = (part: Split) =>
    parts[part].map(({ id }) => id).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return { train: ids("train"), valid: ids("valid"), test: ids("test") };
}

function notConverged({ by, where }: Excess, attempts: number): OsccError<"NotConverged"> {
  return new OsccError(
    "NotConverged",
    [
      `none of ${attempts} splits keeps to the bounds; the best one fails at ${where}.`,
      "Expected classes that are spread evenly: counts of valid and test that differ by less than maxCountDifference, " +
        "shares that differ from train's by less than maxShareDifference.",
      "Small cohorts need wider bounds: give larger ones, or more attempts, or use  cohort.folds().",
    ],
    { computation: "publishedSplit", iterations: attempts, change: by },
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
