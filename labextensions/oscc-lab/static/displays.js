/**
 * Progress and panels that go on after the page was loaded again.
 *
 * JupyterLab knows which output a display's id means only as long as the page lives. The kernel writes the id into the output's
 * metadata; when a notebook with such outputs is opened on a living kernel, this asks the kernel what they show, and follows.
 */
const TARGET = "oscc-lab.displays";

/** All outputs of a notebook that are displays of the kernel, by id. */
function displaysIn(panel) {
  const found = new Map();
  for (const cell of panel.content.model?.cells ?? []) {
    for (let i = 0; i < (cell.outputs?.length ?? 0); i++) {
      const output = cell.outputs.get(i);
      const id = output.metadata?.["oscc-lab"]?.display;
      if (id) found.set(id, output);
    }
  }
  return found;
}

/** The plugin. */
export function createDisplaysPlugin({ INotebookTracker }) {
  const follow = async (panel) => {
    await Promise.all([panel.context.ready, panel.sessionContext.ready]);
    const kernel = panel.sessionContext.session?.kernel;
    // Displays that begin in this page's life are JupyterLab's own business.
    const displays = displaysIn(panel);
    if (!kernel || displays.size === 0) return;
    const comm = kernel.createComm(TARGET);
    comm.onMsg = ({ content: { data: message } }) =>
      displays.get(message.display)?.setData({ data: message.data, metadata: message.metadata });
    comm.open({});
    panel.disposed.connect(() => !comm.isDisposed && comm.dispose());
  };
  return {
    id: "oscc-lab:displays",
    autoStart: true,
    requires: [INotebookTracker],
    activate: (_, notebooks) => {
      notebooks.forEach(follow);
      notebooks.widgetAdded.connect((_, panel) => void follow(panel));
    },
  };
}
