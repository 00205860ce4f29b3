/**
 * GradNorm (Chen et al., ICML 2018): tasks are weighed so that they learn at like rates.
 *
 * At the last shared layer (algorithm 1), with n_i = |g_i| and w_i the weights of the batch:
 *
 *   G_i = w_i n_i                          gradient norm of the weighted loss
 *   r_i = (L_i / L_i(0)) / mean            relative inverse training rate, section 3.2
 *   L_grad = sum_i |G_i - mean(G) r_i^a|   equation 2, the target held constant
 *
 * so dL_grad / dw_i = sign(G_i - target_i) n_i. After each step of Adam the weights are scaled to sum to T.
 *
 * The study's code differs: it takes the first parameter tensor of the fusion block, learns at a rate of 1e-5, at which
 * no weight can move by more than about 1.2 in 200 epochs, and never scales the weights back.
 */
import { invalidArgument } from "../../core/errors";
import { adamState, adamStep } from "./adam";
import { activeTasks, type BalancingMethod, repeated, type TaskFacts } from "./method";
import type { GradientPlace } from "./place";

/** Options of GradNorm. */
export interface GradNormOptions {
  /** How strongly slow tasks are pulled up; 0: equal gradient norms. Default 0.12, of the study and of section 5.3. */
  readonly alpha?: number;
  /** Rate at which the weights are learned, default 0.025, the paper's. The study has 1e-5. */
  readonly learningRate?: number;
  /** Scale the weights to sum to T after each step, default true. The study does not. */
  readonly renormalise?: boolean;
  /** Where gradients are taken, default the last shared layer, as the paper says. */
  readonly gradientsOf?: GradientPlace;
}

/** Defaults of GradNorm. */
export const GRAD_NORM_DEFAULTS = {
  alpha: 0.12,
  learningRate: 0.025,
  renormalise: true,
  gradientsOf: "lastSharedLayer",
} as const satisfies GradNormOptions;

/** A weight below this would turn its task off, or around. */
const LEAST_WEIGHT = 1e-3;

export function gradNorm(options: Required<GradNormOptions>): BalancingMethod {
  const { alpha, learningRate, renormalise } = options;
  if (!(alpha >= 0 && Number.isFinite(alpha)))
    throw invalidArgument("gradNorm.alpha", alpha, "a number from 0");
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw invalidArgument("gradNorm.learningRate", learningRate, "a number above 0");
  return {
    title: "GradNorm",
    start: (tasks) => ({ weights: repeated(tasks, 1), first: repeated(tasks, 0), ...adamState(tasks) }),
    next(state, facts) {
      const first = state.first!.map((loss, i) => (loss > 0 ? loss : facts.losses[i]!));
      const slopes = weightSlopes(state.weights, first, facts, alpha);
      const { values, moments } = adamStep(state.weights, slopes, state, learningRate);
      const positive = values.map((w) => Math.max(LEAST_WEIGHT, w));
      const scale = renormalise ? positive.length / positive.reduce((a, b) => a + b, 0) : 1;
      return { weights: positive.map((w) => w * scale), first, ...moments };
    },
  };
}

/** dL_grad / dw_i; `undefined` for a task without a gradient in the batch. */
function weightSlopes(
  weights: readonly number[],
  first: readonly number[],
  facts: TaskFacts,
  alpha: number,
): (number | undefined)[] {
  const active = activeTasks(facts);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const norm = (i: number) => Math.sqrt(facts.gram[i]![i]!);
  const progress = (i: number) => facts.losses[i]! / first[i]!;
  const meanNorm = mean(active.map((i) => weights[i]! * norm(i)));
  const meanProgress = mean(active.map(progress));
  return weights.map((weight, i) => {
    if (!active.includes(i)) return undefined;
    const target = meanNorm * (progress(i) / meanProgress) ** alpha;
    return Math.sign(weight * norm(i) - target) * norm(i);
  });
}
