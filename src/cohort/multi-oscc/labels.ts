/** The label file: `{"num": 1325, "datainfo": [{pid, TD, CE, TI, PI, LNM, REC, path}]}`. */
import path from "node:path";
import { z } from "zod";
import { readJson } from "../files";
import type { Problems } from "../problems";
import { MULTI_OSCC, type Task } from "../schema";

const TASKS = Object.keys(MULTI_OSCC.tasks) as Task[];

/** A patient number: a whole number, as JSON number or text. */
export const patientNumber = z
  .union([z.number().int().nonnegative(), z.string().regex(/^\d+$/, "expected a patient number")])
  .transform((value) => String(Number(value)));

const labelFile = z.object({
  num: z.number().optional(),
  datainfo: z.array(
    z.object({ pid: patientNumber, ...Object.fromEntries(TASKS.map((task) => [task, labelOf(task)])) }),
  ),
});

function labelOf(task: Task) {
  const classes = MULTI_OSCC.tasks[task].classes.length;
  return z
    .number({ error: `expected a label from 0 to ${classes - 1}, or -1 where it is missing` })
    .int()
    .min(-1, `expected a label from 0 to ${classes - 1}, or -1 where it is missing`)
    .max(classes - 1, `expected a label from 0 to ${classes - 1}, or -1 where it is missing`);
}

export type Labels = Readonly<Record<Task, number | undefined>>;

/** Patient to labels, in file order. -1 becomes `undefined`. */
export async function readLabels(
  file: string,
  problems: Problems,
): Promise<ReadonlyMap<string, Labels> | undefined> {
  const content = await readJson(file, labelFile, problems);
  if (!content) return undefined;
  const name = path.basename(file);
  const labels = new Map<string, Labels>();
  for (const entry of content.datainfo as ({ pid: string } & Record<Task, number>)[]) {
    if (labels.has(entry.pid)) problems.error(`${name} names patient ${entry.pid} twice`);
    labels.set(
      entry.pid,
      Object.fromEntries(TASKS.map((task) => [task, entry[task] === -1 ? undefined : entry[task]])) as Labels,
    );
  }
  if (content.datainfo.length === 0) problems.error(`${name} names no patient`);
  if (content.num !== undefined && content.num !== content.datainfo.length)
    problems.warn(
      `${name} says num = ${content.num} and holds ${content.datainfo.length} patients; the entries count`,
    );
  return labels;
}
