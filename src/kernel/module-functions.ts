/** What stands in cells for `import()` and `import.meta`. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

/** Under these global names, compiled cells find them. */
export const DYNAMIC_IMPORT = "__oscc_import__";
export const IMPORT_META = "__oscc_import_meta__";

/** A cell has no file of its own; it is as if it were one of this name in the notebook's folder. */
const CELL_FILE = "cell.ts";

/**
 * @param folder  the notebook's folder
 * @param require the cells' own, which also knows the modules that lie beside the notebook
 */
export function installModuleFunctions(folder: string, require: NodeJS.Require): void {
  const filename = path.join(folder, CELL_FILE);
  const nodesImport = importFrom(filename);
  const resolve = (name: string) => {
    const found = require.resolve(name);
    return path.isAbsolute(found) ? pathToFileURL(found).href : found;
  };
  define(IMPORT_META, { url: pathToFileURL(filename).href, dirname: folder, filename, resolve });
  define(DYNAMIC_IMPORT, async (name: string) => {
    // What `require` finds is the instance that other cells have; what it refuses or does not find, Node imports.
    try {
      return namespaceOf(require(name));
    } catch (error) {
      if (isForImport(error)) return nodesImport(name);
      throw error;
    }
  });
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}

/** Node's own `import()`, as a module at this place would have it. */
function importFrom(filename: string): (name: string) => Promise<unknown> {
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER } = vm.constants;
  const nodesImport = vm.runInThisContext("(name) => import(name)", {
    filename,
    importModuleDynamically: USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (name: string) => Promise<unknown>;
  saidBeforehand(() => nodesImport("node:process"));
  return nodesImport;
}

/** Node 20 warns once that this way of importing is new; no reader of a notebook can do anything about it. */
function saidBeforehand(first: () => Promise<unknown>): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  void first().finally(() => {
    process.emitWarning = emitWarning;
  });
}

function isForImport(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return [
    "ERR_REQUIRE_ASYNC_MODULE",
    "ERR_REQUIRE_ESM",
    "ERR_PACKAGE_PATH_NOT_EXPORTED",
    "MODULE_NOT_FOUND",
  ].includes(code);
}

/** A CommonJS module as `import()` gives it: its exports, and `default`. */
function namespaceOf(module: unknown): unknown {
  const isObject = (typeof module === "object" && module !== null) || typeof module === "function";
  if (!isObject) return { default: module };
  const isNamespace = Object.prototype.toString.call(module) === "[object Module]";
  return isNamespace || "__esModule" in module ? module : { ...module, default: module };
}
