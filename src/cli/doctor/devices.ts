/** What can compute here: the optional eager backends beside the engine's own devices. */
import { type Finding, firstLine, pass, warn } from "./finding";

/** The eager GPU backend is optional; having none is the usual case. */
export function checkEagerBackend(load: (name: string) => unknown = require): Finding {
  const what = "tfjs-node-gpu";
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"])
    try {
      load(name);
      return pass(what, `${name} loads; eager code runs on it`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" && firstLine(error).includes(name))
        continue;
      return warn(what, `${name} is installed but does not load: ${firstLine(error)}`, `npm rebuild ${name}`);
    }
  return pass(what, "not installed (optional: compiled code does not need it)");
}
