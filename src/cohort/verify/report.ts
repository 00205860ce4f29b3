/** What `verify` found. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import type { DataFrame } from "danfojs-node";
import { invalidArgument } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import { loadDanfo } from "../danfo";
import { plural } from "../problems";
import { frameRows } from "../rows";

/**
 * - `unreadable`:    the file is no image, is cut off or damaged
 * - `missing`:       a view that the patient should have is not there
 * - `size`:          another size than is usual at this magnification
 * - `channel-order`: red and blue seem to be exchanged
 * - `colour`:        not the colours of H&E
 * - `blur`:          out of focus
 * - `glass-only`:    hardly any tissue
 * - `blank`:         one colour throughout
 * - `duplicate`:     the same picture twice
 * - `leakage`:       the same picture, or the same patient, in two parts of the split
 */
export const PROBLEM_KINDS = [
  "unreadable",
  "missing",
  "size",
  "channel-order",
  "colour",
  "blur",
  "glass-only",
  "blank",
  "duplicate",
  "leakage",
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** `"error"`: a result would be wrong; `"warning"`: look at it. */
export type Severity = "error" | "warning";

/** One fault; `null` where it concerns more than one image. JSON-able. */
export interface VerifyProblem {
  readonly kind: ProblemKind;
  readonly severity: Severity;
  readonly patient: string | null;
  readonly site: string | null;
  readonly magnification: string | null;
  /** Relative to the cohort's folder. */
  readonly path: string | null;
  readonly detail: string;
}

export interface VerifyFindings {
  readonly folder: string;
  readonly provenance: Provenance;
  readonly checked: number;
  readonly remembered: number;
  readonly notes: readonly string[];
  readonly problems: readonly VerifyProblem[];
}

const COLUMNS = ["severity", "kind", "patient", "site", "magnification", "path", "detail"] as const;

/**
 * The report of `cohort.verify()`. `JSON.stringify` gives all of it.
 *
 * @example
 * const report = await cohort.verify();
 * report.problems.filter((problem) => problem.severity === "error");
 * await report.save("verify.csv");
 */
export class VerifyReport {
  /** The cohort's folder, absolute. */
  readonly folder: string;
  readonly provenance: Provenance;
  /** Images that were examined, readable or not. */
  readonly checked: number;
  /** Of these, how many were known from an earlier run and had not changed. */
  readonly remembered: number;
  /** What was not judged, and what was noticed when the folder was opened. */
  readonly notes: readonly string[];
  /** In the cohort's order; faults of the whole cohort first. */
  readonly problems: readonly VerifyProblem[];
  /** How many problems there are of each kind, and of each severity. */
  readonly summary: Readonly<Record<ProblemKind | "errors" | "warnings", number>>;

  /** Made by `cohort.verify()`. */
  constructor(findings: VerifyFindings) {
    this.folder = findings.folder;
    this.provenance = findings.provenance;
    this.checked = findings.checked;
    this.remembered = findings.remembered;
    this.notes = findings.notes;
    this.problems = findings.problems;
    const count = (test: (problem: VerifyProblem) => boolean) => findings.problems.filter(test).length;
    this.summary = {
      errors: count(({ severity }) => severity === "error"),
      warnings: count(({ severity }) => severity === "warning"),
      ...(Object.fromEntries(
        PROBLEM_KINDS.map((kind) => [kind, count((problem) => problem.kind === kind)]),
      ) as Record<ProblemKind, number>),
    };
  }

  /** The problems as a danfojs DataFrame, one row each. */
  async table(): Promise<DataFrame> {
    const { DataFrame } = await loadDanfo();
    if (this.problems.length === 0) return new DataFrame([], { columns: [...COLUMNS] });
    const rows = this.problems.map((problem) =>
      Object.fromEntries(COLUMNS.map((column) => [column, problem[column]])),
    );
    return new DataFrame(frameRows(rows));
  }

  /** The problems as CSV text with a header line. */
  csv(): string {
    const lines = this.problems.map((problem) => COLUMNS.map((column) => csvCell(problem[column])).join(","));
    return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
  }

  /** Write a `.csv` file (the problems) or a `.json` file (all of the report); the ending decides. @throws InvalidArgument */
  async save(file: string): Promise<void> {
    const ending = path.extname(file).toLowerCase();
    if (ending !== ".csv" && ending !== ".json")
      throw invalidArgument("file", file, "a name that ends in .csv or .json");
    await writeFile(file, ending === ".csv" ? this.csv() : `${JSON.stringify(this, undefined, 2)}\n`);
  }

  [inspect.custom](): string {
    const { errors, warnings } = this.summary;
    const kinds = PROBLEM_KINDS.filter((kind) => this.summary[kind] > 0).map(
      (kind) => `${kind} ${this.summary[kind]}`,
    );
    return [
      this.provenance.cohort,
      `${plural(this.checked, "image")} checked`,
      this.problems.length === 0
        ? "nothing found"
        : `${plural(errors, "error")}, ${plural(warnings, "warning")} (${kinds.join(", ")})`,
      ...(this.notes.length > 0 ? [`${plural(this.notes.length, "note")} (see .notes)`] : []),
    ].join(" · ");
  }
}

/** Quoted where needed; a cell that a spreadsheet would run as a formula gets a quote mark in front. */
function csvCell(value: string | null): string {
  if (value === null) return "";
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
