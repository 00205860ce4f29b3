/** Updates as what the compute worker is told of them. */
import type { WireUpdates } from "../protocol";
import { elementsOf, type FoundUpdates } from "./find";
import { kernelModule } from "./kernel";

/** No updates: a program whose graph does everything. */
export const NO_UPDATES: WireUpdates = { kernels: [], tensors: [], calls: [] };

/** Kernels, tensors and calls of the updates that were found; equal expressions share a kernel. */
export function planUpdates({ updates, handed }: FoundUpdates): WireUpdates {
  const known = new Map<string, number>();
  const kernels: Uint8Array<ArrayBuffer>[] = [];
  const shapes = new Map<string, readonly number[]>();
  const calls = updates.map(({ expression, tensors, numbers, shape }) => {
    const key = JSON.stringify(expression);
    const kernel = known.get(key) ?? kernels.push(kernelModule(expression)) - 1;
    known.set(key, kernel);
    for (const value of tensors) shapes.set(value, shape);
    return { kernel, tensors, numbers, length: elementsOf(shape) };
  });
  const given = new Set(handed.map(({ name }) => name));
  const tensors = [...shapes].map(([value, shape]) => ({ value, shape, handed: given.has(value) }));
  return { kernels, tensors, calls };
}
