/** The cells that were run, as history requests want them. */

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

/** This kernel knows one session: its own. The front end calls the present one 0. */
const SESSION = 0;

export class History {
  private readonly entries: { count: number; code: string }[] = [];

  add(count: number, code: string): void {
    this.entries.push({ count, code });
  }

  find(request: HistoryRequest): HistoryEntry[] {
    return this.select(request).map(({ count, code }) => [
      SESSION,
      count,
      request.output ? [code, null] : code,
    ]);
  }

  private select(request: HistoryRequest) {
    switch (request.hist_access_type) {
      case "range": {
        const { start = 1, stop = Number.POSITIVE_INFINITY } = request;
        return this.entries.filter(({ count }) => count >= start && count < stop);
      }
      case "search": {
        const pattern = glob(request.pattern ?? "*");
        const found = this.entries.filter(({ code }) => pattern.test(code));
        const distinct = request.unique ? lastOfEach(found) : found;
        return latest(distinct, request.n);
      }
      default:
        return latest(this.entries, request.n);
    }
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
