/**
 * The cells that were run, as history requests want them.
 *
 * This session's are in memory. Those of former sessions are in a file, if the reader wants one (`OSCC_HISTORY` names it):
 * a line of JSON for each cell, so that several kernels may append to it and a torn line costs one cell.
 */
import { appendFileSync, readFileSync } from "node:fs";

/** Session, count, code; with outputs asked for, code and output. */
export type HistoryEntry = [session: number, count: number, code: string | [string, null]];

export interface HistoryRequest {
  hist_access_type?: string;
  output?: boolean;
  session?: number;
  start?: number;
  stop?: number;
  n?: number;
  pattern?: string;
  unique?: boolean;
}

/** One cell, as the file has it. */
interface Kept {
  session: number;
  count: number;
  code: string;
}

/** The front end calls the present session 0, and those before it −1, −2, ... */
const PRESENT = 0;

/** Former cells that are remembered; the file keeps all. */
const MAX_FORMER = 10_000;

export class History {
  private readonly own: Kept[] = [];
  private readonly former: readonly Kept[];
  /** The number of this session in the file. */
  private readonly session: number;

  /** @param file where cells are kept across sessions; without one, only this session's are known */
  constructor(private readonly file: string | undefined = undefined) {
    this.former = file === undefined ? [] : read(file);
    this.session = Math.max(0, ...this.former.map(({ session }) => session)) + 1;
  }

  add(count: number, code: string): void {
    const entry = { session: this.session, count, code };
    this.own.push(entry);
    if (this.file === undefined) return;
    try {
      appendFileSync(this.file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be written is no reason to stop a cell.
    }
  }

  find(request: HistoryRequest): HistoryEntry[] {
    return this.select(request).map(({ session, count, code }) => [
      session === this.session ? PRESENT : session,
      count,
      request.output ? [code, null] : code,
    ]);
  }

  private select(request: HistoryRequest): readonly Kept[] {
    switch (request.hist_access_type) {
      case "range": {
        const { start = 1, stop = Number.POSITIVE_INFINITY, session = PRESENT } = request;
        // Counted from the present one when it is not positive.
        const wanted = session <= 0 ? this.session + session : session;
        return this.all().filter(
          (entry) => entry.session === wanted && entry.count >= start && entry.count < stop,
        );
      }
      case "search": {
        const pattern = glob(request.pattern ?? "*");
        const found = this.all().filter(({ code }) => pattern.test(code));
        const distinct = request.unique ? lastOfEach(found) : found;
        return latest(distinct, request.n);
      }
      default:
        return latest(this.all(), request.n);
    }
  }

  private all(): readonly Kept[] {
    return [...this.former, ...this.own];
  }
}

function read(file: string): Kept[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return []; // the first session
  }
  return text.split("\n").slice(-MAX_FORMER).flatMap(keptIn);
}

function keptIn(line: string): Kept[] {
  try {
    const { session, count, code } = JSON.parse(line) as Partial<Kept>;
    const isWhole = Number.isInteger(session) && Number.isInteger(count) && typeof code === "string";
    return isWhole ? [{ session: session!, count: count!, code: code! }] : [];
  } catch {
    return [];
  }
}

function latest<T>(entries: readonly T[], n: number | undefined): readonly T[] {
  return n === undefined || n === null ? entries : n > 0 ? entries.slice(-n) : [];
}

function lastOfEach<T extends { code: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.code, entry])).values()];
}

/** `*` is any text, `?` any character. */
function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
