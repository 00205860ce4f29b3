/** The gallery's first page: a card for each notebook. */
import { duration } from "../../core/progress";
import { escapeHtml } from "./html";
import { documentHtml, phantomNotice, USE_NOTICE } from "./shell";
import type { Summary } from "./summary";

export function indexHtml(summaries: readonly Summary[]): string {
  const total = summaries.reduce((sum, one) => sum + one.elapsedMs, 0);
  const failed = summaries.filter((one) => one.failedCells > 0).length;
  return documentHtml({
    title: "oscc-lab notebooks",
    description: "Computational pathology of oral squamous cell carcinoma in TypeScript notebooks.",
    body: `
<main class="gallery">
<h1>oscc-lab</h1>
<p class="lead">Computational pathology of oral squamous cell carcinoma in TypeScript notebooks. \
Each page below was executed from top to bottom by this run.</p>
<p class="notice use"><strong>${USE_NOTICE}</strong></p>
${phantomNotice(summaries.some((one) => one.phantom))}
<ol class="cards">
${summaries.map(card).join("\n")}
</ol>
<p class="foot">${summaries.length} notebook${summaries.length === 1 ? "" : "s"}, ${duration(total)}${
      failed > 0 ? `, ${failed} with a failed cell` : ", no cell failed"
    }. Figures as PNG files are in <code>figures/</code>.</p>
</main>`,
  });
}

function card(summary: Summary): string {
  const first = summary.figures[0];
  const picture = first
    ? `<img src="${escapeHtml(first.file)}" alt="" loading="lazy">`
    : '<span class="blank" aria-hidden="true">no figure</span>';
  const facts = [
    duration(summary.elapsedMs),
    `${summary.figures.length} figure${summary.figures.length === 1 ? "" : "s"}`,
  ];
  return `<li class="card${summary.failedCells > 0 ? " failed" : ""}">
<a href="${escapeHtml(summary.name)}.html">
<span class="picture">${picture}</span>
<span class="words"><small>${escapeHtml(summary.name)}</small>
<strong>${escapeHtml(summary.title)}</strong>
<span class="about">${escapeHtml(summary.lead)}</span>
<span class="facts">${summary.failedCells > 0 ? '<b class="bad">a cell failed</b> · ' : ""}${facts.join(" · ")}</span></span>
</a></li>`;
}
