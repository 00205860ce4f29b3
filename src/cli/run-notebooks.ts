/** Execute notebooks one after another, collect their figures, make the gallery, say where everything is. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { OsccError, unknownName } from "../core/errors";
import { PACKAGE_ROOT } from "../core/paths";
import { duration } from "../core/progress";
import { type CellProgress, executeNotebook, type FailedCell } from "../kernel/notebook";
import type { ExecutedEntry } from "./gallery/entry";
import { saveFigures } from "./gallery/figures";
import { writeGallery } from "./gallery/gallery";
import { paint, StatusLine } from "./terminal";

export interface RunNotebooksOptions {
  /** Notebook files. Default: all of `notebooks/`. */
  readonly files?: readonly string[];
  /** Only those whose name contains one of these. */
  readonly only?: readonly string[];
  /** The folder for pages, executed notebooks and figures. */
  readonly out: string;
}

/**
 * Execute notebooks and make the gallery.
 *
 * @returns 0, or 1 if any cell failed
 */
export async function runNotebooks(options: RunNotebooksOptions): Promise<number> {
  const files = chosenNotebooks(options);
  const out = path.resolve(options.out);
  mkdirSync(path.join(out, "figures"), { recursive: true });

  const entries: ExecutedEntry[] = [];
  for (const file of files) entries.push(await runOne(file, out));
  const index = await writeGallery(out, entries);

  const failed = entries.filter((entry) => entry.failed.length > 0);
  const figures = entries.reduce((sum, entry) => sum + entry.figures.length, 0);
  const seconds = entries.reduce((sum, entry) => sum + entry.elapsedMs, 0);
  process.stdout.write(
    [
      "",
      `${counted(entries.length, "notebook")}, ${counted(figures, "figure")}, ${duration(seconds)}`,
      `  gallery    ${index}`,
      `  notebooks  ${path.join(out, "*.ipynb")}`,
      `  figures    ${path.join(out, "figures")}`,
      ...(failed.length > 0
        ? ["", paint("red", `Failed: ${failed.map((entry) => entry.name).join(", ")}`)]
        : []),
      "",
    ].join("\n"),
  );
  return failed.length > 0 ? 1 : 0;
}

async function runOne(file: string, out: string): Promise<ExecutedEntry> {
  const name = path.basename(file, ".ipynb");
  const line = new StatusLine();
  const started = performance.now();
  const { notebook, failed } = await executeNotebook(file, {
    out: path.join(out, `${name}.ipynb`),
    onCell: (progress) => line.show(cellStatus(name, progress)),
  });
  const elapsedMs = performance.now() - started;
  const figures = saveFigures(notebook, name, path.join(out, "figures"));
  const state = failed.length > 0 ? paint("red", "FAILED") : paint("green", "ok    ");
  line.keep(
    `${state}  ${name.padEnd(24)} ${duration(elapsedMs).padStart(12)}  ${counted(figures.length, "figure")}`,
  );
  for (const cell of failed) process.stdout.write(explain(cell));
  return { name, notebook, figures, failed, elapsedMs };
}

function cellStatus(name: string, { done, total, result }: CellProgress): string {
  return `        ${name.padEnd(24)} cell ${done} of ${total}${result ? "" : " ..."}`;
}

/** What went wrong in a cell, indented; the lines of its trace as the notebook shows them. */
function explain(cell: FailedCell): string {
  const text = cell.traceback.length > 0 ? cell.traceback.join("\n") : `${cell.ename}: ${cell.evalue}`;
  const shown = process.stdout.isTTY && !process.env.NO_COLOR ? text : withoutAnsi(text);
  return `  cell ${cell.index + 1}:\n${shown.replace(/^/gm, "    ")}\n`;
}

function withoutAnsi(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a colour code
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

function chosenNotebooks({ files = [], only }: RunNotebooksOptions): string[] {
  const all =
    files.length > 0 ? files.map(existingNotebook) : notebooksOf(path.join(PACKAGE_ROOT, "notebooks"));
  const chosen = only ? all.filter((file) => only.some((word) => path.basename(file).includes(word))) : all;
  if (chosen.length > 0) return chosen;
  const names = all.map((file) => path.basename(file, ".ipynb"));
  if (only) throw unknownName("notebook", only.join(","), names);
  throw new OsccError(
    "Kernel",
    ["there is no notebook in notebooks/.", "Expected files that end in .ipynb."],
    {
      detail: "no notebooks",
    },
  );
}

function notebooksOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ipynb"))
    .sort()
    .map((name) => path.join(folder, name));
}

/** A file as given, or a name of one of ours: `03-fine-tune`. */
function existingNotebook(given: string): string {
  const ours = path.join(PACKAGE_ROOT, "notebooks", given);
  const found = [given, `${given}.ipynb`, ours, `${ours}.ipynb`].find(
    (file) => file.endsWith(".ipynb") && existsSync(file),
  );
  if (found) return path.resolve(found);
  const names = notebooksOf(path.join(PACKAGE_ROOT, "notebooks")).map((file) =>
    path.basename(file, ".ipynb"),
  );
  throw unknownName("notebook", given, names);
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
