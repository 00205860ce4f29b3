/** Reading small files of a cohort: with limits, and every failure as a problem in words. */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "csv-parse/sync";
import type { z } from "zod";
import { listed, type Problems } from "./problems";

/** Labels and tables are small; a larger file is not what it claims to be. */
const MAX_TEXT_BYTES = 100_000_000;
/** So many problems of one file are listed. */
const MAX_ISSUES = 200;

/** The entries of a folder, sorted by name; `undefined` when it is not a folder that can be read. */
export async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return undefined;
  }
}

/** Is this entry a folder, or a link to one? A link that leads nowhere or in a circle is not. */
export async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (entry.isDirectory()) return true;
  if (!entry.isSymbolicLink()) return false;
  try {
    return (await stat(path.join(parent, entry.name))).isDirectory();
  } catch {
    return false;
  }
}

/** A text file as UTF-8 (a byte-order mark is dropped), or a problem. */
export async function readText(file: string, problems: Problems): Promise<string | undefined> {
  const name = path.basename(file);
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error("it is a folder, a device or a pipe, not a file");
    const { size } = found;
    if (size > MAX_TEXT_BYTES) {
      problems.error(`${name} has ${size} bytes; a file of labels or tables has at most ${MAX_TEXT_BYTES}`);
      return undefined;
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const why =
      cause instanceof TypeError
        ? "is not UTF-8 text; save it as UTF-8"
        : `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
    problems.error(`${name} ${why}`);
    return undefined;
  }
}

/** A JSON file as data of a schema, or problems that name the place in the file. */
export async function readJson<T>(
  file: string,
  schema: z.ZodType<T>,
  problems: Problems,
): Promise<T | undefined> {
  const text = await readText(file, problems);
  if (text === undefined) return undefined;
  const name = path.basename(file);
  if (text.includes('"__proto__"')) {
    problems.error(`${name} has a key named __proto__, which no data set needs; rename it`);
    return undefined;
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    problems.error(`${name} is not valid JSON (${(cause as Error).message.slice(0, 160)})`);
    return undefined;
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  for (const issue of issues.slice(0, MAX_ISSUES)) problems.error(`${name}: ${describeIssue(issue)}`);
  if (issues.length > MAX_ISSUES) problems.error(`${name}: and ${issues.length - MAX_ISSUES} more`);
  return undefined;
}

/** A CSV file as rows by column name, or a problem. The first line holds the names. */
export async function readCsv(file: string, problems: Problems): Promise<CsvTable | undefined> {
  const text = await readText(file, problems);
  if (text === undefined) return undefined;
  const name = path.basename(file);
  let lines: string[][];
  try {
    lines = parse(text, { skip_empty_lines: true, trim: true, max_record_size: 1_000_000 });
  } catch (cause) {
    problems.error(`${name} is not valid CSV (${(cause as Error).message})`);
    return undefined;
  }
  const [header, ...rows] = lines;
  if (!header) {
    problems.error(`${name} is empty; its first line should hold the column names`);
    return undefined;
  }
  const twice = repeated(header);
  if (twice.length > 0) {
    problems.error(`${name} has two columns named ${listed(twice)}`);
    return undefined;
  }
  return { header, rows };
}

/** Names that stand more than once. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = names.filter((name) => seen.size === seen.add(name).size);
  return [...new Set(twice)];
}

export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Where in a JSON file, and what is wrong there. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  return `${placeOf(issue.path)}${lowerFirst(messageOf(issue))}`;
}

/** What is wrong, in words; a bad key carries its reason inside. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_key") return issue.message;
  return issue.issues.map((inner) => inner.message).join("; ");
}

function placeOf(at: readonly PropertyKey[]): string {
  if (at.length === 0) return "";
  const text = at.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return `${text.replace(/^\./, "")}: `;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
