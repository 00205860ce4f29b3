/** The attendant's own code; see `attendant.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { Router } from "zeromq";
import {
  type AttendantTask,
  type AttendedChannel,
  type FromAttendant,
  STOPPING,
  type ToAttendant,
} from "./attendant";
import { address } from "./connection";
import { InterruptState } from "./interrupt-state";
import { watchParent } from "./parent-watch";
import { decode, RejectedMessage } from "./wire";

/**
 * How long the cells' thread may take to stop a cell by itself, before its loops are ended and it is signalled, and before
 * that is tried again where neither would have reached it. A cell that outlives all of them is in native code and stops
 * when that returns.
 */
const PATIENCE_MS = [40, 100, 100, 250, 500, 1000, 2000, 4000, 8000, 16_000];

/** A cell that has heard of it may so long wind up in its own way; the cells' thread then leaves it behind. */
const WINDS_UP_MS = 200;

/** The cells' thread notices by itself that its parent is gone, unless a cell never yields. */
const ORPHAN_GRACE_MS = 2000;

const LINGER_MS = 1000;

async function attend({ connection, memory }: AttendantTask): Promise<void> {
  const state = new InterruptState(memory);
  const sockets: Record<AttendedChannel, Router> = {
    control: new Router({ linger: LINGER_MS }),
    // However many cells a front end queues.
    shell: new Router({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: LINGER_MS }),
  };
  // A Router, not a Reply: what is no request of a client (anybody can connect) must not end the echo.
  const heartbeat = new Router({ linger: 0 });
  await Promise.all([
    sockets.control.bind(address(connection, "control")),
    sockets.shell.bind(address(connection, "shell")),
    heartbeat.bind(address(connection, "hb")),
  ]);
  void echo(heartbeat);
  serve(sockets, () => {
    for (const socket of [sockets.control, sockets.shell, heartbeat]) socket.close();
    state.closed();
  });
  watchParent(() => setTimeout(() => process.kill(process.pid, "SIGKILL"), ORPHAN_GRACE_MS));
  tell({ kind: "ready" });

  let handed = 0;
  const listen = async (channel: AttendedChannel): Promise<void> => {
    for await (const frames of sockets[channel]) {
      const type = typeOf(frames, connection.key);
      if (type === undefined) continue;
      const isStopping = STOPPING.has(type);
      const cell = isStopping ? state.stopRunning() : 0;
      tell({ kind: "message", channel, frames, cell });
      handed++;
      if (isStopping) void insist(state, handed, cell);
    }
  };
  await Promise.all([listen("control"), listen("shell")]);
}

/**
 * Stop the cell until it is over. To have taken the message is not enough: the cell may have waited just then, and begun on
 * something that never yields before it was left behind. One signal is enough.
 */
async function insist(state: InterruptState, message: number, asked: number): Promise<void> {
  let cell = asked;
  let isSignalled = false;
  let waitedMs = 0;
  for (const patience of PATIENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, patience));
    waitedMs += patience;
    const isTaken = state.taken >= message;
    // Messages are taken in order: what runs before this one is taken was asked for before it.
    if (cell === 0 && !isTaken) cell = state.stopRunning();
    if (isTaken && (cell === 0 || state.running !== cell)) return;
    if (cell === 0 || state.running !== cell || (isTaken && waitedMs < WINDS_UP_MS)) continue;
    state.insist(cell);
    if (!isSignalled) isSignalled = state.signal(cell);
  }
}

/** The type of a message, if it is signed with the key. */
function typeOf(frames: readonly Uint8Array[], key: string): string | undefined {
  try {
    return decode(frames, key).header.msg_type;
  } catch (error) {
    if (error instanceof RejectedMessage) return undefined;
    throw error;
  }
}

/** Send the replies that the cells' thread hands over, until it says that it is the end. */
function serve(sockets: Record<AttendedChannel, Router>, end: () => void): void {
  // ZeroMQ allows one send at a time on a socket.
  const sent: Record<AttendedChannel, Promise<void>> = {
    control: Promise.resolve(),
    shell: Promise.resolve(),
  };
  parentPort?.on("message", (message: ToAttendant) => {
    if (message === "close") return void Promise.all([sent.control, sent.shell]).then(end);
    const { channel, frames } = message;
    sent[channel] = sent[channel].then(() => sockets[channel].send([...frames])).catch(() => {}); // a peer that went away is no concern of the kernel
  });
}

/** Each message goes back to its sender; one who went away is no concern of the kernel. */
async function echo(heartbeat: Router): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames).catch(() => {});
}

function tell(message: FromAttendant): void {
  parentPort?.postMessage(message);
}

void attend(workerData as AttendantTask);
