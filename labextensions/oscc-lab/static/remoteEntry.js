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

  const themeColour = (name, otherwise) =>
    getComputedStyle(document.body).getPropertyValue(name).trim() || otherwise;

  /** A figure that chooses no background takes that of the page, with ink that can be read on it. */
  function themed(layout) {
    if (layout.paper_bgcolor) return layout;
    const ink = themeColour("--jp-ui-font-color1", "#333");
    const lines = themeColour("--jp-border-color2", "#ddd");
    const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
    const axis = (key) => ({ gridcolor: lines, zerolinecolor: lines, ...layout[key] });
    return {
      plot_bgcolor: "rgba(0,0,0,0)",
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, ...layout.font },
      ...Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((key) => [key, axis(key)])),
    };
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
        this.canvas = document.createElement("div");
        this.canvas.style.transformOrigin = "top left";
        this.node.appendChild(this.canvas);
        this.watchSize = new ResizeObserver(() => this.fit());
        this.watchTheme = new MutationObserver(() => this.draw());
      }

      async renderModel(model) {
        this.figure = model.data[this.mimeType];
        const { layout = {} } = this.figure;
        // The page must not jump while Plotly is loaded.
        this.node.style.minHeight = `${layout.height ?? DEFAULT_HEIGHT_PX}px`;
        this.node.setAttribute("role", "figure");
        this.node.setAttribute("aria-label", descriptionOf(this.figure));
        try {
          [this.plotly] = await Promise.all([loadPlotly(), loadFonts()]);
          await this.draw();
        } catch (error) {
          this.canvas.textContent = `This figure cannot be drawn: ${error.message}`;
          return;
        }
        this.watchSize.observe(this.node);
        if (!layout.paper_bgcolor)
          this.watchTheme.observe(document.body, {
            attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
          });
      }

      async draw() {
        if (this.isDisposed || !this.plotly) return;
        const { data = [], layout = {}, config = {}, frames } = this.figure;
        // Plotly writes into what it is given; the notebook's data must stay as they are.
        const copy = structuredClone({ data, layout: themed(layout) });
        if (layout.width) this.canvas.style.width = `${layout.width}px`;
        await this.plotly.react(this.canvas, copy.data, copy.layout, {
          displaylogo: false,
          showSendToCloud: false,
          ...config,
          responsive: !layout.width,
        });
        if (frames) await this.plotly.addFrames(this.canvas, structuredClone(frames));
        this.fit();
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
        const { createPlugin } = await import(`${folder}widgets.js`);
        const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
        return () => ({ __esModule: true, default: createPlugin({ INotebookTracker, Widget }) });
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
