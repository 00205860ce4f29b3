/** What cells show: nothing is lost, nothing lands in the wrong place. */
import { describe, expect, test } from "vitest";
import type { Message } from "../../src/kernel/wire";
import { pause, printed, resultOf, useKernel } from "./support";

const under = useKernel();
const run = (code: string) => under.kernel.execute(code);

/** Listen to everything that the kernel publishes while `work` runs. */
async function overhear(work: () => Promise<void>): Promise<Message[]> {
  const heard: Message[] = [];
  const stop = under.kernel.onMessage((message) => heard.push(message));
  await work();
  stop();
  return heard;
}

test("20,000 printed lines all arrive, in order, and then the kernel is idle", async () => {
  const cell = await run("for (let i = 0; i < 20_000; i++) console.log(i);");
  const lines = printed(cell).trimEnd().split("\n");
  expect(lines).toHaveLength(20_000);
  expect(lines.every((line, i) => line === String(i))).toBe(true);
  expect(cell.status).toBe("ok");
});

test("2,000 separate messages all arrive, in order", async () => {
  const cell = await run(`
    import { display } from "oscc-lab/dist/kernel/notebook-api";
    for (let i = 0; i < 2000; i++) display({ "text/plain": String(i) });
  `);
  const shown = cell.outputs.map((output) =>
    output.type === "display_data" ? output.data["text/plain"] : "",
  );
  expect(shown).toEqual(Array.from({ length: 2000 }, (_, i) => String(i)));
});

test("stdout, stderr and displays keep their order", async () => {
  const cell = await run(`
    import { display } from "oscc-lab/dist/kernel/notebook-api";
    console.log("one"); console.error("two"); display({ "text/plain": "three" }); console.log("four");
  `);
  expect(cell.outputs.map((output) => (output.type === "stream" ? output.name : output.type))).toEqual([
    "stdout",
    "stderr",
    "display_data",
    "stdout",
  ]);
});

test("a loop that never yields is heard while it runs", async () => {
  let firstHeardAt = 0;
  const cell = await under.kernel.execute(
    "{ const begin = Date.now(); console.log('begin'); while (Date.now() - begin < 600) { if ((Date.now() - begin) % 100 === 0) console.log('.'); } console.log('end', Date.now()); }",
    {
      onOutput: () => {
        firstHeardAt ||= Date.now();
      },
    },
  );
  const endedAt = Number(/end (\d+)/.exec(printed(cell))![1]);
  expect(endedAt - firstHeardAt).toBeGreaterThan(200);
});

test("a character is whole although its bytes come in two pieces", async () => {
  const cell = await run(
    "process.stdout.write(Buffer.from([0xce])); process.stdout.write(Buffer.from([0xbc])); console.log('m')",
  );
  expect(printed(cell)).toBe("μm\n");
});

test("a display is replaced in place", async () => {
  const cell = await run(`
    import { host } from "oscc-lab/dist/core/host";
    const handle = host().display({ "text/plain": "0 %" });
    handle.update({ "text/plain": "100 %" });
  `);
  const [shown, update] = cell.outputs;
  expect(shown).toMatchObject({ type: "display_data", data: { "text/plain": "0 %" } });
  expect(update).toMatchObject({ type: "update_display_data", data: { "text/plain": "100 %" } });
  expect(shown).toHaveProperty("displayId", (update as { displayId: string }).displayId);
});

test("tslab's own display works", async () => {
  const cell = await run('import { display } from "tslab"; display.html("<i>tslab</i>");');
  expect(cell.outputs).toMatchObject([{ type: "display_data", data: { "text/html": "<i>tslab</i>" } }]);
});

test("output can be cleared", async () => {
  const cell = await run(
    'import { clearOutput } from "oscc-lab/dist/kernel/notebook-api"; clearOutput(true);',
  );
  expect(cell.outputs).toEqual([{ type: "clear_output", wait: true }]);
});

test("a warning is said once", async () => {
  const cell = await run(`
    import { host } from "oscc-lab/dist/core/host";
    host().warn("blurred"); host().warn("blurred");
  `);
  expect(printed(cell, "stderr")).toBe("blurred\n");
});

test("late output goes to the cell that started it", async () => {
  const ids: string[] = [];
  const heard = await overhear(async () => {
    await run("setTimeout(() => console.log('late'), 60);");
    await run("await new Promise((resolve) => setTimeout(resolve, 120)); console.log('on time');");
    await pause(50);
  });
  for (const message of heard)
    if (message.header.msg_type === "execute_input") ids.push(message.parent.msg_id!);
  const streams = heard.filter(({ header }) => header.msg_type === "stream");
  expect(streams.map(({ content, parent }) => [content.text, ids.indexOf(parent.msg_id!)])).toEqual([
    ["late\n", 0],
    ["on time\n", 1],
  ]);
});

test("an error that nobody caught is told, and the kernel lives", async () => {
  const cell = await run(
    "setTimeout(() => { throw new Error('stray'); }, 5); await new Promise((resolve) => setTimeout(resolve, 60));",
  );
  expect(cell.status).toBe("ok");
  expect(printed(cell, "stderr")).toContain("stray");
  expect((await run("1")).status).toBe("ok");
});

test("a silent cell leaves no trace", async () => {
  const before = (await run("0")).executionCount!;
  const heard = await overhear(async () => {
    const cell = await under.kernel.execute("console.log('hush'); 5", { silent: true });
    expect(cell.status).toBe("ok");
  });
  expect(new Set(heard.map(({ header }) => header.msg_type))).toEqual(new Set(["status"]));
  expect((await run("0")).executionCount).toBe(before + 1);
});

test("every request is wrapped in busy and idle", async () => {
  const heard = await overhear(async () => {
    await under.kernel.isComplete("1");
  });
  expect(heard.map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
});

test("while a cell runs, another request does not make the kernel look idle", async () => {
  const heard = await overhear(async () => {
    const cell = run("await new Promise((resolve) => setTimeout(resolve, 150));");
    await pause(60);
    await under.kernel.isComplete("1");
    await cell;
  });
  const states = heard.flatMap(({ content }) => (content.execution_state as string | undefined) ?? []);
  expect(states).toEqual(["busy", "busy", "idle", "busy", "idle"]);
});

describe("what child processes write to the output that they inherit", () => {
  const child = (body: string) => JSON.stringify(["-e", body]);

  test.each([
    [
      "spawn",
      `await new Promise((done) => cp.spawn(process.execPath, ${child("console.log(6 * 7)")}, { stdio: "inherit" }).on("close", done))`,
    ],
    [
      "spawnSync",
      `cp.spawnSync(process.execPath, ${child("console.log(6 * 7)")}, { stdio: "inherit" }).stdout`,
    ],
    [
      "execFileSync",
      `cp.execFileSync(process.execPath, ${child("console.log(6 * 7)")}, { stdio: [0, 1, 2] })`,
    ],
  ])("%s", async (_, code) => {
    const cell = await under.kernel.execute(`import * as cp from "node:child_process"; ${code}`);
    expect(cell.status).toBe("ok");
    expect(printed(cell)).toBe("42\n");
  });

  test("stderr apart from stdout; a child that fails", async () => {
    const cell = await under.kernel.execute(
      `import { execSync } from "node:child_process"; execSync("echo out; echo err >&2; exit 3", { stdio: "inherit" });`,
    );
    expect([printed(cell), printed(cell, "stderr")]).toEqual(["out\n", "err\n"]);
    expect(cell.error?.evalue).toContain("exit 3");
  });

  test("output that is asked for still comes back", async () => {
    const cell = await under.kernel.execute(
      `import { execFileSync, fork } from "node:child_process";
       execFileSync(process.execPath, ${child("console.log('mine')")}, { encoding: "utf8" })`,
    );
    expect(resultOf(cell)).toBe("'mine\\n'");
    expect(printed(cell)).toBe("");
  });
});

test("a front end that comes back learns what displays show, and follows them", async () => {
  const heard: Record<string, unknown>[] = [];
  const stop = under.kernel.onMessage(({ header, content }) => {
    if (header.msg_type === "comm_msg" && content.comm_id === "back")
      heard.push(content.data as Record<string, unknown>);
  });
  const cell = await run(`
    import { host } from "oscc-lab/dist/core/host";
    const shown = host().display({ "text/plain": "0 %" });
    shown.update({ "text/plain": "50 %" });`);
  const [first] = cell.outputs.filter((output) => output.type === "display_data");
  const { display } = first!.metadata["oscc-lab"] as { display: string };
  under.kernel.notify("comm_open", { comm_id: "back", target_name: "oscc-lab.displays", data: {} });
  await expect
    .poll(() => heard.find((message) => message.display === display))
    .toMatchObject({
      data: { "text/plain": "50 %" },
    });
  await run(`shown.update({ "text/plain": "100 %" })`);
  await expect.poll(() => heard.at(-1)).toMatchObject({ display, data: { "text/plain": "100 %" } });
  stop();
});
