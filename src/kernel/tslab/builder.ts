/**
 * What tslab needs of TypeScript's "builder", without its bookkeeping.
 *
 * The usual builder notes, for every cell, which of all loaded files refers to which (to know what to compile again).
 * With an analysis API and its libraries loaded that is most of a cell's time, and a cell needs only the
 * few local modules that it imports.
 */
import type { TypeScript } from "./typescript";

type SourceFile = TypeScript.SourceFile & {
  /** What each import of the file resolved to; part of TypeScript that it does not document. */
  resolvedModules?: {
    forEach(visit: (found: { resolvedModule?: { resolvedFileName: string } }) => void): void;
  };
};

/** A `createProgram` for TypeScript's watch host. */
export function createLightBuilder(ts: typeof TypeScript) {
  return (...args: Parameters<typeof ts.createAbstractBuilder>): TypeScript.BuilderProgram => {
    const builder = ts.createAbstractBuilder(...args);
    builder.getAllDependencies = (file) => localDependencies(builder.getProgram(), file);
    return builder;
  };
}

/** The file and the local modules that it imports, directly or through others. Declarations are not compiled, so not followed. */
function localDependencies(program: TypeScript.Program, file: TypeScript.SourceFile): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || name.endsWith(".d.ts")) return;
    found.add(name);
    const source = program.getSourceFile(name) as SourceFile | undefined;
    source?.resolvedModules?.forEach(({ resolvedModule }) => {
      if (resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName))
        visit(resolvedModule.resolvedFileName);
    });
  };
  visit(file.fileName);
  return [...found];
}
