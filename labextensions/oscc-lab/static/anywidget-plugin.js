/**
 * anywidget's own front end, for ipywidgets' manager: where JupyterLab has that, modules of `widget.any` are drawn, and
 * nothing of Python's anywidget is needed.
 *
 * An ES module without a build; `remoteEntry.js` loads it.
 */

/** The version of the front end beside this file. The part after `+` keeps it apart from one that Python has installed. */
const VERSION = "0.11.0+oscc-lab";

/**
 * @param base the module `@jupyter-widgets/base` that the manager shares
 * @param folder where the front end lies
 */
export function createAnyWidgetPlugin(base, folder) {
  // Once: its models and its views must know each other.
  let classes;
  const load = async () => (await import(`${folder}anywidget.js`)).default(base);
  return {
    id: "oscc-lab:anywidget",
    autoStart: true,
    requires: [base.IJupyterWidgetRegistry],
    activate(_, registry) {
      registry.registerWidget({
        name: "anywidget",
        version: VERSION,
        exports: () => {
          classes ??= load();
          return classes;
        },
      });
    },
  };
}
