/** Adam (Kingma and Ba, ICLR 2015) on a few numbers: the weights of tasks, or what they are made of. */
import type { BalancingState } from "./method";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** The moments before the first step; each number counts its own steps, since a task may be absent from a batch. */
export function adamState(n: number): Record<"mean" | "square" | "steps", readonly number[]> {
  const zeros = Array.from({ length: n }, () => 0);
  return { mean: zeros, square: zeros, steps: zeros };
}

/**
 * One step down the slopes. Where a slope is `undefined` nothing changes.
 *
 * @returns the new values, and the new moments as entries of a state
 */
export function adamStep(
  values: readonly number[],
  slopes: readonly (number | undefined)[],
  { mean = [], square = [], steps = [] }: BalancingState,
  learningRate: number,
): { readonly values: number[]; readonly moments: Record<"mean" | "square" | "steps", number[]> } {
  const moments = { mean: [...mean], square: [...square], steps: [...steps] };
  const next = values.map((value, i) => {
    const slope = slopes[i];
    if (slope === undefined) return value;
    const t = steps[i]! + 1;
    const m = BETA1 * mean[i]! + (1 - BETA1) * slope;
    const v = BETA2 * square[i]! + (1 - BETA2) * slope * slope;
    moments.steps[i] = t;
    moments.mean[i] = m;
    moments.square[i] = v;
    return value - (learningRate * (m / (1 - BETA1 ** t))) / (Math.sqrt(v / (1 - BETA2 ** t)) + EPSILON);
  });
  return { values: next, moments };
}
