/** How many patients a run learned from, and how many it was chosen on. */
import { count } from "./words";

/** What is known of a run's patients; nothing of a bare history. */
export interface RunPatients {
  readonly trainIds?: readonly string[];
  readonly validIds?: readonly string[];
}

/** `n = 112 in training, 24 in validation`, or nothing where it is not known. */
export function runPatients({ trainIds, validIds = [] }: RunPatients): string[] {
  if (!trainIds) return [];
  const validation = validIds.length > 0 ? `, ${count(validIds.length)} in validation` : "";
  return [`n = ${count(trainIds.length)} in training${validation}`];
}
