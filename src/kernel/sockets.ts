/** The channels of a kernel. Control and heartbeat are the attendant's; the others are served here. */
import { Publisher, Router } from "zeromq";
import { startAttendant } from "./attendant";
import { address, type Connection } from "./connection";
import type { InterruptState } from "./interrupt-state";
import { decode, encode, type Message, RejectedMessage, ReplayGuard, signatureOf } from "./wire";

/** The channels on which requests come in and replies go out. */
export type RequestChannel = "shell" | "control" | "stdin";

export interface Channels {
  /** Tell everybody. Sent at once, also from within a loop that never yields. */
  publish(message: Message): void;
  /** Send to the one who is named by `message.ids`. */
  send(channel: RequestChannel, message: Message): void;
  /** Resolves when everything sent so far is with ZeroMQ. */
  flush(): Promise<void>;
  close(): void;
}

/** Messages for people who never come back may wait so long when the kernel ends. */
const LINGER_MS = 1000;

/**
 * Bind the channels and hand over each message that is signed with the connection's key. Others are dropped unseen.
 *
 * @param state     through which a cell that never yields is told to stop
 * @param onMessage called for each message, in the order of arrival
 */
export async function openChannels(
  connection: Connection,
  state: InterruptState,
  onMessage: (channel: RequestChannel, message: Message) => void,
): Promise<Channels> {
  // Without a limit, and never waiting: a burst of output is kept, not dropped.
  const iopub = new Publisher({ sendHighWaterMark: 0, sendTimeout: 0, linger: LINGER_MS });
  const routers = {
    shell: new Router({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: LINGER_MS }),
    stdin: new Router({ linger: LINGER_MS }),
  };
  const guard = new ReplayGuard();
  const [attendant] = await Promise.all([
    startAttendant(connection, state, (frames) => {
      const message = accept(frames, connection.key, guard);
      if (message) onMessage("control", message);
    }),
    iopub.bind(address(connection, "iopub")),
    ...Object.entries(routers).map(([name, socket]) =>
      socket.bind(address(connection, name as keyof typeof routers)),
    ),
  ]);
  for (const [name, socket] of Object.entries(routers))
    void receive(socket, connection.key, guard, (message) =>
      onMessage(name as keyof typeof routers, message),
    );

  const queues = new Map<RequestChannel, Promise<void>>();
  return {
    publish(message) {
      if (!iopub.closed) ignoreFailure(iopub.send(encode(message, connection.key)));
    },
    send(channel, message) {
      // ZeroMQ allows one send at a time on a socket.
      const frames = encode(message, connection.key);
      if (channel === "control") return attendant.send(frames);
      const socket = routers[channel];
      const before = queues.get(channel) ?? Promise.resolve();
      const sent = before.then(() => (socket.closed ? undefined : socket.send(frames)));
      queues.set(channel, ignoreFailure(sent));
    },
    async flush() {
      await Promise.all(queues.values());
    },
    close() {
      for (const socket of [iopub, ...Object.values(routers)]) socket.close();
      attendant.close();
    },
  };
}

async function receive(
  socket: Router,
  key: string,
  guard: ReplayGuard,
  handle: (message: Message) => void,
): Promise<void> {
  for await (const frames of socket) {
    const message = accept(frames, key, guard);
    if (message) handle(message);
  }
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
