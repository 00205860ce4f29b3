/** Labels of a batch as arrays: one-hot rows and the share of each patient in the mean. */
import { invalidArgument } from "../core/errors";
import { MISSING_LABEL } from "../evaluate";

/** Options of `encodeTargets`. */
export interface TargetOptions {
  readonly classes: number;
  /** Weight of each class, default 1. */
  readonly classWeights?: readonly number[];
  /** Share of the probability that is spread evenly over all classes, in [0, 1), default 0. */
  readonly labelSmoothing?: number;
}

/** Labels as tensors: one-hot classes and weights by task. */
export interface EncodedTargets {
  /** [B, C]; smoothed with class weights, each class counts by its weight over that of the true class. */
  readonly oneHot: Float32Array;
  /** [B] */
  readonly weight: Float32Array;
}

/**
 * Encode labels for a loss. A missing label (-1) becomes a row of zeros with weight zero, which changes
 * neither loss nor gradient.
 *
 * With class weights and label smoothing together the cross-entropy is that of `torch.nn.CrossEntropyLoss`: what is
 * spread over the classes counts by each class's weight, and the mean is over the weights of the true classes.
 *
 * @param labels  class index of each patient, -1 for missing
 * @throws InvalidArgument  for a label that is no class; for one of weight 0 when labels are smoothed
 * @example
 * train.encodeTargets([1, -1], { classes: 2 }); // oneHot [0, 1, 0, 0], weight [1, 0]
 */
export function encodeTargets(labels: readonly number[], options: TargetOptions): EncodedTargets {
  const { classes, classWeights, labelSmoothing = 0 } = options;
  const oneHot = new Float32Array(labels.length * classes);
  const weight = new Float32Array(labels.length);
  labels.forEach((label, row) => {
    if (label === MISSING_LABEL) return;
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw invalidArgument(
        "label",
        label,
        `a class index from 0 to ${classes - 1}, or ${MISSING_LABEL} for missing`,
      );
    const own = classWeights?.[label] ?? 1;
    if (labelSmoothing > 0 && !(own > 0))
      throw invalidArgument(
        "classWeights",
        own,
        "weights above 0 with label smoothing",
        "Leave patients of that class out, or smooth nothing.",
      );
    weight[row] = own;
    for (let c = 0; labelSmoothing > 0 && c < classes; c++)
      oneHot[row * classes + c] = ((labelSmoothing / classes) * (classWeights?.[c] ?? 1)) / own;
    oneHot[row * classes + label]! += 1 - labelSmoothing;
  });
  const total = weight.reduce((a, b) => a + b, 0);
  if (total > 0) for (let row = 0; row < weight.length; row++) weight[row]! /= total;
  return { oneHot, weight };
}

/**
 * Class weights that make every class count the same: n / (classes * n of the class). A class without
 * patients gets weight 1.
 *
 * @example
 * train.balancedClassWeights([0, 0, 0, 1], 2); // [0.667, 2]
 */
export function balancedClassWeights(labels: readonly number[], classes: number): number[] {
  const known = labels.filter((label) => label !== MISSING_LABEL);
  return Array.from({ length: classes }, (_, c) => {
    const members = known.filter((label) => label === c).length;
    return members > 0 ? known.length / (classes * members) : 1;
  });
}
