/**
 * What child processes write to the output that they inherit.
 *
 * A child that inherits the kernel's stdout writes to the kernel's own file, where no notebook looks. So `inherit`
 * becomes a pipe, and what comes through it is printed by the kernel, in the cell that started the child.
 */
import childProcess, { type ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

type Options = Record<string, unknown>;
type Stream = "stdout" | "stderr";

/** Print what children write. Returns how to stop. */
export function captureChildOutput(): () => void {
  const { spawn, fork, spawnSync, execSync, execFileSync } = childProcess;
  const originals = { spawn, fork, spawnSync, execSync, execFileSync };
  const replacements = {
    spawn: piped(spawn as Starter, undefined),
    fork: piped(fork as Starter, "ipc"),
    spawnSync: printed(spawnSync as Finisher),
    execSync: returned(execSync as Finisher),
    execFileSync: returned(execFileSync as Finisher),
  };
  Object.assign(childProcess, replacements);
  syncBuiltinESMExports();
  return () => {
    Object.assign(childProcess, originals);
    syncBuiltinESMExports();
  };
}

type Starter = (...args: unknown[]) => ChildProcess;
type Finisher = (...args: unknown[]) => unknown;

/** For what starts a child and returns it. `fork` inherits unless told otherwise, and adds a channel. */
function piped(start: Starter, channel: "ipc" | undefined): Starter {
  return (...args) => {
    const { before, options } = splitOptions(args);
    const asked = options.stdio ?? (channel && !options.silent ? "inherit" : "pipe");
    const { stdio, inherited } = withoutInheritance(asked);
    if (inherited.length === 0) return start(...args);
    const child = start(...before, { ...options, stdio: channel ? withChannel(stdio) : stdio });
    for (const { index, stream } of inherited) {
      const output = index === 1 ? child.stdout : child.stderr;
      output?.on("data", (chunk: Buffer) => process[stream].write(chunk));
      // Who asked for inherited output is told that there is none to read.
      Object.assign(child, { [index === 1 ? "stdout" : "stderr"]: null });
      (child.stdio as unknown[])[index] = null;
    }
    return child;
  };
}

/** For `spawnSync`, which returns what the child wrote. */
function printed(run: Finisher): Finisher {
  return (...args) => {
    const { before, options } = splitOptions(args);
    const { stdio, inherited } = withoutInheritance(options.stdio ?? "pipe");
    if (inherited.length === 0) return run(...args);
    const result = run(...before, { ...options, stdio }) as { output: unknown[] | null };
    print(inherited, result.output);
    for (const { index } of inherited) {
      Object.assign(result, { [index === 1 ? "stdout" : "stderr"]: null });
      if (result.output) result.output[index] = null;
    }
    return result;
  };
}

/** For `execSync` and `execFileSync`, which return stdout, and throw what came of a child that failed. */
function returned(run: Finisher): Finisher {
  return (...args) => {
    const { before, options } = splitOptions(args);
    const { stdio, inherited } = withoutInheritance(options.stdio ?? "pipe");
    if (inherited.length === 0) return run(...args);
    const wantsOutput = !inherited.some(({ index }) => index === 1);
    try {
      const output = run(...before, { ...options, stdio });
      print(inherited, [null, output]);
      return wantsOutput ? output : null;
    } catch (error) {
      print(inherited, (error as { output?: unknown[] }).output ?? null);
      throw error;
    }
  };
}

/** One of a child's outputs that was to be inherited, and where it goes. */
interface Inherited {
  index: 1 | 2;
  stream: Stream;
}

function withoutInheritance(asked: unknown): { stdio: unknown[]; inherited: Inherited[] } {
  const stdio = Array.isArray(asked) ? [...asked] : [asked, asked, asked];
  const inherited: Inherited[] = [];
  for (const index of [1, 2] as const) {
    const stream = inheritedStream(stdio[index], index);
    if (!stream) continue;
    inherited.push({ index, stream });
    stdio[index] = "pipe";
  }
  return { stdio, inherited };
}

/** Which of the kernel's outputs is meant by an entry of `stdio`: `"inherit"`, a descriptor, or the stream itself. */
function inheritedStream(entry: unknown, index: 1 | 2): Stream | undefined {
  const descriptor = entry === "inherit" ? index : ((entry as { fd?: unknown } | null)?.fd ?? entry);
  if (descriptor === 1) return "stdout";
  return descriptor === 2 ? "stderr" : undefined;
}

function withChannel(stdio: unknown[]): unknown[] {
  return stdio.includes("ipc") ? stdio : [...stdio, "ipc"];
}

function print(inherited: readonly Inherited[], output: readonly unknown[] | null | undefined): void {
  for (const { index, stream } of inherited) {
    const written = output?.[index];
    if (typeof written === "string" || written instanceof Uint8Array) process[stream].write(written);
  }
}

/** The options are the last argument that is an object and no list. */
function splitOptions(args: readonly unknown[]): { before: readonly unknown[]; options: Options } {
  const last = args.at(-1);
  const isOptions = args.length > 1 && typeof last === "object" && last !== null && !Array.isArray(last);
  return isOptions ? { before: args.slice(0, -1), options: last as Options } : { before: args, options: {} };
}
