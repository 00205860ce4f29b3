/** The version of this package, as `package.json` has it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { PACKAGE_ROOT } from "./paths";

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

let known: Manifest | undefined;

function manifest(): Manifest {
  known ??= JSON.parse(readFileSync(path.join(PACKAGE_ROOT, "package.json"), "utf8")) as Manifest;
  return known;
}

export function packageVersion(): string {
  return manifest().version;
}

/** The version of a dependency that this package computes with; they are pinned. */
export function dependencyVersion(name: string): string {
  return manifest().dependencies[name] ?? "unknown";
}
