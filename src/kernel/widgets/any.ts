/**
 * Front ends of one's own, or of others: anywidget modules, over the standard Jupyter widget protocol.
 *
 * JupyterLab needs ipywidgets' manager for these (`pip install jupyterlab-widgets` where it runs). anywidget's own front end
 * is part of this package's extension, and the kernel needs no Python.
 *
 * @see https://anywidget.dev
 */
import { createHash } from "node:crypto";
import { JupyterWidget } from "./jupyter";

/** Each of these speaks to modules in the same way. */
const VERSIONS = "0.x";

/** An anywidget module and what it starts with. */
export interface AnyWidgetOptions<S extends object> {
  /** The source of the front end's ES module: `export default { render({ model, el }) { ... } }`. */
  readonly esm: string;
  readonly css?: string;
  /** The state that both sides share: JSON, bytes (typed arrays) and other widgets. */
  readonly state: S;
}

/** A widget whose front end is an anywidget module. Made by {@link any}. */
export class AnyWidget<S extends object> extends JupyterWidget<S> {
  constructor({ esm, css = "", state }: AnyWidgetOptions<S>) {
    super(
      { name: "Any", module: "anywidget", version: VERSIONS, state },
      { _esm: esm, _css: css, _anywidget_id: `oscc-lab.${nameOf(esm, css)}` },
    );
  }
}

/** Widgets of the same module share a style sheet, those of others must not. */
function nameOf(esm: string, css: string): string {
  return createHash("sha256").update(esm).update("\0").update(css).digest("hex").slice(0, 12);
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
