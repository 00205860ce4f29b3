/** How tensors of updates lie in the memory of their kernels: one after the other, each at a cache line. */

/** A cache line in elements; kernels work on a part of one at a time. */
const LINE = 16;

/** Elements that a tensor takes. */
export function paddedLength(length: number): number {
  return Math.ceil(length / LINE) * LINE;
}

/** Bytes that tensors of these lengths take. */
export function memoryBytes(lengths: Iterable<number>): number {
  let elements = 0;
  for (const length of lengths) elements += paddedLength(length);
  return 4 * elements;
}

export const PAGE_BYTES = 2 ** 16;

/** The most that one WebAssembly memory holds. */
export const MOST_BYTES = 2 ** 32 - PAGE_BYTES;
