/** Computed numbers beside printed ones, compared at the precision of the print. */
import { invalidArgument } from "../core/errors";

/** A table as nested records whose leaves are numbers, or numbers as printed: `{ TI: { valid: "103" } }`. */
export type PrintedTable = { readonly [key: string]: number | string | PrintedTable };

/** One cell of a printed table beside its computed value. */
export interface PrintedRow {
  /** The path of keys to the cell: `"TI / 1 / valid"`. */
  readonly cell: string;
  /** As printed; absent when the print has no such cell. */
  readonly printed?: string;
  /** Absent when nothing was computed for this cell. */
  readonly computed?: number;
  readonly agrees: boolean;
  /** Why it does not agree, as far as that can be seen from the numbers; empty when it does. */
  readonly note: string;
}

/** Options of `compareWithPrinted`. */
export interface PrintedOptions {
  /**
   * Decimals of the print where its numbers lost their trailing zeros (0.102 for "0.1020"). Default: as many as
   * each number itself shows. Numbers in scientific notation keep their own precision.
   */
  readonly decimals?: number;
}

/**
 * Compare computed with printed values, cell by cell, at the printed precision.
 *
 * A cell agrees when the computed value rounds to what is printed. Rows come in the order of the printed table.
 * A cell that does not agree gets a note when a simple slip explains it: cut off instead of rounded, or exchanged
 * with another cell.
 *
 * @param computed nested records of numbers with the same keys as `printed`
 * @param printed  numbers or strings as printed; a string keeps trailing zeros
 * @param options  `decimals`, default: those each printed number shows
 * @throws InvalidArgument for a printed cell that is no number
 * @example
 * evaluate.compareWithPrinted({ TI: { valid: 97, test: 99 } }, { TI: { valid: 97, test: "101" } })
 *   .filter((row) => !row.agrees); // [{ cell: "TI / test", printed: "101", computed: 99, ... }]
 */
export function compareWithPrinted(
  computed: PrintedTable,
  printed: PrintedTable,
  options: PrintedOptions = {},
): PrintedRow[] {
  const values = new Map([...leaves(computed)].map(([cell, leaf]) => [cell, Number(leaf)]));
  const cells = [...leaves(printed)].map(([cell, leaf]) => readCell(cell, leaf, values.get(cell), options));
  const printedCells = new Set(cells.map((c) => c.cell));
  const onlyComputed = [...values].filter(([cell]) => !printedCells.has(cell));
  return [
    ...cells.map((cell) => rowOf(cell, cells)),
    ...onlyComputed.map(([cell, value]) => ({ cell, computed: value, agrees: false, note: "not printed" })),
  ];
}

/** A printed number: what it says, and the worth of one unit in its last digit. */
interface Cell {
  readonly cell: string;
  readonly text: string;
  readonly value: number;
  readonly unit: number;
  readonly computed: number | undefined;
}

function* leaves(table: PrintedTable, path: readonly string[] = []): Generator<[string, number | string]> {
  for (const [key, value] of Object.entries(table)) {
    const here = [...path, key];
    if (typeof value === "object") yield* leaves(value, here);
    else yield [here.join(" / "), value];
  }
}

function readCell(
  cell: string,
  leaf: number | string,
  computed: number | undefined,
  options: PrintedOptions,
): Cell {
  const text = String(leaf).trim();
  const parts = /^[+-]?\d+(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!parts) throw invalidArgument(`the printed cell "${cell}"`, leaf, "a number such as 0.4808 or 1.8e-15");
  const shown = parts[1]?.length ?? 0;
  const scientific = parts[2] !== undefined;
  const decimals = typeof leaf === "number" && !scientific ? Math.max(shown, options.decimals ?? 0) : shown;
  return { cell, text, value: Number(text), unit: 10 ** (Number(parts[2] ?? 0) - decimals), computed };
}

function rowOf(cell: Cell, all: readonly Cell[]): PrintedRow {
  const { computed } = cell;
  if (computed === undefined)
    return { cell: cell.cell, printed: cell.text, agrees: false, note: "not computed" };
  const agrees = roundsTo(computed, cell);
  return {
    cell: cell.cell,
    printed: cell.text,
    computed,
    agrees,
    note: agrees ? "" : explain(cell, computed, all),
  };
}

/** Half a unit in the last place, with room for the binary fraction of a value that ends in exactly 5. */
function roundsTo(computed: number, cell: Cell): boolean {
  return Math.abs(computed - cell.value) <= cell.unit * (0.5 + 1e-9);
}

function explain(cell: Cell, computed: number, all: readonly Cell[]): string {
  const exchanged = all.filter(
    (other) =>
      other !== cell &&
      other.computed !== undefined &&
      !roundsTo(other.computed, other) &&
      roundsTo(computed, other) &&
      roundsTo(other.computed, cell),
  );
  if (exchanged.length > 0) return `exchanged with ${exchanged.map((other) => other.cell).join(" or ")}`;
  const excess = Math.abs(computed) - Math.abs(cell.value);
  if (excess > 0 && excess < cell.unit && Math.sign(computed) === Math.sign(cell.value))
    return "cut off instead of rounded";
  return `differs by ${Number((computed - cell.value).toPrecision(2))}`;
}
