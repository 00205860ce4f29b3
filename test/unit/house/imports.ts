/** Which module imports what, read from the sources. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const SRC = path.resolve(__dirname, "../../../src");

export interface Import {
  /** The importing file, relative to `src/`, with forward slashes. */
  readonly file: string;
  /** What stands between the quotes. */
  readonly specifier: string;
  /** The folder of `src/` it leads to; absent for packages and for files directly in `src/`. */
  readonly folder?: string;
  /** `import type` and `export type`: gone at run time. */
  readonly typeOnly: boolean;
}

/** All TypeScript files of a folder, relative to it. */
export function sourceFiles(folder = SRC): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

/** Every import of every file under `src/`. */
export function allImports(): Import[] {
  return sourceFiles().flatMap((file) => importsOf(file, readFileSync(path.join(SRC, file), "utf8")));
}

const STATIC = /^\s*(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\b(?:import|require|require\.resolve)\s*\(\s*["']([^"']+)["']/g;

/** The imports of one file: static, dynamic and `require`; comments are left out. */
export function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const match of code.matchAll(STATIC))
    found.push(read(file, match[1]!, /^\s*(?:import|export)\s+type\s/.test(match[0])));
  for (const match of code.matchAll(DYNAMIC)) found.push(read(file, match[1]!, false));
  return found;
}

function read(file: string, specifier: string, typeOnly: boolean): Import {
  const folder = specifier.startsWith(".")
    ? folderOf(path.posix.join(path.posix.dirname(file), specifier))
    : undefined;
  return { file, specifier, typeOnly, ...(folder === undefined ? {} : { folder }) };
}

/** `"evaluate/roc"` and `"evaluate"` are both of `evaluate`; `"index"` is of no folder. */
export function folderOf(file: string): string | undefined {
  const first = file.split("/")[0]!;
  return first === "index" || first.startsWith("index.") || first === ".." ? undefined : first;
}

/** Doc comments hold examples with imports; they are not imports of the file. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
