/** The gallery: a page for each executed notebook, and an index of all that lie in the folder. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ExecutedEntry } from "./entry";
import { indexHtml } from "./index-page";
import { pageHtml } from "./page";
import { type Summary, summaryOf } from "./summary";

/**
 * Write pages and index.
 *
 * @returns the index file
 */
export async function writeGallery(out: string, entries: readonly ExecutedEntry[]): Promise<string> {
  const summaries = merged(
    earlierSummaries(out),
    entries.map((entry) => summaryOf(entry, out)),
  );
  for (const entry of entries) {
    const place = summaries.findIndex((summary) => summary.name === entry.name);
    const [before, after] = [summaries[place - 1], summaries[place + 1]];
    const neighbours = { ...(before ? { before } : {}), ...(after ? { after } : {}) };
    const page = pageHtml(entry, summaries[place]!, neighbours, out);
    writeFileSync(path.join(out, `${entry.name}.html`), page);
  }
  writeFileSync(memory(out), `${JSON.stringify(summaries, null, 1)}\n`);
  const index = path.join(out, "index.html");
  writeFileSync(index, indexHtml(summaries));
  return index;
}

/** Notebooks of earlier runs whose pages are still there. */
function earlierSummaries(out: string): Summary[] {
  if (!existsSync(memory(out))) return [];
  try {
    const kept = JSON.parse(readFileSync(memory(out), "utf8")) as Summary[];
    return kept.filter((summary) => existsSync(path.join(out, `${summary.name}.html`)));
  } catch {
    // It is only a memory of earlier runs: a broken one is forgotten.
    return [];
  }
}

function merged(earlier: readonly Summary[], present: readonly Summary[]): Summary[] {
  const renewed = new Set(present.map((summary) => summary.name));
  return [...earlier.filter((summary) => !renewed.has(summary.name)), ...present].sort((a, b) =>
    a.name.localeCompare(b.name, "en"),
  );
}

function memory(out: string): string {
  return path.join(out, "gallery.json");
}
