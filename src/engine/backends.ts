/** Which TensorFlow.js backend eager work runs on, and running something on a chosen one. */
import { createRequire } from "node:module";
import { tf } from "./tensors";

/** The optional native backends, best first. They are never a dependency: what is installed is used. */
const NATIVE = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

/** An optional package: loaded, or why not. */
export interface OptionalBackend {
  readonly packageName: string;
  readonly loaded: boolean;
  readonly detail: string;
}

let tried: readonly OptionalBackend[] | undefined;

/** Try to load the optional native backends, once. The first that loads registers itself as `tensorflow`. */
export function nativeBackends(): readonly OptionalBackend[] {
  if (tried) return tried;
  const load = createRequire(__filename);
  const found: OptionalBackend[] = [];
  for (const packageName of NATIVE) {
    if (found.some((backend) => backend.loaded)) {
      found.push({ packageName, loaded: false, detail: "not needed: another one is loaded" });
      continue;
    }
    found.push(tryNative(load, packageName));
  }
  tf.setBackend("cpu");
  tried = found;
  return found;
}

function tryNative(load: NodeRequire, packageName: string): OptionalBackend {
  try {
    const installed = load(`${packageName}/package.json`) as { name: string; version: string };
    // An override may put another package under this name; then it is not the native backend.
    if (installed.name !== packageName) return { packageName, loaded: false, detail: "not installed" };
    load(packageName);
    return { packageName, loaded: true, detail: `version ${installed.version}` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "MODULE_NOT_FOUND" ? "not installed" : String((error as Error).message).split("\n")[0]!;
    return { packageName, loaded: false, detail: reason };
  }
}

/** The backend for eager work: the native one if a package for it is installed, else the pure JavaScript one. */
export async function eagerBackend(): Promise<string> {
  return nativeBackends().some((backend) => backend.loaded) && tf.findBackend("tensorflow")
    ? "tensorflow"
    : "cpu";
}

/** Run synchronous work on a backend, then go back to the former one. */
export function withBackend<T>(name: string, work: () => T): T {
  const former = tf.getBackend();
  tf.setBackend(name);
  try {
    return work();
  } finally {
    tf.setBackend(former);
  }
}
