/**
 * What tslab needs of TypeScript's "builder", without its bookkeeping.
 *
 * The usual builder notes, for every cell, which of all loaded files refers to which (to know what to compile again).
 * With an analysis API and its libraries loaded that is most of a cell's time, and a cell needs only the
 * few local modules that it imports.
 */
import { callKernelForModules } from "./module-syntax";
import { writeOutShorthand } from "./shorthand";
import { checkLoopsForStop } from "./stop-checks";
import type { TypeScript } from "./typescript";

type Resolution = { resolvedModule?: { resolvedFileName: string } };

/** What each import of a file resolved to: parts of TypeScript that it does not document. */
interface Resolutions {
  /** TypeScript 5.0: on the file. */
  file: TypeScript.SourceFile & { resolvedModules?: { forEach(visit: (found: Resolution) => void): void } };
  /** Later: on the program. */
  program: TypeScript.Program & {
    forEachResolvedModule?(visit: (found: Resolution) => void, file: TypeScript.SourceFile): void;
  };
}

/** A `createProgram` for TypeScript's watch host. */
export function createLightBuilder(ts: typeof TypeScript) {
  return (...args: Parameters<typeof ts.createAbstractBuilder>): TypeScript.BuilderProgram => {
    const builder = ts.createAbstractBuilder(...args);
    bindRootFiles(ts, builder.getProgram());
    builder.emit = (file, write, token, only, transformers) =>
      emitWithDeclarations(builder.getProgram(), file, write, token, only, {
        ...transformers,
        after: [
          writeOutShorthand(ts, builder.getProgram()),
          ...(transformers?.after ?? []),
          checkLoopsForStop(ts),
          callKernelForModules(ts),
        ],
      });
    builder.getAllDependencies = (file) => localDependencies(builder.getProgram(), file);
    return builder;
  };
}

/**
 * Declarations are written even when TypeScript thinks that a library's users could not name a type in them: a cell is no
 * library, and the worst that comes of it is an `any` in a later cell.
 */
function emitWithDeclarations(
  program: TypeScript.Program,
  file?: TypeScript.SourceFile,
  write?: TypeScript.WriteFileCallback,
  token?: TypeScript.CancellationToken,
  onlyDeclarations?: boolean,
  transformers?: TypeScript.CustomTransformers,
): TypeScript.EmitResult {
  let isDeclared = false;
  const watchful: TypeScript.WriteFileCallback = (name, ...rest) => {
    isDeclared ||= name.endsWith(".d.ts");
    write?.(name, ...rest);
  };
  const result = program.emit(file, watchful, token, onlyDeclarations, transformers);
  if (!isDeclared) program.emit(file, write, token, true, transformers);
  return result;
}

/** Problems of writing declarations: a type that has no name (4020 to 4094), or none that is portable (2742). */
export function isDeclarationProblem({ code }: TypeScript.Diagnostic): boolean {
  return code === 2742 || (code >= 4020 && code <= 4094);
}

/** tslab reads the names that a cell declares right after the program is made; usually the bookkeeping has found them by then. */
function bindRootFiles(ts: typeof TypeScript, program: TypeScript.Program): void {
  const { bindSourceFile } = ts as unknown as {
    bindSourceFile: (file: TypeScript.SourceFile, options: TypeScript.CompilerOptions) => void;
  };
  for (const name of program.getRootFileNames()) {
    const file = program.getSourceFile(name);
    if (file) bindSourceFile(file, program.getCompilerOptions());
  }
}

/** The file and the local modules that it imports, directly or through others. Declarations are not compiled, so not followed. */
function localDependencies(program: TypeScript.Program, file: TypeScript.SourceFile): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || name.endsWith(".d.ts")) return;
    found.add(name);
    const source = program.getSourceFile(name) as Resolutions["file"] | undefined;
    if (!source) return;
    const follow = ({ resolvedModule }: Resolution) => {
      if (resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName))
        visit(resolvedModule.resolvedFileName);
    };
    const { forEachResolvedModule } = program as Resolutions["program"];
    if (forEachResolvedModule) forEachResolvedModule(follow, source);
    else source.resolvedModules?.forEach(follow);
  };
  visit(file.fileName);
  return [...found];
}
