/**
 * Interactive figures and widgets in JupyterLab 4 and Notebook 7.
 *
 * JupyterLab has no renderer of Plotly figures of its own. This prebuilt extension adds one (and widgets, in `widgets.js`). It is written by hand as the
 * module container that JupyterLab's loader expects, so it needs neither a build nor a Python package:
 * JupyterLab finds it in `labextensions/` beside the kernel, through JUPYTER_PATH.
 */
(() => {
  const EXTENSION = "oscc-lab";
  const MIME_TYPE = "application/vnd.plotly.v1+json";
  /** What Plotly makes of a figure that does not say its height. */
  const DEFAULT_HEIGHT_PX = 450;
  const folder = document.currentScript.src.replace(/[^/]*$/, "");

  /** Plotly itself, loaded from beside this file at the first figure, once per page. */
  let plotly;
  const loadPlotly = () => {
    plotly ??= new Promise((resolve, reject) => {
      const former = window.Plotly;
      const script = document.createElement("script");
      script.src = `${folder}plotly.min.js`;
      script.onload = () => {
        resolve(window.Plotly);
        // Another extension may have a Plotly of its own.
        if (former) window.Plotly = former;
      };
      script.onerror = () => {
        plotly = undefined;
        reject(new Error(`${script.src} cannot be loaded. Run  npm run build  in the folder of oscc-lab.`));
      };
      document.head.appendChild(script);
    });
    return plotly;
  };

  /** The letters that figures are laid out for: on a machine without them a wider font would run out of its place. */
  let fonts;
  const loadFonts = () => {
    const face = (file, descriptors) => new FontFace("Open Sans", `url(${folder}${file})`, descriptors);
    fonts ??= Promise.allSettled(
      [
        face("OpenSans_400Regular.ttf", {}),
        face("OpenSans_700Bold.ttf", { weight: "700" }),
        face("OpenSans_400Regular_Italic.ttf", { style: "italic" }),
      ].map(async (font) => document.fonts.add(await font.load())),
    );
    return fonts;
  };

  /** How figures take the colours of the page. */
  let theming;
  const loadTheming = () => {
    theming ??= import(`${folder}figure-theme.js`);
    return theming;
  };

  /** Twins of sliders and buttons for the keyboard. */
  let keys;
  const loadKeys = () => {
    keys ??= import(`${folder}figure-keys.js`);
    return keys;
  };

  /** Plotly paints a chosen or touched button nearly white, whatever its colours are. */
  const BUTTON_STYLE = `
    [data-jp-theme-light="false"] .oscc-lab-themed .updatemenu-item-rect[style*="244, 250, 255"] {
      fill: var(--jp-layout-color3) !important;
    }`;
  function addButtonStyle() {
    if (document.getElementById("oscc-lab-buttons")) return;
    const style = document.createElement("style");
    style.id = "oscc-lab-buttons";
    style.textContent = BUTTON_STYLE;
    document.head.appendChild(style);
  }

  /** The colours of the theme now; the browser itself works out what a variable holds. */
  function pageColours({ pageColours: from, parse }) {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.appendChild(probe);
    const colours = from((variable) => {
      if (!getComputedStyle(document.body).getPropertyValue(variable).trim()) return undefined;
      probe.style.color = `var(${variable})`;
      return parse(getComputedStyle(probe).color);
    });
    probe.remove();
    return colours;
  }

  /** What the figure shows, for those who cannot see it. */
  function descriptionOf({ layout = {} }) {
    const { title, meta } = layout;
    const text = meta?.alt ?? (typeof title === "string" ? title : title?.text) ?? "Figure";
    return String(text).replace(/<[^>]*>/g, " ");
  }

  function createRendererClass(Widget) {
    return class PlotlyFigure extends Widget {
      constructor(options) {
        super();
        this.mimeType = options.mimeType;
        this.addClass("oscc-lab-figure");
        this.node.style.overflow = "hidden";
        this.node.style.position = "relative";
        this.canvas = document.createElement("div");
        this.canvas.style.transformOrigin = "top left";
        this.node.appendChild(this.canvas);
        this.watchSize = new ResizeObserver(() => this.fit());
        this.watchTheme = new MutationObserver(() => this.recolour());
      }

      async renderModel(model) {
        this.figure = model.data[this.mimeType];
        const { layout = {} } = this.figure;
        // The page must not jump while Plotly is loaded.
        this.node.style.minHeight = `${layout.height ?? DEFAULT_HEIGHT_PX}px`;
        addButtonStyle();
        this.node.classList.toggle("oscc-lab-themed", layout.meta?.roles !== undefined);
        this.node.setAttribute("role", "figure");
        this.node.setAttribute("aria-label", descriptionOf(this.figure));
        try {
          [this.plotly, this.theming, this.keys] = await Promise.all([
            loadPlotly(),
            loadTheming(),
            loadKeys(),
            loadFonts(),
          ]);
          await this.draw();
        } catch (error) {
          this.canvas.textContent = `This figure cannot be drawn: ${error.message}`;
          return;
        }
        this.watchSize.observe(this.node);
        this.watchTheme.observe(document.body, {
          attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
        });
      }

      async draw() {
        if (this.isDisposed || !this.plotly) return;
        const { layout = {}, config = {}, frames } = this.figure;
        this.shown = this.theming.themed(this.figure, pageColours(this.theming));
        // Plotly writes into what it is given; what was drawn must stay known.
        const copy = structuredClone(this.shown);
        if (layout.width) this.canvas.style.width = `${layout.width}px`;
        await this.plotly.react(this.canvas, copy.data, copy.layout, {
          displaylogo: false,
          showSendToCloud: false,
          ...config,
          responsive: !layout.width,
        });
        if (frames) await this.plotly.addFrames(this.canvas, structuredClone(frames));
        this.keyBar?.remove();
        this.keyBar = this.keys.keyControls(this.canvas, this.plotly, layout);
        if (this.keyBar) this.node.append(this.keyBar);
        this.fit();
      }

      /** Another theme: only the page's colours change; zoom, sliders and hidden groups stay as the reader set them. */
      async recolour() {
        if (this.isDisposed || !this.shown) return;
        const { themed, differences } = this.theming;
        const next = themed(this.figure, pageColours(this.theming));
        const layoutChanges = differences(this.shown.layout, next.layout);
        const traceChanges = next.data.map((trace, i) => differences(this.shown.data[i], trace));
        this.shown = next;
        for (const [i, changes] of traceChanges.entries()) {
          const wrapped = Object.entries(changes).map(([path, value]) => [path, [value]]);
          if (wrapped.length > 0) await this.plotly.restyle(this.canvas, Object.fromEntries(wrapped), [i]);
        }
        if (Object.keys(layoutChanges).length > 0) await this.plotly.relayout(this.canvas, layoutChanges);
      }

      /** A figure of a given width is laid out by the pixel: where there is less room, all of it shrinks alike. */
      fit() {
        const { width, height = DEFAULT_HEIGHT_PX } = this.figure?.layout ?? {};
        const room = this.node.clientWidth;
        if (!width || room === 0) return;
        const scale = Math.min(1, room / width);
        this.canvas.style.transform = scale < 1 ? `scale(${scale})` : "";
        this.node.style.minHeight = `${Math.ceil(height * scale)}px`;
        this.node.style.height = `${Math.ceil(height * scale)}px`;
      }

      onResize() {
        this.fit();
        if (this.plotly && this.canvas.data && !this.figure.layout?.width)
          this.plotly.Plots.resize(this.canvas);
      }

      dispose() {
        if (this.isDisposed) return;
        this.watchSize.disconnect();
        this.watchTheme.disconnect();
        this.plotly?.purge(this.canvas);
        super.dispose();
      }
    };
  }

  let shared;
  /** A module that JupyterLab shares with its extensions. */
  const sharedModule = async (name) => (await Object.values(shared[name])[0].get())();
  const container = {
    init(scope) {
      shared = scope;
      return Promise.resolve();
    },
    async get(module) {
      const { Widget } = await sharedModule("@lumino/widgets");
      if (module === "./extension") {
        const [{ createPlugin }, { createBrowserPlugin }, { createDisplaysPlugin }] = await Promise.all(
          ["widgets.js", "browser.js", "displays.js"].map((file) => import(`${folder}${file}`)),
        );
        const { INotebookTracker, NotebookActions } = await sharedModule("@jupyterlab/notebook");
        const { ICommandPalette } = await sharedModule("@jupyterlab/apputils");
        const labs = { ICommandPalette, INotebookTracker, NotebookActions, Widget };
        const plugins = [createPlugin(labs), createBrowserPlugin(labs), createDisplaysPlugin(labs)];
        // There only where ipywidgets' manager is installed.
        if (shared["@jupyter-widgets/base"]) {
          const { createAnyWidgetPlugin } = await import(`${folder}anywidget-plugin.js`);
          plugins.push(createAnyWidgetPlugin(await sharedModule("@jupyter-widgets/base"), folder));
        }
        return () => ({ __esModule: true, default: plugins });
      }
      const PlotlyFigure = createRendererClass(Widget);
      const extension = {
        id: `${EXTENSION}:plotly`,
        name: "Plotly",
        dataType: "json",
        // Before image/png, which the same output carries for readers without this extension.
        rank: 0,
        rendererFactory: {
          // Figures are data, not code: they are drawn also in a notebook that is not trusted.
          safe: true,
          mimeTypes: [MIME_TYPE],
          createRenderer: (options) => new PlotlyFigure(options),
        },
      };
      return () => ({ __esModule: true, default: extension });
    },
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[EXTENSION] = container;
})();
