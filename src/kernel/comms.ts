/** Comms: named two-way channels between code in cells and widgets in the front end. */
import { randomUUID } from "node:crypto";
import { currentContext, withContext } from "./context";
import type { IopubPublisher } from "./publisher";
import type { Json, Message } from "./wire";

/** A message over a comm. */
export interface CommMessage {
  data: Json;
  metadata: Json;
  buffers: readonly Uint8Array[];
}

export type CommHandler = (message: CommMessage) => void | Promise<void>;

export interface CommSendOptions {
  metadata?: Json;
  buffers?: readonly Uint8Array[];
}

/** One open channel to the front end. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: Json, options?: CommSendOptions): void;
  close(data?: Json): void;
  /** Hear each message from the front end. Returns how to stop. */
  onMessage(handler: CommHandler): () => void;
  /** Hear when the front end closes it. Returns how to stop. */
  onClose(handler: CommHandler): () => void;
}

/** Called when the front end opens a comm. */
export type CommTarget = (comm: Comm, opening: CommMessage) => void | Promise<void>;

interface OpenComm extends Comm {
  readonly messageHandlers: Set<CommHandler>;
  readonly closeHandlers: Set<CommHandler>;
}

export class Comms {
  private readonly open = new Map<string, OpenComm>();
  private readonly targets = new Map<string, CommTarget>();

  constructor(private readonly publisher: IopubPublisher) {}

  /** Open a comm from the kernel's side. */
  openComm(target: string, data: Json = {}, options: CommSendOptions = {}): Comm {
    const comm = this.create(target, randomUUID().replaceAll("-", ""));
    this.publish("comm_open", { comm_id: comm.id, target_name: target, data }, options);
    return comm;
  }

  /** Say what to do when the front end opens a comm of this name. Returns how to stop. */
  registerTarget(name: string, target: CommTarget): () => void {
    this.targets.set(name, target);
    return () => {
      if (this.targets.get(name) === target) this.targets.delete(name);
    };
  }

  /** The open comms, as `comm_info_reply` lists them. */
  info(target: string | undefined): Record<string, { target_name: string }> {
    const comms = [...this.open.values()].filter((comm) => !target || comm.target === target);
    return Object.fromEntries(comms.map((comm) => [comm.id, { target_name: comm.target }]));
  }

  /** The front end opens, uses or closes a comm. */
  async receive(request: Message): Promise<void> {
    const id = String(request.content.comm_id);
    const message = asCommMessage(request);
    await withContext({ request, silent: false }, async () => {
      switch (request.header.msg_type) {
        case "comm_open":
          return this.opened(id, String(request.content.target_name), message);
        case "comm_msg":
          return callAll(this.open.get(id)?.messageHandlers, message);
        case "comm_close": {
          const comm = this.open.get(id);
          this.open.delete(id);
          return callAll(comm?.closeHandlers, message);
        }
      }
    });
  }

  private async opened(id: string, targetName: string, message: CommMessage): Promise<void> {
    const target = this.targets.get(targetName);
    if (!target) return this.publish("comm_close", { comm_id: id, data: {} });
    await target(this.create(targetName, id), message);
  }

  private create(target: string, id: string): OpenComm {
    const messageHandlers = new Set<CommHandler>();
    const closeHandlers = new Set<CommHandler>();
    const comm: OpenComm = {
      id,
      target,
      messageHandlers,
      closeHandlers,
      send: (data, options) => this.publish("comm_msg", { comm_id: id, data }, options),
      close: (data = {}) => {
        if (this.open.delete(id)) this.publish("comm_close", { comm_id: id, data });
      },
      onMessage: (handler) => subscribe(messageHandlers, handler),
      onClose: (handler) => subscribe(closeHandlers, handler),
    };
    this.open.set(id, comm);
    return comm;
  }

  private publish(type: string, content: Json, options: CommSendOptions = {}): void {
    this.publisher.publish(type, content, currentContext()?.request, options);
  }
}

function asCommMessage({ content, metadata, buffers }: Message): CommMessage {
  return { data: (content.data as Json | undefined) ?? {}, metadata, buffers };
}

async function callAll(handlers: ReadonlySet<CommHandler> | undefined, message: CommMessage): Promise<void> {
  for (const handler of [...(handlers ?? [])]) await handler(message);
}

function subscribe(handlers: Set<CommHandler>, handler: CommHandler): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}
