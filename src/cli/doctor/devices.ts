/** What can compute here: the optional eager backends beside the engine's own devices. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { PACKAGE_ROOT } from "../../core/paths";
import { type Finding, firstLine, pass, warn } from "./finding";

const EAGER_BACKENDS = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

/** The native eager backends are optional; having none is the usual case. */
export function checkEagerBackend(load: (name: string) => unknown = require): Finding {
  const what = "tfjs-node-gpu";
  const name = EAGER_BACKENDS.find(isInstalled);
  if (!name) return pass(what, "not installed (optional: compiled code does not need it)");
  try {
    load(name);
    return pass(what, `${name} loads; eager code runs on it`);
  } catch (error) {
    return warn(what, `${name} is installed but does not load: ${firstLine(error)}`, `npm rebuild ${name}`);
  }
}

/** A package may stand under another's name (an npm alias): its own name decides. */
function isInstalled(name: string): boolean {
  const file = path.join(PACKAGE_ROOT, "node_modules", name, "package.json");
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name: string }).name === name;
}
