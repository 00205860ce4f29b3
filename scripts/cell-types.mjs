// The type gate: can a notebook cell read our types? Cells are checked by TypeScript 6.0, or, when it is asked for, by
// tslab's own TypeScript 5.0 with Node10 resolution, CommonJS, ES2022 and no DOM. This compiles, with the elder compiler
// and those settings, a file that imports everything the package exports, from dist/index.d.ts as a notebook finds it.

import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const ts = require("@tslab/typescript-for-tslab");

const entry = path.join(ROOT, "dist", "index.d.ts");
if (!existsSync(entry)) {
  process.stderr.write("dist/index.d.ts is missing. Run  node scripts/setup.mjs  first.\n");
  process.exit(1);
}

/** A notebook's folder somewhere in which `oscc-lab` resolves as an installed package. */
const folder = path.join(ROOT, ".cache", "cell-types");
rmSync(folder, { recursive: true, force: true });
mkdirSync(path.join(folder, "node_modules"), { recursive: true });
symlinkSync(ROOT, path.join(folder, "node_modules", "oscc-lab"), "junction");

const cell = path.join(folder, "cell.ts");
const names = exportedValues();
writeFileSync(
  cell,
  [
    'import * as everything from "oscc-lab";',
    `import { ${names.join(", ")} } from "oscc-lab";`,
    `export const used = [${names.join(", ")}];`,
    "export type All = typeof everything;",
  ].join("\n"),
);

const settings = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10 ?? ts.ModuleResolutionKind.NodeJs,
  lib: ["lib.es2022.d.ts"],
  types: ["node"],
  typeRoots: [path.join(ROOT, "node_modules", "@types")],
  esModuleInterop: true,
  strict: true,
  noEmit: true,
  // Declarations of other packages are theirs; ours are in the program as plain files and are checked below.
  skipLibCheck: true,
  preserveSymlinks: false,
};
const problems = [...diagnose([cell]), ...diagnose(ourDeclarations(), { skipLibCheck: false })];
rmSync(folder, { recursive: true, force: true });

if (problems.length > 0) {
  process.stderr.write(
    `${ts.formatDiagnostics(problems, { getCanonicalFileName: (f) => f, getCurrentDirectory: () => ROOT, getNewLine: () => "\n" })}\n`,
  );
  process.stderr.write(
    `A notebook cell (TypeScript ${ts.version}) cannot read these types: ${problems.length} problem(s).\n`,
  );
  process.exit(1);
}
process.stdout.write(
  `cell types: ${names.length} names read by TypeScript ${ts.version}, as a notebook cell does\n`,
);

/** The values (functions, classes, namespaces) that the package exports, as its declarations say. */
function exportedValues() {
  const program = ts.createProgram([entry], {
    moduleResolution: ts.ModuleResolutionKind.NodeJs,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => (target(checker, symbol).flags & ts.SymbolFlags.Value) !== 0)
    .map((symbol) => symbol.name)
    .filter((name) => name !== "default")
    .sort();
}

function target(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The declarations that the entry reaches, inside dist/. */
function ourDeclarations() {
  const program = ts.createProgram([entry], settings);
  const dist = path.join(ROOT, "dist") + path.sep;
  return program
    .getSourceFiles()
    .map((file) => path.resolve(file.fileName))
    .filter((file) => file.startsWith(dist));
}

/** Problems in the given files only. */
function diagnose(files, more = {}) {
  const program = ts.createProgram(files, { ...settings, ...more });
  const wanted = new Set(files.map((file) => path.resolve(file)));
  return program
    .getSourceFiles()
    .filter((file) => wanted.has(path.resolve(file.fileName)))
    .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
}
