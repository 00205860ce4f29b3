/** What cells showed, as HTML: pictures, tables and text, printed lines, errors. */
import type { MimeBundle } from "../../core/host";
import { type NotebookOutput, textOf } from "../../kernel/notebook";
import { ansiToHtml } from "./ansi";
import { altText } from "./figures";
import { escapeHtml } from "./html";
import { markdown } from "./markdown";

/** More lines than this scroll inside their box. */
const TALL_LINES = 40;
/** Up to so many lines are sentences rather than tables: a long one is wrapped. */
const WRAPPED_LINES = 3;

/**
 * One output as HTML.
 *
 * @param figureFile the saved PNG of this output, relative to the page, if it is a picture
 */
export function outputHtml(output: NotebookOutput, figureFile?: string): string {
  switch (output.output_type) {
    case "stream":
      return textBox(textOf(output.text), output.name === "stderr" ? "text stderr" : "text");
    case "error":
      return textBox(
        output.traceback.length > 0 ? output.traceback.join("\n") : `${output.ename}: ${output.evalue}`,
        "text error",
      );
    default:
      return bundleHtml(output.data, output.metadata, figureFile);
  }
}

/** The richest form that a page without scripts can show safely. */
function bundleHtml(
  bundle: MimeBundle,
  metadata: Record<string, unknown>,
  figureFile: string | undefined,
): string {
  for (const type of ["image/png", "image/jpeg"])
    if (typeof bundle[type] === "string")
      return picture(
        `data:${type};base64,${bundle[type]}`,
        bundle,
        sizeOf(bundle, metadata[type]),
        figureFile,
      );
  const svg = asText(bundle["image/svg+xml"]);
  // Inside an <img>, an SVG cannot run scripts or fetch anything.
  if (svg)
    return picture(`data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`, bundle, "", undefined);
  const formatted = asText(bundle["text/markdown"]);
  if (formatted) return `<div class="prose">${markdown(formatted)}</div>`;
  const text = asText(bundle["text/plain"]);
  if (text) return textBox(text, "text");
  const types = Object.keys(bundle).join(", ") || "nothing";
  return `<p class="absent">An output of the form ${escapeHtml(types)}: open the notebook to see it.</p>`;
}

function picture(source: string, bundle: MimeBundle, size: string, file: string | undefined): string {
  const image = `<img src="${source}" alt="${escapeHtml(altText(bundle))}"${size} loading="lazy">`;
  const linked = file ? `<a href="${escapeHtml(file)}" title="open the figure alone">${image}</a>` : image;
  return `<figure>${linked}</figure>`;
}

/** The size at which a picture is meant to be seen (its pixels may be more): as the output or the figure says. */
function sizeOf(bundle: MimeBundle, metadata: unknown): string {
  const plotly = bundle["application/vnd.plotly.v1+json"] as { layout?: unknown } | undefined;
  for (const size of [metadata, plotly?.layout]) {
    const { width, height } = (size ?? {}) as { width?: unknown; height?: unknown };
    if (typeof width === "number" && typeof height === "number")
      return ` width="${width}" height="${height}"`;
  }
  return "";
}

function textBox(text: string, kind: string): string {
  const trimmed = text.replace(/\s+$/, "");
  if (trimmed === "") return "";
  const lines = trimmed.split("\n").length;
  // What scrolls must be reachable by keyboard.
  if (lines > TALL_LINES) return `<pre class="${kind} tall" tabindex="0">${ansiToHtml(trimmed)}</pre>`;
  return `<pre class="${kind}${lines <= WRAPPED_LINES ? " wrap" : ""}">${ansiToHtml(trimmed)}</pre>`;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" || Array.isArray(value) ? textOf(value as string | string[]) : undefined;
}
