/** Cancellation: every long operation takes the cell's signal unless it is given another one. */
import { OsccError } from "./errors";
import { host } from "./host";

/** The signal that was passed, else the one of the cell that is running, else none. */
export function currentSignal(signal?: AbortSignal): AbortSignal | undefined {
  return signal ?? host().signal();
}

/** Throws an `Aborted` error if the work has been stopped. `what` names the work for the message. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted)
    throw new OsccError("Aborted", [`${what} was stopped on request.`, "Results so far are kept."], { what });
}
