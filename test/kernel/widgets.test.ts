/** Widgets, driven as a front end drives them: over comms. */
import { afterEach, describe, expect, test } from "vitest";
import type { CellOutput } from "../../src/kernel/client";
import { pause, printed, resultOf, useKernel } from "./support";

const under = useKernel();
const run = (code: string, onOutput?: (output: CellOutput) => void) =>
  under.kernel.execute(code, onOutput ? { onOutput } : {});

const MIME = "application/vnd.oscc-lab.widget.v1+json";
type Shown = { id: string; target: string; kind: string; value: unknown; [key: string]: unknown };

/** What a front end does: find the widget in the output, open a comm, keep the state. */
class FrontEnd {
  state: Record<string, unknown> = {};
  readonly messages: Record<string, unknown>[] = [];
  isClosed = false;
  private readonly stop: () => void;

  constructor(
    readonly shown: Shown,
    readonly comm = `front-${Math.floor(performance.now() * 1000)}`,
  ) {
    this.stop = under.kernel.onMessage(({ header, content }) => {
      if (content.comm_id !== this.comm) return;
      if (header.msg_type === "comm_close") this.isClosed = true;
      const data = content.data as Record<string, unknown> | undefined;
      if (!data || header.msg_type !== "comm_msg") return;
      this.messages.push(data);
      if (data.state) this.state = data.state as Record<string, unknown>;
    });
    under.kernel.notify("comm_open", {
      comm_id: this.comm,
      target_name: shown.target,
      data: { id: shown.id },
    });
    open.push(this);
  }

  send(data: Record<string, unknown>): void {
    under.kernel.notify("comm_msg", { comm_id: this.comm, data });
  }

  leave(): void {
    this.stop();
  }
}

const open: FrontEnd[] = [];
afterEach(() => {
  for (const front of open.splice(0)) front.leave();
});

const IMPORT = `import { widget } from "oscc-lab/dist/kernel/index";`;

async function show(code: string): Promise<FrontEnd> {
  const cell = await run(`${IMPORT} ${code}`);
  expect(cell.error).toBeUndefined();
  const shown = cell.outputs.flatMap((output) =>
    "data" in output && output.data[MIME] ? [output.data[MIME]] : [],
  );
  const front = new FrontEnd(shown.at(-1) as Shown);
  await expect.poll(() => front.state.kind).toBe((shown.at(-1) as Shown).kind);
  return front;
}

describe("a select", () => {
  test("has the union of its choices as type, and follows the front end", async () => {
    const front = await show(`
      const fusion = widget.select(["concat", "lmf", "gated"], { label: "Fusion", value: "lmf" });
      const typed: "concat" | "lmf" | "gated" = fusion.value;
      fusion`);
    expect(front.state).toMatchObject({ label: "Fusion", value: "lmf", choices: ["concat", "lmf", "gated"] });
    front.send({ value: "gated" });
    await expect.poll(() => front.state.value).toBe("gated");
    expect(resultOf(await run("fusion.value"))).toBe("'gated'");
  });

  test("is set by code, refuses what it does not offer, and says so", async () => {
    const front = await show(`const side = widget.select(["core", "edge"]); side`);
    await run("side.value = 'edge'");
    await expect.poll(() => front.state.value).toBe("edge");
    const refused = await run("side.value = 'cor' as 'core'");
    expect(refused.error?.evalue).toMatch(/cor.*core/s);
    front.send({ value: "margin" });
    await pause(50);
    expect(front.state.value).toBe("edge");
  });

  test("is checked by the type checker", async () => {
    await run(`${IMPORT} const site = widget.select(["core", "edge"]);`);
    expect((await run(`site.value = "margin"`)).error?.ename).toBe("TypeScriptError");
    expect((await run(`widget.select(["core", "edge"], { value: "margin" })`)).error?.ename).toBe(
      "TypeScriptError",
    );
  });
});

test("listeners print into the cell that set them", async () => {
  const front = await show(`const threshold = widget.slider({ value: 0.5 }); threshold`);
  const heard: string[] = [];
  await run("threshold.onChange((value) => console.log('now', value));", (output) => {
    if (output.type === "stream") heard.push(output.text);
  });
  front.send({ value: 0.25 });
  await expect.poll(() => heard.join("")).toBe("now 0.25\n");
  front.send({ value: 7 });
  await expect.poll(() => front.messages.length).toBeGreaterThan(2);
  expect(resultOf(await run("threshold.value"))).toBe("0.25");
});

test("a range keeps its order; a button counts; a checkbox is true or false", async () => {
  const range = await show(`const age = widget.range({ min: 20, max: 90, step: 1 }); age`);
  range.send({ value: [30, 40] });
  range.send({ value: [50, 40] });
  await expect.poll(() => range.state.value).toEqual([30, 40]);
  const button = await show(
    `let presses = 0; const go = widget.button("Go", (count) => { presses = count; }); go`,
  );
  button.send({ event: "press" });
  button.send({ event: "press" });
  await expect.poll(async () => resultOf(await run("presses"))).toBe("2");
  const box = await show(`const band = widget.checkbox("Band"); band`);
  box.send({ value: true });
  await expect.poll(async () => resultOf(await run("band.value"))).toBe("true");
});

test("a table gives back its own rows", async () => {
  const front = await show(`
    const patients = [{ id: "a", age: 61 }, { id: "b", age: 47 }, { id: "c", age: 70 }];
    const chosen = widget.table(patients, { label: "Patients" });
    chosen`);
  expect(front.state).toMatchObject({
    columns: ["id", "age"],
    cells: [
      ["a", 61],
      ["b", 47],
      ["c", 70],
    ],
  });
  front.send({ value: [0, 2] });
  await expect.poll(() => front.state.value).toEqual([0, 2]);
  expect(resultOf(await run("chosen.value.map((row) => row.age)"))).toBe("[ 61, 70 ]");
});

test("a file picker lists its folder and does not leave it", async () => {
  const front = await show(`
    import { mkdirSync, writeFileSync } from "node:fs";
    mkdirSync("weights/inner", { recursive: true });
    writeFileSync("weights/a.pth", ""); writeFileSync("weights/notes.txt", "");
    const weights = widget.file({ endings: [".pth"] });
    weights`);
  front.send({ list: "weights" });
  await expect
    .poll(() => front.messages.at(-1)?.listing)
    .toEqual({
      folder: "weights",
      entries: [
        { name: "inner", isFolder: true },
        { name: "a.pth", isFolder: false },
      ],
    });
  front.send({ list: "../.." });
  await expect
    .poll(() => front.messages.at(-1)?.listing)
    .toMatchObject({ entries: [], problem: expect.stringContaining("outside") });
  front.send({ value: "../../etc" });
  front.send({ value: "weights/a.pth" });
  await expect.poll(() => front.state.value).toBe("weights/a.pth");
  expect(resultOf(await run("weights.value"))).toContain("weights/a.pth");
});

describe("a live result", () => {
  test("is computed in its cell, and again when an input changes; the last change wins", async () => {
    const updates: string[] = [];
    const cell = await run(
      `${IMPORT}
       const n = widget.slider({ min: 1, max: 9, step: 1, value: 2, label: "n" });
       const stopped: number[] = [];
       widget.live({ n }, async ({ n }, signal) => {
         signal.addEventListener("abort", () => stopped.push(n));
         await new Promise((resolve) => setTimeout(resolve, n === 3 ? 300 : 5));
         return { square: n * n };
       })`,
      (output) => {
        if (output.type === "update_display_data") updates.push(String(output.data["text/plain"]));
      },
    );
    expect(updates.at(-1)).toBe("{ square: 4 }");
    const shown = cell.outputs.flatMap((output) =>
      "data" in output && output.data[MIME] ? [output.data[MIME]] : [],
    );
    const front = new FrontEnd(shown[0] as Shown);
    front.send({ value: 3 });
    await expect.poll(() => front.state.busy).toBe(true);
    front.send({ value: 5 });
    await expect.poll(() => updates.filter((text) => text.includes("square")).at(-1)).toBe("{ square: 25 }");
    await pause(350);
    expect(updates.some((text) => text === "{ square: 9 }")).toBe(false);
    expect(resultOf(await run("stopped"))).toBe("[ 3 ]");
    await expect.poll(() => front.state.busy).toBe(false);
  });

  test("an error is shown in its place, and the next change heals it", async () => {
    const updates: string[] = [];
    const cell = await run(
      `${IMPORT}
       const m = widget.slider({ min: 0, max: 2, step: 1 });
       widget.live({ m }, ({ m }) => { if (m === 1) throw new Error("one is odd"); return m; })`,
      (output) => {
        if (output.type === "update_display_data") updates.push(String(output.data["text/plain"]));
      },
    );
    const shown = cell.outputs.flatMap((output) =>
      "data" in output && output.data[MIME] ? [output.data[MIME]] : [],
    );
    const front = new FrontEnd(shown[0] as Shown);
    front.send({ value: 1 });
    await expect.poll(() => updates).toContain("Error: one is odd");
    front.send({ value: 2 });
    await expect.poll(() => updates.filter((text) => /^\d$/.test(text)).at(-1)).toBe("2");
  });

  test("several figures are several outputs, as many as there are", async () => {
    const shown = new Map<string, string>();
    const cell = await run(
      `${IMPORT}
       const parts = widget.slider({ min: 0, max: 3, step: 1, value: 2 });
       const figure = (text: string) => ({ _repr_mimebundle_: () => ({ "text/plain": text }) });
       widget.live({ parts }, ({ parts }) => Array.from({ length: parts }, (_, i) => figure("part " + i + " of " + parts)))`,
      (output) => {
        if ("displayId" in output && output.displayId)
          shown.set(output.displayId, String(output.data["text/plain"]));
      },
    );
    const figures = () => [...shown.values()].filter((text) => text.startsWith("part"));
    expect(figures()).toEqual(["part 0 of 2", "part 1 of 2"]);
    const widgets = cell.outputs.flatMap((output) =>
      "data" in output && output.data[MIME] ? [output.data[MIME]] : [],
    );
    const front = new FrontEnd(widgets[0] as Shown);
    front.send({ value: 1 });
    await expect.poll(figures).toEqual(["part 0 of 1"]);
    front.send({ value: 3 });
    await expect.poll(figures).toEqual(["part 0 of 3", "part 1 of 3", "part 2 of 3"]);
  });

  test("is stopped by an interrupt when it takes too long", async () => {
    const updates: string[] = [];
    const cell = await run(
      `${IMPORT}
       const k = widget.slider({ min: 0, max: 2, step: 1 });
       widget.live({ k }, ({ k }, signal) => k === 0 ? "quick" : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))))`,
      (output) => {
        if (output.type === "update_display_data") updates.push(String(output.data["text/plain"]));
      },
    );
    const shown = cell.outputs.flatMap((output) =>
      "data" in output && output.data[MIME] ? [output.data[MIME]] : [],
    );
    const front = new FrontEnd(shown[0] as Shown);
    front.send({ value: 1 });
    await expect.poll(() => front.state.busy).toBe(true);
    await under.kernel.interrupt();
    await expect.poll(() => updates.some((text) => text.includes("stopped on request"))).toBe(true);
  });
});

test("a training panel pauses between epochs and stops", async () => {
  const front = await show(`const panel = widget.training({ label: "TD" }); panel`);
  const cell = run(`
    const told = [];
    for (let epoch = 1; epoch <= 50 && !panel.signal.aborted; epoch++) {
      told.push({ epoch, trainLoss: 1 / epoch });
      await panel.onEpoch(told);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    told.length`);
  await expect.poll(() => (front.state.epochs as unknown[]).length).toBeGreaterThan(1);
  front.send({ value: "paused" });
  await expect.poll(() => front.state.value).toBe("paused");
  await pause(60);
  const before = (front.state.epochs as unknown[]).length;
  await pause(100);
  expect((front.state.epochs as unknown[]).length).toBe(before);
  front.send({ value: "running" });
  await expect.poll(() => (front.state.epochs as unknown[]).length).toBeGreaterThan(before);
  front.send({ value: "stopped" });
  expect(Number(resultOf(await cell))).toBeLessThan(50);
  front.send({ value: "running" });
  await pause(30);
  expect(front.state.value).toBe("stopped");
});

test("a saved notebook has the last state, and something to read without the extension", async () => {
  const updates: CellOutput[] = [];
  const cell = await run(
    `${IMPORT} const last = widget.select(["a", "<b>"], { label: "x & y" }); last`,
    (output) => updates.push(output),
  );
  const [first] = cell.outputs;
  expect(first).toMatchObject({ type: "display_data", data: { "text/plain": "x & y: a" } });
  await run("last.value = '<b>'");
  await expect
    .poll(() => updates.find((output) => output.type === "update_display_data"))
    .toMatchObject({
      data: {
        [MIME]: { value: "<b>" },
        "text/html": expect.stringContaining("x &#38; y:</span> <b>&#60;b&#62;"),
      },
    });
});

test("a front end that asks for a widget of a former kernel is told", async () => {
  const { shown } = await show(`widget.checkbox("any")`);
  const stranger = new FrontEnd({ ...shown, id: "gone" });
  await expect.poll(() => stranger.isClosed).toBe(true);
  const former = new FrontEnd({ ...shown, target: "oscc-lab.widget.former" });
  await expect.poll(() => former.isClosed).toBe(true);
});

test("anywidget modules speak the standard widget protocol", async () => {
  const opened: { content: Record<string, unknown>; metadata: Record<string, unknown> }[] = [];
  const stop = under.kernel.onMessage((message) => {
    if (message.header.msg_type.startsWith("comm_")) opened.push(message);
  });
  const cell = await run(`
    ${IMPORT}
    const counter = widget.any({ esm: "export default { render() {} }", state: { count: 1 } });
    counter.onChange(({ count }) => console.log("count", count));
    counter`);
  const id = (cell.outputs[0] as { data: Record<string, { model_id: string }> }).data[
    "application/vnd.jupyter.widget-view+json"
  ]!.model_id;
  expect(opened[0]).toMatchObject({
    content: {
      comm_id: id,
      target_name: "jupyter.widget",
      data: {
        state: { count: 1, _model_module: "anywidget", _model_name: "AnyModel", _view_name: "AnyView" },
      },
    },
    metadata: { version: "2.1.0" },
  });
  under.kernel.notify("comm_msg", {
    comm_id: id,
    data: { method: "update", state: { count: 4 }, buffer_paths: [] },
  });
  await expect
    .poll(() => opened.at(-1)?.content.data)
    .toMatchObject({ method: "echo_update", state: { count: 4 } });
  expect(resultOf(await run("counter.state.count"))).toBe("4");
  under.kernel.notify("comm_msg", { comm_id: id, data: { method: "request_state" } });
  await expect
    .poll(() => opened.at(-1)?.content.data)
    .toMatchObject({ method: "update", state: { count: 4 } });
  expect(printed(await run("counter.set({ count: 5 })"))).toBe("");
  expect(opened.at(-1)?.content.data).toEqual({ method: "update", state: { count: 5 }, buffer_paths: [] });
  stop();
});

describe("widgets of the standard protocol", () => {
  type Told = { type: string; content: Record<string, unknown>; buffers: number[][] };
  function listen(): { told: Told[]; stop: () => void } {
    const told: Told[] = [];
    const stop = under.kernel.onMessage(({ header, content, buffers }) => {
      if (header.msg_type.startsWith("comm_"))
        told.push({ type: header.msg_type, content, buffers: buffers.map((bytes) => [...bytes]) });
    });
    return { told, stop };
  }

  test("name the classes of ipywidgets' controls, and one another", async () => {
    const { told, stop } = listen();
    const cell = await run(`${IMPORT}
      const low = widget.jupyter({ name: "IntSlider", state: { value: 3, min: 0, max: 10 } });
      const round = widget.jupyter({ name: "ButtonStyle", state: {} });
      const link = widget.jupyter({ name: "Link", view: null, state: { source: [low, "value"], nested: { low } } });
      const doubled: number = low.state.value * 2;
      link`);
    stop();
    expect(cell.error).toBeUndefined();
    const [slider, style, link] = told.map(
      ({ content }) => content as { comm_id: string; data: { state: object } },
    );
    expect(slider!.data.state).toMatchObject({
      _model_module: "@jupyter-widgets/controls",
      _model_module_version: "2.0.0",
      _model_name: "IntSliderModel",
      _view_name: "IntSliderView",
    });
    expect(style!.data.state).toMatchObject({
      _view_module: "@jupyter-widgets/base",
      _view_name: "StyleView",
    });
    const reference = `IPY_MODEL_${slider!.comm_id}`;
    expect(link!.data.state).toMatchObject({
      _view_name: null,
      source: [reference, "value"],
      nested: { low: reference },
    });
    // What cannot be seen is shown as text.
    const shown = cell.outputs.find((output) => output.type === "display_data");
    expect(Object.keys(shown?.type === "display_data" ? shown.data : {})).toEqual(["text/plain"]);
  });

  test("carry bytes beside the state, both ways, and keep their kind", async () => {
    const { told, stop } = listen();
    await run(`${IMPORT}
      const bytes = widget.any({ esm: "", state: { values: new Float32Array([1]), list: [new Uint8Array([7]), "b"] } });`);
    const { comm_id: id, data } = told[0]!.content as { comm_id: string; data: Record<string, unknown> };
    expect(data).toMatchObject({ state: { list: [null, "b"] }, buffer_paths: [["values"], ["list", 0]] });
    expect(told[0]!.buffers).toEqual([[0, 0, 128, 63], [7]]);
    under.kernel.notify(
      "comm_msg",
      { comm_id: id, data: { method: "update", state: {}, buffer_paths: [["values"]] } },
      [Buffer.from(new Float32Array([2, 3]).buffer)],
    );
    await expect.poll(() => told.at(-1)?.content.data).toMatchObject({ method: "echo_update" });
    expect(told.at(-1)?.buffers).toEqual([[0, 0, 0, 64, 0, 0, 64, 64]]);
    expect(resultOf(await run("bytes.state"))).toContain("values: Float32Array(2) [ 2, 3 ]");
    stop();
  });

  test("exchange messages of their own", async () => {
    const { told, stop } = listen();
    await run(`${IMPORT}
      const talker = widget.any({ esm: "", state: {} });
      talker.onMessage(({ question }, buffers) => talker.send({ answer: question }, buffers));`);
    const id = told[0]!.content.comm_id;
    const content = { question: "how many?" };
    under.kernel.notify("comm_msg", { comm_id: id, data: { method: "custom", content } }, [Buffer.from([1])]);
    await expect
      .poll(() => told.at(-1))
      .toMatchObject({
        content: { data: { method: "custom", content: { answer: "how many?" } } },
        buffers: [[1]],
      });
    await run("talker.close(); talker.set({}); talker.send({})");
    expect(told.at(-1)).toMatchObject({ type: "comm_close", content: { comm_id: id } });
    stop();
  });

  test("are told to a front end that was loaded again, all at once", async () => {
    const { told, stop } = listen();
    await run(`${IMPORT} const lasting = widget.any({ esm: "e", state: { n: 5, b: new Uint8Array([4]) } });`);
    const id = String(told[0]!.content.comm_id);
    under.kernel.notify("comm_open", { comm_id: "control", target_name: "jupyter.widget.control", data: {} });
    under.kernel.notify("comm_msg", { comm_id: "control", data: { method: "request_states" } });
    await expect.poll(() => told.at(-1)?.content.data).toMatchObject({ method: "update_states" });
    const { states, buffer_paths } = told.at(-1)!.content.data as {
      states: Record<string, unknown>;
      buffer_paths: unknown[];
    };
    expect(states[id]).toMatchObject({
      model_name: "AnyModel",
      model_module: "anywidget",
      state: { n: 5, _esm: "e" },
    });
    expect(buffer_paths).toContainEqual([id, "state", "b"]);
    stop();
  });
});
