/** Do methods agree? Rank correlation of their maps of the same patient. */
import { invalidArgument } from "../../core/errors";
import type { CamMethod } from "../methods";
import type { CamResult } from "../result";
import { similarity } from "./similarity";

/** How alike the maps of several methods are. `[i][j]` concerns `methods[i]` and `methods[j]`; symmetric. */
export interface Agreement {
  readonly methods: readonly CamMethod[];
  /** Mean over the images of the rank correlation of their patches; `undefined` where all maps of both are level. */
  readonly correlations: readonly (readonly (number | undefined)[])[];
}

/**
 * Agreement between methods about one patient and class.
 *
 * Methods that agree may share an error; methods that disagree cannot all be right. (No p-values: neighbouring patches
 * are not independent.)
 *
 * @param results  of `cams`: the same patient, task and class by several methods
 * @throws InvalidArgument  for fewer than two results, or results of different questions
 * @example
 * const { correlations } = explain.agreement(await explain.cams(run, patient, { task: "TD" }));
 */
export function agreement(results: readonly CamResult[]): Agreement {
  const [first] = results;
  if (!first || results.length < 2) throw invalidArgument("results", results.length, "two results or more");
  const question = ({ patient, task, className }: CamResult) =>
    `${task} "${className}" of patient ${patient}`;
  const other = results.find((result) => question(result) !== question(first));
  if (other)
    throw invalidArgument(
      "results",
      `about ${question(first)} and about ${question(other)}`,
      "results about one question",
    );
  return {
    methods: results.map(({ method }) => method),
    correlations: results.map((a) => results.map((b) => similarity(a, b))),
  };
}
