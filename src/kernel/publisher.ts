/** What the kernel tells everybody: output, status, displays. Each message names the request that it belongs to. */
import type { RequestContext } from "./context";
import type { Channels } from "./sockets";
import { createMessage, type Json, type Message } from "./wire";

export type StreamName = "stdout" | "stderr";

/** After text was sent, more of it is gathered for so long: ten thousand short lines are a few messages. */
const GATHER_MS = 40;

/** More text than this is sent at once. */
const GATHER_CHARACTERS = 64_000;

interface Gathered {
  name: StreamName;
  text: string;
  request: Message | undefined;
}

export interface PublishOptions {
  metadata?: Json;
  buffers?: readonly Uint8Array[];
}

export class IopubPublisher {
  private gathered: Gathered | undefined;
  private lastSent = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Immediate | undefined;

  constructor(
    private readonly channels: Channels,
    private readonly session: string,
  ) {}

  /** Publish a message on behalf of `request`. */
  publish(type: string, content: Json, request: Message | undefined, options: PublishOptions = {}): void {
    this.flushStreams();
    this.channels.publish(
      createMessage({
        type,
        content,
        session: this.session,
        parent: request?.header,
        ids: [Buffer.from(type)],
        ...options,
      }),
    );
  }

  status(state: "starting" | "busy" | "idle", request: Message | undefined): void {
    this.publish("status", { execution_state: state }, request);
  }

  /** Printed text. It may wait a moment for more of the same, but nothing else overtakes it. */
  stream(name: StreamName, text: string, context: RequestContext | undefined): void {
    if (context?.silent || text === "") return;
    const request = context?.request;
    if (this.gathered && (this.gathered.name !== name || this.gathered.request !== request))
      this.flushStreams();
    this.gathered ??= { name, text: "", request };
    this.gathered.text += text;
    // Time is looked at here, not in a timer, so that a loop that never yields is heard while it runs.
    const isDue = performance.now() - this.lastSent > GATHER_MS;
    if (isDue || this.gathered.text.length > GATHER_CHARACTERS) this.flushStreams();
    else this.timer ??= setImmediate(() => this.flushStreams());
  }

  /** Send the printed text that waits. */
  flushStreams(): void {
    if (this.timer) clearImmediate(this.timer);
    this.timer = undefined;
    const waiting = this.gathered;
    if (!waiting) return;
    this.gathered = undefined;
    this.lastSent = performance.now();
    this.publish("stream", { name: waiting.name, text: waiting.text }, waiting.request);
  }
}
