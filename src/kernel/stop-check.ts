/** The questions that compiled loops ask: must the cell that I belong to end now? */
import { OsccError } from "../core/errors";
import { currentContext } from "./context";
import type { InterruptState } from "./interrupt-state";

/** Under these global names, compiled cells find them: for loops in asynchronous code, and for those in other functions. */
export const STOP_CHECK = "__oscc_stop_check__";
export const STOP_CHECK_SYNC = "__oscc_stop_check_sync__";

/** What an interrupted cell ends with. */
export function stoppedOnRequest(): OsccError<"Aborted"> {
  return new OsccError("Aborted", ["the cell was stopped on request. What it had assigned is kept."], {
    what: "the cell",
  });
}

/** Let compiled loops ask. What runs on after its own cell (a timer) belongs to that cell and is not stopped with a later one. */
export function installStopCheck(state: InterruptState): void {
  const endIfOverdue = (): void => {
    const cell = currentContext()?.cell;
    if (cell !== undefined && state.isOverdue(cell)) throw stoppedOnRequest();
  };
  define(STOP_CHECK, () => {
    if (state.isAnyOverdue) endIfOverdue();
  });
  // Here each question counts. What a cell left behind is asked when it enters the function.
  define(STOP_CHECK_SYNC, () => {
    if (state.isRunningOverdue) endIfOverdue();
  });
}

function define(name: string, check: () => void): void {
  Object.defineProperty(globalThis, name, { value: check, configurable: true });
}
