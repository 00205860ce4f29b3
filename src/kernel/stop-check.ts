/** The question that compiled loops ask: must the cell that I belong to end now? */
import { OsccError } from "../core/errors";
import { currentContext } from "./context";
import type { InterruptState } from "./interrupt-state";

/** Under this global name, compiled cells find it. */
export const STOP_CHECK = "__oscc_stop_check__";

/** What an interrupted cell ends with. */
export function stoppedOnRequest(): OsccError<"Aborted"> {
  return new OsccError("Aborted", ["the cell was stopped on request. What it had assigned is kept."], {
    what: "the cell",
  });
}

/** Let compiled loops ask. What runs on after its own cell (a timer) belongs to that cell and is not stopped with a later one. */
export function installStopCheck(state: InterruptState): void {
  const check = (): void => {
    const { overdue } = state;
    if (overdue !== 0 && currentContext()?.cell === overdue) throw stoppedOnRequest();
  };
  Object.defineProperty(globalThis, STOP_CHECK, { value: check, configurable: true });
}
