/** Cells compiled by tslab's converter: type-checked against all earlier cells, with redeclaration and top-level await. */
import path from "node:path";
import type { Converter, ConvertResult, Diagnostic } from "tslab/dist/converter";
import type {
  CellCompiler,
  CompiledCell,
  CompiledModule,
  Completeness,
  Completions,
  Conversion,
  Inspection,
  TypeProblem,
} from "../interpreter";
import type { SourceMapper } from "../source-map";
import { resolveFromKernelForTypes } from "./module-resolution";
import { awaitsAtTopLevel, declaredNames, filterDeclarations, parseCell } from "./syntax";
import { loadTslab, type Tslab, type TypeScript } from "./typescript";

/** What every cell knows from the start. */
const FIRST_DECLARATIONS =
  "/** The error that ended a cell last: `lastError.stack` is the full stack. */\ndeclare let lastError: Error;\n";

/** tslab puts one line (`export {};`) before each cell. */
const LINES_BEFORE_CELL = 1;

export class TslabCompiler implements CellCompiler {
  private readonly tslab: Tslab;
  private readonly converter: Converter;
  /** The declarations of all cells so far, as the text of a `.d.ts`. */
  private declarations = FIRST_DECLARATIONS;

  /** @param folder the notebook's folder; must be the working folder, because tslab compiles there */
  constructor(private readonly folder: string) {
    this.tslab = loadTslab();
    resolveFromKernelForTypes(this.tslab.ts, folder);
    this.converter = this.tslab.converter.createConverter({ isJS: false, isBrowser: false });
  }

  get languageVersion(): string {
    return this.tslab.ts.version;
  }

  convert(code: string): Conversion {
    const meta = this.tslab.metadata.getCodeMetadata(code);
    if (meta.module !== undefined) {
      const problems = this.converter.addModule(meta.module, code, meta);
      return problems.length > 0
        ? { ok: false, problems: joinChains(problems) }
        : { ok: true, cell: undefined };
    }
    const result = this.converter.convert(this.declarations, code);
    if (result.diagnostics.length > 0) return { ok: false, problems: joinChains(result.diagnostics) };
    return { ok: true, cell: this.compiled(code, result) };
  }

  complete(code: string, offset: number): Completions {
    const { start, end, candidates, original } = this.converter.complete(this.declarations, code, offset);
    const kinds = new Map(original?.entries.map((entry) => [entry.name, entry.kind as string]));
    return { start, end, items: candidates.map((name) => ({ name, kind: kinds.get(name) ?? "" })) };
  }

  inspect(code: string, offset: number): Inspection | undefined {
    const info = this.quickInfo(code, offset);
    if (!info) return undefined;
    return {
      signature: textOf(info.displayParts),
      documentation: textOf(info.documentation),
      tags: (info.tags ?? []).map(({ name, text }) => ({ name, text: textOf(text) })),
    };
  }

  isComplete(code: string): Completeness {
    const { ts, converter } = this.tslab;
    const { completed, indent } = converter.isCompleteCode(code);
    const problem = syntaxProblem(ts, code);
    const UNTERMINATED_TEMPLATE = 1160;
    const UNTERMINATED_COMMENT = 1010;
    const endsTooEarly =
      problem !== undefined &&
      (problem.start >= code.trimEnd().length ||
        problem.code === UNTERMINATED_TEMPLATE ||
        problem.code === UNTERMINATED_COMMENT);
    if (!completed || endsTooEarly) return { status: "incomplete", indent: indent ?? "" };
    return { status: problem ? "invalid" : "complete" };
  }

  close(): void {
    this.converter.close();
  }

  private compiled(code: string, result: ConvertResult): CompiledCell {
    const { ts } = this.tslab;
    const source = parseCell(ts, code);
    const before = this.declarations;
    const after = result.declOutput ?? "";
    const javascript = result.output ?? "";
    return {
      javascript,
      isAsync: (result.hasToplevelAwait ?? false) || awaitsAtTopLevel(ts, source),
      resultName: result.lastExpressionVar,
      declares: declaredNames(ts, source),
      modules: (result.sideOutputs ?? []).map((module) => this.compiledModule(module)),
      original: inCell(this.tslab.takeMapper(javascript)),
      commit: (unassigned) => {
        this.declarations =
          unassigned.size === 0
            ? after
            : filterDeclarations(ts, after, unassigned, "without") +
              filterDeclarations(ts, before, unassigned, "only");
      },
    };
  }

  private compiledModule({ path: file, data }: { path: string; data: string }): CompiledModule {
    const original = this.tslab.takeMapper(data) ?? (() => undefined);
    return { path: path.resolve(this.folder, file), javascript: data, original };
  }

  /** The first position inside a word belongs to it; so does the one after its end, where the cursor usually is. */
  private quickInfo(code: string, offset: number): TypeScript.QuickInfo | undefined {
    const at = (position: number) =>
      this.converter.inspect(this.declarations, code, position) as TypeScript.QuickInfo | undefined;
    return at(offset) ?? (offset > 0 ? at(offset - 1) : undefined);
  }
}

function inCell(mapper: SourceMapper | undefined): SourceMapper {
  return (line, column) => {
    const place = mapper?.(line, column);
    if (!place || place.line <= LINES_BEFORE_CELL) return undefined;
    return { line: place.line - LINES_BEFORE_CELL, column: place.column };
  };
}

/** tslab lists a message and its explanations as separate diagnostics of one place; they are one problem. */
function joinChains(diagnostics: readonly Diagnostic[]): TypeProblem[] {
  const problems: TypeProblem[] = [];
  let former: Diagnostic | undefined;
  for (const diagnostic of diagnostics) {
    const last = problems.at(-1);
    if (last && former && isSamePlace(former, diagnostic)) last.message += `\n  ${diagnostic.messageText}`;
    else
      problems.push({
        start: { line: diagnostic.start.line + 1, column: diagnostic.start.character + 1 },
        end: { line: diagnostic.end.line + 1, column: diagnostic.end.character + 1 },
        code: diagnostic.code,
        message: diagnostic.messageText,
        ...(diagnostic.fileName !== undefined && { file: diagnostic.fileName }),
      });
    former = diagnostic;
  }
  return problems;
}

function isSamePlace(a: Diagnostic, b: Diagnostic): boolean {
  return a.start.offset === b.start.offset && a.end.offset === b.end.offset;
}

function syntaxProblem(ts: typeof TypeScript, code: string): { start: number; code: number } | undefined {
  const source = ts.createSourceFile("cell.tsx", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.TSX);
  const { parseDiagnostics } = source as unknown as { parseDiagnostics?: { start: number; code: number }[] };
  return parseDiagnostics?.[0];
}

function textOf(parts: readonly { text: string }[] | undefined): string {
  return (parts ?? []).map((part) => part.text).join("");
}
