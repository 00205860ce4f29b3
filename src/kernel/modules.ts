/** Modules as cells import them: the notebook's own TypeScript files (already compiled), else whatever Node finds. */
import Module from "node:module";
import path from "node:path";
import type { CompiledModule } from "./interpreter";

type NodeModule = InstanceType<typeof Module> & {
  _compile(code: string, filename: string): void;
};

export class CellModules {
  private readonly compiled = new Map<string, string>();
  private readonly loaded = new Map<string, NodeModule>();
  /** The `require` of the cells. */
  readonly require: NodeJS.Require;

  /** @param folder the notebook's folder */
  constructor(folder: string) {
    const usual = Module.createRequire(path.join(folder, "notebook.js"));
    this.require = this.preferCompiled(usual, folder);
  }

  /** Take in newly compiled modules. All compiled modules are loaded afresh when next imported. */
  update(modules: readonly CompiledModule[]): void {
    if (modules.length === 0) return;
    for (const { path: file, javascript } of modules) this.compiled.set(file, javascript);
    this.loaded.clear();
  }

  private preferCompiled(usual: NodeJS.Require, folder: string): NodeJS.Require {
    return new Proxy(usual, {
      apply: (_target, _self, [request]: [string]) => this.load(request, folder) ?? usual(request),
    });
  }

  private load(request: string, folder: string): unknown {
    if (typeof request !== "string" || !/^\.{0,2}\//.test(request)) return undefined;
    const filename = this.find(path.resolve(folder, request));
    if (filename === undefined) return undefined;
    const present = this.loaded.get(filename);
    if (present) return present.exports;
    const module = new Module(filename) as NodeModule;
    module.filename = filename;
    module.paths = Module.createRequire(filename).resolve.paths("x") ?? [];
    module.require = this.preferCompiled(
      module.require.bind(module) as NodeJS.Require,
      path.dirname(filename),
    );
    // Known before it has run, so that modules may import each other.
    this.loaded.set(filename, module);
    try {
      module._compile(this.compiled.get(filename)!, filename);
    } catch (error) {
      this.loaded.delete(filename);
      throw error;
    }
    return module.exports;
  }

  private find(file: string): string | undefined {
    const candidates = [file, `${file}.js`, file.replace(/\.ts$/, ".js"), path.join(file, "index.js")];
    return candidates.find((candidate) => this.compiled.has(candidate));
  }
}
