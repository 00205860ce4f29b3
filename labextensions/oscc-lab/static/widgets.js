/**
 * The front end's half of widgets: native form controls, so that keyboard and screen reader work as everywhere, and a
 * comm to the kernel for each place where a widget is shown.
 *
 * An ES module without a build; `remoteEntry.js` loads it. Widgets are data, not code, so they are drawn also in a
 * notebook that is not trusted; they can be operated as soon as the kernel knows them.
 */

import { addFocusKeys } from "./widget-focus.js";

const MIME_TYPE = "application/vnd.oscc-lab.widget.v1+json";
const STALE = "Run the cell again to use it.";

/** A control that is dragged sends at most so often. */
const SEND_INTERVAL_MS = 60;

/** Make an element: attributes, then children. Names that begin with `on` are listeners. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

let count = 0;
const freshId = () => `oscc-lab-control-${++count}`;

/** A label and the control that it names. */
function labelled(label, control) {
  const id = freshId();
  control.id = id;
  return label ? [element("label", { for: id, class: "oscc-lab-label" }, label), control] : [control];
}

/**
 * One entry for each kind of widget: `create(state, send)` returns `{ nodes, update(state) }`.
 * `send` takes a message for the kernel.
 */
const KINDS = {
  select(state, send) {
    const control = element("select", {
      "aria-label": state.label || "Choice",
      onchange: () => send({ value: state.choices[control.selectedIndex] }),
    });
    for (const choice of state.choices) control.append(element("option", {}, String(choice)));
    return {
      nodes: labelled(state.label, control),
      update(next) {
        control.selectedIndex = state.choices.indexOf(next.value);
        control.disabled = next.disabled;
      },
    };
  },

  slider(state, send) {
    const output = element("output", { class: "oscc-lab-number" });
    const control = sliderInput(state, state.label || "Value", () => {
      output.textContent = shown(Number(control.value), state.step);
      send({ value: Number(control.value) }, { often: true });
    });
    return {
      nodes: [...labelled(state.label, control), output],
      update(next) {
        control.value = next.value;
        control.disabled = next.disabled;
        output.textContent = shown(next.value, state.step);
      },
    };
  },

  range(state, send) {
    const output = element("output", { class: "oscc-lab-number" });
    const ends = () => [Number(low.value), Number(high.value)];
    const say = () => {
      output.textContent = ends()
        .map((end) => shown(end, state.step))
        .join(" – ");
      const [from, to] = ends().map((end) => (end - state.min) / (state.max - state.min || 1));
      track.style.setProperty("--from", from);
      track.style.setProperty("--to", to);
      // Where both lie together, the one that still has room must be on top.
      low.style.zIndex = from > 0.5 ? 1 : 0;
    };
    // The handles do not pass each other.
    const moved = (handle, other, isBeyond) => () => {
      if (isBeyond()) handle.value = other().value;
      say();
      send({ value: ends() }, { often: true });
    };
    const low = sliderInput(state, `${state.label || "Range"}, from`, () => fromMoved());
    const high = sliderInput(state, `${state.label || "Range"}, to`, () => toMoved());
    const isCrossed = () => Number(low.value) > Number(high.value);
    const fromMoved = moved(low, () => high, isCrossed);
    const toMoved = moved(high, () => low, isCrossed);
    const name = state.label ? [element("span", { class: "oscc-lab-label" }, state.label)] : [];
    const track = element("span", { class: "oscc-lab-range" }, low, high);
    return {
      nodes: [...name, track, output],
      update(next) {
        [low.value, high.value] = next.value;
        low.disabled = high.disabled = next.disabled;
        say();
      },
    };
  },

  button(state, send) {
    const control = element(
      "button",
      { type: "button", onclick: () => send({ event: "press" }) },
      state.label,
    );
    return {
      nodes: [control],
      update(next) {
        control.disabled = next.disabled;
      },
    };
  },

  checkbox(state, send) {
    const control = element("input", { type: "checkbox", onchange: () => send({ value: control.checked }) });
    return {
      nodes: labelled(state.label, control).reverse(),
      update(next) {
        control.checked = next.value;
        control.disabled = next.disabled;
      },
    };
  },

  table: createTable,
  image: createImageViewer,
  file: createFilePicker,
  training: createTrainingPanel,
};

function sliderInput({ min, max, step }, name, oninput) {
  return element("input", { type: "range", min, max, step, "aria-label": name, oninput });
}

/** As many decimals as the step has. */
function shown(value, step) {
  const decimals = Math.min(6, (String(Number(step.toPrecision(6))).split(".")[1] ?? "").length);
  return value.toFixed(decimals);
}

function createTable(state, send) {
  const chosen = new Set(state.value);
  const order = state.cells.map((_, row) => row);
  let sorted = { column: -1, isDown: false };
  const status = element("div", { class: "oscc-lab-hint", role: "status" });
  const body = element("tbody");
  const rows = state.cells.map((cells, row) => {
    const box = element("input", {
      type: "checkbox",
      "aria-label": `Choose row ${row + 1}: ${cells[0]}`,
      onchange: () => {
        if (box.checked) chosen.add(row);
        else chosen.delete(row);
        send({ value: [...chosen].sort((a, b) => a - b) });
        say();
      },
    });
    const fields = cells.map((cell) =>
      element("td", { class: typeof cell === "number" ? "oscc-lab-numeric" : undefined }, String(cell)),
    );
    return {
      box,
      node: element("tr", {}, element("td", {}, box), ...fields),
      text: cells.join(" ").toLowerCase(),
    };
  });
  const search = element("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search rows",
    oninput: () => draw(),
  });
  const headers = state.columns.map((column, index) => {
    const button = element("button", { type: "button", onclick: () => sortBy(index) }, column);
    const isNumeric = state.cells.some((cells) => typeof cells[index] === "number");
    return element(
      "th",
      { scope: "col", "aria-sort": "none", class: isNumeric && "oscc-lab-numeric" },
      button,
    );
  });
  function sortBy(column) {
    sorted = { column, isDown: sorted.column === column && !sorted.isDown };
    const sign = sorted.isDown ? -1 : 1;
    order.sort((a, b) => sign * compare(state.cells[a][column], state.cells[b][column]) || a - b);
    for (const [i, header] of headers.entries())
      header.setAttribute("aria-sort", i !== column ? "none" : sorted.isDown ? "descending" : "ascending");
    draw();
  }
  function draw() {
    const wanted = search.value.trim().toLowerCase();
    body.replaceChildren(
      ...order.filter((row) => rows[row].text.includes(wanted)).map((row) => rows[row].node),
    );
    say();
  }
  function say() {
    const hidden = rows.length - body.childElementCount;
    status.textContent = `${rows.length} rows, ${chosen.size} chosen${hidden ? `, ${hidden} hidden by the search` : ""}`;
  }
  const corner = element("th", { scope: "col" }, element("span", { class: "oscc-lab-unseen" }, "Chosen"));
  const head = element("thead", {}, element("tr", {}, corner, ...headers));
  const label = state.label || "Table";
  const table = element("table", { "aria-label": label }, head, body);
  // It takes the focus so that arrow keys scroll it.
  const scroller = { class: "oscc-lab-scroll", tabindex: 0, role: "group", "aria-label": `${label}, rows` };
  draw();
  const name = state.label ? [element("span", { class: "oscc-lab-label" }, state.label)] : [];
  const bar = element("div", { class: "oscc-lab-bar" }, ...name, search);
  return {
    nodes: [element("div", { class: "oscc-lab-block" }, bar, element("div", scroller, table), status)],
    update(next) {
      chosen.clear();
      for (const row of next.value) chosen.add(row);
      rows.forEach(({ box, node }, row) => {
        box.checked = chosen.has(row);
        box.disabled = next.disabled;
        node.classList.toggle("oscc-lab-chosen", box.checked);
      });
      say();
    },
  };
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Zoom with the wheel or + and −, pan by dragging or with the arrow keys, 0 shows all. */
function createImageViewer(state, send) {
  const picture = element("img", {
    alt: state.label || "Picture",
    draggable: "false",
    src: `data:image/jpeg;base64,${state.jpeg}`,
  });
  const status = element("div", { class: "oscc-lab-hint", role: "status" });
  const frame = element(
    "div",
    {
      class: "oscc-lab-viewer",
      tabindex: 0,
      // An application of its own: screen readers pass the keys on.
      role: "application",
      "aria-label": `${state.label || "Picture"}. Plus and minus zoom, arrow keys move, 0 shows all.`,
    },
    picture,
  );
  frame.style.aspectRatio = `${state.width} / ${state.height}`;
  let field = state.value;

  const draw = () => {
    const scale = state.width / field.width;
    picture.style.width = `${scale * 100}%`;
    picture.style.left = `${(-field.x / state.width) * scale * 100}%`;
    picture.style.top = `${(-field.y / state.height) * scale * 100}%`;
    picture.style.imageRendering = frame.clientWidth / field.width > 3 ? "pixelated" : "auto";
    status.textContent = `${scale.toFixed(1)}× · ${Math.round(field.width)} × ${Math.round(field.height)} px at (${Math.round(field.x)}, ${Math.round(field.y)})`;
  };
  const move = (next) => {
    const width = Math.min(state.width, Math.max(state.width / 40, next.width));
    const height = (width * state.height) / state.width;
    field = {
      width,
      height,
      x: Math.min(Math.max(next.x, 0), state.width - width),
      y: Math.min(Math.max(next.y, 0), state.height - height),
    };
    draw();
    send({ value: field }, { often: true });
  };
  /** Zoom so that the point at (u, v), in shares of the frame, stays where it is. */
  const zoom = (factor, u = 0.5, v = 0.5) => {
    const width = Math.min(state.width, Math.max(state.width / 40, field.width / factor));
    const height = (width * state.height) / state.width;
    move({ width, x: field.x + u * (field.width - width), y: field.y + v * (field.height - height) });
  };
  const pan = (u, v) => move({ ...field, x: field.x + u * field.width, y: field.y + v * field.height });
  const keys = {
    "+": () => zoom(1.25),
    "=": () => zoom(1.25),
    "-": () => zoom(0.8),
    0: () => move({ x: 0, y: 0, width: state.width }),
    ArrowLeft: () => pan(-0.1, 0),
    ArrowRight: () => pan(0.1, 0),
    ArrowUp: () => pan(0, -0.1),
    ArrowDown: () => pan(0, 0.1),
  };
  frame.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  frame.addEventListener(
    "wheel",
    (event) => {
      // The page scrolls unless the picture is what is worked with.
      if (!event.ctrlKey && document.activeElement !== frame) return;
      const box = frame.getBoundingClientRect();
      zoom(
        1.0015 ** -event.deltaY,
        (event.clientX - box.left) / box.width,
        (event.clientY - box.top) / box.height,
      );
      event.preventDefault();
    },
    { passive: false },
  );
  frame.addEventListener("pointerdown", (event) => {
    frame.focus();
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!frame.hasPointerCapture(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    pan(-event.movementX / box.width, -event.movementY / box.height);
  });
  const press = (text, name, action) =>
    element("button", { type: "button", "aria-label": name, title: name, onclick: action }, text);
  const bar = element(
    "div",
    { class: "oscc-lab-bar" },
    ...(state.label ? [element("span", { class: "oscc-lab-label" }, state.label)] : []),
    press("+", "Zoom in", () => zoom(1.5)),
    press("−", "Zoom out", () => zoom(1 / 1.5)),
    press("All", "Show all", () => keys[0]()),
    status,
  );
  return {
    nodes: [element("div", { class: "oscc-lab-block" }, bar, frame)],
    update(next) {
      field = next.value;
      draw();
    },
  };
}

function createFilePicker(state, send) {
  const value = element("output", { class: "oscc-lab-path" });
  const open = element(
    "button",
    { type: "button", "aria-expanded": "false", onclick: () => toggle() },
    "Choose …",
  );
  const place = element("div", { class: "oscc-lab-hint", role: "status" });
  const list = element("ul", { class: "oscc-lab-files", "aria-label": "Files" });
  const close = (event) => {
    if (event.key !== "Escape") return;
    toggle(false);
    open.focus();
    event.preventDefault();
  };
  const panel = element("div", { class: "oscc-lab-browser", hidden: true, onkeydown: close }, place, list);
  let folder = "";
  const toggle = (isOpen = panel.hidden) => {
    panel.hidden = !isOpen;
    open.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) send({ list: folder || "." });
  };
  const choose = (chosen) => {
    send({ value: chosen });
    toggle(false);
    open.focus();
  };
  const join = (name) => (folder ? `${folder}/${name}` : name);
  const entry = (text, action) =>
    element("li", {}, element("button", { type: "button", onclick: action }, text));
  const show = ({ folder: listed, entries, problem }) => {
    folder = listed === "." ? "" : listed;
    place.textContent =
      problem ??
      `${state.root}${folder ? ` / ${folder.replaceAll("/", " / ")}` : ""}${entries.length ? "" : ": nothing to choose here"}`;
    const items = [];
    if (folder)
      items.push(entry("↑ back", () => send({ list: folder.split("/").slice(0, -1).join("/") || "." })));
    if (state.folders) items.push(entry("✓ this folder", () => choose(folder || ".")));
    for (const { name, isFolder } of entries)
      items.push(
        entry(isFolder ? `${name} /` : name, () =>
          isFolder ? send({ list: join(name) }) : choose(join(name)),
        ),
      );
    list.replaceChildren(...items);
    list.querySelector("button")?.focus();
  };
  const bar = element("div", { class: "oscc-lab-bar" }, ...labelled(state.label, open), value);
  return {
    nodes: [element("div", { class: "oscc-lab-block" }, bar, panel)],
    update(next) {
      value.textContent = next.value === null ? "nothing chosen" : next.value || ".";
      open.disabled = next.disabled;
    },
    receive({ listing }) {
      if (listing) show(listing);
    },
  };
}

function createTrainingPanel(state, send) {
  const words = element("span", { role: "status" });
  const pause = element(
    "button",
    { type: "button", onclick: () => send({ value: pause.dataset.next }) },
    "Pause",
  );
  const stop = element("button", { type: "button", onclick: () => send({ value: "stopped" }) }, "Stop");
  const curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  curve.setAttribute("viewBox", "0 0 240 48");
  curve.setAttribute("class", "oscc-lab-curve");
  curve.setAttribute("role", "img");
  const name = state.label ? [element("span", { class: "oscc-lab-label" }, state.label)] : [];
  return {
    nodes: [
      element(
        "div",
        { class: "oscc-lab-block" },
        element("div", { class: "oscc-lab-bar" }, ...name, pause, stop, words),
        curve,
      ),
    ],
    update({ value, epochs, disabled }) {
      const last = epochs.at(-1);
      const losses = last
        ? `: epoch ${last.epoch}, loss ${last.trainLoss.toFixed(3)}${last.validLoss === undefined ? "" : `, validation ${last.validLoss.toFixed(3)}`}`
        : "";
      words.textContent = `${value}${losses}`;
      const isPaused = value === "paused";
      pause.textContent = isPaused ? "Go on" : "Pause";
      pause.dataset.next = isPaused ? "running" : "paused";
      pause.disabled = stop.disabled = disabled || value === "stopped";
      drawCurves(curve, epochs);
    },
  };
}

/** Training loss as a line, validation loss dashed, both over the epochs. */
function drawCurves(svg, epochs) {
  const lines = [
    { key: "trainLoss", dash: "", words: "training loss" },
    { key: "validLoss", dash: "4 3", words: "validation loss" },
  ];
  const all = lines.flatMap(({ key }) => epochs.map((epoch) => epoch[key]).filter(Number.isFinite));
  svg.toggleAttribute("hidden", epochs.length < 2);
  svg.setAttribute(
    "aria-label",
    `Losses of ${epochs.length} epochs: ${lines.map(({ words }) => words).join(", ")}`,
  );
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const at = (epoch, value) =>
    `${4 + (232 * (epoch - 1)) / Math.max(1, epochs.length - 1)},${44 - (40 * (value - low)) / (high - low || 1)}`;
  svg.replaceChildren(
    ...lines.map(({ key, dash }) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      const points = epochs
        .filter((epoch) => Number.isFinite(epoch[key]))
        .map((epoch) => at(epoch.epoch, epoch[key]));
      line.setAttribute("points", points.join(" "));
      if (dash) line.setAttribute("stroke-dasharray", dash);
      return line;
    }),
  );
}

/** The renderer of one place where a widget is shown. */
function createRendererClass(Widget) {
  return class WidgetView extends Widget {
    constructor(options, sessionContext) {
      super();
      this.mimeType = options.mimeType;
      this.sessionContext = sessionContext;
      this.addClass("oscc-lab-widget");
      this.sessionContext.kernelChanged.connect(this.reconnect, this);
      this.sessionContext.statusChanged.connect(this.watchStatus, this);
    }

    /** Called when the output comes, and each time it is replaced by a newer state. */
    async renderModel(model) {
      const state = model.data[this.mimeType];
      if (this.spec?.id !== state.id) this.build(state);
      else if (!this.comm) this.update_(state);
    }

    build(state) {
      this.spec = state;
      const create = KINDS[state.kind];
      if (!create) {
        this.node.textContent = `This widget (${state.kind}) needs a newer oscc-lab extension.`;
        return;
      }
      this.control = create(state, (message, options) => this.send(message, options));
      this.hint = element("span", { class: "oscc-lab-hint", role: "status" });
      this.fieldset = element("fieldset", {}, ...this.control.nodes);
      this.node.replaceChildren(this.fieldset, this.hint);
      this.update_(state);
      this.setUsable(false);
      this.connect();
    }

    update_(state) {
      this.node.classList.toggle("oscc-lab-busy", state.busy);
      this.fieldset.setAttribute("aria-busy", String(state.busy));
      this.control.update(state);
    }

    /** What cannot be operated is said to be so. The image viewer works without a kernel. */
    setUsable(isUsable) {
      this.fieldset.disabled = !isUsable && this.spec.kind !== "image";
      this.hint.textContent = isUsable || this.spec.kind === "image" ? "" : STALE;
    }

    connect() {
      const kernel = this.sessionContext.session?.kernel;
      if (!kernel || this.comm || !this.spec) return;
      const comm = kernel.createComm(this.spec.target);
      comm.onMsg = ({ content: { data } }) => {
        this.setUsable(true);
        if (data.state) this.update_(data.state);
        else this.control.receive?.(data);
      };
      comm.onClose = () => {
        this.comm = undefined;
        if (!this.isDisposed) this.setUsable(false);
      };
      comm.open({ id: this.spec.id });
      this.comm = comm;
    }

    disconnect() {
      if (this.comm && !this.comm.isDisposed) this.comm.dispose();
      this.comm = undefined;
    }

    reconnect() {
      this.disconnect();
      if (this.spec) this.setUsable(false);
      this.connect();
    }

    /** After a restart the same connection leads to a kernel that knows nothing. */
    watchStatus(_, status) {
      if (
        status === "restarting" ||
        status === "autorestarting" ||
        status === "terminating" ||
        status === "dead"
      ) {
        this.disconnect();
        if (this.spec) this.setUsable(false);
      }
    }

    /** What comes often is thinned: the last of it always arrives. */
    send(message, { often = false } = {}) {
      if (!often) return this.sendNow(message);
      this.waiting = message;
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.sendNow(this.waiting);
      }, SEND_INTERVAL_MS);
    }

    sendNow(message) {
      this.comm?.send(message);
    }

    dispose() {
      if (this.isDisposed) return;
      this.sessionContext.kernelChanged.disconnect(this.reconnect, this);
      this.sessionContext.statusChanged.disconnect(this.watchStatus, this);
      clearTimeout(this.timer);
      this.disconnect();
      super.dispose();
    }
  };
}

/** The handle of a range, as wide as the browser's own. */
const THUMB =
  "width: 16px; height: 16px; border: 0; border-radius: 50%; background: var(--jp-brand-color1); cursor: pointer;";

const STYLE = `
.oscc-lab-widget { padding: 4px 2px; color: var(--jp-ui-font-color1); font-family: var(--jp-ui-font-family); font-size: var(--jp-ui-font-size1); }
.oscc-lab-widget fieldset { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; border: 0; margin: 0; padding: 2px; min-width: 0; }
.oscc-lab-widget[class] [hidden] { display: none; }
.oscc-lab-widget .oscc-lab-label { min-width: 7em; color: var(--jp-ui-font-color1); }
.oscc-lab-widget input[type="checkbox"] + .oscc-lab-label { min-width: 0; }
.oscc-lab-widget select, .oscc-lab-widget button, .oscc-lab-widget input[type="search"] {
  color: var(--jp-ui-font-color1); background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius, 2px); padding: 3px 8px; font: inherit; min-height: 26px; }
.oscc-lab-widget button:hover:enabled { background: var(--jp-layout-color2); }
.oscc-lab-widget :is(button, select, input):disabled { opacity: .55; }
.oscc-lab-widget :is(button, select, input, .oscc-lab-viewer, .oscc-lab-scroll):focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: 1px; }
.oscc-lab-widget input[type="range"] { width: 220px; accent-color: var(--jp-brand-color1); }
.oscc-lab-widget .oscc-lab-number { min-width: 3.5em; font-variant-numeric: tabular-nums; }
.oscc-lab-widget .oscc-lab-hint { color: var(--jp-ui-font-color2); }
.oscc-lab-widget .oscc-lab-range { position: relative; isolation: isolate; display: inline-block; width: 220px; height: 22px; }
.oscc-lab-widget .oscc-lab-range input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; background: none; pointer-events: none; appearance: none; }
.oscc-lab-widget .oscc-lab-range input::-webkit-slider-thumb { pointer-events: auto; appearance: none; ${THUMB} }
.oscc-lab-widget .oscc-lab-range input::-moz-range-thumb { pointer-events: auto; ${THUMB} }
.oscc-lab-widget .oscc-lab-range input:disabled::-webkit-slider-thumb { background: var(--jp-border-color1); }
/* The track between the handles: their centres keep half a handle away from the ends. */
.oscc-lab-widget .oscc-lab-range::before, .oscc-lab-widget .oscc-lab-range::after { content: ""; position: absolute; z-index: -1; top: 8px; height: 6px; border-radius: 3px; }
.oscc-lab-widget .oscc-lab-range::before { left: 0; right: 0; background: var(--jp-layout-color3); }
.oscc-lab-widget .oscc-lab-range::after { left: calc(8px + (100% - 16px) * var(--from)); width: calc((100% - 16px) * (var(--to) - var(--from))); background: var(--jp-brand-color1); }
.oscc-lab-widget :disabled .oscc-lab-range::after { background: var(--jp-border-color1); }
.oscc-lab-widget .oscc-lab-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.oscc-lab-widget .oscc-lab-block { flex: 1 1 100%; min-width: 0; }
.oscc-lab-widget .oscc-lab-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; margin-bottom: 4px; }
.oscc-lab-widget .oscc-lab-scroll { max-height: 320px; overflow: auto; border: 1px solid var(--jp-border-color2); }
.oscc-lab-widget table { border-collapse: collapse; width: 100%; font-size: var(--jp-ui-font-size1); }
.oscc-lab-widget :is(th, td) { padding: 3px 8px; text-align: left; border: 0; border-bottom: 1px solid var(--jp-border-color2); color: var(--jp-ui-font-color1); }
.oscc-lab-widget :is(th, td):first-child { width: 1px; }
.oscc-lab-widget th { position: sticky; top: 0; background: var(--jp-layout-color2); }
.oscc-lab-widget th button { border: 0; background: none; padding: 0; font-weight: 600; cursor: pointer; }
.oscc-lab-widget th[aria-sort="ascending"] button::after { content: " ▲"; }
.oscc-lab-widget th[aria-sort="descending"] button::after { content: " ▼"; }
.oscc-lab-widget .oscc-lab-numeric { text-align: right; font-variant-numeric: tabular-nums; }
.oscc-lab-widget tr.oscc-lab-chosen td { background: color-mix(in srgb, var(--jp-brand-color1) 25%, transparent); }
.oscc-lab-widget .oscc-lab-viewer { position: relative; overflow: hidden; width: 100%; max-width: 720px; background: var(--jp-layout-color2); cursor: grab; touch-action: none; }
.oscc-lab-widget .oscc-lab-viewer img { position: absolute; max-width: none; user-select: none; }
.oscc-lab-widget .oscc-lab-browser { border: 1px solid var(--jp-border-color2); padding: 6px; max-width: 480px; }
.oscc-lab-widget .oscc-lab-files { list-style: none; margin: 4px 0 0; padding: 0; max-height: 220px; overflow: auto; }
.oscc-lab-widget .oscc-lab-files button { width: 100%; text-align: left; border: 0; }
.oscc-lab-widget .oscc-lab-curve { width: 240px; height: 48px; background: var(--jp-layout-color2); }
.oscc-lab-widget .oscc-lab-curve polyline { fill: none; stroke: var(--jp-brand-color1); stroke-width: 1.5; }
.oscc-lab-widget.oscc-lab-busy fieldset { background: linear-gradient(90deg, transparent, var(--jp-brand-color3, #bbdefb), transparent) 0 100% / 40% 2px no-repeat; animation: oscc-lab-busy 1.2s linear infinite; }
@keyframes oscc-lab-busy { from { background-position: -60% 100%; } to { background-position: 160% 100%; } }
@media (prefers-reduced-motion: reduce) { .oscc-lab-widget.oscc-lab-busy fieldset { animation: none; } }
`;

/**
 * The plugin for JupyterLab's application: notebooks learn to draw widgets.
 *
 * @param {{ INotebookTracker: unknown, Widget: typeof Object }} shared what JupyterLab shares with extensions
 */
export function createPlugin({ ICommandPalette, INotebookTracker, Widget }) {
  const WidgetView = createRendererClass(Widget);
  return {
    id: "oscc-lab:widgets",
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ICommandPalette],
    activate: (app, notebooks, palette) => {
      document.head.append(element("style", {}, STYLE));
      addFocusKeys(app, notebooks, palette);
      const teach = (panel) =>
        panel.content.rendermime.addFactory(
          {
            safe: true,
            mimeTypes: [MIME_TYPE],
            defaultRank: 0,
            createRenderer: (options) => new WidgetView(options, panel.sessionContext),
          },
          0,
        );
      notebooks.forEach(teach);
      notebooks.widgetAdded.connect((_, panel) => teach(panel));
    },
  };
}
