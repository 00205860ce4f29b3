/**
 * Widgets of others: whatever speaks the standard Jupyter widget protocol, such as ipywidgets' own controls.
 *
 * The front end needs ipywidgets' manager (`pip install jupyterlab-widgets` where JupyterLab runs); the kernel needs no
 * Python.
 *
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md (protocol 2.1)
 */
import { AsyncResource } from "node:async_hooks";
import { inspect } from "node:util";
import { host, type MimeBundle } from "../../core/host";
import { type Comm, type CommMessage, onComm, openComm } from "../notebook-api";
import { type BufferPath, isPlain, withBuffers, withoutBuffers } from "./buffers";

const TARGET = "jupyter.widget";
const CONTROL_TARGET = "jupyter.widget.control";
const PROTOCOL_VERSION = "2.1.0";
const CONTROL_VERSION = "1.0.0";

/** How a state refers to another widget. */
const REFERENCE = "IPY_MODEL_";

/** ipywidgets' own modules, and the version of their interface. */
const CONTROLS = "@jupyter-widgets/controls";
const BASE = "@jupyter-widgets/base";
const VERSIONS: Readonly<Record<string, string>> = { [CONTROLS]: "2.0.0", [BASE]: "2.0.0" };

/** Which classes of the front end draw a widget, and what it starts with. */
export interface JupyterWidgetOptions<S extends object> {
  /** The name that the front end's classes begin with: `IntSlider` for `IntSliderModel` and `IntSliderView`. */
  readonly name: string;
  /** The state that both sides share: JSON, bytes (typed arrays) and other widgets. */
  readonly state: S;
  /** The front end's module. Default: `@jupyter-widgets/controls`. */
  readonly module?: string;
  /** Which versions of the module will do. Default: 2.0.0 for ipywidgets' own, else any. */
  readonly version?: string;
  /** The class that draws it. Default: the name with `View`; `null` for what cannot be seen, such as `Link`. */
  readonly view?: string | null;
}

/** Hears a message of the front end that is none about the state. */
export type CustomMessageListener = (
  content: Record<string, unknown>,
  buffers: readonly Uint8Array[],
) => void | Promise<void>;

/** A widget that a module of the front end draws. Made by {@link jupyter}. */
export class JupyterWidget<S extends object> {
  readonly #comm: Comm;
  readonly #classes: Readonly<Record<string, unknown>>;
  readonly #listeners = new Set<(changed: Partial<S>) => void | Promise<void>>();
  readonly #messageListeners = new Set<CustomMessageListener>();
  #state: S;
  #isClosed = false;

  /** @param hidden parts of the state that code in cells does not see */
  constructor(options: JupyterWidgetOptions<S>, hidden: Readonly<Record<string, unknown>> = {}) {
    const { name, state, module = CONTROLS } = options;
    const version = options.version ?? versionOf(module);
    // All styles are drawn by one class of the base.
    const isStyle = module === CONTROLS && name.endsWith("Style");
    const { view = isStyle ? "StyleView" : `${name}View` } = options;
    const [viewModule, viewVersion] = isStyle ? [BASE, versionOf(BASE)] : [module, version];
    this.#state = { ...state };
    this.#classes = {
      _model_module: module,
      _model_module_version: version,
      _model_name: `${name}Model`,
      _view_module: view === null ? null : viewModule,
      _view_module_version: view === null ? "" : viewVersion,
      _view_name: view,
      _view_count: null,
      ...hidden,
    };
    serveStates();
    const { buffers, ...data } = withoutBuffers(this.#full());
    this.#comm = openComm(TARGET, data, { metadata: { version: PROTOCOL_VERSION }, buffers });
    widgets.set(this.#comm.id, this as JupyterWidget<object>);
    this.#comm.onMessage((message) => this.#receive(message));
    this.#comm.onClose(() => this.#forget());
  }

  /** Names the widget in messages, and in the state of others. */
  get id(): string {
    return this.#comm.id;
  }

  /** The state that both sides share; do not change it in place. */
  get state(): Readonly<S> {
    return this.#state;
  }

  /** Change a part of the state, here and in the front end. */
  set(changes: Partial<S>): void {
    this.#state = { ...this.#state, ...changes };
    this.#tell("update", changes);
  }

  /** Hear what the front end changes. Returns how to stop. */
  onChange(listener: (changed: Partial<S>) => void | Promise<void>): () => void {
    return subscribe(this.#listeners, listener);
  }

  /** Send the front end's half a message that is none about the state. */
  send(content: Record<string, unknown>, buffers: readonly Uint8Array[] = []): void {
    if (!this.#isClosed) this.#comm.send({ method: "custom", content }, { buffers });
  }

  /** Hear such messages of the front end. Returns how to stop. */
  onMessage(listener: CustomMessageListener): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  /** Remove it from wherever it is shown. */
  close(): void {
    if (this.#isClosed) return;
    this.#forget();
    this.#comm.close();
  }

  /** Called when it ends a cell. */
  _display_(): void {
    host().display(this._repr_mimebundle_());
  }

  _repr_mimebundle_(): MimeBundle {
    const text = inspect(this);
    if (this.#classes._view_name === null) return { "text/plain": text };
    return {
      "application/vnd.jupyter.widget-view+json": { model_id: this.id, version_major: 2, version_minor: 0 },
      "text/plain": text,
    };
  }

  [inspect.custom](depth: number, options: object): string {
    const shown = depth < 0 ? "{...}" : inspect(this.#state, { ...options, depth: depth - 1 });
    return `${String(this.#classes._model_name).replace(/Model$/, "")} ${shown}`;
  }

  /** What a front end that was loaded again must know. Called by the kernel's half of the protocol. */
  _states(): Record<string, unknown> {
    const { _model_name, _model_module, _model_module_version } = this.#classes;
    return {
      model_name: _model_name,
      model_module: _model_module,
      model_module_version: _model_module_version,
      state: this.#full(),
    };
  }

  #full(): Record<string, unknown> {
    return referring({ ...this.#state, ...this.#classes }) as Record<string, unknown>;
  }

  #tell(method: "update" | "echo_update", changes: object): void {
    if (this.#isClosed) return;
    const { buffers, ...data } = withoutBuffers(referring(changes) as Record<string, unknown>);
    this.#comm.send({ method, ...data }, { buffers });
  }

  async #receive({ data, buffers }: CommMessage): Promise<void> {
    switch (data.method) {
      case "request_state":
        return this.#tell("update", this.#full());
      case "custom":
        return callAll(this.#messageListeners, (listener) =>
          listener((data.content ?? {}) as Record<string, unknown>, buffers),
        );
      case "update": {
        const paths = (data.buffer_paths ?? []) as BufferPath[];
        const sent = withBuffers((data.state ?? {}) as Record<string, unknown>, paths, buffers, this.#state);
        const changed = referred(sent) as Partial<S>;
        // Other views of the same widget learn of it by the echo.
        this.#tell("echo_update", changed);
        this.#state = { ...this.#state, ...changed };
        return callAll(this.#listeners, (listener) => listener(changed));
      }
    }
  }

  #forget(): void {
    this.#isClosed = true;
    widgets.delete(this.id);
  }
}

/** The widgets that are open, by the id of their comm. */
const widgets = new Map<string, JupyterWidget<object>>();

let isServed = false;

/** A front end that was loaded again asks for all widgets at once. */
function serveStates(): void {
  if (isServed) return;
  isServed = true;
  onComm(CONTROL_TARGET, (comm) => {
    comm.onMessage(({ data }) => {
      if (data.method !== "request_states") return;
      const states = Object.fromEntries([...widgets].map(([id, widget]) => [id, widget._states()]));
      const { state, buffer_paths, buffers } = withoutBuffers(states);
      comm.send(
        { method: "update_states", states: state, buffer_paths },
        { metadata: { version: CONTROL_VERSION }, buffers },
      );
    });
  });
}

function versionOf(module: string): string {
  return VERSIONS[module] ?? "*";
}

/** A state in which other widgets are named. */
function referring(value: unknown): unknown {
  if (value instanceof JupyterWidget) return `${REFERENCE}${value.id}`;
  if (Array.isArray(value)) return value.map(referring);
  return isPlain(value) ? mapped(value, referring) : value;
}

/** The same backwards. A widget that is not known here stays a name. */
function referred(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith(REFERENCE))
    return widgets.get(value.slice(REFERENCE.length)) ?? value;
  if (Array.isArray(value)) return value.map(referred);
  return isPlain(value) ? mapped(value, referred) : value;
}

function mapped(object: Record<string, unknown>, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}

/** Listeners run as part of the cell that sets them: what they print appears there. */
function subscribe<F extends (...args: never[]) => unknown>(listeners: Set<F>, listener: F): () => void {
  const inCell = AsyncResource.bind(listener as () => unknown) as unknown as F;
  listeners.add(inCell);
  return () => listeners.delete(inCell);
}

/** An error of a listener is nobody's to catch: the kernel shows it in the cell that it comes from. */
async function callAll<F>(
  listeners: ReadonlySet<F>,
  call: (listener: F) => void | Promise<void>,
): Promise<void> {
  for (const listener of [...listeners])
    try {
      await call(listener);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
}

/**
 * Show a widget of ipywidgets, or of any module that JupyterLab has for its manager.
 *
 * @throws OsccError `Kernel` outside of a notebook
 * @example
 * const patients = widget.jupyter({ name: "IntSlider", state: { value: 3, min: 0, max: 10, description: "Patients" } });
 * patients.onChange(({ value }) => console.log(value));
 */
export function jupyter<S extends object>(options: JupyterWidgetOptions<S>): JupyterWidget<S> {
  return new JupyterWidget(options);
}
