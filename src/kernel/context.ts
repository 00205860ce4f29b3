/** Which request the code that runs now belongs to. It follows the code through awaits, timers and callbacks. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Message } from "./wire";

export interface RequestContext {
  readonly request: Message;
  /** Nothing of it may show. */
  readonly silent: boolean;
  /** The running number of the cell; comm messages and the like have none. */
  readonly cell?: number;
  /** Displays (progress, panels) are left out; what is printed is not. */
  readonly isQuiet?: boolean;
  /** Stops the work of this request. */
  readonly signal?: AbortSignal;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function withContext<T>(context: RequestContext, run: () => T): T {
  return storage.run(context, run);
}

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
