/** The split file: `{"train": [pid, ...], "valid": [...], "test": [...]}`. */
import path from "node:path";
import { z } from "zod";
import { readJson } from "../files";
import { listed, type Problems, plural } from "../problems";
import { SPLITS, type Split } from "../schema";
import { patientNumber } from "./labels";

const splitFile = z.object({
  train: z.array(patientNumber),
  valid: z.array(patientNumber),
  test: z.array(patientNumber),
});

/** Patient to part. A patient in two parts would leak from training into testing: that is an error. */
export async function readSplit(
  file: string,
  known: ReadonlySet<string>,
  problems: Problems,
): Promise<ReadonlyMap<string, Split> | undefined> {
  const content = await readJson(file, splitFile, problems);
  if (!content) return undefined;
  const name = path.basename(file);
  const parts = new Map<string, Split>();
  for (const split of SPLITS)
    for (const pid of content[split]) {
      const former = parts.get(pid);
      if (former === split) problems.error(`${name} names patient ${pid} twice in ${split}`);
      else if (former) problems.error(`${name} has patient ${pid} both in ${former} and in ${split}`);
      parts.set(pid, split);
    }
  const strangers = [...parts.keys()].filter((pid) => !known.has(pid));
  if (strangers.length > 0)
    problems.warn(
      `${name} names ${plural(strangers.length, "patient")} without labels: ${listed(strangers)}; left out`,
    );
  const unassigned = [...known].filter((pid) => !parts.has(pid));
  if (unassigned.length > 0)
    problems.warn(
      `${plural(unassigned.length, "patient")} with labels ${unassigned.length === 1 ? "is" : "are"} in no part of ${name}: ${listed(unassigned)}`,
    );
  return parts;
}
