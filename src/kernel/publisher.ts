/** What the kernel tells everybody: output, status, displays. Each message names the request that it belongs to. */
import type { RequestContext } from "./context";
import type { Channels } from "./sockets";
import { createMessage, type Json, type Message } from "./wire";

export type StreamName = "stdout" | "stderr";

/** Printed text is gathered for so long, so that ten thousand short lines are a few messages. */
const GATHER_MS = 40;

/** More text than this is sent at once. */
const GATHER_CHARACTERS = 64_000;

interface Gathered {
  name: StreamName;
  text: string;
  request: Message | undefined;
  since: number;
}

export interface PublishOptions {
  metadata?: Json;
  buffers?: readonly Uint8Array[];
}

export class IopubPublisher {
  private gathered: Gathered | undefined;
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

  /** Printed text. It may wait for more of the same, never for longer than {@link GATHER_MS} and never behind anything else. */
  stream(name: StreamName, text: string, context: RequestContext | undefined): void {
    if (context?.silent || text === "") return;
    const request = context?.request;
    if (this.gathered && (this.gathered.name !== name || this.gathered.request !== request))
      this.flushStreams();
    const now = performance.now();
    this.gathered ??= { name, text: "", request, since: now };
    this.gathered.text += text;
    // A loop that never yields is read while it runs: time is looked at here, not in a timer.
    if (now - this.gathered.since > GATHER_MS || this.gathered.text.length > GATHER_CHARACTERS)
      this.flushStreams();
    else this.timer ??= setImmediate(() => this.flushStreams());
  }

  /** Send the printed text that waits. */
  flushStreams(): void {
    if (this.timer) clearImmediate(this.timer);
    this.timer = undefined;
    const waiting = this.gathered;
    if (!waiting) return;
    this.gathered = undefined;
    this.publish("stream", { name: waiting.name, text: waiting.text }, waiting.request);
  }
}
