/**
 * MGDA (Désidéri 2012; Sener and Koltun, NeurIPS 2018): the weights whose gradient is the shortest in the convex hull
 * of the tasks' gradients (equation 3). A step against it lowers every task's loss, until none can be lowered without
 * another one rising: a Pareto point.
 *
 * The weights, which sum to 1, are multiplied by T, so that a step is as long as with the sum of losses (the study
 * does so too). By default gradients are taken by the fused vector, the bound that the paper recommends
 * (MGDA-UB, section 3.3): one backward pass through the encoder, whatever the number of tasks. Where a batch is one
 * pass, its own gradients are used; where it takes several, those of the batch before.
 *
 * The study takes gradients by all parameters of the encoder, divides each by loss times norm ("loss+"), and finds new
 * weights in every fifth epoch only; its printed run has a defect besides (see the notes on its accumulation).
 */
import { unknownName } from "../../core/errors";
import type { tf } from "../../engine";
import { tf as ops } from "../../engine";
import { type BalancingMethod, repeated } from "./method";
import { minNormWeights, weightsOfGram } from "./min-norm";
import type { GradientPlace } from "./place";

/** How gradients are scaled before the point of least norm is looked for. */
export const PARETO_SCALINGS = ["none", "norm", "loss", "loss+"] as const;
/**
 * - `"none"`: as they are, which alone guarantees a common descent; a task of small gradients gets a large weight.
 * - `"norm"`: each divided by its norm. `"loss"`: by its loss. `"loss+"`: by both, as in the study.
 */
export type ParetoScaling = (typeof PARETO_SCALINGS)[number];

/** Options of MGDA. */
export interface ParetoOptions {
  /** Default `"none"`. */
  readonly scaling?: ParetoScaling;
  /** Where gradients are taken, default the fused vector. */
  readonly gradientsOf?: GradientPlace;
}

/** Defaults of MGDA. */
export const PARETO_DEFAULTS = {
  scaling: "none",
  gradientsOf: "representation",
} as const satisfies ParetoOptions;

export function pareto({ scaling }: Required<ParetoOptions>): BalancingMethod {
  if (!PARETO_SCALINGS.includes(scaling)) throw unknownName("scaling", String(scaling), PARETO_SCALINGS);
  return {
    title: "Pareto (MGDA)",
    start: (tasks) => ({ weights: repeated(tasks, 1) }),
    next(_, { losses, gram }) {
      const sizes = gram.map((row, i) => sizeOf(scaling, losses[i]!, Math.sqrt(row[i]!)));
      const scaled = gram.map((row, i) =>
        row.map((value, j) => (sizes[i]! * sizes[j]! > 0 ? value / (sizes[i]! * sizes[j]!) : 0)),
      );
      return { weights: weightsOfGram(scaled).map((w) => w * losses.length) };
    },
  };
}

function sizeOf(scaling: ParetoScaling, loss: number, norm: number): number {
  if (scaling === "none") return 1;
  return (scaling === "norm" ? 1 : loss) * (scaling === "loss" ? 1 : norm);
}

/** The same inside a compiled step: weights [T] from losses [T] and scalar products [T, T]. */
export function paretoWeights(scaling: ParetoScaling, losses: tf.Tensor, gram: tf.Tensor): tf.Tensor {
  const tasks = losses.shape[0]!;
  const norms = ops.sqrt(ops.sum(ops.mul(gram, ops.eye(tasks)), 1));
  const byLoss = scaling === "loss" || scaling === "loss+" ? losses : ops.onesLike(losses);
  const byNorm = scaling === "norm" || scaling === "loss+" ? norms : ops.onesLike(losses);
  const size = ops.maximum(ops.mul(byLoss, byNorm), 1e-20);
  const scaled = ops.div(ops.div(gram, ops.reshape(size, [tasks, 1])), ops.reshape(size, [1, tasks]));
  return ops.mul(minNormWeights(scaled), tasks);
}
