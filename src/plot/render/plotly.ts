/**
 * plotly.js, unmodified, in Node: jsdom for the document, our own geometry and canvas for what jsdom lacks.
 *
 * Plotly gets its browser globals as arguments of a function, so nothing is put on the process's `globalThis`.
 * Loading takes most of a second; it happens at the first figure, once.
 */
import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { Script } from "node:vm";
import { JSDOM, type JsdomDocument, type JsdomElement } from "jsdom";
import { cacheFolder } from "../../core/paths";
import { asCanvas } from "./canvas";
import type { DomElement } from "./dom";
import { clientBox, localBox, parseTransform, pathLength, pathPoint, textLength } from "./layout";
import { loadFonts } from "./text";

/** What Plotly says is wrong with a figure. */
export interface PlotlyProblem {
  readonly code: string;
  readonly msg: string;
}

/** The calls of plotly.js that are used here. */
export interface PlotlyModule {
  validate(data: readonly object[], layout: object): readonly PlotlyProblem[] | undefined;
  newPlot(target: JsdomElement, data: readonly object[], layout: object, config: object): Promise<unknown>;
  purge(target: JsdomElement): void;
  readonly Snapshot: { toSVG(target: JsdomElement, format: "svg", scale: number): string };
}

/** Plotly with the document it draws into. */
export interface LoadedPlotly {
  readonly plotly: PlotlyModule;
  readonly document: JsdomDocument;
  /** Start the sequence of Plotly's random names anew, so that one spec always gives the same bytes. */
  reseed(): void;
}

let loading: Promise<LoadedPlotly> | undefined;

/** Plotly, loaded at the first call. */
export function plotlyInNode(): Promise<LoadedPlotly> {
  loading ??= load();
  return loading;
}

async function load(): Promise<LoadedPlotly> {
  loadFonts();
  const { window } = new JSDOM("<!DOCTYPE html><body></body>");
  const { document } = window;
  addGeometry(window.Element.prototype);
  addCanvas(document);
  const random = seededRandom();
  const globals = {
    document,
    getComputedStyle: inlineStyle,
    Image: InstantImage,
    Math: mathsWith(random.next),
    setTimeout,
    clearTimeout,
    URL,
    Blob,
    navigator: { userAgent: "node" },
    location: window.location,
    DOMParser: window.DOMParser,
    XMLSerializer: window.XMLSerializer,
    HTMLElement: window.HTMLElement,
    Element: window.Element,
    PlotlyConfig: { MathJaxConfig: "local" },
    requestAnimationFrame: (callback: () => void) => setTimeout(callback, 0),
    matchMedia: () => ({ matches: false }),
    addEventListener() {},
    removeEventListener() {},
  };
  const plotly = await runPlotly(document, globals);
  return { plotly, document, reseed: random.reset };
}

/** The methods that a browser's elements have and jsdom's have not. */
function addGeometry(prototype: object): void {
  const methods: Record<string, (this: DomElement, ...args: number[]) => unknown> = {
    getBBox() {
      return localBox(this);
    },
    getBoundingClientRect() {
      return clientBox(this);
    },
    getComputedTextLength() {
      return textLength(this);
    },
    getTotalLength() {
      return pathLength(this.getAttribute("d"));
    },
    getPointAtLength(at = 0) {
      return pathPoint(this.getAttribute("d"), at);
    },
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(prototype, name, { value, configurable: true });
  Object.defineProperty(prototype, "transform", {
    get(this: DomElement) {
      const text = this.getAttribute("transform");
      const [a, b, c, d, e, f] = parseTransform(text);
      return { baseVal: { consolidate: () => (text ? { matrix: { a, b, c, d, e, f } } : null) } };
    },
  });
}

function addCanvas(document: JsdomDocument): void {
  const createElement = document.createElement.bind(document);
  document.createElement = (tag) => (tag === "canvas" ? asCanvas(createElement(tag)) : createElement(tag));
}

/** Plotly only waits for an Image to load; the picture itself is passed on as a data URI. */
class InstantImage {
  onload?: () => void;
  setAttribute(name: string): void {
    if (name === "src") queueMicrotask(() => this.onload?.());
  }
}

/**
 * Inline styles are all that Plotly needs. `image-rendering` is answered with nothing, because resvg ignores
 * it: Plotly then paints heat map cells at full size instead of scaling a tiny picture, which would smear.
 */
function inlineStyle(element: { readonly style: object }): object {
  return new Proxy(element.style, {
    get(style, name) {
      if (name === "imageRendering") return "";
      const value: unknown = Reflect.get(style, name);
      return typeof value === "function" ? value.bind(style) : (value ?? "");
    },
  });
}

/** Plotly names clip paths at random. This sequence (Park and Miller's minimal standard) starts anew per figure. */
function seededRandom(): { next(): number; reset(): void } {
  const modulus = 2147483647;
  let state = 1;
  return {
    next() {
      state = (state * 16807) % modulus;
      return state / modulus;
    },
    reset() {
      state = 1;
    },
  };
}

function mathsWith(random: () => number): object {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(Math), random: { value: random } },
  );
}

// ---- compiling, with V8's code cache ----

const requireFrom = createRequire(__filename);

/** Compile and run Plotly's bundle with `globals` as its only view of a browser. */
async function runPlotly(document: object, globals: Record<string, unknown>): Promise<PlotlyModule> {
  const file = requireFrom.resolve("plotly.js-dist-min");
  const { version } = requireFrom("plotly.js-dist-min/package.json") as { version: string };
  const browser: Record<string, unknown> = { ...globals };
  browser.window = browser.self = browser;
  Object.defineProperty(document, "defaultView", { value: browser });

  const names = ["module", "exports", "window", "self", ...Object.keys(globals)];
  const source = `(function (${names.join(", ")}) {${readFileSync(file, "utf8")}\n})`;
  const cacheFile = path.join(
    cacheFolder(),
    "code",
    `plotly-${version}-node-${process.version}-${process.arch}.bin`,
  );
  const cachedData = await readFile(cacheFile).catch(() => undefined);
  const script = new Script(source, { filename: file, ...(cachedData ? { cachedData } : {}) });

  const module = { exports: {} as PlotlyModule };
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  run.apply(browser, [module, module.exports, browser, browser, ...Object.values(globals)]);
  if (!cachedData || script.cachedDataRejected) await keepCode(script, cacheFile);
  return module.exports;
}

/** Keep the compiled code for the next process. A folder that cannot be written to only costs time. */
async function keepCode(script: Script, cacheFile: string): Promise<void> {
  const partial = `${cacheFile}.${process.pid}`;
  try {
    await mkdir(path.dirname(cacheFile), { recursive: true });
    await writeFile(partial, script.createCachedData());
    await rename(partial, cacheFile);
  } catch {
    // Nothing is lost: the next process compiles again.
  }
}
