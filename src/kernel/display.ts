/** The kernel as host of analysis code: figures, progress, warnings, cancellation. */
import { randomUUID } from "node:crypto";
import type { DisplayHandle, Host, MimeBundle } from "../core/host";
import type { Comm } from "./comms";
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

/** The front end opens a comm of this name when it comes back to a notebook with displays in it. */
export const DISPLAYS_TARGET = "oscc-lab.displays";

/** So many displays are remembered for a front end that comes back; the eldest are forgotten. */
const MAX_REMEMBERED = 40;

/** What a display that can be replaced shows now. */
interface Remembered {
  data: MimeBundle;
  metadata: Json;
}

export class KernelDisplay implements Host {
  private readonly said = new Set<string>();
  private readonly remembered = new Map<string, Remembered>();
  /** Front ends that came back: to them a display's id says nothing, so they are told what it shows. */
  private readonly returned = new Set<Comm>();

  /** @param fallback whose output it is when there is no running request */
  constructor(
    private readonly publisher: IopubPublisher,
    private readonly fallback: () => RequestContext | undefined,
  ) {}

  display(bundle: MimeBundle, metadata: Json = {}): DisplayHandle {
    const displayId = randomUUID();
    const context = this.context();
    // By this a front end that was reloaded finds the output again.
    const named = { ...metadata, "oscc-lab": { display: displayId } };
    this.show(bundle, { metadata: named, displayId }, context);
    return {
      update: (next) => {
        this.show(next, { metadata: named, displayId, update: true }, context);
        this.remember(displayId, { data: bundleOf(next), metadata: named });
      },
    };
  }

  /** A front end has been loaded again: tell it what its displays show now, and from now on. */
  welcomeBack(comm: Comm): void {
    this.returned.add(comm);
    comm.onClose(() => void this.returned.delete(comm));
    for (const [display, shown] of this.remembered) comm.send({ display, ...shown });
  }

  private remember(display: string, shown: Remembered): void {
    this.remembered.delete(display);
    this.remembered.set(display, shown);
    if (this.remembered.size > MAX_REMEMBERED) this.remembered.delete(this.remembered.keys().next().value!);
    for (const comm of this.returned) comm.send({ display, ...shown });
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
