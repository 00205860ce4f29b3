/**
 * Kernels in the compute worker, and the one memory they reach.
 *
 * What they work on is laid there from the start: the runtime reads and writes it as it does any other array, and nothing
 * is copied.
 */
import { NO_KERNEL_MEMORY } from "../protocol";
import { memoryBytes, PAGE_BYTES, paddedLength } from "./layout";

type Run = (bytes: number, ...addressesAndNumbers: number[]) => void;

export class KernelMemory {
  /** Zeros, of the lengths asked for. */
  readonly arrays: readonly Float32Array[];
  private readonly runs: readonly Run[];

  /** @throws an error with the message `NO_KERNEL_MEMORY` */
  constructor(kernels: readonly Uint8Array[], lengths: readonly number[]) {
    const memory = memoryOf(memoryBytes(lengths));
    let address = 0;
    this.arrays = lengths.map((length) => {
      const array = new Float32Array(memory.buffer, address, length);
      address += 4 * paddedLength(length);
      return array;
    });
    this.runs = kernels.map((bytes) => {
      const module = new WebAssembly.Module(bytes);
      return new WebAssembly.Instance(module, { env: { memory } }).exports.run as Run;
    });
  }

  /**
   * Run a kernel on arrays of one length that lie in this memory, each at a cache line: whole ones, or parts that are
   * followed by nothing else.
   */
  run(kernel: number, arrays: readonly Float32Array[], numbers: readonly number[]): void {
    const bytes = 4 * paddedLength(arrays[0]!.length);
    this.runs[kernel]!(bytes, ...arrays.map((array) => array.byteOffset), ...numbers);
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
