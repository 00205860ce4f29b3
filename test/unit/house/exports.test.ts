import path from "node:path";
import ts from "@tslab/typescript-for-tslab";
import { expect, it } from "vitest";
import { SRC } from "./imports";

/**
 * The public surface: every name of `oscc-lab` and of its namespaces, types included. A change here is a change
 * that users see: update the list with  npx vitest run test/unit/house/exports.test.ts -u  and say it in the changelog.
 */
it("exports exactly the names in exports.txt", async () => {
  await expect(`${publicNames().join("\n")}\n`).toMatchFileSnapshot("exports.txt");
});

function publicNames(): string[] {
  const entry = path.join(SRC, "index.ts");
  const program = ts.createProgram([entry], OPTIONS, ownModulesOnly());
  const checker = program.getTypeChecker();
  const names = (module: ts.Symbol, prefix: string): string[] =>
    checker.getExportsOfModule(module).flatMap((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const name = `${prefix}${symbol.name}`;
      if (target.flags & ts.SymbolFlags.ValueModule) return [`${name}.*`, ...names(target, `${name}.`)];
      const isType = (target.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) !== 0;
      return [isType && !(target.flags & ts.SymbolFlags.Value) ? `${name} (type)` : name];
    });
  return names(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!, "").sort();
}

const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, noLib: true, types: [], noEmit: true };

/** Names need no other package's types; leaving them out makes this fast. */
function ownModulesOnly(): ts.CompilerHost {
  const host = ts.createCompilerHost(OPTIONS);
  host.resolveModuleNames = (names, from) =>
    names.map((name) => {
      if (!name.startsWith(".")) return undefined;
      const base = path.resolve(path.dirname(from), name).replace(/\.js$/, "");
      const file = [`${base}.ts`, path.join(base, "index.ts")].find((candidate) =>
        host.fileExists(candidate),
      );
      return file === undefined ? undefined : { resolvedFileName: file };
    });
  return host;
}
