/** One executed notebook as one HTML file that needs nothing else. */
import path from "node:path";
import { duration } from "../../core/progress";
import { type CodeCell, type NotebookCell, textOf } from "../../kernel/notebook";
import type { ExecutedEntry } from "./entry";
import { highlight } from "./highlight";
import { escapeHtml } from "./html";
import { markdown } from "./markdown";
import { outputHtml } from "./outputs";
import { documentHtml, phantomNotice, USE_NOTICE } from "./shell";
import type { Summary } from "./summary";

/** The neighbours of a page in the gallery. */
export interface Neighbours {
  readonly before?: Summary;
  readonly after?: Summary;
}

export function pageHtml(
  entry: ExecutedEntry,
  summary: Summary,
  neighbours: Neighbours,
  out: string,
): string {
  const cells = entry.notebook.cells.map((cell, index) => cellHtml(cell, index, entry, out)).filter(Boolean);
  return documentHtml({
    title: summary.title,
    description: summary.lead,
    body: `
<header class="bar"><a href="index.html">Gallery</a><strong>${USE_NOTICE}</strong><span>executed in ${duration(entry.elapsedMs)}</span></header>
<main class="page">
${phantomNotice(summary.phantom)}
${failureHtml(entry)}
${cells.join("\n")}
</main>
<nav class="turn" aria-label="other notebooks">
${neighbourLink(neighbours.before, "previous")}
<a class="file" href="${escapeHtml(entry.name)}.ipynb" download>this notebook as a file</a>
${neighbourLink(neighbours.after, "next")}
</nav>`,
  });
}

function cellHtml(cell: NotebookCell, index: number, entry: ExecutedEntry, out: string): string {
  const source = textOf(cell.source);
  if (source.trim() === "") return "";
  if (cell.cell_type !== "code")
    return cell.cell_type === "markdown" ? `<section class="prose">${markdown(source)}</section>` : "";
  return codeHtml(cell, source, index, entry, out);
}

function codeHtml(cell: CodeCell, source: string, index: number, entry: ExecutedEntry, out: string): string {
  const failed = entry.failed.some((one) => one.index === index);
  const outputs = cell.outputs.map((output, place) => {
    const figure = entry.figures.find((one) => one.cell === index && one.output === place);
    return outputHtml(output, figure && path.relative(out, figure.file).split(path.sep).join("/"));
  });
  const count = cell.execution_count ?? " ";
  return `<section class="code${failed ? " failed" : ""}" id="cell-${index + 1}">
<div class="input"><span class="count" aria-label="cell ${count}">${count}</span>\
<pre class="source" tabindex="0"><code>${highlight(source.trimEnd())}</code></pre></div>
${outputs.join("\n")}
</section>`;
}

function failureHtml(entry: ExecutedEntry): string {
  const first = entry.failed[0];
  if (!first) return "";
  return `<p class="notice failure" role="alert"><a href="#cell-${first.index + 1}">A cell failed</a>: \
${escapeHtml(first.ename)}. The cells after it were not run.</p>`;
}

function neighbourLink(summary: Summary | undefined, relation: "previous" | "next"): string {
  if (!summary) return "<span></span>";
  const words = `<small>${relation}</small>${escapeHtml(summary.title)}`;
  return `<a class="${relation}" rel="${relation === "next" ? "next" : "prev"}" href="${escapeHtml(summary.name)}.html">${words}</a>`;
}
