/**
 * Which cell runs, and which one is to stop: a few numbers that the cells' thread shares with the thread that listens to
 * the control channel. Shared memory, because a loop that never yields hears no message.
 */

/** The number of the cell that runs; 0 between cells. */
const RUNNING = 0;
/** The number of the cell that was last asked to stop; 0 when none was. */
const STOPPED = 1;
/** How many control messages the cells' thread has taken. */
const TAKEN = 2;
/** When this process sent itself a SIGINT last, in seconds of the day's clock. */
const OWN_SIGNAL_AT = 3;
/** The number of the cell that was asked to stop and did not; its loops end at their next round. 0 when none. */
const OVERDUE = 4;
/** 1 when the attendant has let go of its sockets. */
const CLOSED = 5;

const FIELDS = 6;

export class InterruptState {
  private readonly fields: Int32Array;

  /** @param memory of another thread's state, to share it */
  constructor(readonly memory = new SharedArrayBuffer(FIELDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.fields = new Int32Array(memory);
  }

  /** A cell begins (a number from 1 on) or ends (0). */
  set running(cell: number) {
    Atomics.store(this.fields, RUNNING, cell);
  }

  get running(): number {
    return Atomics.load(this.fields, RUNNING);
  }

  /** Ask the running cell to stop. Returns its number. */
  stopRunning(): number {
    const cell = this.running;
    Atomics.store(this.fields, STOPPED, cell);
    return cell;
  }

  get stopped(): number {
    return Atomics.load(this.fields, STOPPED);
  }

  /** The cell that was asked to stop has had its time. */
  insist(cell: number): void {
    Atomics.store(this.fields, OVERDUE, cell);
  }

  get overdue(): number {
    return Atomics.load(this.fields, OVERDUE);
  }

  /** The cells' thread has taken one more control message. */
  take(): void {
    Atomics.add(this.fields, TAKEN, 1);
  }

  get taken(): number {
    return Atomics.load(this.fields, TAKEN);
  }

  /** Send this process a SIGINT: what ends a loop that never yields. Windows has no such signal. */
  signalSelf(): void {
    if (process.platform === "win32") return;
    Atomics.store(this.fields, OWN_SIGNAL_AT, seconds());
    process.kill(process.pid, "SIGINT");
  }

  /** Whether a SIGINT that comes now is one that {@link signalSelf} has sent, perhaps for a cell that is over. */
  get isOwnSignal(): boolean {
    return seconds() - Atomics.load(this.fields, OWN_SIGNAL_AT) <= 1;
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

/** Small enough for 32 bits. */
function seconds(): number {
  return Math.floor(Date.now() / 1000) & 0x7fffffff;
}
