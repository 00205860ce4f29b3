/**
 * A current TypeScript in the shape that tslab's converter expects.
 *
 * tslab brings TypeScript 5.0.4 with a handful of functions made public. TypeScript 6.0 (the last one that is
 * a library) has all that they are made of, so cells can be written in it.
 */
import type { TypeScript } from "./typescript";

/** What tslab's own TypeScript has beyond the usual one. */
interface TslabExtras {
  getPreEmitDiagnosticsOfFiles(
    program: TypeScript.Program,
    files: readonly TypeScript.SourceFile[],
  ): TypeScript.Diagnostic[];
  getQuickInfoAtPosition(
    file: TypeScript.SourceFile,
    checker: TypeScript.TypeChecker,
    token: TypeScript.CancellationToken,
    position: number,
  ): TypeScript.QuickInfo | undefined;
  getNullTransformationContext(): unknown;
  getDefaultTypeRoots(
    folder: string,
    host: { directoryExists(folder: string): boolean },
  ): string[] | undefined;
}

/** Parts of TypeScript that it does not document. */
interface Internals {
  nullTransformationContext: unknown;
  getTouchingPropertyName(file: TypeScript.SourceFile, position: number): TypeScript.Node;
  getContainerNode(node: TypeScript.Node): TypeScript.Node | undefined;
  typeToDisplayParts(
    checker: TypeScript.TypeChecker,
    type: TypeScript.Type,
    enclosing: TypeScript.Node | undefined,
  ): TypeScript.SymbolDisplayPart[];
  SymbolDisplay: {
    getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker: TypeScript.TypeChecker,
      symbol: TypeScript.Symbol,
      file: TypeScript.SourceFile,
      enclosing: TypeScript.Node | undefined,
      location: TypeScript.Node,
    ): {
      symbolKind: TypeScript.ScriptElementKind;
      displayParts: TypeScript.SymbolDisplayPart[];
      documentation: TypeScript.SymbolDisplayPart[];
      tags: TypeScript.JSDocTagInfo[] | undefined;
    };
    getSymbolModifiers(checker: TypeScript.TypeChecker, symbol: TypeScript.Symbol): string;
  };
  Completions: Record<string, unknown> & { getCompletionsAtPosition: (...args: unknown[]) => unknown };
}

/** @param ts TypeScript 5.5 or later */
export function inTslabShape(ts: typeof TypeScript): typeof TypeScript {
  const internals = ts as unknown as Internals;
  const extras: TslabExtras = {
    getPreEmitDiagnosticsOfFiles: (program, files) => [
      ...ts.sortAndDeduplicateDiagnostics([
        ...program.getConfigFileParsingDiagnostics(),
        ...program.getOptionsDiagnostics(),
        ...program.getGlobalDiagnostics(),
        ...files.flatMap((file) => [
          ...program.getSyntacticDiagnostics(file),
          ...program.getSemanticDiagnostics(file),
          ...program.getDeclarationDiagnostics(file),
        ]),
      ]),
    ],
    getQuickInfoAtPosition: (file, checker, _token, position) =>
      quickInfo(ts, internals, file, checker, position),
    getNullTransformationContext: () => internals.nullTransformationContext,
    getDefaultTypeRoots: (folder, host) =>
      ts.getEffectiveTypeRoots({}, {
        getCurrentDirectory: () => folder,
        directoryExists: host.directoryExists,
      } as never),
  };
  const completions = Object.create(internals.Completions, {
    getCompletionsAtPositionForTslab: {
      enumerable: true,
      value: (...args: unknown[]) => internals.Completions.getCompletionsAtPosition(...args, undefined),
    },
  });
  return Object.create(ts, {
    ...Object.fromEntries(
      Object.keys(ts).map((key) => [
        key,
        { enumerable: true, configurable: true, get: () => ts[key as keyof typeof ts] },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries({
        ...extras,
        Completions: completions,
        // What tslab calls "Node" is resolution as Node did it in 2012; packages today say where they are in `exports`.
        ModuleResolutionKind: { ...ts.ModuleResolutionKind, Node: ts.ModuleResolutionKind.Bundler },
      }).map(([key, value]) => [key, { enumerable: true, configurable: true, value }]),
    ),
  }) as typeof TypeScript;
}

function quickInfo(
  ts: typeof TypeScript,
  internals: Internals,
  file: TypeScript.SourceFile,
  checker: TypeScript.TypeChecker,
  position: number,
): TypeScript.QuickInfo | undefined {
  const touched = internals.getTouchingPropertyName(file, position);
  if (touched === file) return undefined;
  const node = describedBy(ts, touched);
  const symbol = checker.getSymbolAtLocation(node);
  const container = internals.getContainerNode(node);
  const textSpan = { start: node.getStart(file), length: node.getEnd() - node.getStart(file) };
  if (!symbol || checker.isUnknownSymbol(symbol)) {
    const type = checker.getTypeAtLocation(node);
    if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) return undefined;
    const displayParts = internals.typeToDisplayParts(checker, type, container);
    return { kind: ts.ScriptElementKind.unknown, kindModifiers: "", textSpan, displayParts };
  }
  const { symbolKind, displayParts, documentation, tags } =
    internals.SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker,
      symbol,
      file,
      container,
      node,
    );
  return {
    kind: symbolKind,
    kindModifiers: internals.SymbolDisplay.getSymbolModifiers(checker, symbol),
    textSpan,
    displayParts,
    documentation,
    ...(tags && { tags }),
  };
}

/** `new Thing` is described by what `Thing` is. */
function describedBy(ts: typeof TypeScript, node: TypeScript.Node): TypeScript.Node {
  return ts.isNewExpression(node.parent) && node.pos === node.parent.pos ? node.parent.expression : node;
}
