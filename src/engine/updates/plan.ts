/** Updates as what the compute worker is told of them. */
import type { WireUpdates } from "../protocol";
import type { FoundUpdates } from "./find";
import { Kernels } from "./kernels";

/** No updates: a program whose graph does everything. */
export const NO_UPDATES: WireUpdates = { kernels: [], tensors: [], calls: [] };

/** Kernels, tensors and calls of the updates that were found. */
export function planUpdates({ updates, handed }: FoundUpdates): WireUpdates {
  const kernels = new Kernels();
  const shapes = new Map<string, readonly number[]>();
  const calls = updates.map(({ expression, tensors, numbers, shape }) => {
    for (const value of tensors) shapes.set(value, shape);
    return { kernel: kernels.of(expression), tensors, numbers };
  });
  const given = new Set(handed.map(({ name }) => name));
  const tensors = [...shapes].map(([value, shape]) => ({ value, shape, handed: given.has(value) }));
  return { kernels: kernels.modules, tensors, calls };
}
