/**
 * Front ends of others: anywidget modules, over the standard Jupyter widget protocol.
 *
 * The notebook needs ipywidgets' and anywidget's own front-end parts for these (`pip install anywidget` where JupyterLab runs); the
 * kernel needs no Python.
 *
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md (protocol 2.1)
 * @see https://anywidget.dev
 */
import { AsyncResource } from "node:async_hooks";
import { inspect } from "node:util";
import { host, type MimeBundle } from "../../core/host";
import { type Comm, openComm } from "../notebook-api";

const PROTOCOL_VERSION = "2.1.0";
const ANYWIDGET = { module: "anywidget", version: "~0.9.*" };

/** An anywidget module and what it starts with. */
export interface AnyWidgetOptions<S extends object> {
  /** The source of the front end's ES module: `export default { render({ model, el }) { ... } }`. */
  readonly esm: string;
  readonly css?: string;
  /** The state that both sides share, as JSON. */
  readonly state: S;
}

/** A widget whose front end is an anywidget module. Made by {@link any}. */
export class AnyWidget<S extends object> {
  readonly #comm: Comm;
  readonly #listeners = new Set<(changed: Partial<S>) => void>();
  #state: S;

  constructor({ esm, css = "", state }: AnyWidgetOptions<S>) {
    this.#state = { ...state };
    this.#comm = openComm(
      "jupyter.widget",
      { state: this.#full(esm, css), buffer_paths: [] },
      {
        metadata: { version: PROTOCOL_VERSION },
      },
    );
    this.#comm.onMessage(({ data }) => {
      if (data.method === "update") this.#receive(data.state as Partial<S>);
      if (data.method === "request_state")
        this.#comm.send({ method: "update", state: this.#full(esm, css), buffer_paths: [] });
    });
  }

  /** The state that both sides share; do not change it in place. */
  get state(): Readonly<S> {
    return this.#state;
  }

  /** Change a part of the state, here and in the front end. */
  set(changes: Partial<S>): void {
    this.#state = { ...this.#state, ...changes };
    this.#comm.send({ method: "update", state: changes, buffer_paths: [] });
  }

  /** Hear what the front end changes. Returns how to stop. */
  onChange(listener: (changed: Partial<S>) => void): () => void {
    const inCell = AsyncResource.bind(listener);
    this.#listeners.add(inCell);
    return () => this.#listeners.delete(inCell);
  }

  /** Called when it ends a cell. */
  _display_(): void {
    host().display(this._repr_mimebundle_());
  }

  _repr_mimebundle_(): MimeBundle {
    return {
      "application/vnd.jupyter.widget-view+json": {
        model_id: this.#comm.id,
        version_major: 2,
        version_minor: 0,
      },
      "text/plain": inspect(this.#state),
    };
  }

  #receive(changed: Partial<S>): void {
    this.#state = { ...this.#state, ...changed };
    // Other views of the same widget learn of it by the echo.
    this.#comm.send({ method: "echo_update", state: changed, buffer_paths: [] });
    for (const listener of [...this.#listeners]) listener(changed);
  }

  #full(esm: string, css: string): Record<string, unknown> {
    return {
      ...this.#state,
      _model_module: ANYWIDGET.module,
      _model_module_version: ANYWIDGET.version,
      _model_name: "AnyModel",
      _view_module: ANYWIDGET.module,
      _view_module_version: ANYWIDGET.version,
      _view_name: "AnyView",
      _view_count: null,
      _anywidget_id: `oscc-lab.${this.#comm?.id ?? "widget"}`,
      _esm: esm,
      _css: css,
    };
  }
}

/**
 * Show an anywidget module with a typed state.
 *
 * @throws OsccError `Kernel` outside of a notebook
 * @example
 * const esm = `export default { render({ model, el }) { el.textContent = model.get("count"); } }`;
 * const counter = widget.any({ esm, state: { count: 1 } });
 * counter.set({ count: 2 });
 */
export function any<S extends object>(options: AnyWidgetOptions<S>): AnyWidget<S> {
  return new AnyWidget(options);
}
