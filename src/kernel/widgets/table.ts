import { invalidArgument } from "../../core/errors";
import { Widget, type WidgetOptions } from "./widget";

/** A table whose rows can be sorted, searched and chosen; its value are the chosen rows. Made by {@link table}. */
export class Table<Row extends object> extends Widget<readonly Row[]> {
  readonly kind = "table";

  constructor(
    /** All rows, in their own order. */
    readonly rows: readonly Row[],
    options: WidgetOptions = {},
  ) {
    super([], options);
  }

  protected override state() {
    // The front end knows rows by their place.
    return { ...super.state(), value: this.value.map((row) => this.rows.indexOf(row)) };
  }

  protected override details() {
    const columns = [...new Set(this.rows.flatMap((row) => Object.keys(row)))];
    const cells = this.rows.map((row) =>
      columns.map((column) => cellOf((row as Record<string, unknown>)[column])),
    );
    return { columns, cells };
  }

  protected words(): string {
    return `${this.value.length} of ${this.rows.length} rows chosen`;
  }

  /** From the front end come places; from code come rows. */
  protected check(value: unknown): readonly Row[] {
    if (!Array.isArray(value)) throw invalidArgument("value", value, "a list of rows of the table");
    return value.map((entry: unknown) => {
      const row = typeof entry === "number" ? this.rows[entry] : this.rows.find((own) => own === entry);
      if (row === undefined) throw invalidArgument("value", entry, "rows of the table");
      return row;
    });
  }
}

/**
 * A table that can be sorted, searched, and whose rows can be chosen.
 *
 * @param rows    plain objects; the columns are their keys
 * @param options `label`, `disabled` (rows cannot be chosen)
 * @example
 * const chosen = widget.table(cohort.classCounts(), { label: "Classes" });
 * chosen.onChange((rows) => console.log(rows.map((row) => row.className)));
 */
export function table<Row extends object>(rows: readonly Row[], options: WidgetOptions = {}): Table<Row> {
  return new Table(rows, options);
}

/** What a cell shows: numbers stay numbers, so that they sort as such. */
function cellOf(value: unknown): string | number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
