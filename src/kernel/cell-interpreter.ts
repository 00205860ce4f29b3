/** Runs cells: compile, give them their scope, wait for them, keep what they declared. */
import path from "node:path";
import vm from "node:vm";
import type {
  CellCompiler,
  CellOutcome,
  CompiledCell,
  Completeness,
  Completions,
  Inspection,
  Interpreter,
} from "./interpreter";
import type { InterruptState } from "./interrupt-state";
import { interruptible, isSigint, letSignalsThrough, untilDone } from "./interruptible";
import { installModuleFunctions } from "./module-functions";
import { CellModules } from "./modules";
import { type Binding, type CellScope, Scope } from "./scope";
import type { SourceRegistry } from "./sources";

/** How long an interrupted cell may take to wind up by itself (to save, to report) before it is left behind. */
const GRACE_MS = 150;

type CellFunction = (
  exports: object,
  require: NodeJS.Require,
  dirname: string,
  bind: (bindings: Record<string, Binding>) => void,
) => unknown;

export class CellInterpreter implements Interpreter {
  private readonly scope = new Scope();
  private readonly modules: CellModules;
  private serial = 0;

  constructor(
    private readonly folder: string,
    private readonly compiler: CellCompiler,
    private readonly sources: SourceRegistry,
    private readonly interrupts: InterruptState,
  ) {
    this.modules = new CellModules(folder);
    installModuleFunctions(folder, this.modules.require);
  }

  get languageVersion(): string {
    return this.compiler.languageVersion;
  }

  async execute(code: string, label: string, signal: AbortSignal): Promise<CellOutcome> {
    const conversion = this.compiler.convert(code);
    if (!conversion.ok) return { status: "not-compiled", problems: conversion.problems };
    if (!conversion.cell) return { status: "ok", value: undefined };
    await letSignalsThrough();
    if (signal.aborted) return { status: "interrupted", error: signal.reason };
    return this.run(conversion.cell, code, label, signal);
  }

  evaluate(expression: string): unknown {
    return this.scope.evaluate(expression);
  }

  nameOf(value: object): string | undefined {
    return this.scope.nameOf(value);
  }

  rememberError(error: unknown): void {
    this.scope.set("lastError", error);
  }

  complete(code: string, offset: number): Completions {
    return this.compiler.complete(code, offset);
  }

  inspect(code: string, offset: number): Inspection | undefined {
    return this.compiler.inspect(code, offset);
  }

  isComplete(code: string): Completeness {
    return this.compiler.isComplete(code);
  }

  close(): void {
    this.compiler.close();
  }

  private async run(
    cell: CompiledCell,
    code: string,
    label: string,
    signal: AbortSignal,
  ): Promise<CellOutcome> {
    this.modules.update(cell.modules);
    for (const module of cell.modules)
      this.sources.add(module.path, {
        label: path.relative(this.folder, module.path).replace(/\.js$/, ".ts"),
        original: module.original,
      });
    const filename = `oscc-cell:${++this.serial}`;
    this.sources.add(filename, { label, code, original: cell.original });
    const cellScope = this.scope.enter(cell.declares.map(({ name }) => name));
    let outcome: CellOutcome;
    try {
      const running = this.start(cell, filename, cellScope);
      if (cell.isAsync) await untilDone(running as Promise<unknown>, signal, GRACE_MS);
      outcome = { status: "ok", value: cell.resultName && cellScope.exports[cell.resultName] };
    } catch (error) {
      outcome = { status: signal.aborted || isSigint(error) ? "interrupted" : "failed", error };
    }
    if (cell.resultName) delete cellScope.exports[cell.resultName];
    const unassigned = cellScope.settle();
    cell.commit(outcome.status === "ok" ? new Set() : unassigned);
    return outcome;
  }

  /** Run the cell up to its first `await`. Ctrl-C ends also a loop that never awaits. */
  private start(cell: CompiledCell, filename: string, scope: CellScope): unknown {
    const head = `(${cell.isAsync ? "async " : ""}function (exports, require, __dirname, __oscc_bind__) {`;
    const script = `${head}${bindings(cell)}\n${cell.javascript}\n})`;
    const options = { filename, lineOffset: -1 };
    const run = vm.runInThisContext(script, options) as CellFunction;
    const { require } = this.modules;
    return interruptible(this.interrupts, () => run(scope.exports, require, this.folder, scope.bind));
  }
}

/** The call that hands the cell's variables to the scope; it stands on the line before the cell's first. */
function bindings(cell: CompiledCell): string {
  const entries = cell.declares.map(({ name, assignable }) => {
    const write = assignable ? `, (value) => { ${name} = value; }` : "";
    return `${JSON.stringify(name)}: [() => ${name}${write}]`;
  });
  return entries.length === 0 ? "" : `__oscc_bind__({ ${entries.join(", ")} });`;
}
