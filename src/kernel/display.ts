/** The kernel as host of analysis code: figures, progress, warnings, cancellation. */
import { randomUUID } from "node:crypto";
import type { DisplayHandle, Host, MimeBundle } from "../core/host";
import { currentContext, type RequestContext } from "./context";
import type { IopubPublisher } from "./publisher";
import { bundleOf } from "./results";
import type { Json } from "./wire";

export interface DisplayOptions {
  metadata?: Json;
  /** Names the display, so that it can be replaced. */
  displayId?: string | undefined;
  /** Replace the display of that name instead of showing another one. */
  update?: boolean;
}

export class KernelDisplay implements Host {
  private readonly said = new Set<string>();

  /** @param fallback whose output it is when there is no running request */
  constructor(
    private readonly publisher: IopubPublisher,
    private readonly fallback: () => RequestContext | undefined,
  ) {}

  display(bundle: MimeBundle, metadata: Json = {}): DisplayHandle {
    const displayId = randomUUID();
    const context = this.context();
    this.show(bundle, { metadata, displayId }, context);
    return { update: (next) => this.show(next, { metadata, displayId, update: true }, context) };
  }

  signal(): AbortSignal | undefined {
    return this.context()?.signal;
  }

  warn(message: string): void {
    if (this.said.has(message)) return;
    this.said.add(message);
    this.publisher.stream("stderr", `${message}\n`, this.context());
  }

  /** Show or replace a bundle, as the display protocol has it. */
  show(bundle: MimeBundle, options: DisplayOptions = {}, context = this.context()): void {
    if (context?.silent || context?.isQuiet) return;
    this.publisher.publish(
      options.update ? "update_display_data" : "display_data",
      {
        data: bundleOf(bundle),
        metadata: options.metadata ?? {},
        transient: options.displayId === undefined ? {} : { display_id: options.displayId },
      },
      context?.request,
    );
  }

  /** Remove the output of the running cell; with `wait`, when the next output comes. */
  clear(wait = false): void {
    const context = this.context();
    if (!context?.silent) this.publisher.publish("clear_output", { wait }, context?.request);
  }

  private context(): RequestContext | undefined {
    return currentContext() ?? this.fallback();
  }
}
