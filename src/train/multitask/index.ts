/** Several tasks at once: how their losses are balanced, and how far they agree. */
export { BALANCINGS, type Balancing, type BalancingName, type BalancingSettings } from "./balancing";
export { type GradientConflict, gradientConflict } from "./conflict";
export { GRAD_NORM_DEFAULTS, type GradNormOptions } from "./grad-norm";
export { minNorm } from "./min-norm";
export { PARETO_DEFAULTS, PARETO_SCALINGS, type ParetoOptions, type ParetoScaling } from "./pareto";
export { GRADIENT_PLACES, type GradientPlace } from "./place";
export type { TaskEpoch } from "./task-balance";
export { UNCERTAINTY_DEFAULTS, type UncertaintyOptions } from "./uncertainty";
