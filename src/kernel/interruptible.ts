/** Two ways to stop waiting for a cell: Ctrl-C for code that never yields, the cell's signal for code that does. */
import vm from "node:vm";
import { type InterruptState, SIGNAL_ARRIVES_MS } from "./interrupt-state";

const CALL = Symbol.for("oscc-lab.kernel.call");
const caller = new vm.Script(`globalThis[Symbol.for("oscc-lab.kernel.call")]()`, {
  filename: "oscc-kernel:call",
});

/**
 * Call a function so that SIGINT ends it, even in an endless loop. Node offers that for scripts only, so a script
 * calls the function.
 *
 * A signal that is sent through `state` finds the function in there: who has been sent one waits for it.
 *
 * @throws an error that {@link isSigint} recognises when SIGINT came
 */
export function interruptible<T>(state: InterruptState, run: () => T): T {
  const holder = globalThis as { [CALL]?: () => T };
  holder[CALL] = () => {
    state.openForSignals();
    try {
      return run();
    } finally {
      if (!state.closeForSignals()) endIsNear();
    }
  };
  try {
    return caller.runInThisContext({ breakOnSigint: true, displayErrors: false }) as T;
  } finally {
    state.closedForSignals();
    delete holder[CALL];
  }
}

/** Stay until the signal comes that ends this. */
function endIsNear(): void {
  for (const late = performance.now() + SIGNAL_ARRIVES_MS; performance.now() < late; );
}

export function isSigint(error: unknown): boolean {
  return (
    error instanceof Error && (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED"
  );
}

/** Let the signals through that came while a cell was compiled: Node looks for them once in each turn of its loop. */
export async function letSignalsThrough(): Promise<void> {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/**
 * Wait for work that may be aborted. Aborted work has `graceMs` to end in its own way (its error then says what was
 * stopped); after that it is left behind.
 */
export async function untilDone<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const leftBehind = new Promise<never>((_, reject) => {
    stop = () => {
      timer = setTimeout(() => reject(signal.reason), graceMs);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  work.catch(() => {}); // once left behind, nobody else listens to it
  try {
    return await Promise.race([work, leftBehind]);
  } finally {
    clearTimeout(timer);
    if (stop) signal.removeEventListener("abort", stop);
  }
}
