/**
 * The thread that is always there: it answers heartbeats and listens to the control and shell channels, so that an
 * interrupt or a shutdown is heard while a cell never yields. They belong on control, but VS Code sends its interrupts
 * on shell.
 *
 * Everything that it hears is handed to the cells' thread, which answers. When that does not take an interrupt or
 * a shutdown at once, the running cell is stopped first.
 */
import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Connection } from "./connection";
import type { InterruptState } from "./interrupt-state";

/** What the attendant is started with. */
export interface AttendantTask {
  connection: Connection;
  memory: SharedArrayBuffer;
}

/** The channels that the attendant listens to. */
export type AttendedChannel = "control" | "shell";

/** From the attendant: it listens, or a message has come, and the cell (or 0) that is to stop for it. */
export type FromAttendant =
  | { kind: "ready" }
  | { kind: "message"; channel: AttendedChannel; frames: Uint8Array[]; cell: number };

/** To the attendant: frames to send, or the end. */
export type ToAttendant = { channel: AttendedChannel; frames: readonly Uint8Array[] } | "close";

export interface Attendant {
  /** Send a reply. */
  send(channel: AttendedChannel, frames: readonly Uint8Array[]): void;
  /** Give the sockets back; does not yield. */
  close(): void;
}

/** The attendant sends what it was given and closes its sockets within a few milliseconds, unless it is dead. */
const CLOSE_TIMEOUT_MS = 500;

/**
 * Start the attendant and wait until it listens.
 *
 * @param onMessage called for each message that is signed with the connection's key, with the cell that it is to stop
 */
export async function startAttendant(
  connection: Connection,
  state: InterruptState,
  onMessage: (channel: AttendedChannel, frames: Uint8Array[], cell: number) => void,
): Promise<Attendant> {
  const task: AttendantTask = { connection, memory: state.memory };
  const worker = new Worker(path.join(__dirname, "attendant-thread.js"), { workerData: task });
  worker.on("message", (message: FromAttendant) => {
    if (message.kind !== "message") return;
    state.take();
    onMessage(message.channel, message.frames, message.cell);
  });
  await once(worker, "message");
  worker.unref();
  const tell = (message: ToAttendant) => worker.postMessage(message);
  const close = () => {
    tell("close");
    state.waitUntilClosed(CLOSE_TIMEOUT_MS);
  };
  // ZeroMQ aborts the process when a thread ends with open sockets.
  process.once("exit", close);
  return { send: (channel, frames) => tell({ channel, frames }), close };
}

/** The message types for which a running cell is stopped. */
export const STOPPING: ReadonlySet<string> = new Set(["interrupt_request", "shutdown_request"]);
