/**
 * Which module a cell means: the notebook's own first, then the kernel's.
 *
 * So `import ... from "oscc-lab"` works in a notebook in any folder, and so do the packages that this one
 * is made of, unless the notebook's folder (or one above it) has its own.
 * The rule holds for run time (`require`) and for types (what TypeScript believes is on disk).
 */
import { existsSync, readFileSync } from "node:fs";
import Module from "node:module";
import path from "node:path";
import { PACKAGE_ROOT } from "../../core/paths";
import type { TypeScript } from "./typescript";

const OWN_NAME = "oscc-lab";
const OWN_MODULES = path.join(PACKAGE_ROOT, "node_modules");

type ResolveFilename = (request: string, parent: unknown, isMain: boolean, options?: unknown) => string;

/** At run time: whatever the usual rules do not find is looked for beside the kernel. Returns how to stop. */
export function resolveFromKernelAtRunTime(): () => void {
  const loader = Module as unknown as { _resolveFilename: ResolveFilename };
  const usual = loader._resolveFilename;
  const fromKernel = Module.createRequire(path.join(PACKAGE_ROOT, "package.json"));
  loader._resolveFilename = function (this: unknown, request, parent, isMain, options) {
    try {
      return usual.call(this, request, parent, isMain, options);
    } catch (error) {
      if (!isNotFound(error) || !isBare(request)) throw error;
      const found = locateBesideKernel(request, (name) =>
        usual.call(this, name, fromKernelParent(fromKernel), false),
      );
      if (found === undefined) throw error;
      return found;
    }
  };
  return () => {
    loader._resolveFilename = usual;
  };
}

function locateBesideKernel(request: string, resolve: (name: string) => string): string | undefined {
  try {
    if (request === OWN_NAME) return resolve(path.join(PACKAGE_ROOT, ownMain()));
    if (request.startsWith(`${OWN_NAME}/`))
      return resolve(path.join(PACKAGE_ROOT, request.slice(OWN_NAME.length + 1)));
    return resolve(request);
  } catch {
    return undefined;
  }
}

function ownMain(): string {
  const { main } = JSON.parse(readFileSync(path.join(PACKAGE_ROOT, "package.json"), "utf8")) as {
    main: string;
  };
  return main;
}

/** The usual rules look into the `paths` of whoever asks. */
function fromKernelParent(fromKernel: NodeJS.Require): { id: string; filename: string; paths: string[] } {
  const filename = path.join(PACKAGE_ROOT, "package.json");
  return { id: filename, filename, paths: fromKernel.resolve.paths("x") ?? [] };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
}

/** A package name, not a path and not one of Node's own modules. */
function isBare(request: string): boolean {
  return !request.startsWith(".") && !path.isAbsolute(request) && !request.startsWith("node:");
}

/**
 * For types: TypeScript sees the kernel's packages in the notebook folder's `node_modules`.
 *
 * @param folder the notebook's folder
 */
export function resolveFromKernelForTypes(ts: typeof TypeScript, folder: string): void {
  const forward = forwarder(folder);
  const { sys } = ts;
  const { fileExists, readFile, directoryExists, getDirectories, readDirectory, realpath } = sys;
  // A forwarded file keeps the name under which it was found: then the types of a cell's variables can be
  // written down as `import("danfojs-node")`, whichever package brought them.
  sys.fileExists = (file) => fileExists.call(sys, forward(file));
  sys.readFile = (file, encoding) => readFile.call(sys, forward(file), encoding);
  sys.directoryExists = (name) => directoryExists.call(sys, forward(name));
  sys.getDirectories = (name) => getDirectories.call(sys, forward(name));
  sys.readDirectory = (name, ...rest) => readDirectory.call(sys, forward(name), ...rest);
  if (realpath) sys.realpath = (name) => (forward(name) === name ? realpath.call(sys, name) : name);
}

/** Maps paths in the notebook folder's `node_modules` to the kernel's, for packages that are found in no folder above. */
function forwarder(folder: string): (file: string) => string {
  const modules = `${path.join(folder, "node_modules").replaceAll(path.sep, "/")}/`;
  const known = new Map<string, string | undefined>();
  const target = (name: string): string | undefined => {
    if (!known.has(name)) known.set(name, kernelPackage(folder, name));
    return known.get(name);
  };
  // The package's own node_modules are seen beside it, not in it: one flat folder.
  const nested = `${modules}${OWN_NAME}/node_modules`;
  const isForwarded = target(OWN_NAME) !== undefined;
  return (file) => {
    if (!file.startsWith(modules)) return file;
    if (isForwarded && file.startsWith(nested)) return `${file}-is-flattened`;
    const parts = file.slice(modules.length).split("/");
    const depth = parts[0]?.startsWith("@") ? 2 : 1;
    const found = target(parts.slice(0, depth).join("/"));
    return found === undefined ? file : [found, ...parts.slice(depth)].join("/");
  };
}

function kernelPackage(folder: string, name: string): string | undefined {
  for (let above = folder; ; above = path.dirname(above)) {
    if (existsSync(path.join(above, "node_modules", name))) return undefined;
    if (above === path.dirname(above)) break;
  }
  if (name === OWN_NAME) return PACKAGE_ROOT;
  const own = path.join(OWN_MODULES, name);
  return existsSync(own) ? own : undefined;
}
