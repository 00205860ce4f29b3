/** Computed numbers beside printed ones, as a table whose disagreeing cells are marked. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { PrintedRow } from "../evaluate/printed";
import type { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { table } from "./table";

/** Options of `plot.printed`. */
export interface PrintedFigureOptions extends FigureOptions {
  /** Headers of the leading columns, one for each level of the printed table's keys but the last. */
  readonly levels?: readonly string[];
  /** Where the computed numbers come from. */
  readonly provenance?: Provenance;
  /** Show only rows with a cell that does not agree. Default false. */
  readonly onlyDisagreeing?: boolean;
}

/**
 * A printed table re-computed: where print and computation agree, the number; else both, marked.
 *
 * The last key of each cell ("TI / 1 / valid") becomes a column, the keys before it label the row.
 *
 * @param cells   as `evaluate.compareWithPrinted` gives them
 * @param options `levels` headers of the row labels; `onlyDisagreeing` default false; `provenance`
 * @throws OsccError `InvalidArgument` for no cells
 * @example
 * const figure = plot.printed(audit.publishedClassCounts(cohort), { levels: ["task", "class"] });
 */
export function printed(cells: readonly PrintedRow[], options: PrintedFigureOptions = {}): Figure {
  if (cells.length === 0)
    throw invalidArgument(
      "cells",
      "no cell",
      "one cell or more",
      "Make them with evaluate.compareWithPrinted(a, b).",
    );
  const disagreeing = cells.filter(({ agrees }) => !agrees);
  const rows = pivot(cells, options.levels ?? []);
  const shown = options.onlyDisagreeing ? rows.filter(({ marked }) => marked.size > 0) : rows;
  const facts = `${cells.length - disagreeing.length} of ${cells.length} cells agree at the printed precision`;
  return table(
    (shown.length > 0 ? shown : rows).map(({ values }) => values),
    {
      title: options.title ?? "Computed beside printed",
      subtitle: options.subtitle ?? facts,
      mark: (values, column) => rows.find((row) => row.values === values)?.marked.has(column) ?? false,
      markMeaning: "computed ≠ printed",
      caveats: [...notes(disagreeing), ...(options.caveats ?? [])],
      limit: 200,
      ...(options.provenance ? { provenance: options.provenance } : {}),
    },
  );
}

interface PivotRow {
  readonly values: Record<string, string>;
  readonly marked: Set<string>;
}

/** One row for each path without its last key. */
function pivot(cells: readonly PrintedRow[], levels: readonly string[]): PivotRow[] {
  const rows = new Map<string, PivotRow>();
  for (const cell of cells) {
    const path = cell.cell.split(" / ");
    const column = path.pop()!;
    const key = path.join(" / ");
    const labels = path.map((part, i) => [levels[i] ?? " ".repeat(i + 1), part]);
    const row = rows.get(key) ?? { values: Object.fromEntries(labels), marked: new Set<string>() };
    row.values[column] = cellText(cell);
    if (!cell.agrees) row.marked.add(column);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function cellText({ agrees, computed, printed: print }: PrintedRow): string {
  if (agrees) return print ?? "";
  const shown = computed === undefined ? "none" : String(Number(computed.toPrecision(5)));
  return `${shown} ≠ ${print ?? "not printed"}`;
}

/** Why cells do not agree, where there is more to say than the difference that the cell itself shows. */
function notes(disagreeing: readonly PrintedRow[]): string[] {
  const byNote = new Map<string, string[]>();
  for (const { cell, note } of disagreeing)
    if (note && !note.startsWith("differs by")) byNote.set(note, [...(byNote.get(note) ?? []), cell]);
  return [...byNote].map(([note, cells]) => `${cells.join(", ")}: ${note}.`);
}
