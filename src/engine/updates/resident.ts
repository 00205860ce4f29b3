/** The updates of a program of one graph in the compute worker. */
import type { WireUpdates } from "../protocol";
import { KernelMemory } from "./kernel-memory";

export class ResidentUpdates {
  /** What kernels work on, by the names of the values in the graph. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  private readonly memory: KernelMemory;
  private readonly calls: readonly {
    readonly kernel: number;
    readonly arrays: readonly Float32Array[];
    readonly numbers: readonly string[];
  }[];

  /** @throws an error with the message `NO_KERNEL_MEMORY` */
  constructor({ kernels, tensors, calls }: WireUpdates) {
    const lengths = tensors.map(({ shape }) => shape.reduce((n, side) => n * side, 1));
    this.memory = new KernelMemory(kernels, lengths);
    this.tensors = new Map(tensors.map(({ value }, i) => [value, this.memory.arrays[i]!]));
    this.calls = calls.map(({ kernel, tensors, numbers }) => ({
      kernel,
      arrays: tensors.map((value) => this.tensors.get(value)!),
      numbers,
    }));
  }

  /** Do all updates; `numberOf` gives the numbers they take by their names in the graph. */
  apply(numberOf: (value: string) => number): void {
    for (const { kernel, arrays, numbers } of this.calls)
      this.memory.run(kernel, arrays, numbers.map(numberOf));
  }
}
