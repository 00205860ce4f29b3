/** `oscc-lab verify`: check every image of a cohort and write a report. */
import path from "node:path";
import type { VerifyProblem, VerifyReport } from "../../cohort";
import { plural } from "../../cohort/problems";
import { unknownName } from "../../core/errors";
import { command, usageError, wholeNumber } from "../command";
import { type Colour, paint } from "../terminal";

/** So many problems are printed; the report has all. */
const SHOWN = 40;

export const verify = command({
  name: "verify",
  summary: "check a data set: every image there, whole, in focus, in one part of the split",
  arguments: "[FOLDER]",
  options: {
    report: {
      type: "string",
      value: "FILE",
      help: "write all problems to a .csv, or the whole report to a .json file",
    },
    split: { type: "string", value: "NAME", help: "the split file, where the folder has several" },
    parallel: { type: "string", value: "N", help: "images at a time (default: one for each processor)" },
    fresh: { type: "boolean", help: "measure every file again, also those that have not changed" },
    json: { type: "boolean", help: "print the report as JSON" },
  },
  details: [
    "Without FOLDER, checks $OSCC_DATA, else the default phantom. Finds files that are unreadable or missing, of an odd",
    "size, with red and blue exchanged, out of focus, without tissue, and pictures that occur twice or in two parts of",
    "the split. A check that was stopped goes on where it was. Exits 1 if there are errors; warnings are for a person",
    "to look at.",
  ].join("\n"),
  async run({ values, positionals }) {
    const [folder, extra] = positionals;
    if (extra !== undefined) throw usageError(verify, `one folder is checked at a time, not also "${extra}"`);
    const { report: file, split } = values;
    checkEnding(file);
    const limit = wholeNumber("parallel", values.parallel, { min: 1, max: 256 });
    const { openCohort } = await import("../../cohort/index.js");
    const cohort = await openCohort(folder, split === undefined ? {} : { split });
    const report = await cohort.verify({
      resume: !values.fresh,
      ...(limit === undefined ? {} : { limit }),
    });
    if (file !== undefined) await report.save(file);
    process.stdout.write(
      values.json ? `${JSON.stringify(report, undefined, 2)}\n` : printed(report, cohort.name, file),
    );
    return report.summary.errors > 0 ? 1 : 0;
  },
});

/** Before hours of work, not after. */
function checkEnding(file: string | undefined): void {
  if (file === undefined) return;
  const ending = path.extname(file).toLowerCase();
  if (ending !== ".csv" && ending !== ".json") throw unknownName("kind of report", ending, [".csv", ".json"]);
}

const COLOURS: Readonly<Record<VerifyProblem["severity"], Colour>> = { error: "red", warning: "yellow" };

/** Problems, errors first, one line each; then notes and counts. */
export function printed(report: VerifyReport, name: string, file?: string): string {
  const errors = report.problems.filter(({ severity }) => severity === "error");
  const warnings = report.problems.filter(({ severity }) => severity === "warning");
  const all = [...errors, ...warnings];
  const lines = all.slice(0, SHOWN).map(line);
  if (all.length > SHOWN)
    lines.push(
      `... and ${all.length - SHOWN} more${file ? "" : "; write all of them with  --report verify.csv"}`,
    );
  const count = `${name}: ${plural(report.checked, "image")} checked, ${plural(errors.length, "error")}, ${plural(warnings.length, "warning")}`;
  return [
    ...lines,
    ...(lines.length > 0 ? [""] : []),
    ...report.notes.map((note) => `${paint("dim", "note:")} ${note}`),
    count,
    ...(file === undefined ? [] : [`report: ${file}`]),
    "",
  ].join("\n");
}

function line({ severity, kind, patient, site, magnification, detail }: VerifyProblem): string {
  const where =
    patient === null ? "cohort" : ["patient", patient, site, magnification].filter(Boolean).join(" ");
  return `${paint(COLOURS[severity], severity.padEnd(7))}  ${kind.padEnd(13)}  ${where}: ${detail}`;
}
