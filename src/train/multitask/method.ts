/**
 * What a balancing method is: from what the tasks' losses and gradients were in a batch to the weights of their losses
 * in the next one. Plain numbers, a handful a batch; the tensors stay in the compiled step.
 *
 * Letters: T tasks, L_i the loss of task i, g_i its gradient, w_i its weight.
 */

/** What a batch said about the tasks, in their order. */
export interface TaskFacts {
  /** L_i; 0 where no patient of the batch has a label. */
  readonly losses: readonly number[];
  /** Scalar products g_i . g_j of the gradients of the unweighted losses. */
  readonly gram: readonly (readonly number[])[];
}

/** What a method carries from batch to batch: lists of numbers by name, one number a task. Plain JSON. */
export interface BalancingState {
  /** w_i for the next batch. */
  readonly weights: readonly number[];
  readonly [name: string]: readonly number[];
}

/** One way to balance tasks. */
export interface BalancingMethod {
  /** For titles and legends. */
  readonly title: string;
  /** Before the first batch. */
  start(tasks: number): BalancingState;
  /** After a batch. A task without a labelled patient in it keeps its weight. */
  next(state: BalancingState, facts: TaskFacts): BalancingState;
}

/** n numbers, all the same. */
export function repeated(n: number, value: number): number[] {
  return Array.from({ length: n }, () => value);
}

/** Tasks that had a loss and a gradient in the batch. */
export function activeTasks({ losses, gram }: TaskFacts): number[] {
  return losses.flatMap((loss, i) => (loss > 0 && gram[i]![i]! > 0 ? [i] : []));
}
