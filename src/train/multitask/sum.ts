/** The sum of the losses: every weight is 1, the baseline. */
import { type BalancingMethod, repeated } from "./method";

export const sum: BalancingMethod = {
  title: "sum",
  start: (tasks) => ({ weights: repeated(tasks, 1) }),
  next: (state) => state,
};
