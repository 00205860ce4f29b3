/** One Plotly spec to SVG text to PNG bytes, in Node and without a browser. */
import { OsccError } from "../../core/errors";
import { fontFiles, TEXT_FAMILY } from "./fonts";
import { type PlotlyModule, plotlyInNode } from "./plotly";
import type { FigureSpec } from "./spec";
import { familyFor } from "./text";

/** Traces that need WebGL. Without it Plotly draws an empty plot and says nothing. */
const WEBGL_TRACES = new Set([
  "scattergl",
  "scatterpolargl",
  "splom",
  "parcoords",
  "surface",
  "mesh3d",
  "scatter3d",
  "cone",
  "streamtube",
  "volume",
  "isosurface",
  "scattermap",
  "choroplethmap",
  "densitymap",
]);

interface Trace {
  readonly type?: string;
  readonly source?: string;
  zsmooth?: string | false;
}

/**
 * Throw when Plotly would draw this figure wrongly without a word: a misspelt attribute, an old-style title
 * (a bare string), a trace that needs WebGL, LaTeX.
 *
 * @throws OsccError `InvalidFigure`, with every problem found
 */
export async function check(spec: FigureSpec): Promise<void> {
  const { plotly } = await plotlyInNode();
  const problems = [...schemaProblems(plotly, spec), ...webglProblems(spec), ...latexProblems(spec)];
  if (problems.length === 0) return;
  throw new OsccError(
    "InvalidFigure",
    [
      `the figure has ${problems.length === 1 ? "a problem" : `${problems.length} problems`} that Plotly would pass over in silence:`,
      ...problems.map((problem) => `- ${problem}`),
      "See https://plotly.com/javascript/reference for the names that exist.",
    ],
    { problems },
  );
}

/** What Plotly 4.1 says of figures that are right. */
const FALSE_ALARMS = [
  // What a slider or a button changes is copied, and the copy is taken for another value.
  /key (sliders|updatemenus)\[\d+\]\.(steps|buttons)\[\d+\]\.args\[\d+\] /,
  // The name of a shared colour axis is compared with no pattern at all.
  /key coloraxis is set to an invalid value \(coloraxis\d*\)/,
];

/** With the legend shown, because Plotly's validation fails on the attributes of one that is not drawn. */
function schemaProblems(plotly: PlotlyModule, { data, layout }: FigureSpec): string[] {
  const found = plotly.validate(data, { ...layout, showlegend: true }) ?? [];
  return found
    .filter(({ code, msg }) => code !== "unused" && !FALSE_ALARMS.some((alarm) => alarm.test(msg)))
    .map(({ msg }) => msg);
}

function webglProblems({ data }: FigureSpec): string[] {
  return (data as readonly Trace[]).flatMap(({ type }, i) =>
    type && WEBGL_TRACES.has(type)
      ? [`data[${i}]: ${type} needs WebGL and cannot be exported; use an SVG trace`]
      : [],
  );
}

/** MathJax is not loaded, so `$...$` would appear as typed. */
function latexProblems({ layout }: FigureSpec): string[] {
  const title = (layout.title as { text?: string } | undefined)?.text ?? "";
  return /\$[^$]+\$/.test(title)
    ? [`LaTeX in the title (${title}) is not rendered; use <i>, <sub>, <sup>`]
    : [];
}

/** Figures are drawn one after the other: they share one document and one sequence of random names. */
let queue: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work, work);
  queue = turn.catch(() => undefined);
  return turn;
}

/**
 * The figure as SVG text. The same spec gives the same text, on every machine.
 *
 * @throws OsccError `InvalidFigure`
 */
export function toSvg(spec: FigureSpec): Promise<string> {
  return inTurn(() => draw(spec));
}

async function draw(spec: FigureSpec): Promise<string> {
  await check(spec);
  const { plotly, document, reseed } = await plotlyInNode();
  const { data, layout } = structuredClone({ data: spec.data, layout: spec.layout });
  embedImages(data as readonly Trace[]);
  const target = document.createElement("div");
  Object.assign(target.style, { width: `${layout.width}px`, height: `${layout.height}px` });
  document.body.appendChild(target);
  try {
    reseed();
    await plotly.newPlot(target, data, layout, { ...spec.config, staticPlot: true });
    const svg = forResvg(plotly.Snapshot.toSVG(target, "svg", 1));
    return hasSmoothHeatmap(data as readonly Trace[]) ? svg : withCrispCells(svg);
  } finally {
    plotly.purge(target);
    target.remove();
  }
}

/** An image trace is embedded as it is; else Plotly would want to decode it on a canvas. */
function embedImages(traces: readonly Trace[]): void {
  for (const trace of traces) if (trace.type === "image" && trace.source) trace.zsmooth ??= "fast";
}

function hasSmoothHeatmap(traces: readonly Trace[]): boolean {
  return traces.some(({ type, zsmooth }) => type === "heatmap" && zsmooth);
}

/** Heat map cells are pictures of one pixel per CSS pixel; enlarged, their edges stay sharp. */
function withCrispCells(svg: string): string {
  return svg.replace(/<image (?=[^>]*href="data:image\/png)/g, '<image image-rendering="optimizeSpeed" ');
}

/** resvg does not read `white-space: pre`, and takes only family names that it has. */
function forResvg(svg: string): string {
  return svg
    .replace(/<text /g, '<text xml:space="preserve" ')
    .replace(/font-family:\s*([^;"]+)/g, (_match, list: string) => `font-family: ${familyFor(list)}`);
}

/**
 * SVG text as PNG bytes, drawn with the shipped fonts only.
 *
 * @param scale PNG pixels per CSS pixel
 */
export async function rasterise(svg: string, scale: number): Promise<Buffer> {
  const { renderAsync } = await import("@resvg/resvg-js");
  const image = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles().map(({ file }) => file),
      defaultFontFamily: TEXT_FAMILY,
    },
    background: "#fff",
  });
  const png = image.asPng();
  // resvg frees its buffers in a macrotask; without a turn of the event loop a tight loop of figures grows.
  await new Promise((resolve) => setImmediate(resolve));
  return png;
}
