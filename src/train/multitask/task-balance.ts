/** Carries the weights of several tasks through a training, and records what happened to them. */
import type { HostTensor } from "../../engine";
import { type BalancingSettings, balancingMethod } from "./balancing";
import type { BalancingMethod, BalancingState } from "./method";
import { TASK_WEIGHTS } from "./task-facts";

/** What an epoch says about one of several tasks. */
export interface TaskEpoch {
  /** Mean over the epoch, unweighted. */
  readonly trainLoss: number;
  /** Same loss on the validation patients; absent without any. */
  readonly validLoss?: number;
  /** The weight of its loss in each batch of the epoch. */
  readonly weights: readonly number[];
  /** Root mean square over the batches of the norm of its gradient; absent where gradients were not compared. */
  readonly gradientNorm?: number;
}

/** Sums over the batches of an epoch. */
interface EpochSums {
  readonly patients: number;
  readonly batches: number;
  /** By task: the losses times patients, the weights of each batch. */
  readonly losses: readonly number[];
  readonly weights: readonly (readonly number[])[];
  /** By pair of tasks: the cosines of their gradients, and how many batches had one. */
  readonly cosines: readonly (readonly number[])[];
  readonly counts: readonly (readonly number[])[];
  /** By task: the squared norms. */
  readonly norms: readonly number[];
}

/** What is kept in a checkpoint. Plain JSON. */
export interface TaskBalanceState {
  readonly method: BalancingState;
  readonly epoch: EpochSums;
}

type Outputs = Readonly<Record<string, HostTensor | undefined>>;

/** One for a training of several tasks. */
export class TaskBalance {
  private readonly method: BalancingMethod;
  private state: BalancingState;
  private sums: EpochSums;
  /** Of the batch that is going on. */
  private losses: number[];
  private gram: number[][] | undefined;
  private used: readonly number[];
  private readonly usedAt = new Map<number, readonly number[]>();

  constructor(
    private readonly tasks: readonly string[],
    settings: BalancingSettings,
    former?: TaskBalanceState,
  ) {
    this.method = balancingMethod(settings);
    this.state = former?.method ?? this.method.start(tasks.length);
    this.sums = former?.epoch ?? emptySums(tasks.length);
    this.used = printed(this.state.weights);
    this.losses = tasks.map(() => 0);
  }

  /** The step's input in a batch: this one, or one that was done before. */
  inputs(step: number): Record<string, Float32Array> {
    return { [TASK_WEIGHTS]: Float32Array.from(this.usedAt.get(step) ?? printed(this.state.weights)) };
  }

  /** Take up what a pass gave. Returns its loss: the sum over tasks, unweighted. */
  pass(outputs: Outputs): number {
    const losses = [...outputs.losses!.data];
    const n = losses.length;
    this.losses = this.losses.map((loss, i) => loss + losses[i]!);
    this.used = printed(outputs.weights ? [...outputs.weights.data] : this.state.weights);
    const products = outputs.gram?.data;
    if (products)
      this.gram = losses.map((_, i) =>
        losses.map((__, j) => (this.gram?.[i]?.[j] ?? 0) + products[i * n + j]!),
      );
    return losses.reduce((a, b) => a + b, 0);
  }

  /** The batch is over: record it, and weigh the tasks anew. `step`: its number over all epochs. */
  batch(patients: number, step: number): void {
    const { losses, gram, used, sums } = this;
    this.usedAt.set(step, used);
    const cosine = (i: number, j: number) => {
      const size = gram ? Math.sqrt(gram[i]![i]! * gram[j]![j]!) : 0;
      return size > 0 ? Math.max(-1, Math.min(1, gram![i]![j]! / size)) : undefined;
    };
    this.sums = {
      patients: sums.patients + patients,
      batches: sums.batches + 1,
      losses: sums.losses.map((sum, i) => sum + losses[i]! * patients),
      weights: sums.weights.map((list, i) => [...list, used[i]!]),
      cosines: sums.cosines.map((row, i) => row.map((sum, j) => sum + (cosine(i, j) ?? 0))),
      counts: sums.counts.map((row, i) => row.map((n, j) => n + (cosine(i, j) === undefined ? 0 : 1))),
      norms: sums.norms.map((sum, i) => sum + (gram?.[i]?.[i] ?? 0)),
    };
    this.state = this.method.next(this.state, {
      losses,
      gram: gram ?? losses.map(() => losses.map(() => 0)),
    });
    this.losses = losses.map(() => 0);
    this.gram = undefined;
  }

  /** What the epoch says; the next one begins. */
  epoch(validLosses: Readonly<Record<string, number>> | undefined): {
    readonly byTask: Readonly<Record<string, TaskEpoch>>;
    readonly gradientCosines?: readonly (readonly (number | null)[])[];
  } {
    const { patients, batches, losses, weights, cosines, counts, norms } = this.sums;
    const compared = norms.some((norm) => norm > 0);
    this.sums = emptySums(this.tasks.length);
    return {
      byTask: Object.fromEntries(
        this.tasks.map((task, i) => [
          task,
          {
            trainLoss: losses[i]! / patients,
            ...(validLosses ? { validLoss: validLosses[task]! } : {}),
            weights: weights[i]!,
            ...(compared ? { gradientNorm: Math.sqrt(norms[i]! / batches) } : {}),
          },
        ]),
      ),
      ...(compared
        ? {
            gradientCosines: cosines.map((row, i) =>
              row.map((sum, j) => (counts[i]![j]! > 0 ? sum / counts[i]![j]! : null)),
            ),
          }
        : {}),
    };
  }

  /** For a checkpoint, between two batches. */
  get checkpoint(): TaskBalanceState {
    return { method: this.state, epoch: this.sums };
  }
}

/** As they are recorded: a step that is made again has the same weights. */
function printed(weights: readonly number[]): number[] {
  return weights.map((weight) => Number(weight.toPrecision(6)));
}

function emptySums(tasks: number): EpochSums {
  const zeros = Array.from({ length: tasks }, () => 0);
  const square = zeros.map(() => zeros);
  return {
    patients: 0,
    batches: 0,
    losses: zeros,
    weights: zeros.map(() => []),
    cosines: square,
    counts: square,
    norms: zeros,
  };
}
