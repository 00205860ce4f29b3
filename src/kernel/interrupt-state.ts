/**
 * Which cell runs, and which one is to stop: a few numbers that the cells' thread shares with the thread that listens to
 * the control channel. Shared memory, because a loop that never yields hears no message.
 */

/** The number of the cell that runs or is the next to run; 0 when none waits. */
const RUNNING = 0;
/** The number of the cell that was last asked to stop; 0 when none was. */
const STOPPED = 1;
/** How many control messages the cells' thread has taken. */
const TAKEN = 2;
/** Closed (0), or open for signals: the cell's number, and how many it was sent, counted from 1. */
const GATE = 3;
/** The number of the cell that was asked to stop and did not; its loops end at their next round. 0 when none. */
const OVERDUE = 4;
/** 1 when the attendant has let go of its sockets. */
const CLOSED = 5;

const FIELDS = 6;

/** The part of {@link GATE} that counts signals. */
const SIGNAL_BITS = 4;
const MOST_SIGNALS = (1 << SIGNAL_BITS) - 1;

/** A signal that was sent arrives at once; one that something else has swallowed never does. */
export const SIGNAL_ARRIVES_MS = 1000;

export class InterruptState {
  private readonly fields: Int32Array;
  /** Cells that were stopped; what they left behind ends at the next round of its loops. Known to the cells' thread only. */
  private readonly left = new Set<number>();
  /** When this thread sent the last signal. */
  private signalledAt = Number.NEGATIVE_INFINITY;

  /** @param memory of another thread's state, to share it */
  constructor(readonly memory = new SharedArrayBuffer(FIELDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.fields = new Int32Array(memory);
  }

  /** A cell begins (a number from 1 on), or no cell runs (0). */
  set running(cell: number) {
    Atomics.store(this.fields, RUNNING, cell);
  }

  get running(): number {
    return Atomics.load(this.fields, RUNNING);
  }

  /** Ask the running cell to stop. Returns its number, 0 when there is none. */
  stopRunning(): number {
    const cell = this.running;
    if (cell !== 0) Atomics.store(this.fields, STOPPED, cell);
    return cell;
  }

  get stopped(): number {
    return Atomics.load(this.fields, STOPPED);
  }

  /** The cell that was asked to stop has had its time. */
  insist(cell: number): void {
    Atomics.store(this.fields, OVERDUE, cell);
  }

  /** A cell that was stopped is over. */
  leaveBehind(cell: number): void {
    this.left.add(cell);
  }

  // These three are asked in every round of loops. They read without `Atomics`, which costs ten times as much; it is enough
  // to see another thread's number a moment later.

  /** Whether the running cell is overdue. */
  get isRunningOverdue(): boolean {
    return this.fields[OVERDUE] !== 0 && this.fields[OVERDUE] === this.fields[RUNNING];
  }

  /** Whether there is any cell whose loops are to end. */
  get isAnyOverdue(): boolean {
    return this.fields[OVERDUE] !== 0 || this.left.size > 0;
  }

  /** Whether the loops of this cell are to end. */
  isOverdue(cell: number): boolean {
    return this.fields[OVERDUE] === cell || this.left.has(cell);
  }

  /** The cells' thread has taken one more control message. */
  take(): void {
    Atomics.add(this.fields, TAKEN, 1);
  }

  get taken(): number {
    return Atomics.load(this.fields, TAKEN);
  }

  /** The running cell is now where a signal ends it, and only it. */
  openForSignals(): void {
    Atomics.store(this.fields, GATE, (this.running << SIGNAL_BITS) | 1);
  }

  /**
   * The running cell is about to leave the place where signals end it.
   *
   * @returns whether it may: not when it was sent a signal, which must find it there
   */
  closeForSignals(): boolean {
    const unsignalled = (this.running << SIGNAL_BITS) | 1;
    return Atomics.compareExchange(this.fields, GATE, unsignalled, 0) === unsignalled;
  }

  /** It has left. */
  closedForSignals(): void {
    Atomics.store(this.fields, GATE, 0);
  }

  /**
   * Send this process a SIGINT, which ends a loop that never yields: if the cell is where that ends it. Anywhere else a
   * signal could hit the next cell, or find the instant in which Node has no handler for it, and end the process. So could
   * a second one, close behind the first.
   *
   * @returns whether it was sent
   */
  signal(cell: number): boolean {
    if (process.platform === "win32") return false; // which has no such signal
    const gate = Atomics.load(this.fields, GATE);
    const sent = gate & MOST_SIGNALS;
    if (sent === 0 || sent === MOST_SIGNALS || gate >> SIGNAL_BITS !== cell) return false;
    if (sent > 1 && performance.now() - this.signalledAt < SIGNAL_ARRIVES_MS) return false;
    if (Atomics.compareExchange(this.fields, GATE, gate, gate + 1) !== gate) return false;
    this.signalledAt = performance.now();
    process.kill(process.pid, "SIGINT");
    return true;
  }

  /** The attendant has let go of its sockets. */
  closed(): void {
    Atomics.store(this.fields, CLOSED, 1);
    Atomics.notify(this.fields, CLOSED);
  }

  /** Wait, without yielding, until the attendant has let go of its sockets. */
  waitUntilClosed(timeoutMs: number): void {
    Atomics.wait(this.fields, CLOSED, 0, timeoutMs);
  }
}
