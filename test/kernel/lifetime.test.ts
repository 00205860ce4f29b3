/** The kernel's process: how it starts, and that it always ends. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { startKernel } from "../../src/kernel/client";
import { createConnection, readConnection, writeConnection } from "../../src/kernel/connection";
import { OSCC_KERNEL_SPEC } from "../../src/kernel/kernel-spec";
import { pause, printed, resultOf, temporaryFolder } from "./support";

const folder = temporaryFolder();
const crashFolder = temporaryFolder();
const restartFolder = temporaryFolder();
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("shutdown ends it although a timer is pending", async () => {
  const kernel = await startKernel({ cwd: folder });
  await kernel.execute("setInterval(() => {}, 1000);");
  await kernel.shutdown();
  expect(kernel.exitStatus).toEqual({ code: 0, signal: null });
});

test("a restart begins with nothing", async () => {
  const first = await startKernel({ cwd: folder });
  await first.execute("const gone = 1;");
  await first.shutdown({ restart: true });
  const second = await startKernel({ cwd: folder });
  const cell = await second.execute("typeof (globalThis as { gone?: number }).gone");
  expect([cell.executionCount, resultOf(cell)]).toEqual([1, "'undefined'"]);
  await second.shutdown();
});

test("shutdown ends it although a cell never yields", async () => {
  const kernel = await startKernel({ cwd: folder });
  const begun = new Promise<void>((resolve) => {
    kernel.onMessage(({ header }) => header.msg_type === "stream" && resolve());
  });
  const cell = kernel.execute("console.log('go'); while (true);").catch(() => "ended");
  await begun;
  await kernel.shutdown();
  await cell;
  expect(kernel.exitStatus).toEqual({ code: 0, signal: null });
});

test("shutdown ends it in the middle of the engine's work, as any other", async () => {
  const kernel = await startKernel({ cwd: folder });
  const prepared = await kernel.execute(`import { engine } from "oscc-lab";
    const { compile, filledTensor, tf } = engine;
    const program = await compile(
      ({ x }, { w }) => ({ outputs: { y: tf.sum(tf.matMul(w, w)) }, state: { w: tf.add(w, x) } }),
      { inputs: { x: { shape: [] } }, state: { w: filledTensor([1500, 1500], 1) } },
      { device: "cpu" },
    );
    await program.run({ x: 1 });`);
  expect(prepared.status).toBe("ok");
  const cell = kernel.execute("for (;;) await program.run({ x: 1 });").catch(() => "ended");
  await pause(300);
  await kernel.shutdown();
  await cell;
  expect(kernel.exitStatus).toEqual({ code: 0, signal: null });
});

test("it ends when its parent is gone", async () => {
  const connectionFile = path.join(folder, "orphan.json");
  writeConnection(connectionFile, await createConnection());
  const launcher = path.join(OSCC_KERNEL_SPEC, "launch.cjs");
  // A parent that starts the kernel, says its process id, and is killed.
  const parent = spawn(process.execPath, [
    "-e",
    `const { spawn } = require("node:child_process");
     const kernel = spawn(process.execPath, ${JSON.stringify([launcher, connectionFile])}, { stdio: "ignore" });
     console.log(kernel.pid); setInterval(() => {}, 1000);`,
  ]);
  const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve)));
  await pause(1500);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

test("a kernel that dies is reported, not waited for", async () => {
  const kernel = await startKernel({ cwd: folder });
  await expect(kernel.execute("process.exit(3)")).rejects.toThrow(/kernel has stopped.*\n.*exit code 3/);
  await kernel.shutdown();
});

test("a kernel that takes the place of one that crashed says what that was running", async () => {
  const connectionFolder = crashFolder;
  const first = await startKernel({ cwd: folder, connectionFolder });
  await first.execute("const fine = 1;");
  const crash = "process.kill(process.pid, 'SIGSEGV');\nawait new Promise(() => {});";
  await expect(first.execute(crash)).rejects.toThrow(/kernel has stopped/);
  const second = await startKernel({ cwd: folder, connectionFolder });
  const said = printed(await second.execute("2 + 2"), "stderr");
  expect(said).toMatch(/^The kernel before this one ended while it ran Cell \[2\]:\n {4}process\.kill/);
  expect(said).toMatch(/run the cells again/);
  expect(printed(await second.execute("3"), "stderr")).toBe("");
  await second.shutdown();
});

/** What the next kernel says of one that ended by itself in or after this cell. */
async function lastWords(connectionFolder: string, code: string, env: Record<string, string> = {}) {
  const first = await startKernel({ cwd: folder, connectionFolder, env });
  await first.execute(code).catch(() => {});
  await expect.poll(() => first.exitStatus, { timeout: 20_000 }).toBeDefined();
  const { signal } = first.exitStatus!;
  const second = await startKernel({ cwd: folder, connectionFolder });
  const said = printed(await second.execute("2 + 2"), "stderr").split("\n")[0];
  await second.shutdown();
  return { signal, said };
}

const [laterFolder, abortFolder, memoryFolder, nativeFolder, threadFolder] = [1, 2, 3, 4, 5].map(
  temporaryFolder,
);

test("a crash of what a cell left running is reported with that cell", async () => {
  const { signal, said } = await lastWords(laterFolder!, "setTimeout(() => process.abort(), 200);");
  expect(signal).toBe("SIGABRT");
  expect(said).toMatch(/ended when no cell ran\. The last was Cell \[1\]/);
});

describe.runIf(process.env.OSCC_SLOW_TESTS === "1")("real crashes (needs OSCC_SLOW_TESTS=1)", () => {
  const RAN = "The kernel before this one ended while it ran Cell [1]:";

  test("of native code that gives up", async () => {
    const { signal, said } = await lastWords(abortFolder!, "process.abort()");
    expect({ signal, said }).toEqual({ signal: "SIGABRT", said: RAN });
  });

  test("for want of memory", async () => {
    const code = "const kept: unknown[] = []; for (;;) kept.push(new Array(1e5).fill(kept.length));";
    const env = { NODE_OPTIONS: "--max-old-space-size=200" };
    expect(await lastWords(memoryFolder!, code, env)).toEqual({ signal: "SIGABRT", said: RAN });
  });

  // A library that writes where it must not, as soon as it is loaded.
  const crasher = path.join(folder, "crasher.node");
  const source = "__attribute__((constructor)) static void crash(void) { *(volatile int *)0 = 1; }";
  const compile = ["-shared", "-fPIC", "-x", "c", "-", "-o", crasher];
  const hasCompiler = spawnSync("cc", compile, { input: source }).status === 0;
  const load = `process.dlopen({ exports: {} }, ${JSON.stringify(crasher)})`;

  test.runIf(hasCompiler)("in native code (needs a C compiler)", async () => {
    expect(await lastWords(nativeFolder!, load)).toEqual({ signal: "SIGSEGV", said: RAN });
  });

  test.runIf(hasCompiler)("in native code on another thread (needs a C compiler)", async () => {
    const code = `import { Worker } from "node:worker_threads"; new Worker(${JSON.stringify(load)}, { eval: true }); await new Promise(() => {});`;
    expect(await lastWords(threadFolder!, code)).toEqual({ signal: "SIGSEGV", said: RAN });
  });
});

test("a kernel that was asked to end in the middle of a cell leaves no such word", async () => {
  const connectionFolder = restartFolder;
  const first = await startKernel({ cwd: folder, connectionFolder });
  const begun = new Promise<void>((resolve) => {
    first.onMessage(({ header }) => header.msg_type === "stream" && resolve());
  });
  const cell = first.execute("console.log('go'); while (true);").catch(() => "ended");
  await begun;
  await first.shutdown({ restart: true });
  await cell;
  const second = await startKernel({ cwd: folder, connectionFolder });
  expect(printed(await second.execute("2 + 2"), "stderr")).toBe("");
  await second.shutdown();
});

test("a kernel that is silent for too long is reported", async () => {
  const kernel = await startKernel({ cwd: folder });
  await expect(kernel.execute("await new Promise(() => {})", { timeoutS: 0.3 })).rejects.toThrow(
    /said nothing for 0\.3 s/,
  );
  await kernel.shutdown();
});

test("a kernel that cannot start says why", async () => {
  const spec = path.join(folder, "broken");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(spec, { recursive: true });
  const argv = ["node", "-e", "console.error('no such library'); process.exit(4)", "{connection_file}"];
  writeFileSync(path.join(spec, "kernel.json"), JSON.stringify({ argv, display_name: "b", language: "b" }));
  await expect(startKernel({ spec, cwd: folder })).rejects.toThrow(/exit code 4[\s\S]*no such library/);
});

test("it refuses to listen to the outside, and to listen without a key", async () => {
  const connection = await createConnection();
  const file = path.join(folder, "open.json");
  writeFileSync(file, JSON.stringify({ ...connection, ip: "0.0.0.0" }));
  expect(() => readConnection(file)).toThrow(/expected a loopback address/);
  writeFileSync(file, JSON.stringify({ ...connection, key: "" }));
  expect(() => readConnection(file)).toThrow(/unsigned messages are never executed/);
  expect(() => readConnection(path.join(folder, "missing.json"))).toThrow(/cannot be read/);
});
