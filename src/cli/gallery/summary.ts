/** What the index says about a notebook: read from the notebook itself. */
import path from "node:path";
import { PHANTOM_NOTICE } from "../../core/provenance";
import { type Notebook, textOf } from "../../kernel/notebook";
import type { ExecutedEntry } from "./entry";
import { plainText } from "./markdown";

/** One notebook on the index; kept in `gallery.json`, so that a later run of one notebook keeps the others. */
export interface Summary {
  readonly name: string;
  readonly title: string;
  /** The paragraph under the title. */
  readonly lead: string;
  readonly elapsedMs: number;
  readonly failedCells: number;
  /** Some figure was made from the phantom. */
  readonly phantom: boolean;
  /** Pictures, relative to the index. */
  readonly figures: readonly { readonly file: string; readonly alt: string }[];
}

export function summaryOf(entry: ExecutedEntry, out: string): Summary {
  return {
    name: entry.name,
    ...titleAndLead(entry.notebook, entry.name),
    elapsedMs: Math.round(entry.elapsedMs),
    failedCells: entry.failed.length,
    phantom: usesPhantom(entry.notebook),
    figures: entry.figures.map(({ file, alt }) => ({
      file: path.relative(out, file).split(path.sep).join("/"),
      alt,
    })),
  };
}

/** The first heading, and the first paragraph after it. */
export function titleAndLead(notebook: Notebook, name: string): { title: string; lead: string } {
  const texts = notebook.cells.flatMap((cell) =>
    cell.cell_type === "markdown" ? [textOf(cell.source)] : [],
  );
  const paragraphs = texts
    .join("\n\n")
    .split(/\n\s*\n|\n(?=#)|(?<=^#[^\n]*)\n/m)
    .map((text) => text.trim());
  const at = paragraphs.findIndex((text) => /^#\s/.test(text));
  const title = at < 0 ? name : plainText(paragraphs[at]!.split("\n")[0]!.replace(/^#\s+/, ""));
  const isProse = (text: string) => /^[^#|>`\-*\d!]|^\*\*?\w/.test(text);
  const lead = paragraphs.slice(at + 1).find((text) => text !== "" && isProse(text)) ?? "";
  return { title, lead: plainText(lead.replace(/\s+/g, " ")) };
}

/** Whether any output carries the phantom's notice, which every figure made from it does. */
function usesPhantom(notebook: Notebook): boolean {
  return notebook.cells.some(
    (cell) => cell.cell_type === "code" && JSON.stringify(cell.outputs).includes(PHANTOM_NOTICE),
  );
}
