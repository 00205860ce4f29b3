/** The clinical table's file: CSV, UTF-8 with a byte-order mark, `/` for a missing cell. */
import path from "node:path";
import { readCsv } from "../files";
import { listed, type Problems, plural } from "../problems";
import {
  CLINICAL_COLUMNS,
  type ClinicalColumn,
  type ClinicalRecord,
  NOT_UNDERSTOOD,
  readCell,
} from "./clinical";

/** Patient to row, in file order. Cells that cannot be understood become missing, with a warning that lists them. */
export async function readClinical(
  file: string,
  known: ReadonlySet<string>,
  problems: Problems,
): Promise<ReadonlyMap<string, ClinicalRecord> | undefined> {
  const table = await readCsv(file, problems);
  if (!table) return undefined;
  const name = path.basename(file);
  const pidAt = table.header.findIndex((column) => /^(pid|patient)$/i.test(column));
  if (pidAt < 0) {
    problems.error(`${name} has no column PID; its columns are ${table.header.slice(0, 8).join(", ")}`);
    return undefined;
  }
  const columns = findColumns(table.header, name, problems);
  const records = new Map<string, ClinicalRecord>();
  const doubtful: string[] = [];
  for (const row of table.rows) {
    const patient = row[pidAt] ?? "";
    if (!/^\d+$/.test(patient)) {
      problems.error(`${name} has a row whose PID is ${JSON.stringify(patient)}; expected a number`);
      continue;
    }
    const id = String(Number(patient));
    if (records.has(id)) problems.error(`${name} names patient ${id} twice`);
    records.set(id, readRow(id, row, columns, doubtful));
  }
  reportDifferences(name, records, known, problems);
  if (doubtful.length > 0)
    problems.warn(
      `${name}: ${plural(doubtful.length, "cell")} not understood and taken as missing: ${listed(doubtful)}`,
    );
  return records;
}

type Columns = ReadonlyMap<ClinicalColumn, number>;

/** Headers carry units in brackets, `Age(Y)`, which are not compared. */
function findColumns(header: readonly string[], name: string, problems: Problems): Columns {
  const plain = header.map((column) =>
    column
      .replace(/\(.*\)$/, "")
      .trim()
      .toLowerCase(),
  );
  const columns = new Map<ClinicalColumn, number>();
  const absent: string[] = [];
  for (const [column, { header: wanted }] of Object.entries(CLINICAL_COLUMNS)) {
    const at = plain.indexOf(wanted.toLowerCase());
    if (at >= 0) columns.set(column as ClinicalColumn, at);
    else absent.push(wanted);
  }
  if (absent.length > 0)
    problems.warn(`${name} lacks ${plural(absent.length, "column")}: ${listed(absent)}; taken as missing`);
  const used = new Set(columns.values());
  const extra = header.filter((column, i) => !used.has(i) && !/^(pid|patient)$/i.test(column));
  if (extra.length > 0)
    problems.warn(
      `${name} has ${plural(extra.length, "column that is", "columns that are")} not read: ${listed(extra)}`,
    );
  return columns;
}

function readRow(
  patient: string,
  row: readonly string[],
  columns: Columns,
  doubtful: string[],
): ClinicalRecord {
  const record: Record<string, unknown> = { patient };
  for (const column of Object.keys(CLINICAL_COLUMNS) as ClinicalColumn[]) {
    const at = columns.get(column);
    const text = at === undefined ? undefined : row[at];
    const value = readCell(column, text);
    if (value === NOT_UNDERSTOOD) doubtful.push(`patient ${patient} ${column} ${JSON.stringify(text)}`);
    record[column] = value === NOT_UNDERSTOOD ? undefined : value;
  }
  return record as ClinicalRecord;
}

function reportDifferences(
  name: string,
  records: ReadonlyMap<string, unknown>,
  known: ReadonlySet<string>,
  problems: Problems,
): void {
  const strangers = [...records.keys()].filter((pid) => !known.has(pid));
  if (strangers.length > 0)
    problems.warn(
      `${name} has rows of ${plural(strangers.length, "patient")} without labels: ${listed(strangers)}; left out`,
    );
  const absent = [...known].filter((pid) => !records.has(pid));
  if (absent.length > 0)
    problems.warn(`${name} has no row for ${plural(absent.length, "patient")}: ${listed(absent)}`);
}
