/**
 * The sources that run here, so that a stack trace can speak of the user's cells.
 *
 * Each cell runs under a file name of its own. Node asks {@link SourceRegistry.prepareStackTrace} to write every stack,
 * so any stack that is printed anywhere says `Cell [3], line 4:7`, in the user's TypeScript.
 */
import type { SourceMapper, SourcePosition } from "./source-map";

export interface Source {
  /** What people call it: `Cell [3]`, `helpers.ts`. */
  label: string;
  /** The user's TypeScript, when it is at hand. */
  code?: string;
  original: SourceMapper;
}

/** A place in a source that the user wrote. */
export interface UserPlace extends SourcePosition {
  source: Source;
}

export class SourceRegistry {
  private readonly sources = new Map<string, Source>();

  add(filename: string, source: Source): void {
    this.sources.set(filename, source);
  }

  /** The user's place behind a place in running JavaScript. */
  locate(filename: string | null | undefined, line: number, column: number): UserPlace | undefined {
    const source = filename ? this.sources.get(filename) : undefined;
    const place = source?.original(line, column);
    return source && place && { source, ...place };
  }

  /** The user's place that a line of a written stack names. */
  parse(frame: string): UserPlace | undefined {
    const found = /(?:\(|at (?:async )?)([^()]+), line (\d+):(\d+)\)?$/.exec(frame);
    if (!found) return undefined;
    // The latest source of that name: a cell may have been run under the same count before a restart of counting.
    const source = [...this.sources.values()].reverse().find(({ label }) => label === found[1]);
    return source && { source, line: Number(found[2]), column: Number(found[3]) };
  }

  /** Write every stack of this process from now on. Returns how to stop. */
  install(): () => void {
    const former = Error.prepareStackTrace;
    Error.prepareStackTrace = (error, sites) => this.prepareStackTrace(error, sites);
    return () => {
      if (former) Error.prepareStackTrace = former;
      else Reflect.deleteProperty(Error, "prepareStackTrace");
    };
  }

  private prepareStackTrace(error: Error, sites: readonly NodeJS.CallSite[]): string {
    const frames = sites.map((site) => `\n    at ${this.describe(site)}`);
    return headline(error) + frames.join("");
  }

  private describe(site: NodeJS.CallSite): string {
    const place = this.locate(site.getFileName(), site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0);
    if (!place) {
      // A frame of a cell without a place is code the compiler added.
      const filename = site.getFileName();
      const source = filename ? this.sources.get(filename) : undefined;
      return source ? `${source.label}` : String(site);
    }
    const where = `${place.source.label}, line ${place.line}:${place.column}`;
    const name = site.getFunctionName();
    const isAsync = (site as NodeJS.CallSite & { isAsync?: () => boolean }).isAsync?.() ? "async " : "";
    return name ? `${isAsync}${name} (${where})` : `${isAsync}${where}`;
  }
}

function headline(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
