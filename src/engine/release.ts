/** Giving memory back at once. */
import { MessageChannel } from "node:worker_threads";

/**
 * Give back the memory of arrays that are no longer needed; they are empty afterwards. Left to the garbage collector,
 * a model's first values would lie there for the whole training: it counts objects, of which they are few.
 *
 * They are sent to nobody: what is handed over to a closed port is gone.
 */
export function releaseNow(arrays: readonly ArrayBufferView[]): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(
    undefined,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
  port1.close();
}
