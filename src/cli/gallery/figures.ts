/** Every picture of an executed notebook as a PNG file: `figures/04-roc-2.png`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { MimeBundle } from "../../core/host";
import { type Notebook, type NotebookOutput, textOf } from "../../kernel/notebook";
import type { SavedFigure } from "./entry";

/** Write the notebook's pictures, numbered from 1 in reading order; those of an earlier run are removed first. */
export function saveFigures(notebook: Notebook, name: string, folder: string): SavedFigure[] {
  mkdirSync(folder, { recursive: true });
  removeEarlier(name, folder);
  const figures: SavedFigure[] = [];
  notebook.cells.forEach((cell, cellIndex) => {
    if (cell.cell_type !== "code") return;
    cell.outputs.forEach((output, outputIndex) => {
      const png = bundleOf(output)?.["image/png"];
      if (typeof png !== "string") return;
      const file = path.join(folder, `${name}-${figures.length + 1}.png`);
      writeFileSync(file, Buffer.from(png, "base64"));
      figures.push({ cell: cellIndex, output: outputIndex, file, alt: altText(bundleOf(output)!) });
    });
  });
  return figures;
}

/** The forms in which an output can be shown, if it is of that kind. */
export function bundleOf(output: NotebookOutput): MimeBundle | undefined {
  return output.output_type === "display_data" || output.output_type === "execute_result"
    ? output.data
    : undefined;
}

/** A bundle's plain text, which our figures fill with a description. */
export function altText(bundle: MimeBundle): string {
  const text = bundle["text/plain"];
  return typeof text === "string" || Array.isArray(text) ? textOf(text as string | string[]) : "figure";
}

function removeEarlier(name: string, folder: string): void {
  const numbered = /^-\d+\.png$/;
  for (const file of readdirSync(folder))
    if (file.startsWith(name) && numbered.test(file.slice(name.length))) rmSync(path.join(folder, file));
}
