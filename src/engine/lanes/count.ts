/** How many lanes a plan is worked on in. */
import type { PlanRequest } from "../protocol";

/** Plans with fewer numbers (64 MiB) are not worth a mate, who takes some time to start and memory for itself. */
const LARGE = 2 ** 24;

/**
 * As many as share out both the groups and the threads evenly. Measured on two threads: the step of a ViT-S at 512 pixels takes
 * as long as with threads that share every operator where the cores are near each other, and an eighth less where
 * they are not.
 */
export function lanesOf(
  { device, phases, buffers }: Pick<PlanRequest, "device" | "phases" | "buffers">,
  threads: number,
): number {
  const groups = 1 + Math.max(-1, ...phases.flatMap(({ calls }) => calls.map(({ group }) => group ?? -1)));
  const numbers = buffers.reduce((sum, length) => sum + length, 0);
  if (device !== "cpu" || groups < 2 || numbers < LARGE) return 1;
  let lanes = Math.min(groups, threads);
  while (groups % lanes !== 0 || threads % lanes !== 0) lanes--;
  return lanes;
}
