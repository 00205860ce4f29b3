/** Folds by patient, stratified by label. */
import type { Rng } from "../core/random";

/**
 * Deal patients into folds so that each fold has nearly the same share of every label tuple.
 *
 * @param labels  for each patient its label of each task, -1 for missing
 * @returns       for each patient the index of its fold
 * @example
 * train.stratifiedFolds([[0], [0], [1], [1]], 2, new Rng(7)); // one of each label in each fold
 */
export function stratifiedFolds(labels: readonly (readonly number[])[], folds: number, rng: Rng): number[] {
  const groups = new Map<string, number[]>();
  for (const i of rng.split("folds").shuffle(labels.map((_, index) => index))) {
    const key = labels[i]!.join(" ");
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  const fold = new Array<number>(labels.length).fill(0);
  // Dealing goes on from group to group, so small groups do not all end in the first folds.
  let next = 0;
  for (const key of [...groups.keys()].sort()) for (const i of groups.get(key)!) fold[i] = next++ % folds;
  return fold;
}
