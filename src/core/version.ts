/** The version of this package, as `package.json` has it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { PACKAGE_ROOT } from "./paths";

let known: string | undefined;

export function packageVersion(): string {
  known ??= (JSON.parse(readFileSync(path.join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string })
    .version;
  return known;
}
