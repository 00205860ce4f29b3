/** A table as a figure: any rows, with marked cells. */
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import {
  frame,
  hiddenAxis,
  INK,
  LINE_HEIGHT,
  SURFACE,
  SURFACE_STRONG,
  WARNING_FILL,
  WARNING_INK,
} from "./theme";
import { escapeText, signed, widthPx, wrap } from "./words";

/** What a cell can hold. */
export type CellValue = string | number | boolean | null | undefined;

/** Options of `plot.table`. */
export interface TableOptions<Row extends object = object> extends FigureOptions {
  /** Which columns, in which order, and their headers. Default: the keys of all rows. */
  readonly columns?: Readonly<Partial<Record<keyof Row & string, string>>>;
  /** Whether a cell is marked, so that a reader's eye falls on it. Default: none is. */
  readonly mark?: (row: Row, column: keyof Row & string) => boolean;
  /** What marked cells mean; a line at the foot. */
  readonly markMeaning?: string;
  /** Decimals of numbers that are not whole. Default 3. */
  readonly digits?: number;
  /** Rows shown at most; a line at the foot says how many are left out. Default 60. */
  readonly limit?: number;
  /** Where the data come from. */
  readonly provenance?: Provenance;
}

const CELL_TEXT_PX = 12.5;
const CELL_PADDING_PX = 10;
const COLUMN_MIN_PX = 34;
const COLUMN_MAX_PX = 300;
/** Above and below the lines of a cell, together. */
const ROW_PADDING_PX = 9;

/**
 * Rows as a table; numbers are aligned right, marked cells stand out in colour and bold.
 *
 * @param rows    records with the same keys; a missing value is an empty cell
 * @param options `columns` (headers by key), `mark`, `markMeaning`, `digits` default 3, `limit` default 60
 * @throws OsccError `InvalidArgument` for no rows; `UnknownName` for a column that no row has
 * @example
 * const figure = plot.table([{ model: "concat", auc: 0.931 }, { model: "gated", auc: 0.918 }]);
 */
export function table<Row extends object>(rows: readonly Row[], options: TableOptions<Row> = {}): Figure {
  if (rows.length === 0) throw invalidArgument("rows", "no row", "one row or more");
  const { limit = 60, digits = 3, mark = () => false } = options;
  const shown = rows.slice(0, limit);
  const columns = columnsOf(rows, options.columns).map((column) => layOutColumn(column, shown, mark, digits));
  const heights = [
    rowHeight(columns.map(({ headerLines }) => headerLines)),
    ...shown.map((_, i) => rowHeight(columns.map(({ cells }) => cells[i]!.lines))),
  ];
  const size = { width: sum(columns.map(({ width }) => width)), height: sum(heights) };
  const anyMarked = columns.some(({ cells }) => cells.some(({ marked }) => marked));
  const layout = frame(
    {
      title: options.title ?? "Table",
      ...(options.subtitle ? { subtitle: options.subtitle } : {}),
      sources: [options.provenance],
      caveats: [
        ...(anyMarked && options.markMeaning ? [`Marked cells: ${options.markMeaning}.`] : []),
        ...(rows.length > limit ? [`${rows.length - limit} more rows are not shown.`] : []),
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: size.width, plotHeight: size.height, left: 18, right: 18, bottom: 6 },
  );
  return new Figure(
    {
      data: columns.map((column, k) =>
        columnTrace(column, sum(columns.slice(0, k).map(({ width }) => width)), heights),
      ),
      layout: {
        ...layout,
        xaxis: hiddenAxis({ range: [0, size.width] }),
        yaxis: hiddenAxis({ range: [size.height, 0] }),
        shapes: fills(columns, heights, size.width),
        showlegend: false,
        hovermode: false,
      },
    },
    { alt: altText(columns, shown.length, options.title) },
  );
}

interface Column {
  readonly key: string;
  readonly header: string;
}

interface Cell {
  readonly lines: readonly string[];
  readonly marked: boolean;
}

interface LaidOutColumn {
  readonly header: string;
  readonly headerLines: readonly string[];
  readonly align: "left" | "right";
  readonly width: number;
  readonly cells: readonly Cell[];
}

function columnsOf<Row extends object>(rows: readonly Row[], wanted: TableOptions<Row>["columns"]): Column[] {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (!wanted) return keys.map((key) => ({ key, header: key }));
  return Object.entries(wanted).map(([key, header]) => {
    if (!keys.includes(key)) throw unknownName("column", key, keys);
    return { key, header: String(header) };
  });
}

function layOutColumn<Row extends object>(
  { key, header }: Column,
  rows: readonly Row[],
  mark: (row: Row, column: keyof Row & string) => boolean,
  digits: number,
): LaidOutColumn {
  const values = rows.map((row) => (row as Record<string, CellValue>)[key]);
  const known = values.filter((value) => value !== null && value !== undefined);
  const align = known.length > 0 && known.every((value) => typeof value === "number") ? "right" : "left";
  const decimals = values.some((value) => typeof value === "number" && !Number.isInteger(value)) ? digits : 0;
  const texts = values.map((value) => cellText(value, decimals));
  const widest = Math.max(
    widthPx(header, CELL_TEXT_PX, true),
    ...texts.map((text) => widthPx(text, CELL_TEXT_PX, true)),
  );
  const textWidth = Math.ceil(Math.min(COLUMN_MAX_PX, Math.max(COLUMN_MIN_PX, widest + 2)));
  return {
    header,
    headerLines: wrap(header, textWidth, CELL_TEXT_PX, true),
    align,
    width: textWidth + 2 * CELL_PADDING_PX,
    cells: rows.map((row, i) => ({
      lines: wrap(texts[i]!, textWidth, CELL_TEXT_PX, true),
      marked: mark(row, key as keyof Row & string),
    })),
  };
}

/** A column of whole numbers shows none of the decimals that a column of shares shows. */
function cellText(value: CellValue, decimals: number): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? signed(value, decimals) : value;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** A row is as high as its cell of most lines. */
function rowHeight(cells: readonly (readonly string[])[]): number {
  const lines = Math.max(1, ...cells.map((cell) => cell.length));
  return Math.ceil(lines * CELL_TEXT_PX * LINE_HEIGHT + ROW_PADDING_PX);
}

/** The upper edge of each row, from the header down. */
function rowTops(heights: readonly number[]): number[] {
  return heights.map((_, i) => sum(heights.slice(0, i)));
}

/** One column: its texts at the middles of the rows, in pixels of the drawing. */
function columnTrace(
  { headerLines, cells, align, width }: LaidOutColumn,
  left: number,
  heights: readonly number[],
): object {
  const x = align === "left" ? left + CELL_PADDING_PX : left + width - CELL_PADDING_PX;
  const header = `<b>${headerLines.map(escapeText).join("<br>")}</b>`;
  return {
    type: "scatter",
    mode: "text",
    x: heights.map(() => x),
    y: rowTops(heights).map((top, i) => top + heights[i]! / 2),
    text: [header, ...cells.map(cellMarkup)],
    textposition: align === "left" ? "middle right" : "middle left",
    textfont: {
      size: CELL_TEXT_PX,
      color: [INK, ...cells.map(({ marked }) => (marked ? WARNING_INK : INK))],
    },
    cliponaxis: false,
  };
}

function cellMarkup({ lines, marked }: Cell): string {
  const text = lines.map(escapeText).join("<br>");
  return marked && text ? `<b>${text}</b>` : text;
}

/** The header's ground, a stripe in every second row, and the marked cells. */
function fills(columns: readonly LaidOutColumn[], heights: readonly number[], width: number): object[] {
  const tops = rowTops(heights);
  const row = (i: number) => ({ y0: tops[i]!, y1: tops[i]! + heights[i]! });
  const stripes = heights
    .slice(1)
    .flatMap((_, i) => (i % 2 === 1 ? [ground(0, width, row(i + 1), SURFACE)] : []));
  const marks = columns.flatMap(({ cells, width: columnWidth }, k) => {
    const left = sum(columns.slice(0, k).map((column) => column.width));
    return cells.flatMap(({ marked }, i) =>
      marked ? [ground(left + 1, left + columnWidth - 1, row(i + 1), WARNING_FILL)] : [],
    );
  });
  return [ground(0, width, row(0), SURFACE_STRONG), ...stripes, ...marks];
}

function ground(x0: number, x1: number, { y0, y1 }: { y0: number; y1: number }, fillcolor: string): object {
  return {
    type: "rect",
    xref: "x",
    yref: "y",
    x0,
    x1,
    y0,
    y1,
    fillcolor,
    line: { width: 0 },
    layer: "below",
  };
}

function altText(columns: readonly LaidOutColumn[], rows: number, title = "Table"): string {
  const marked = columns.flatMap(({ header, cells }) =>
    cells.flatMap((cell, i) => (cell.marked ? [`row ${i + 1}, ${header}: ${cell.lines.join(" ")}`] : [])),
  );
  const columnNames = columns.map(({ header }) => header).join(", ");
  return `${title}: ${rows} rows with ${columnNames}.${marked.length > 0 ? ` Marked: ${marked.join("; ")}.` : ""}`;
}
