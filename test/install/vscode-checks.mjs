// What a reader does in VS Code with a notebook that lies anywhere on the machine.

import assert from "node:assert/strict";
import { findKernelSpecs, startKernel } from "./vscode-client.mjs";

/** Find the kernel that was installed for a user, start it as from a desktop's menu, and work with it. */
export async function checkVsCode(services, { home, notebooks }) {
  const [spec, ...others] = findKernelSpecs(home);
  assert.deepEqual(others, [], "one kernel is installed");
  assert.equal(spec.display_name, "TypeScript (oscc-lab)");
  assert.equal(spec.language, "typescript");
  // A program that is started from a menu knows nothing of a terminal's PATH.
  const start = () =>
    startKernel(services, spec, { cwd: notebooks, home, env: { HOME: home, PATH: "/nowhere" } });
  const kernel = await start();
  try {
    await checkCells(kernel);
    await checkHelp(kernel);
    await checkInput(kernel);
    await checkInterrupt(kernel);
    await checkWidget(kernel);
  } finally {
    assert.notEqual(await kernel.end(), "it goes on", "the kernel ends when VS Code ends it");
  }
  await checkRestart(await start());
  return "cells, completion, input, interrupt, widgets as words, restart";
}

async function checkCells(kernel) {
  const { language_info, status } = await kernel.connection.info;
  assert.equal(status, "ok");
  assert.equal(language_info.name, "typescript");

  const figure = await execute(
    kernel,
    `import { evaluate, plot, show } from "oscc-lab";
     const roc = evaluate.roc({ yTrue: [0, 0, 1, 1], yScore: [0.1, 0.4, 0.35, 0.8] });
     console.log("drawn");
     plot.roc({ "four patients": roc })`,
  );
  assert.equal(figure.reply.status, "ok", figure.reply.evalue);
  const [printed, shown] = figure.outputs;
  assert.equal(printed.content.text, "drawn\n");
  // VS Code takes the first form that it can draw.
  for (const form of ["application/vnd.plotly.v1+json", "image/png", "text/plain"])
    assert.ok(shown.content.data[form], `the figure has no ${form}`);

  const table = await execute(
    kernel,
    `import { openCohort, phantom } from "oscc-lab";
     const small = await phantom.phantomCohort({ patients: 8, width: 162, height: 122, folder: "small" });
     const frame = await (await openCohort(small)).table();
     frame.shape[0]`,
  );
  assert.equal(table.reply.status, "ok", table.reply.evalue);
  assert.equal(table.outputs.at(-1).content.data["text/plain"], "8");

  const updated = await execute(
    kernel,
    `import { display } from "oscc-lab";
     display({ "text/plain": "first" }, { displayId: "place" });
     display({ "text/plain": "second" }, { displayId: "place", update: true });`,
  );
  assert.deepEqual(
    updated.outputs.map(({ header, content }) => [
      header.msg_type,
      content.transient.display_id,
      content.data["text/plain"],
    ]),
    [
      ["display_data", "place", "first"],
      ["update_display_data", "place", "second"],
    ],
  );

  const wrong = await execute(kernel, `const patients: number = "12";`);
  assert.equal(wrong.reply.status, "error");
  assert.match(wrong.outputs[0].content.traceback.join("\n"), /not assignable to type 'number'/);
}

async function checkHelp({ connection }) {
  const code = "roc.au";
  const { content: completion } = await connection.requestComplete({ code, cursor_pos: code.length });
  assert.ok(completion.matches.includes("auc"));
  const { content: help } = await connection.requestInspect({
    code: "evaluate.roc",
    cursor_pos: 12,
    detail_level: 0,
  });
  assert.match(help.data["text/markdown"], /```ts/);
  const { content: complete } = await connection.requestIsComplete({ code: "for (const a of [1]) {" });
  assert.equal(complete.status, "incomplete");
}

async function checkInput(kernel) {
  const future = kernel.connection.requestExecute({
    code: `import { input } from "oscc-lab"; const who = await input("Who? "); who`,
    allow_stdin: true,
  });
  const outputs = collect(future);
  future.onStdin = ({ content }) => {
    assert.equal(content.prompt, "Who? ");
    kernel.connection.sendInputReply({ value: "Ada", status: "ok" }, future.msg.header);
  };
  const { content } = await future.done;
  assert.equal(content.status, "ok", content.evalue);
  assert.equal(outputs.at(-1).content.data["text/plain"], "'Ada'");
}

async function checkInterrupt(kernel) {
  for (const code of ["while (true) rounds++;", "await new Promise(() => {});"]) {
    const future = kernel.connection.requestExecute({ code: `let rounds = 7; console.log("go"); ${code}` });
    await new Promise((resolve) => {
      future.onIOPub = ({ header }) => header.msg_type === "stream" && resolve();
    });
    assert.equal((await kernel.interrupt()).content.status, "ok");
    assert.equal((await future.done).content.ename, "Interrupted");
    assert.equal((await execute(kernel, "rounds >= 7")).outputs[0].content.data["text/plain"], "true");
  }
}

/** VS Code knows no widgets but Jupyter's own: it refuses ours, and shows the words beside it. */
async function checkWidget(kernel) {
  const shown = await execute(
    kernel,
    `import { widget } from "oscc-lab"; const task = widget.select(["TD", "TI"], { label: "Task" }); task`,
  );
  assert.equal(shown.reply.status, "ok", shown.reply.evalue);
  assert.match(shown.outputs.at(-1).content.data["text/html"], /Task.*TD/s);
  const chosen = await execute(kernel, `task.value = "TI"; task.value`);
  assert.equal(
    chosen.outputs.find(({ header }) => header.msg_type === "execute_result").content.data["text/plain"],
    "'TI'",
  );
}

/** "Restart" is another process; nothing is left of the first. */
async function checkRestart(kernel) {
  const { outputs } = await execute(kernel, "typeof (globalThis as any).rounds");
  assert.equal(outputs[0].content.data["text/plain"], "'undefined'");
  assert.notEqual(await kernel.end(), "it goes on");
}

async function execute(kernel, code) {
  const future = kernel.connection.requestExecute({ code, allow_stdin: false, stop_on_error: true }, true, {
    cellId: "vscode-notebook-cell:1",
  });
  const outputs = collect(future);
  const { content: reply } = await future.done;
  return { reply, outputs };
}

const OUTPUTS = ["stream", "display_data", "execute_result", "error", "update_display_data"];

function collect(future) {
  const outputs = [];
  future.onIOPub = (message) => {
    if (OUTPUTS.includes(message.header.msg_type)) outputs.push(message);
  };
  return outputs;
}
