/**
 * A control in a notebook whose value code can read, set and listen to. No Python: the front end's half is this package's own
 * JupyterLab extension.
 *
 * The two halves talk over comms. The front end opens one for each place where the control is shown and sends
 * `{ value }`; this side answers every change with `{ state }`. What is shown is an output like any other, kept up to
 * date, so that a saved notebook has the last state.
 */
import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { type DisplayHandle, host, inNotebook, type MimeBundle } from "../../core/host";
import { type Comm, onComm } from "../notebook-api";
import { staticHtml } from "./fallback";

/** The form of a widget that this package's extension draws. */
export const WIDGET_MIME = "application/vnd.oscc-lab.widget.v1+json";

/** What the front end needs to draw a widget. */
export interface WidgetState {
  readonly kind: string;
  readonly label: string;
  readonly value: unknown;
  readonly disabled: boolean;
  /** Something is computed from it right now. */
  readonly busy: boolean;
  readonly [detail: string]: unknown;
}

/** What every widget can be told about its looks. */
export interface WidgetOptions {
  /** The words beside it. Default: none. */
  readonly label?: string;
  /** Shown, but not to be changed. Default `false`. */
  readonly disabled?: boolean;
}

/** Called with the new value. What it returns is waited for, so that the notebook shows that the kernel works. */
export type WidgetListener<V> = (value: V) => void | Promise<void>;

/** A saved notebook follows a control that is being dragged at this pace. */
const SAVE_INTERVAL_MS = 250;

/** Base of all widgets: value, listeners, and the talk with the front end. */
export abstract class Widget<V> {
  /** Names the widget in messages. */
  readonly id = randomUUID();
  /** The words beside it. */
  readonly label: string;
  /** What the front end draws. */
  abstract readonly kind: string;
  #value: V;
  #disabled: boolean;
  #busy = 0;
  readonly #listeners = new Set<WidgetListener<V>>();
  readonly #comms = new Set<Comm>();
  readonly #shown: DisplayHandle[] = [];
  #saving: NodeJS.Timeout | undefined;

  constructor(value: V, options: WidgetOptions = {}) {
    this.#value = value;
    this.label = options.label ?? "";
    this.#disabled = options.disabled ?? false;
  }

  /** The present value. */
  get value(): V {
    return this.#value;
  }

  /**
   * Set the value; the front end follows and listeners are called.
   *
   * @throws OsccError `InvalidArgument` or `UnknownName` for a value that the widget does not offer
   */
  set value(value: V) {
    void this.#assign(this.check(value)).catch(raise);
  }

  /** Whether it can be changed by hand. */
  get disabled(): boolean {
    return this.#disabled;
  }

  set disabled(disabled: boolean) {
    this.#disabled = disabled;
    this.refresh();
  }

  /**
   * Hear each new value. The listener runs as part of the cell that sets it: what it prints appears there.
   *
   * @returns how to stop
   */
  onChange(listener: WidgetListener<V>): () => void {
    const inCell = AsyncResource.bind(listener);
    this.#listeners.add(inCell);
    return () => this.#listeners.delete(inCell);
  }

  /** Show it here. A widget that ends a cell is shown without being asked. */
  show(): void {
    if (inNotebook()) onComm(TARGET, opened);
    widgets.set(this.id, this as Widget<unknown>);
    this.#shown.push(host().display(this._repr_mimebundle_()));
  }

  /** Called when it ends a cell. */
  _display_(): void | Promise<void> {
    this.show();
  }

  /** What it looks like, for front ends with this package's extension, and without. */
  _repr_mimebundle_(): MimeBundle {
    const state = this.state();
    return {
      [WIDGET_MIME]: { id: this.id, target: TARGET, ...state },
      "text/html": staticHtml(this.label, this.words()),
      "text/plain": inspect(this),
    };
  }

  [inspect.custom](): string {
    return `${this.label ? `${this.label}: ` : ""}${this.words()}`;
  }

  /** Mark it as busy while `work` runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    this.refresh();
    try {
      return await work();
    } finally {
      this.#busy--;
      this.refresh();
    }
  }

  /** Everything that the front end draws. */
  protected state(): WidgetState {
    return {
      kind: this.kind,
      label: this.label,
      value: this.#value,
      disabled: this.#disabled,
      busy: this.#busy > 0,
      ...this.details(),
    };
  }

  /** What the front end needs beside the value: choices, limits. */
  protected details(): Record<string, unknown> {
    return {};
  }

  /** The value in words, for readers of a notebook that does not run. */
  protected abstract words(): string;

  /** The value, if the widget offers it. @throws OsccError otherwise */
  protected abstract check(value: unknown): V;

  /** A message from the front end that is not a new value. */
  protected receive(_data: Record<string, unknown>, _comm: Comm): void | Promise<void> {}

  /** Tell every place where it is shown how it looks now. */
  protected refresh(): void {
    const state = this.state();
    for (const comm of this.#comms) comm.send({ state });
    this.#saving ??= setTimeout(() => {
      this.#saving = undefined;
      const bundle = this._repr_mimebundle_();
      for (const shown of this.#shown) shown.update(bundle);
    }, SAVE_INTERVAL_MS);
    this.#saving.unref();
  }

  /** The front end has opened a way to this widget. */
  connect(comm: Comm): void {
    this.#comms.add(comm);
    comm.onClose(() => void this.#comms.delete(comm));
    comm.onMessage(async ({ data }) => {
      if (!("value" in data)) return this.receive(data, comm);
      let value: V;
      try {
        value = this.check(data.value);
      } catch {
        return comm.send({ state: this.state() }); // the front end shows what is true
      }
      await this.#assign(value);
    });
    comm.send({ state: this.state() });
  }

  async #assign(value: V): Promise<void> {
    this.#value = value;
    this.refresh();
    for (const listener of [...this.#listeners])
      try {
        await listener(value);
      } catch (error) {
        raise(error);
      }
  }
}

/** An error of a listener is nobody's to catch: the kernel shows it in the cell that it comes from. */
function raise(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

const widgets = new Map<string, Widget<unknown>>();

/** A notebook may use two copies of this package; each hears of its own widgets. */
const TARGET = `oscc-lab.widget.${randomUUID().slice(0, 8)}`;

function opened(comm: Comm, { data }: { data: Record<string, unknown> }): void {
  const widget = widgets.get(String(data.id));
  if (widget) widget.connect(comm);
  else comm.close();
}
