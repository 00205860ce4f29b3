/** Completion shows the first line of a doc comment: every public name has one, and it is short enough to be shown. */
import path from "node:path";
import ts from "@tslab/typescript-for-tslab";
import { expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "../..");

function publicSymbols(): Map<string, ts.Symbol> {
  const entry = path.join(ROOT, "dist", "index.d.ts");
  const program = ts.createProgram([entry], {
    moduleResolution: ts.ModuleResolutionKind.Node10,
    target: ts.ScriptTarget.ES2022,
    types: ["node"],
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const found = new Map<string, ts.Symbol>();
  const walk = (module: ts.Symbol, prefix: string) => {
    for (const exported of checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      const declaration = symbol.declarations?.[0];
      if (!declaration || declaration.getSourceFile().fileName.includes("node_modules")) continue;
      if (ts.isSourceFile(declaration)) walk(symbol, `${prefix}${exported.name}.`);
      else found.set(`${prefix}${exported.name}`, symbol);
    }
  };
  walk(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!, "");
  return found;
}

it("every public name says what it is", () => {
  const symbols = publicSymbols();
  expect(symbols.size).toBeGreaterThan(300);
  const silent = [...symbols].filter(([, symbol]) => symbol.getDocumentationComment(undefined).length === 0);
  expect(silent.map(([name]) => name)).toEqual([]);
});
