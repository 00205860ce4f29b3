/** Do work on many items, a few at a time. */
import os from "node:os";
import { throwIfAborted } from "../core/abort";

export interface ParallelOptions {
  /** So many at a time; default: as many as there are processors, at least 2. */
  readonly limit?: number;
  readonly signal?: AbortSignal | undefined;
  /** Names the work in the message of an `Aborted` error. */
  readonly what: string;
}

/**
 * Results in the order of the items, whatever finishes first. Stops at the first failure; what is running is
 * awaited, so that nothing goes on in the background afterwards.
 */
export async function mapParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  options: ParallelOptions,
): Promise<R[]> {
  const { limit = Math.max(2, os.availableParallelism()), signal, what } = options;
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        throwIfAborted(signal, what);
        results[index] = await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  const failure = lanes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
  return results;
}
