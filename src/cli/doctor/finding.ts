/** One line of the doctor: what was looked at, how it stands, and how to put it right. */
export interface Finding {
  readonly what: string;
  /** WARN: something works less well or is not set up, and may not be needed. FAIL: the product does not work. */
  readonly state: "PASS" | "WARN" | "FAIL";
  /** What was found. */
  readonly found: string;
  /** What to do, exactly; with every WARN and FAIL. */
  readonly fix?: string;
}

export function pass(what: string, found: string): Finding {
  return { what, state: "PASS", found };
}

export function warn(what: string, found: string, fix: string): Finding {
  return { what, state: "WARN", found, fix };
}

export function fail(what: string, found: string, fix: string): Finding {
  return { what, state: "FAIL", found, fix };
}

/** The first line of an error: enough for a list. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0]!;
}
