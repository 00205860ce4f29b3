/**
 * What was found wrong while a folder was read. Errors make the cohort unusable and are thrown together, once;
 * warnings say what was done instead and stay with the cohort as `cohort.warnings`.
 */
import { OsccError } from "../core/errors";

/** So many problems are written out in the message; all of them are in `error.data.problems`. */
const SHOWN_PROBLEMS = 20;
/** So many names stand in one warning before "and n more". */
const SHOWN_NAMES = 6;

export class Problems {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  /** Something that makes the cohort unusable. */
  error(message: string): void {
    this.errors.push(message);
  }

  /** Something that was worked around; say how. */
  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Throw everything that was found as one `InvalidDataset` error, or do nothing. */
  throwIfAny(folder: string): void {
    if (this.errors.length === 0) return;
    const count = this.errors.length;
    const shown = this.errors.slice(0, SHOWN_PROBLEMS).map((problem) => `- ${problem}`);
    if (count > shown.length) shown.push(`- and ${count - shown.length} more (all in error.data.problems)`);
    throw new OsccError(
      "InvalidDataset",
      [
        `${folder} cannot be used as a cohort: ${count} ${count === 1 ? "problem" : "problems"}.`,
        ...shown,
        `Mend ${count === 1 ? "it" : "these"} and open the folder again.`,
      ],
      { folder, problems: this.errors },
    );
  }
}

/** "17, 18, 19 and 1,203 more" */
export function listed(names: readonly (string | number)[]): string {
  const shown = names.slice(0, SHOWN_NAMES).join(", ");
  return names.length > SHOWN_NAMES ? `${shown} and ${counted(names.length - SHOWN_NAMES)} more` : shown;
}

/** "1 patient", "1,325 patients" */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${counted(count)} ${count === 1 ? one : many}`;
}

function counted(n: number): string {
  return n.toLocaleString("en-US");
}
