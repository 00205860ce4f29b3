/** Train, valid and test parts of a phantom cohort: 70/15/15 by patient, alike in their label tuples. */
import type { Rng } from "../../core/random";
import { SPLITS, type Split } from "../schema";
import { LABEL_ORDER, type PhantomLabels } from "./labels";

const SHARE: Readonly<Record<Split, number>> = { train: 0.7, valid: 0.15, test: 0.15 };
/** Random splits to choose from: small cohorts need the luck. */
const ATTEMPTS = 64;

interface Labelled {
  readonly pid: number;
  readonly labels: PhantomLabels;
}

/**
 * Split patients by the study's rule: patients with the same six labels are dealt out in the proportions of the
 * parts, and of several random splits the one is kept whose classes are most alike.
 *
 * @returns pids of each part, disjoint, in drawn order
 */
export function splitPatients(rng: Rng, patients: readonly Labelled[]): Record<Split, number[]> {
  const sizes = partSizes(patients.length);
  let best: Record<Split, Labelled[]> | undefined;
  let bestDifference = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const parts = deal(groupByLabels(rng.shuffle(patients)), sizes);
    const difference = classDifference(parts);
    if (difference < bestDifference) {
      best = parts;
      bestDifference = difference;
    }
  }
  const pids = (part: Split) => rng.shuffle(best![part].map((patient) => patient.pid));
  return { train: pids("train"), valid: pids("valid"), test: pids("test") };
}

/** Valid and test get their rounded shares, train the rest. */
function partSizes(count: number): Record<Split, number> {
  const valid = Math.round(count * SHARE.valid);
  const test = Math.min(Math.round(count * SHARE.test), count - valid);
  return { train: count - valid - test, valid, test };
}

/** The same patients, those with equal labels side by side. */
function groupByLabels(patients: readonly Labelled[]): Labelled[] {
  const groups = new Map<string, Labelled[]>();
  for (const patient of patients) {
    const tuple = LABEL_ORDER.map((task) => patient.labels[task]).join();
    const group = groups.get(tuple);
    if (group) group.push(patient);
    else groups.set(tuple, [patient]);
  }
  return [...groups.values()].flat();
}

/** Deal patients out one by one, each to the part that is farthest behind its size. */
function deal(patients: readonly Labelled[], sizes: Record<Split, number>): Record<Split, Labelled[]> {
  const parts: Record<Split, Labelled[]> = { train: [], valid: [], test: [] };
  for (const patient of patients) {
    const emptiness = (part: Split) =>
      parts[part].length < sizes[part] ? 1 - (parts[part].length + 0.5) / sizes[part] : -1;
    const next = SPLITS.reduce((a, b) => (emptiness(b) > emptiness(a) ? b : a));
    parts[next].push(patient);
  }
  return parts;
}

/** A class of so many patients must not be missing from a part: without it nothing could be said there. */
const SPREADABLE = 6;
const ABSENT = 100;

/** Sum over classes of the differences in share between each part and the whole; a part without a class weighs most. */
function classDifference(parts: Record<Split, Labelled[]>): number {
  const all = SPLITS.flatMap((part) => parts[part]);
  let sum = 0;
  for (const task of LABEL_ORDER)
    for (let label = 0; label < 3; label++) {
      const having = (patients: readonly Labelled[]) =>
        patients.filter((p) => p.labels[task] === label).length;
      const share = (patients: readonly Labelled[]) => having(patients) / Math.max(1, patients.length);
      const isSpreadable = having(all) >= SPREADABLE;
      for (const part of SPLITS) {
        sum += Math.abs(share(parts[part]) - share(all));
        if (isSpreadable && having(parts[part]) === 0) sum += ABSENT;
      }
    }
  return sum;
}
