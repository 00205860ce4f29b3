/**
 * Updates in the compute worker: the tensors they work on, in one WebAssembly memory, and their kernels.
 *
 * Kernels reach nothing but their own memory, so states that they update, and what a graph hands out to them, are laid
 * there from the start: the runtime reads and writes them as it does any other array, and nothing is copied.
 */
import { NO_KERNEL_MEMORY, type WireUpdates } from "../protocol";
import { memoryBytes, PAGE_BYTES, paddedLength } from "./layout";

type Run = (bytes: number, ...addressesAndNumbers: number[]) => void;

interface Call {
  readonly run: Run;
  readonly bytes: number;
  readonly addresses: readonly number[];
  readonly numbers: readonly string[];
}

export class ResidentUpdates {
  /** The tensors, by the names of their values in the graph. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  private readonly calls: readonly Call[];

  /** @throws an error with the message `NO_KERNEL_MEMORY` */
  constructor({ kernels, tensors, calls }: WireUpdates) {
    const lengths = tensors.map(({ shape }) => shape.reduce((n, side) => n * side, 1));
    const memory = memoryOf(memoryBytes(lengths));
    let address = 0;
    this.tensors = new Map(
      tensors.map(({ value }, i) => {
        const array = new Float32Array(memory.buffer, address, lengths[i]!);
        address += 4 * paddedLength(lengths[i]!);
        return [value, array];
      }),
    );
    const runs = kernels.map((bytes) => {
      const module = new WebAssembly.Module(bytes);
      return new WebAssembly.Instance(module, { env: { memory } }).exports.run as Run;
    });
    this.calls = calls.map(({ kernel, tensors, numbers, length }) => ({
      run: runs[kernel]!,
      bytes: 4 * paddedLength(length),
      addresses: tensors.map((value) => this.tensors.get(value)!.byteOffset),
      numbers,
    }));
  }

  /** Do all updates; `numberOf` gives the numbers they take by their names in the graph. */
  apply(numberOf: (value: string) => number): void {
    for (const { run, bytes, addresses, numbers } of this.calls)
      run(bytes, ...addresses, ...numbers.map(numberOf));
  }
}

/** A memory takes 10 GiB of addresses, whatever its size: that is how it is kept from reaching beyond. */
function memoryOf(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new Error(NO_KERNEL_MEMORY, { cause });
  }
}
