/** Which patients an epoch shows, and in which order. */
import type { Rng } from "../core/random";

/** How the patients of an epoch are drawn. */
export const SAMPLERS = ["shuffle", "balanced-tuples", "smote"] as const;
/**
 * - `"shuffle"`: every patient once, in a new order each epoch.
 * - `"balanced-tuples"`: the study's oversampling. Patients are grouped by their tuple of labels, each group is
 *   filled with random duplicates to the size of the largest, and groups take turns. Order and duplicates stay
 *   the same in every epoch. (The paper says SMOTE; the code does this.)
 * - `"smote"`: what the paper says. Beside the patients, points between the features of those with the same labels,
 *   made once, until every tuple of labels is as frequent as the most frequent; then as `"shuffle"`. On features only,
 *   so with `mode: "frozen"`.
 */
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * The order of an epoch.
 *
 * @param labels  for each patient its label of each task, -1 for missing
 * @param epoch   counted from 0
 * @returns       indices into `labels`
 * @example
 * train.epochOrder("balanced-tuples", [[0], [0], [1]], 0, new Rng(7)); // four indices, 2 twice
 */
export function epochOrder(
  sampler: SamplerName,
  labels: readonly (readonly number[])[],
  epoch: number,
  rng: Rng,
): number[] {
  if (sampler === "balanced-tuples") return balancedTuples(labels, rng.split("balanced-tuples"));
  return rng
    .split("shuffle")
    .split(epoch)
    .shuffle(labels.map((_, i) => i));
}

/** Patients grouped by label tuple, groups filled to the largest, then one of each group in turn. */
export function balancedTuples(labels: readonly (readonly number[])[], rng: Rng): number[] {
  const groups = new Map<string, number[]>();
  labels.forEach((tuple, i) => {
    const key = tuple.join(" ");
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  const largest = Math.max(0, ...[...groups.values()].map((group) => group.length));
  const filled = [...groups.values()].map((group) => {
    const extra = Array.from({ length: largest - group.length }, () => group[rng.integer(group.length)]!);
    return rng.shuffle([...group, ...extra]);
  });
  return Array.from({ length: largest }, (_, turn) => filled.map((group) => group[turn]!)).flat();
}
