/** The channels of a kernel. Shell, control and heartbeat are the attendant's; the others are served here. */
import { randomUUID } from "node:crypto";
import { Router, XPublisher } from "zeromq";
import { startAttendant } from "./attendant";
import { address, type Connection } from "./connection";
import type { InterruptState } from "./interrupt-state";
import {
  createMessage,
  decode,
  encode,
  type Message,
  RejectedMessage,
  ReplayGuard,
  signatureOf,
} from "./wire";

/** The channels on which requests come in and replies go out. */
export type RequestChannel = "shell" | "control" | "stdin";

export interface Channels {
  /** Tell everybody. Sent at once, also from within a loop that never yields. */
  publish(message: Message): void;
  /** Send to the one who is named by `message.ids`. */
  send(channel: RequestChannel, message: Message): void;
  /** Resolves when everything sent so far is with ZeroMQ, or with the attendant, who sends it before it closes. */
  flush(): Promise<void>;
  close(): void;
}

/** Messages for people who never come back may wait so long when the kernel ends. */
const LINGER_MS = 1000;

/** Called for each message, in the order of arrival. `cell` ran when it came and is to stop for it; 0 if none is. */
export type OnMessage = (channel: RequestChannel, message: Message, cell: number) => void;

/**
 * Bind the channels and hand over each message that is signed with the connection's key. Others are dropped unseen.
 *
 * @param state through which a cell that never yields is told to stop
 */
export async function openChannels(
  connection: Connection,
  state: InterruptState,
  onMessage: OnMessage,
): Promise<Channels> {
  // Without a limit, and never waiting: a burst of output is kept, not dropped.
  const iopub = new XPublisher({ sendHighWaterMark: 0, sendTimeout: 0, linger: LINGER_MS });
  iopub.verbosity = "allSubs";
  // ZeroMQ aborts a process that ends while somebody waits for what comes in.
  process.once("exit", () => iopub.close());
  const stdin = new Router({ linger: LINGER_MS });
  const guard = new ReplayGuard();
  const hand = (channel: RequestChannel, frames: readonly Uint8Array[], cell: number) => {
    const message = accept(frames, connection.key, guard);
    if (message) onMessage(channel, message, cell);
  };
  const [attendant] = await Promise.all([
    startAttendant(connection, state, hand),
    iopub.bind(address(connection, "iopub")),
    stdin.bind(address(connection, "stdin")),
  ]);
  void receive(stdin, (frames) => hand("stdin", frames, 0));
  void receive(iopub, ([frame]) => {
    const topic = subscriptionIn(frame);
    if (topic) ignoreFailure(iopub.send(encode(welcome(topic), connection.key)));
  });

  let asked = Promise.resolve();
  return {
    publish(message) {
      if (!iopub.closed) ignoreFailure(iopub.send(encode(message, connection.key)));
    },
    send(channel, message) {
      const frames = encode(message, connection.key);
      if (channel !== "stdin") return attendant.send(channel, frames);
      // ZeroMQ allows one send at a time on a socket.
      asked = ignoreFailure(asked.then(() => (stdin.closed ? undefined : stdin.send(frames))));
    },
    async flush() {
      await asked;
    },
    close() {
      for (const socket of [iopub, stdin]) socket.close();
      attendant.close();
    },
  };
}

async function receive(
  socket: Router | XPublisher,
  handle: (frames: readonly Uint8Array[]) => void,
): Promise<void> {
  for await (const frames of socket) handle(frames);
}

/** What somebody wants to hear of; `undefined` when it is no subscription. */
function subscriptionIn(frame: Uint8Array | undefined): Uint8Array | undefined {
  return frame?.[0] === 1 ? frame.subarray(1) : undefined;
}

/**
 * From now on nothing is missed: so much a client cannot know otherwise.
 *
 * @see Jupyter Enhancement Proposal 65
 */
function welcome(topic: Uint8Array): Message {
  const subscription = Buffer.from(topic).toString("utf8");
  return createMessage({
    type: "iopub_welcome",
    content: { subscription },
    session: randomUUID(),
    ids: [topic],
  });
}

function accept(frames: readonly Uint8Array[], key: string, guard: ReplayGuard): Message | undefined {
  try {
    const message = decode(frames, key);
    guard.check(signatureOf(frames));
    return message;
  } catch (error) {
    if (error instanceof RejectedMessage) return undefined;
    throw error;
  }
}

/** A peer that went away is no concern of the kernel. */
function ignoreFailure(sent: Promise<void>): Promise<void> {
  return sent.catch(() => {});
}
