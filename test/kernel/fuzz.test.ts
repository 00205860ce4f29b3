/** Whatever arrives, on whatever socket: the kernel stays alive and runs only what is signed. */

import { spawn } from "node:child_process";
import { connect } from "node:net";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createConnection, writeConnection } from "../../src/kernel/connection";
import { OSCC_KERNEL_SPEC } from "../../src/kernel/kernel-spec";
import { pause, resultOf, useKernel } from "./support";

const under = useKernel();

/** The kernel answers, and has run nothing but this. */
async function isWell(): Promise<void> {
  expect(resultOf(await under.kernel.execute("typeof (globalThis as { pwned?: unknown }).pwned"))).toBe(
    "'undefined'",
  );
}

const CHANNELS = ["shell", "control"] as const;
const bytes = fc.uint8Array({ maxLength: 200 });

test("frames of random bytes, with and without the delimiter", async () => {
  const frames = fc.array(fc.oneof(bytes, fc.constant(Buffer.from("<IDS|MSG>"))), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(frames, fc.constantFrom(...CHANNELS), (some, channel) =>
      under.kernel.sendRaw(some.length > 0 ? some : [new Uint8Array()], channel),
    ),
    { numRuns: 300 },
  );
  await isWell();
});

test("signed requests with contents of any form are answered or passed over", async () => {
  const types = [
    "execute_request",
    "complete_request",
    "inspect_request",
    "is_complete_request",
    "history_request",
    "comm_info_request",
    "comm_open",
    "comm_msg",
    "comm_close",
    "interrupt_request",
    "kernel_info_request",
    "debug_request",
    "input_reply",
    "no_such_request",
    "__proto__",
    "constructor",
  ];
  const keys = [
    "code",
    "cursor_pos",
    "comm_id",
    "target_name",
    "data",
    "n",
    "pattern",
    "start",
    "user_expressions",
    "value",
  ];
  // Random text is hardly ever a program; what is one has nothing to reach for.
  const content = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...types), content, async (type, some) => {
      under.kernel.notify(type, { ...some, silent: true, store_history: false, stop_on_error: false });
    }),
    { numRuns: 200 },
  );
  await pause(200);
  await isWell();
});

test("a very long cell", async () => {
  const long = `const text = "${"x".repeat(3_000_000)}"; text.length`;
  expect(resultOf(await under.kernel.execute(long))).toBe("3000000");
});

test("bytes that are no ZeroMQ, on every port", async () => {
  const connection = await createConnection();
  const file = path.join(under.folder, "ports.json");
  writeConnection(file, connection);
  const child = spawn(process.execPath, [path.join(OSCC_KERNEL_SPEC, "launch.cjs"), file], {
    stdio: "ignore",
  });
  const ports = [
    connection.shell_port,
    connection.iopub_port,
    connection.stdin_port,
    connection.control_port,
    connection.hb_port,
  ];
  try {
    for (const port of ports)
      await expect.poll(() => send(port, new Uint8Array()), { timeout: 15_000 }).toBe(true);
    for (const port of ports)
      for (let seed = 1; seed <= 4; seed++)
        await send(port, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * seed * 131 + seed) & 255)));
    await pause(200);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  } finally {
    child.kill("SIGKILL");
  }
});

/** Whether somebody takes the bytes. */
function send(port: number, data: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(data));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(true));
    socket.resume();
    setTimeout(() => socket.destroy(), 500).unref();
  });
}
