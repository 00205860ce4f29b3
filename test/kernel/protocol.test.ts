/** The protocol beside cells: queue, interrupts, history, comms, input, signatures. */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { type KernelClient, startKernel } from "../../src/kernel/client";
import { address, type Connection } from "../../src/kernel/connection";
import { createMessage, decode, encode, type Message } from "../../src/kernel/wire";
import { pause, printed, resultOf, tracebackOf, useKernel } from "./support";

const under = useKernel();
const run = (code: string) => under.kernel.execute(code);

describe("the queue", () => {
  test("cells queued behind a failing one are aborted, later ones run", async () => {
    const results = await Promise.all([run("throw new Error('first')"), run("'second'"), run("'third'")]);
    expect(results.map(({ status }) => status)).toEqual(["error", "aborted", "aborted"]);
    expect((await run("'fourth'")).status).toBe("ok");
  });

  test("unless the front end asks to go on", async () => {
    const failing = under.kernel.execute("throw new Error('first')", { stopOnError: false });
    const results = await Promise.all([failing, run("'second'")]);
    expect(results.map(({ status }) => status)).toEqual(["error", "ok"]);
  });

  test("cells run one after the other", async () => {
    const cells = [40, 20, 0].map((ms, i) =>
      run(
        `await new Promise((resolve) => setTimeout(resolve, ${ms})); console.log(${i}, process.hrtime.bigint())`,
      ),
    );
    const times = (await Promise.all(cells)).map((cell) => BigInt(printed(cell).match(/(\d+)n/)![1]!));
    expect(times[0]! < times[1]! && times[1]! < times[2]!).toBe(true);
  });

  test("completion is answered while a cell waits", async () => {
    const cell = run("await new Promise((resolve) => setTimeout(resolve, 30_000)); 'done'");
    let isDone = false;
    void cell.then(() => {
      isDone = true;
    });
    expect((await under.kernel.complete("process.argv")).matches).toContain("argv");
    expect(isDone).toBe(false);
    await under.kernel.request("interrupt_request", {}, { channel: "control" });
    await cell;
  });
});

describe("interrupt", () => {
  /** Resolves when the kernel has begun with the next cell, or when that has printed something. */
  const begun = (sign: "execute_input" | "stream") =>
    new Promise<void>((resolve) => {
      const stop = under.kernel.onMessage(({ header }) => {
        if (header.msg_type !== sign) return;
        stop();
        resolve();
      });
    });
  const interruptAt = async (sign: "execute_input" | "stream", code: string) => {
    const beginning = begun(sign);
    const cell = run(code);
    await beginning;
    const asked = Date.now();
    await under.kernel.interrupt();
    const result = await cell;
    return { result, tookMs: Date.now() - asked };
  };

  test("that comes while a cell is compiled stops it too", async () => {
    const { result } = await interruptAt("execute_input", "while (true);");
    expect(result.error?.ename).toBe("Interrupted");
  });

  test("ends an endless loop; variables stay", async () => {
    await run("let kept = 5;");
    const { result } = await interruptAt(
      "stream",
      "let counted = 1; console.log('go'); while (true) counted++;",
    );
    expect(result.error?.ename).toBe("Interrupted");
    expect(resultOf(await run("[kept, counted > 0]"))).toBe("[ 5, true ]");
  });

  test("ends an await; variables stay", async () => {
    const { result, tookMs } = await interruptAt(
      "stream",
      "let before = 7; console.log('go'); await new Promise(() => {});",
    );
    expect(result.error?.ename).toBe("Interrupted");
    expect(tookMs).toBeLessThan(3000);
    expect(resultOf(await run("before"))).toBe("7");
  });

  test("aborts the signal of the cell, so that work stops and may say what it stopped", async () => {
    const { result } = await interruptAt(
      "stream",
      `import { currentSignal, throwIfAborted } from "oscc-lab/dist/core/abort";
       let rounds = 0;
       async function work() {
         const signal = currentSignal();
         for (;;) { throwIfAborted(signal, "counting"); rounds++; await new Promise((resolve) => setTimeout(resolve, 5)); }
       }
       console.log("go");
       await work();`,
    );
    expect(result.error).toMatchObject({ ename: "Interrupted" });
    expect(tracebackOf(result)).toContain("counting was stopped on request");
    const rounds = async () => resultOf(await run("rounds"));
    const stoppedAt = await rounds();
    await pause(50);
    expect(await rounds()).toBe(stoppedAt);
  });

  test.each([
    ["after an await", "await 1; console.log('go'); for (;;) rounds++;"],
    [
      "of an async function",
      "async function spin() { await 1; console.log('go'); while (true) rounds++; } await spin();",
    ],
    ["without a block", "await 1; console.log('go'); do rounds++; while (true);"],
  ])("ends an endless loop %s", async (_, code) => {
    await run("let rounds = 0;");
    const { result } = await interruptAt("stream", code);
    expect(result.error?.ename).toBe("Interrupted");
    expect(resultOf(await run("rounds > 0"))).toBe("true");
  });

  test("ends a value that takes for ever to draw itself", async () => {
    const { result } = await interruptAt(
      "stream",
      "({ _repr_mimebundle_() { console.log('go'); while (true); } })",
    );
    expect(result.error?.ename).toBe("Interrupted");
    expect(resultOf(await run("2"))).toBe("2");
  });

  test("leaves the next cell alone, whenever it comes", async () => {
    for (let round = 0; round < 12; round++) {
      const beginning = begun("execute_input");
      const cell = run(round % 2 === 0 ? "await null; while (true);" : "while (true);");
      await beginning;
      await pause(round * 3);
      await under.kernel.interrupt();
      expect((await cell).error?.ename).toBe("Interrupted");
      expect(resultOf(await run(`let sum = 0; for (let i = 0; i < 2e6; i++) sum += i % 7; ${round}`))).toBe(
        String(round),
      );
    }
  });

  test("what runs on after its cell was stopped ends at the next round of its loop", async () => {
    await run("let beats = 0;");
    const { result } = await interruptAt(
      "stream",
      "console.log('go'); for (;;) { beats++; await new Promise((resolve) => setTimeout(resolve, 5)); }",
    );
    expect(result.error?.ename).toBe("Interrupted");
    const beats = async () => resultOf(await run("beats"));
    await pause(30);
    const before = await beats();
    await pause(50);
    expect(await beats()).toBe(before);
  });

  test("harms nothing when nothing runs", async () => {
    await under.kernel.interrupt();
    await pause(200);
    expect(resultOf(await run("1"))).toBe("1");
  });
});

test("history: latest, ranges and search", async () => {
  const first = (await run("'needle one'")).executionCount!;
  await run("'hay'");
  await run("'needle two'");
  await run("'needle two'");
  const ask = async (content: Record<string, unknown>) =>
    (await under.kernel.request("history_request", { output: false, raw: true, ...content })).content.history;
  expect(await ask({ hist_access_type: "tail", n: 2 })).toEqual([
    [0, first + 2, "'needle two'"],
    [0, first + 3, "'needle two'"],
  ]);
  expect(await ask({ hist_access_type: "range", session: 0, start: first, stop: first + 2 })).toEqual([
    [0, first, "'needle one'"],
    [0, first + 1, "'hay'"],
  ]);
  expect(await ask({ hist_access_type: "search", pattern: "'needle*", unique: true })).toHaveLength(2);
});

test("history of former sessions, when the reader wants a file of it", async () => {
  const file = path.join(under.folder, "history.jsonl");
  const session = async (work: (kernel: KernelClient) => Promise<void>) => {
    const kernel = await startKernel({ cwd: under.folder, env: { OSCC_HISTORY: file } });
    await work(kernel);
    await kernel.shutdown();
  };
  await session(async (kernel) => {
    await kernel.execute("'of the first session'");
    await kernel.execute("'secret'", { storeHistory: false });
  });
  appendFileSync(file, '{"session": 1, "cou\n'); // a torn line
  await session(async (kernel) => {
    await kernel.execute("'of the second'");
    const ask = async (content: Record<string, unknown>) =>
      (await kernel.request("history_request", { output: false, raw: true, ...content })).content.history;
    expect(await ask({ hist_access_type: "tail", n: 5 })).toEqual([
      [1, 1, "'of the first session'"],
      [0, 1, "'of the second'"],
    ]);
    expect(await ask({ hist_access_type: "range", session: -1 })).toEqual([[1, 1, "'of the first session'"]]);
    expect(await ask({ hist_access_type: "range", session: 0 })).toHaveLength(1);
  });
});

test("comms: opened by the cell, opened by the front end, used and closed", async () => {
  const heard: Message[] = [];
  const stop = under.kernel.onMessage((message) => {
    if (message.header.msg_type.startsWith("comm_")) heard.push(message);
  });
  await run(`
    import { openComm, onComm } from "oscc-lab/dist/kernel/notebook-api";
    onComm("echo", (comm, opening) => {
      comm.send({ opened: opening.data });
      comm.onMessage(({ data, buffers }) => comm.send({ echo: data, bytes: buffers.length }));
      comm.onClose(() => console.log("closed"));
    });
    const comm = openComm("panel", { title: "t" });
  `);
  expect(heard.at(-1)?.content).toMatchObject({ target_name: "panel", data: { title: "t" } });
  const { comms } = (await under.kernel.request("comm_info_request", {})).content;
  expect(Object.values(comms as object)).toEqual([{ target_name: "panel" }]);

  under.kernel.notify("comm_open", { comm_id: "c1", target_name: "echo", data: { a: 1 } });
  under.kernel.notify("comm_msg", { comm_id: "c1", data: { b: 2 } }, [Buffer.from("x")]);
  await expect
    .poll(() => heard.slice(1).map(({ content }) => content.data))
    .toEqual([{ opened: { a: 1 } }, { echo: { b: 2 }, bytes: 1 }]);
  under.kernel.notify("comm_open", { comm_id: "c2", target_name: "nobody", data: {} });
  await expect
    .poll(() => heard.at(-1))
    .toMatchObject({
      header: { msg_type: "comm_close" },
      content: { comm_id: "c2" },
    });
  await run("comm.close({ done: true })");
  expect(heard.at(-1)?.content).toMatchObject({ data: { done: true } });
  stop();
});

test("a cell can ask the reader", async () => {
  const cell = await under.kernel.execute(
    `import { input } from "oscc-lab/dist/kernel/notebook-api"; await input("Name? ")`,
    { onInput: (prompt) => `answer to ${prompt}` },
  );
  expect(resultOf(cell)).toBe("'answer to Name? '");
});

test("where nobody can answer, asking is an error that says so", async () => {
  const cell = await run(`import { input } from "oscc-lab/dist/kernel/notebook-api"; await input("Name? ")`);
  expect(cell.error?.evalue).toContain("nobody is there to answer");
});

test("who subscribes to what is published is told when it begins", async () => {
  const { connection } = under.kernel as unknown as { connection: Connection };
  for (const topic of ["", "stream"]) {
    const socket = new Subscriber({ receiveTimeout: 5000 });
    socket.connect(address(connection, "iopub"));
    socket.subscribe(topic);
    const { header, parent, content } = decode(await socket.receive(), connection.key);
    expect({ type: header.msg_type, parent, content }).toEqual({
      type: "iopub_welcome",
      parent: {},
      content: { subscription: topic },
    });
    socket.close();
  }
});

test("a front end that asks is told the ports, not the key", async () => {
  const { connection } = under.kernel as unknown as { connection: Connection };
  const { content } = await under.kernel.request("connect_request", {});
  expect(content).toEqual({
    status: "ok",
    shell_port: connection.shell_port,
    iopub_port: connection.iopub_port,
    stdin_port: connection.stdin_port,
    control_port: connection.control_port,
    hb_port: connection.hb_port,
  });
});

test("kernel info says what is spoken", async () => {
  expect(await under.kernel.info()).toMatchObject({
    status: "ok",
    protocol_version: "5.4",
    implementation: "oscc-lab",
    language_info: { name: "typescript", file_extension: ".ts" },
  });
});

describe("messages that are not signed with the key", () => {
  const request = (code: string) =>
    createMessage({
      type: "execute_request",
      session: "stranger",
      content: { code, silent: false, store_history: false },
    });

  test("are never executed", async () => {
    await run("let touched = 'no';");
    const forged = encode(request("touched = 'wrong key'"), "another key");
    const unsigned = encode(request("touched = 'unsigned'"), "k").map((frame, i) =>
      i === 1 ? new Uint8Array() : frame,
    );
    const garbage = [Buffer.from("<IDS|MSG>"), Buffer.from([0, 255]), Buffer.from("{"), Buffer.from("")];
    for (const frames of [forged, unsigned, garbage, [Buffer.from([1, 2, 3])], [new Uint8Array()]]) {
      await under.kernel.sendRaw(frames);
      await under.kernel.sendRaw(frames, "control");
    }
    expect(resultOf(await run("touched"))).toBe("'no'");
  });
});
