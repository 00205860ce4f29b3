/** Interrupts at any instant: each one stops the cell that runs, none the next, and the kernel lives on. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/core/paths";
import { pause, resultOf, temporaryFolder, useKernel } from "./support";

const SLOW = process.env.OSCC_SLOW_TESTS === "1";

/** A thread signals as fast as it can, while another goes in and out of where signals end it. */
const SIGNALLED_AT_RANDOM = `
  const { isMainThread, Worker, workerData } = require("node:worker_threads");
  const { InterruptState } = require(process.env.DIST + "/kernel/interrupt-state");
  const { interruptible, isSigint } = require(process.env.DIST + "/kernel/interruptible");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  if (!isMainThread) {
    const state = new InterruptState(workerData.memory);
    const sent = new Int32Array(workerData.sent);
    for (;;) {
      Atomics.wait(pause, 0, 0, Math.random() * 1.5);
      if (state.signal(state.running)) Atomics.add(sent, 0, 1);
    }
  } else {
    process.on("SIGINT", () => console.log("a signal went astray"));
    const state = new InterruptState();
    const sent = new Int32Array(new SharedArrayBuffer(4));
    new Worker(process.argv[1], { workerData: { memory: state.memory, sent: sent.buffer } });
    let stopped = 0, cells = 0, other = 0;
    const round = () => {
      for (let i = 0; i < 40; i++) {
        state.running = ++cells;
        const end = performance.now() + Math.random() * 0.3;
        try {
          interruptible(state, () => { while (performance.now() < end); });
        } catch (error) {
          if (isSigint(error)) stopped++;
          else other++;
        }
        state.running = 0;
      }
      if (cells < Number(process.argv[2])) return setImmediate(round);
      console.log(JSON.stringify({ stopped, sent: sent[0], other }));
      process.exit(0);
    };
    round();
  }`;

describe("a signal", () => {
  const folder = temporaryFolder();

  test("ends the code that it was sent to, at whatever instant, and nothing else", () => {
    const script = path.join(folder, "signals.cjs");
    writeFileSync(script, SIGNALLED_AT_RANDOM);
    const { status, signal, stdout } = spawnSync(process.execPath, [script, SLOW ? "40000" : "4000"], {
      encoding: "utf8",
      env: { ...process.env, DIST: path.join(PACKAGE_ROOT, "dist") },
    });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    const { stopped, sent, other } = JSON.parse(stdout) as Record<string, number>;
    expect(sent).toBeGreaterThan(100);
    expect({ stopped, other }).toEqual({ stopped: sent, other: 0 });
  });
});

describe("an interrupt", () => {
  const under = useKernel();

  /** Cells that never end, each in its own way. */
  const ENDLESS = [
    "while (true);",
    "await null; while (true);",
    "await new Promise(() => {});",
    "for (;;) await new Promise((resolve) => setTimeout(resolve, 1));",
    "for (;;) await new Promise((resolve) => setImmediate(resolve));",
    "const busy = () => { const end = Date.now() + 3; while (Date.now() < end); }; for (;;) { busy(); await null; await new Promise((resolve) => setImmediate(resolve)); }",
    "function spin(): void { for (;;); } await null; spin();",
    "class Spinner { turn() { let n = 0; do n++; while (true); } } await new Promise((resolve) => setTimeout(resolve, 2)); new Spinner().turn();",
    "const inner = (rows: number) => { for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++); }; await null; for (;;) inner(1e5);",
    "for (;;) { try { await new Promise((resolve) => setTimeout(resolve, 1)); } finally { ticks++; } }",
    "({ _repr_mimebundle_: () => new Promise(() => {}) })",
    "({ _repr_mimebundle_() { while (true); } })",
  ];

  /** Interrupt as soon as the kernel says that it is busy, and a random moment later; ask when it answered. */
  async function interruptOnce(code: string, delayMs: number): Promise<void> {
    const { kernel } = under;
    const busy = new Promise<void>((resolve) => {
      const stop = kernel.onMessage(({ header, content }) => {
        if (header.msg_type !== "status" || content.execution_state !== "busy") return;
        stop();
        resolve();
      });
    });
    const cell = kernel.execute(code, { timeoutS: 20 });
    await busy;
    if (delayMs > 0) await pause(delayMs);
    await kernel.interrupt();
    expect((await cell).error?.ename, `after ${delayMs} ms: ${code}`).toBe("Interrupted");
  }

  async function interruptMany(rounds: number): Promise<void> {
    await under.kernel.execute("let kept = 0; let ticks = 0;");
    for (let round = 0; round < rounds; round++) {
      const code = ENDLESS[round % ENDLESS.length]!;
      await interruptOnce(code, Math.random() < 0.3 ? 0 : Math.random() * 60);
      const next = await under.kernel.execute(
        `let sum = 0; for (let i = 0; i < 1e5; i++) sum += i % 7; kept++`,
      );
      expect(resultOf(next), `the cell after ${code}`).toBe(String(round));
    }
    expect(resultOf(await under.kernel.execute("kept"))).toBe(String(rounds));
  }

  test("is never lost, and never hits the next cell", () => interruptMany(3 * ENDLESS.length), 120_000);

  test.runIf(SLOW)("holds for a thousand (needs OSCC_SLOW_TESTS=1)", () => interruptMany(1000), 600_000);

  const SPIN = "function spin(): void { let n = 0; while (true) n++; } console.log('go');";
  const wait = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;

  test.each([
    ["a loop", `${wait(60)} for (;;);`],
    ["a function that never returns", `${wait(60)} spin();`],
    ["one, after the cell was left behind", `${wait(400)} spin();`],
  ])("that finds the cell waiting holds, although it goes on with %s", async (_, code) => {
    const { kernel } = under;
    const begun = new Promise<void>((resolve) => {
      const stop = kernel.onMessage(({ header }) => {
        if (header.msg_type !== "stream") return;
        stop();
        resolve();
      });
    });
    const cell = kernel.execute(`${SPIN} ${code}`, { timeoutS: 20 });
    await begun;
    await kernel.interrupt();
    expect((await cell).error?.ename).toBe("Interrupted");
    await pause(500);
    expect(resultOf(await kernel.execute("1 + 1", { timeoutS: 20 }))).toBe("2");
  });

  test.each([["while (true);"], ["await new Promise(() => {});"]])(
    "right behind its cell, on the same channel, is for that cell: %s",
    async (code) => {
      const { kernel } = under;
      const cell = kernel.execute(code, { timeoutS: 20 });
      await kernel.request("interrupt_request", {}, { channel: "shell" });
      expect((await cell).error?.ename).toBe("Interrupted");
      expect(resultOf(await kernel.execute("1 + 1", { timeoutS: 20 }))).toBe("2");
    },
  );

  test("between two queued cells stops the second", async () => {
    const { kernel } = under;
    for (let round = 0; round < 10; round++) {
      const first = kernel.execute("1");
      const second = kernel.execute("for (;;) await new Promise((resolve) => setTimeout(resolve, 1));", {
        timeoutS: 20,
      });
      await first;
      await kernel.interrupt();
      expect((await second).error?.ename).toBe("Interrupted");
    }
  });

  test("of what an older cell left behind holds after a later cell was stopped too", async () => {
    const { kernel } = under;
    await kernel.execute("let beats = 0;");
    await interruptOnce(
      "for (;;) { await new Promise((resolve) => setTimeout(resolve, 400)); beats++; }",
      30,
    );
    await interruptOnce("await new Promise(() => {});", 0);
    await pause(1000);
    const before = resultOf(await kernel.execute("beats"));
    await pause(900);
    expect(resultOf(await kernel.execute("beats"))).toBe(before);
  });
});
