/**
 * The seam between the protocol and the language.
 *
 * A `CellCompiler` knows TypeScript (today tslab's converter); the `Interpreter` runs what it compiles.
 * The protocol host knows only these two, so a compiler on current TypeScript can take tslab's place
 * without a change elsewhere.
 */
import type { SourcePosition } from "./source-map";

/** Something the type checker has against a cell. Lines and columns count from 1, in the user's TypeScript. */
export interface TypeProblem {
  start: SourcePosition;
  end: SourcePosition;
  /** TypeScript's number, as in TS2345. */
  code: number;
  /** The message; explanations follow on indented lines. */
  message: string;
  /** The file, when the problem is in a module that the cell imports. */
  file?: string;
}

/** JavaScript of a local TypeScript module that a cell imports. */
export interface CompiledModule {
  path: string;
  javascript: string;
  original: (line: number, column: number) => SourcePosition | undefined;
}

/** A cell, ready to run as the body of a function of `exports` and `require`. */
export interface CompiledCell {
  javascript: string;
  /** It awaits at top level. */
  isAsync: boolean;
  /** The export that holds the value of the last expression, when the cell ends in one. */
  resultName: string | undefined;
  /** The names that the cell declares at top level (imports are not among them). */
  declares: readonly DeclaredName[];
  modules: readonly CompiledModule[];
  /** Where a place in `javascript` comes from in the user's TypeScript. */
  original: (line: number, column: number) => SourcePosition | undefined;
  /** Make the cell's declarations known to later cells, except those that never got a value. */
  commit: (unassigned: ReadonlySet<string>) => void;
}

export interface DeclaredName {
  name: string;
  /** Later cells may assign to it (`let`, `var`). */
  assignable: boolean;
}

export type Conversion =
  | { ok: true; cell: CompiledCell }
  | { ok: false; problems: readonly TypeProblem[] }
  /** The cell only defines a module (`@module name`); there is nothing to run. */
  | { ok: true; cell: undefined };

export interface CompletionItem {
  name: string;
  /** `function`, `class`, `property`, `keyword`, ... */
  kind: string;
}

export interface Completions {
  /** The range to replace, in UTF-16 units of the cell. */
  start: number;
  end: number;
  items: readonly CompletionItem[];
}

export interface Inspection {
  /** The declaration, as TypeScript prints it. */
  signature: string;
  /** The doc comment. */
  documentation: string;
  tags: readonly { name: string; text: string }[];
}

export type Completeness =
  | { status: "complete" }
  | { status: "invalid" }
  | { status: "incomplete"; indent: string };

/** Everything that depends on the language. Offsets are UTF-16 units. */
export interface CellCompiler {
  readonly languageVersion: string;
  convert(code: string): Conversion;
  complete(code: string, offset: number): Completions;
  inspect(code: string, offset: number): Inspection | undefined;
  isComplete(code: string): Completeness;
  close(): void;
}

/** What became of a cell. */
export type CellOutcome =
  | { status: "ok"; value: unknown }
  | { status: "not-compiled"; problems: readonly TypeProblem[] }
  | { status: "failed"; error: unknown }
  | { status: "interrupted"; error: unknown };

export interface Interpreter extends Omit<CellCompiler, "convert"> {
  /**
   * Compile and run a cell.
   *
   * @param label  what the cell is called in error messages: `Cell [3]`
   * @param signal stops waiting for the cell when it is aborted
   */
  execute(code: string, label: string, signal: AbortSignal): Promise<CellOutcome>;
  /** The value of an expression over the variables of the cells. */
  evaluate(expression: string): unknown;
  /** The variable that holds this very object, the latest if there are several. */
  nameOf(value: object): string | undefined;
  /** Let the cells see the error that ended one of them, as `lastError`. */
  rememberError(error: unknown): void;
}
