/**
 * tslab's TypeScript and converter, with the changes that the kernel needs.
 *
 * tslab takes its compiler from `@tslab/typescript-for-tslab`. Before tslab is loaded, that module is replaced by one
 * that is the same except that (1) compiled cells carry source maps, (2) only Node's types are loaded unasked,
 * (3) programs are built without bookkeeping that cells do not need, and (4) files of installed packages
 * are not watched.
 */
import Module from "node:module";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { composeMappers, type SourceMapper, sourceMapper, splitInlineMap } from "../source-map";
import { createLightBuilder, isDeclarationProblem } from "./builder";
import { inTslabShape } from "./current";

export type { TypeScript };

/** What is used of tslab. */
export interface Tslab {
  ts: typeof TypeScript;
  converter: typeof import("tslab/dist/converter");
  metadata: typeof import("tslab/dist/metadata");
  /** The source maps of JavaScript that the converter has returned, by that JavaScript. */
  takeMapper: (javascript: string) => SourceMapper | undefined;
}

let loaded: Tslab | undefined;

/** Load tslab, once. Takes about a second. */
export function loadTslab(): Tslab {
  loaded ??= load();
  return loaded;
}

function load(): Tslab {
  const name = "@tslab/typescript-for-tslab";
  const isCurrent = process.env.OSCC_CELL_COMPILER !== "tslab";
  const ts = isCurrent ? inTslabShape(require("typescript-for-cells")) : (require(name) as typeof TypeScript);
  // Loaded before it is replaced, so that the place in the cache is there.
  require.cache[require.resolve(name)] ??= new Module(name);
  const mappers = new Map<string, SourceMapper>();
  const replacements = {
    createWatchCompilerHost: createHost(ts),
    transpileModule: transpileWithMap(ts, mappers),
    getPreEmitDiagnosticsOfFiles: diagnosticsOfCells(ts),
  };
  // The properties of the original cannot be redefined, so the replacement is a copy.
  const changed = Object.create(null, {
    ...Object.fromEntries(
      Object.keys(ts).map((key) => [
        key,
        { enumerable: true, configurable: true, get: () => ts[key as keyof typeof ts] },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(replacements).map(([key, value]) => [key, { enumerable: true, value }]),
    ),
  }) as typeof TypeScript;
  require.cache[require.resolve(name)]!.exports = withObjectPrototype(changed);
  watchOnlyOwnFiles(ts);
  return {
    ts,
    converter: require("tslab/dist/converter"),
    metadata: require("tslab/dist/metadata"),
    takeMapper(javascript) {
      const mapper = mappers.get(javascript);
      mappers.delete(javascript);
      return mapper;
    },
  };
}

/** tslab copies the module by `hasOwnProperty`, which an object without a prototype accepts; others may call it on it. */
function withObjectPrototype<T extends object>(module: T): T {
  return Object.setPrototypeOf(module, Object.prototype) as T;
}

/** The first pass: TypeScript to JavaScript modules. */
function createHost(ts: typeof TypeScript): typeof TypeScript.createWatchCompilerHost {
  const original = ts.createWatchCompilerHost as (...args: unknown[]) => unknown;
  const createProgram = createLightBuilder(ts);
  return ((
    files: unknown,
    options: TypeScript.CompilerOptions,
    system: unknown,
    _createProgram: unknown,
    ...rest: unknown[]
  ) =>
    original(
      files,
      { ...cellOptions(ts, options), inlineSourceMap: true, types: ["node"] },
      system,
      createProgram,
      ...rest,
    )) as never;
}

/** tslab's settings, without those that are gone, and with what a current compiler and Node offer beyond them. */
function cellOptions(ts: typeof TypeScript, options: TypeScript.CompilerOptions): TypeScript.CompilerOptions {
  if (ts.version.startsWith("5.0.")) return options;
  const { noImplicitUseStrict: _, experimentalDecorators: __, disableTopLevelAwait: ___, ...kept } = options;
  return {
    ...kept,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    strict: process.env.OSCC_CELLS_STRICT === "1",
  };
}

/** The second pass: JavaScript modules to CommonJS. Both maps become one. */
function transpileWithMap(ts: typeof TypeScript, mappers: Map<string, SourceMapper>) {
  return (javascript: string, options: TypeScript.TranspileOptions): TypeScript.TranspileOutput => {
    const { code, map } = splitInlineMap(javascript);
    const compilerOptions = { ...options.compilerOptions, sourceMap: true };
    const output = ts.transpileModule(code, { ...options, compilerOptions });
    const outputText = output.outputText
      .replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n")
      // A cell may assign to a name that an earlier one imported; it then has its own.
      .replace(/^"use strict";/, (directive) => " ".repeat(directive.length));
    if (map && output.sourceMapText)
      mappers.set(outputText, composeMappers(sourceMapper(map), sourceMapper(output.sourceMapText)));
    return { ...output, outputText };
  };
}

/** What stops a cell: not what only concerns the authors of libraries. */
function diagnosticsOfCells(ts: typeof TypeScript) {
  type Diagnostics = (program: TypeScript.Program, files: TypeScript.SourceFile[]) => TypeScript.Diagnostic[];
  const { getPreEmitDiagnosticsOfFiles } = ts as unknown as { getPreEmitDiagnosticsOfFiles: Diagnostics };
  return ((program, files) =>
    getPreEmitDiagnosticsOfFiles(program, files).filter(
      (problem) => !isDeclarationProblem(problem),
    )) as Diagnostics;
}

/** Installed packages do not change while a notebook runs; watching their thousands of files costs time. */
function watchOnlyOwnFiles(ts: typeof TypeScript): void {
  const original = ts.sys.watchFile;
  if (!original) return;
  ts.sys.watchFile = (file, ...rest) =>
    /[\\/](node_modules|dist)[\\/]/.test(file) ? { close: () => {} } : original.call(ts.sys, file, ...rest);
}
