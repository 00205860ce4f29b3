/**
 * A panel beside the notebook: the patients of the cohorts that the notebook has opened, by thumbnail. A click inserts the cell
 * that shows one. Everything comes from the notebook's kernel over a comm.
 */
import { element } from "./widgets.js";

const TARGET = "oscc-lab.browser";

const STYLE = `
.oscc-lab-browser-panel { overflow: auto; padding: 8px; background: var(--jp-layout-color1); color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family); font-size: var(--jp-ui-font-size1); }
.oscc-lab-browser-panel h2 { font-size: var(--jp-ui-font-size1); text-transform: uppercase; letter-spacing: .05em; margin: 0 0 8px; font-weight: 600; }
.oscc-lab-browser-panel :is(select, input, button) { font: inherit; color: var(--jp-ui-font-color1); background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1); border-radius: var(--jp-border-radius, 2px); padding: 3px 6px; width: 100%; box-sizing: border-box; margin-bottom: 6px; }
.oscc-lab-browser-panel ul { list-style: none; margin: 0; padding: 0; }
.oscc-lab-browser-panel li button { display: flex; gap: 8px; align-items: center; text-align: left; border-color: transparent; cursor: pointer; padding: 4px; margin: 0; }
.oscc-lab-browser-panel li button:hover { background: var(--jp-layout-color2); }
.oscc-lab-browser-panel :is(select, input, button):focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -1px; }
.oscc-lab-browser-panel img, .oscc-lab-browser-panel .oscc-lab-no-picture { flex: none; width: 72px; height: 54px; object-fit: cover; background: var(--jp-layout-color3); }
.oscc-lab-browser-panel small { display: block; color: var(--jp-ui-font-color2); }
.oscc-lab-browser-panel p { color: var(--jp-ui-font-color2); margin: 4px 0 8px; }
`;

/** The plugin. `shared` is what JupyterLab shares with extensions. */
export function createBrowserPlugin({ ICommandPalette, INotebookTracker, NotebookActions, Widget }) {
  class BrowserPanel extends Widget {
    constructor(notebooks) {
      super();
      this.id = "oscc-lab-patients";
      this.title.caption = "Patients of the open cohort";
      this.title.label = "Patients";
      this.addClass("oscc-lab-browser-panel");
      this.notebooks = notebooks;
      this.request = 0;
      this.build();
      notebooks.currentChanged.connect(this.follow, this);
      this.follow();
    }

    build() {
      this.words = element("p", { role: "status" });
      this.choice = element("select", {
        "aria-label": "Cohort",
        hidden: true,
        onchange: () => this.search(),
      });
      this.box = element("input", {
        type: "search",
        placeholder: "Search, as in: train TD 2",
        "aria-label": "Search patients",
        hidden: true,
        oninput: () => this.searchSoon(),
      });
      this.list = element("ul", { "aria-label": "Patients" });
      this.more = element(
        "button",
        { type: "button", hidden: true, onclick: () => this.search(this.list.childElementCount) },
        "More",
      );
      this.node.append(
        element("h2", {}, "Patients"),
        this.words,
        this.choice,
        this.box,
        this.list,
        this.more,
      );
    }

    /** The panel belongs to the notebook that one looks at. */
    follow() {
      const session = this.notebooks.currentWidget?.sessionContext;
      if (session !== this.session) {
        this.session?.kernelChanged.disconnect(this.connect, this);
        this.session?.statusChanged.disconnect(this.watchStatus, this);
        session?.kernelChanged.connect(this.connect, this);
        session?.statusChanged.connect(this.watchStatus, this);
        this.session = session;
      }
      this.connect();
    }

    connect() {
      if (this.comm && !this.comm.isDisposed) this.comm.dispose();
      this.comm = undefined;
      this.listOpened([]);
      const kernel = this.session?.session?.kernel;
      if (!kernel) return;
      const comm = kernel.createComm(TARGET);
      comm.onMsg = ({ content: { data } }) => {
        if (data.opened) this.listOpened(data.opened);
        if (data.found) this.add(data.found);
        if (data.code) this.insert(data.code);
      };
      comm.onClose = () => {
        if (this.comm === comm) this.comm = undefined;
      };
      comm.open({});
      this.comm = comm;
    }

    watchStatus(_, status) {
      if (status === "restarting" || status === "autorestarting" || status === "dead") this.listOpened([]);
      // The restarted kernel knows nothing of the former comm.
      if (status === "restarting" || status === "autorestarting") this.isStale = true;
      else if (status === "idle" && this.isStale) {
        this.isStale = false;
        this.connect();
      }
    }

    listOpened(opened) {
      this.choice.replaceChildren(...opened.map(({ name }, i) => element("option", { value: i }, name)));
      this.choice.selectedIndex = opened.length - 1;
      this.notices = opened.map(({ notice }) => notice);
      this.choice.hidden = this.box.hidden = opened.length === 0;
      this.list.replaceChildren();
      this.more.hidden = true;
      if (opened.length > 0) this.search();
      else
        this.words.textContent =
          "Open a cohort in the notebook, as in  await openCohort() , and its patients are listed here.";
    }

    searchSoon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), 150);
    }

    search(from = 0) {
      this.comm?.send({
        index: this.choice.selectedIndex,
        search: this.box.value.trim(),
        from,
        request: ++this.request,
      });
    }

    add({ request, from, total, items }) {
      if (request !== this.request) return;
      const entries = items.map(({ id, note, jpeg }) => {
        const picture = jpeg
          ? element("img", { alt: "", src: `data:image/jpeg;base64,${jpeg}` })
          : element("span", { class: "oscc-lab-no-picture" });
        const words = element(
          "span",
          {},
          element("b", {}, id),
          element("small", {}, note.replace(/(\w) (\d)/g, "$1\u00a0$2")),
        );
        const press = () => this.comm?.send({ index: this.choice.selectedIndex, insert: id });
        return element(
          "li",
          {},
          element(
            "button",
            { type: "button", title: "Insert a cell that shows this patient", onclick: press },
            picture,
            words,
          ),
        );
      });
      if (from === 0) this.list.replaceChildren(...entries);
      else this.list.append(...entries);
      this.more.hidden = this.list.childElementCount >= total;
      const notice = this.notices[this.choice.selectedIndex];
      this.words.textContent = `${total} found${notice ? ` (${notice})` : ""}. Choose one to insert a cell that shows it.`;
    }

    insert(code) {
      const panel = this.notebooks.currentWidget;
      if (!panel) return;
      NotebookActions.insertBelow(panel.content);
      panel.content.activeCell.model.sharedModel.setSource(code);
      panel.content.activate();
    }

    dispose() {
      if (this.isDisposed) return;
      this.notebooks.currentChanged.disconnect(this.follow, this);
      if (this.comm && !this.comm.isDisposed) this.comm.dispose();
      super.dispose();
    }
  }

  return {
    id: "oscc-lab:patients",
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ICommandPalette],
    activate: (app, notebooks, palette) => {
      document.head.append(element("style", {}, STYLE));
      const panel = new BrowserPanel(notebooks);
      app.shell.add(panel, "left", { rank: 700 });
      app.commands.addCommand("oscc-lab:show-patients", {
        label: "Show Patients of the Open Cohort",
        execute: () => app.shell.activateById(panel.id),
      });
      palette?.addItem({ command: "oscc-lab:show-patients", category: "oscc-lab" });
    },
  };
}
