/**
 * The cell under way, or the last that was, noted beside the connection file.
 *
 * Native code that crashes, or a system that has no memory left, ends the process without a word. Jupyter starts the kernel
 * again with the same connection file; then the note is still there, and says what was running.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** A cell: `Cell [3]`, and its code. */
export interface CellUnderWay {
  readonly label: string;
  readonly code: string;
}

/** It is over; what it started may go on. */
interface Noted extends CellUnderWay {
  readonly isOver: boolean;
}

/** Lines of the cell that the report shows. */
const LINES = 6;

/** The note of one kernel, and what the kernel before it left. */
export class UnderWay {
  private readonly file: string;
  private former: Noted | undefined;
  private cell: CellUnderWay | undefined;

  constructor(connectionFile: string) {
    this.file = `${connectionFile}.cell`;
    this.former = this.read();
    this.forget();
  }

  begin(cell: CellUnderWay): void {
    this.cell = cell;
    this.write({ ...cell, isOver: false });
  }

  /** The cell is over. */
  end(): void {
    if (this.cell) this.write({ ...this.cell, isOver: true });
  }

  /** The kernel is asked to end. */
  forget(): void {
    this.cell = undefined;
    attempt(() => rmSync(this.file, { force: true }));
  }

  /** Once: what to say of a kernel that ended without being asked to; `undefined` when none did. */
  report(): string | undefined {
    const { former } = this;
    this.former = undefined;
    if (!former) return undefined;
    const lines = former.code.trimEnd().split("\n");
    const shown = lines.slice(0, LINES).map((line) => `    ${line}`);
    if (lines.length > LINES) shown.push(`    ... ${lines.length - LINES} more`);
    return [
      former.isOver
        ? `The kernel before this one ended when no cell ran. The last was ${former.label}; something it started may have gone on:`
        : `The kernel before this one ended while it ran ${former.label}:`,
      ...shown,
      "It had no time to say why: native code crashed, memory ran out, or somebody ended the process.",
      "Variables are gone: run the cells again from the top. If it happens again, try less at a time.",
      "",
    ].join("\n");
  }

  /** A note that cannot be written is no reason not to run the cell. */
  private write(note: Noted): void {
    attempt(() => writeFileSync(this.file, JSON.stringify(note), { mode: 0o600 }));
  }

  private read(): Noted | undefined {
    try {
      const { label, code, isOver } = JSON.parse(readFileSync(this.file, "utf8")) as Noted;
      return { label: String(label), code: String(code), isOver: isOver === true };
    } catch {
      return undefined; // no note, or one that was cut short
    }
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // See where it is called.
  }
}
