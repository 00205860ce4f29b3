/**
 * Weights by uncertainty (Kendall, Gal and Cipolla, CVPR 2018).
 *
 * Each task has a noise s_i = log sigma_i^2, learned together with the model. For classification (equation 10)
 *
 *   L = sum_i exp(-s_i) L_i + s_i / 2
 *
 * so a task whose loss stays high is weighed down: for a fixed loss the best weight exp(-s_i) is 1 / (2 L_i). The
 * slope by s_i is 1/2 - exp(-s_i) L_i; the method needs no gradient of the model.
 */
import { invalidArgument } from "../../core/errors";
import { adamState, adamStep } from "./adam";
import { type BalancingMethod, repeated } from "./method";

/** Options of uncertainty weighting. */
export interface UncertaintyOptions {
  /** Rate at which the log-variances are learned, default 0.025. The paper learns them with the model's optimiser. */
  readonly learningRate?: number;
}

/** Defaults of uncertainty weighting. */
export const UNCERTAINTY_DEFAULTS = { learningRate: 0.025 } as const;

export function uncertainty({ learningRate }: Required<UncertaintyOptions>): BalancingMethod {
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw invalidArgument("uncertainty.learningRate", learningRate, "a number above 0");
  return {
    title: "uncertainty",
    start: (tasks) => ({
      weights: repeated(tasks, 1),
      logVariance: repeated(tasks, 0),
      ...adamState(tasks),
    }),
    next(state, { losses }) {
      const slopes = losses.map((loss, i) => (loss > 0 ? 0.5 - state.weights[i]! * loss : undefined));
      const { values, moments } = adamStep(state.logVariance!, slopes, state, learningRate);
      return { weights: values.map((s) => Math.exp(-s)), logVariance: values, ...moments };
    },
  };
}
