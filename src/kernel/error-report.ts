/**
 * Errors as a reader of a notebook wants them: the message first, then the line of the cell, then the user's own
 * frames; the rest is folded into one line and stays one call away (`lastError.stack`).
 */
import { inspect } from "node:util";
import type { TypeProblem } from "./interpreter";
import type { SourceRegistry, UserPlace } from "./sources";
import { highlightLines } from "./tslab/highlight";

/** The content of an `error` message. */
export interface ErrorReport {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Type errors beyond this number are only counted. */
const MAX_PROBLEMS = 10;

/** Lines of the cell that are shown before and after the one that failed. */
const LINES_AROUND = 2;

/** How far a chain of causes is followed. */
const MAX_CAUSES = 5;

const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
const bold = (text: string) => `\x1b[1m${text}\x1b[22m`;
const cyan = (text: string) => `\x1b[36m${text}\x1b[39m`;
const grey = (text: string) => `\x1b[90m${text}\x1b[39m`;

/** What a cell threw. */
export function reportError(error: unknown, sources: SourceRegistry): ErrorReport {
  const ename = nameOf(error);
  const evalue = messageOf(error);
  return { ename, evalue, traceback: describeChain(error, sources) };
}

/** The same as plain text, for stderr. */
export function errorText(error: unknown, sources: SourceRegistry): string {
  return `${describeChain(error, sources).join("\n")}\n`;
}

/** A cell that was stopped. */
export function reportInterrupt(error: unknown): ErrorReport {
  const said = error instanceof Error && error.name === "AbortedError" ? error.message.split("\n")[0]! : "";
  const evalue = said || "the cell was stopped. What it had assigned is kept.";
  return { ename: "Interrupted", evalue, traceback: [`${bold(red("Interrupted"))}: ${evalue}`] };
}

/** A cell that did not pass the type checker, and was not run. */
export function reportTypeProblems(
  problems: readonly TypeProblem[],
  code: string,
  label: string,
): ErrorReport {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const first = problems[0]!;
  const rest = problems.length - shown.length;
  const evalue = `${placeOf(first, label)} - ${first.message}`;
  return {
    ename: "TypeScriptError",
    evalue,
    traceback: [
      `${bold(red("TypeScriptError"))}: ${countOf(problems.length)}; the cell was not run.`,
      ...shown.flatMap((problem) => ["", ...describeProblem(problem, code, label)]),
      ...(rest > 0 ? ["", `... and ${rest} more.`] : []),
    ],
  };
}

function describeProblem(problem: TypeProblem, code: string, label: string): string[] {
  const headline = `${cyan(placeOf(problem, label))} - ${problem.message} ${grey(`TS${problem.code}`)}`;
  if (problem.file !== undefined) return [headline];
  const { start, end } = problem;
  const line = code.split("\n")[start.line - 1];
  if (line === undefined) return [headline];
  const until = end.line === start.line ? end.column : line.length + 1;
  const coloured = highlightLines(code)[start.line - 1]!;
  return [headline, ...numbered(line, coloured, start.line, start.column, Math.max(1, until - start.column))];
}

function placeOf({ start, file }: TypeProblem, label: string): string {
  return `${file ?? label}, line ${start.line}:${start.column}`;
}

function countOf(problems: number): string {
  return problems === 1 ? "a type error" : `${problems} type errors`;
}

/** One line of code with its number and a mark under what is meant. */
function numbered(line: string, coloured: string, number: number, column: number, length: number): string[] {
  const gutter = `${number}`;
  const indent = line.slice(0, column - 1).replace(/[^\t]/g, " ");
  return [
    `${grey(`${gutter} |`)} ${coloured}`,
    `${grey(`${" ".repeat(gutter.length)} |`)} ${indent}${red("~".repeat(length))}`,
  ];
}

function describeChain(error: unknown, sources: SourceRegistry): string[] {
  const lines = describe(error, sources, true);
  let cause = causeOf(error);
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth++) {
    lines.push("", `${bold("caused by")} ${describe(cause, sources, false).join("\n")}`);
    cause = causeOf(cause);
  }
  return lines;
}

function describe(error: unknown, sources: SourceRegistry, withExcerpt: boolean): string[] {
  const headline = `${bold(red(nameOf(error)))}: ${messageOf(error)}`;
  if (!(error instanceof Error)) return [headline];
  const { own, others } = framesOf(error, sources);
  const [top] = own;
  return [
    headline,
    ...(top && withExcerpt ? excerpt(top.place) : []),
    ...own.map(({ text }) => text),
    ...foldOthers(others, own.length > 0),
    ...(error instanceof AggregateError
      ? error.errors.flatMap((inner) => ["", ...describe(inner, sources, false)])
      : []),
  ];
}

interface Frame {
  text: string;
  place: UserPlace;
}

function framesOf(error: Error, sources: SourceRegistry): { own: Frame[]; others: string[] } {
  const own: Frame[] = [];
  const others: string[] = [];
  for (const text of String(error.stack ?? "").split("\n")) {
    if (!/^ {4}at /.test(text)) continue;
    const place = sources.parse(text);
    if (place) own.push({ text, place });
    else if (!isPlumbing(text)) others.push(text);
  }
  return { own, others };
}

/** Frames that say nothing to anybody but the makers of the kernel and of Node. */
function isPlumbing(frame: string): boolean {
  return /node:|oscc-kernel:|[\\/](dist|src)[\\/]kernel[\\/]|[\\/]tslab[\\/]|at Cell \[\d+\]$|at (async )?Promise\.all|<anonymous>\)?$/.test(
    frame,
  );
}

function foldOthers(frames: readonly string[], hasOwn: boolean): string[] {
  if (frames.length === 0) return [];
  // Without a frame of the user's, the nearest ones are the only clue.
  const shown = hasOwn ? [] : frames.slice(0, 5);
  const folded = frames.slice(shown.length);
  if (folded.length === 0) return shown;
  const packages = [...new Set(folded.map(packageOf))].join(", ");
  const count = folded.length === 1 ? "1 frame" : `${folded.length} frames`;
  return [...shown, grey(`    ... ${count} in ${packages}; the full stack is lastError.stack`)];
}

function packageOf(frame: string): string {
  const inPackage = [...frame.matchAll(/node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/g)].at(-1);
  if (inPackage) return inPackage[1]!.replaceAll("\\", "/");
  return /[\\/](dist|src)[\\/]/.test(frame) ? "oscc-lab" : "other modules";
}

/** The lines of the cell around the place, with the line itself pointed at. */
function excerpt({ source, line, column }: UserPlace): string[] {
  if (source.code === undefined) return [];
  const lines = source.code.split("\n");
  const coloured = highlightLines(source.code);
  const first = Math.max(1, line - LINES_AROUND);
  const last = Math.min(lines.length, line + LINES_AROUND);
  const width = String(last).length;
  const shown = [cyan(`${source.label}, line ${line}`)];
  for (let number = first; number <= last; number++) {
    const text = coloured[number - 1]!;
    const gutter = `${number}`.padStart(width);
    if (number !== line) {
      shown.push(`${grey(`  ${gutter} |`)} ${text}`);
      continue;
    }
    const indent = lines[number - 1]!.slice(0, column - 1).replace(/[^\t]/g, " ");
    shown.push(`${red(">")} ${gutter} ${grey("|")} ${text}`);
    shown.push(`${grey(`  ${" ".repeat(width)} |`)} ${indent}${red("^")}`);
  }
  return shown;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "Thrown";
  return error.name || error.constructor.name || "Error";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
