/** Notebook files: executed from top to bottom, with outputs as the format wants them. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  executeNotebook,
  type NotebookOutput,
  OutputRecorder,
  readNotebook,
} from "../../src/kernel/notebook";
import { temporaryFolder } from "./support";

const folder = temporaryFolder();

function write(name: string, sources: (string | { markdown: string })[]): string {
  const file = path.join(folder, name);
  const cells = sources.map((source, i) =>
    typeof source === "string"
      ? {
          cell_type: "code",
          id: `c${i}`,
          metadata: {},
          source,
          outputs: [{ old: true }],
          execution_count: 99,
        }
      : { cell_type: "markdown", id: `c${i}`, metadata: {}, source: source.markdown },
  );
  writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  return file;
}

describe("executing a notebook", () => {
  test("fills in outputs and counts, and writes the file", async () => {
    const file = write("good.ipynb", [
      { markdown: "# Title\ntext" },
      'console.log("a"); console.log("b");\nconsole.error("c");',
      'import { host } from "oscc-lab/dist/core/host";\nconst handle = host().display({ "text/plain": "0 %" });',
      "   ",
      'handle.update({ "text/plain": "100 %" }); process.env.COLOUR',
    ]);
    const out = path.join(folder, "out", "good.ipynb");
    const seen: string[] = [];
    const { failed } = await executeNotebook(file, {
      out,
      env: { COLOUR: "eosin" },
      onCell: ({ index, done, total, result }) =>
        seen.push(`${index} ${done}/${total} ${result?.status ?? "..."}`),
    });
    expect(failed).toEqual([]);
    expect(seen).toEqual(["1 1/3 ...", "1 1/3 ok", "2 2/3 ...", "2 2/3 ok", "4 3/3 ...", "4 3/3 ok"]);
    const onDisk = JSON.parse(readFileSync(out, "utf8"));
    expect(onDisk.metadata.language_info.name).toBe("typescript");
    expect(onDisk.cells[0].source).toEqual(["# Title\n", "text"]);
    expect(onDisk.cells[1]).toMatchObject({
      execution_count: 1,
      outputs: [
        { output_type: "stream", name: "stdout", text: ["a\n", "b\n"] },
        { output_type: "stream", name: "stderr", text: ["c\n"] },
      ],
    });
    expect(onDisk.cells[2].outputs).toHaveLength(1);
    expect(onDisk.cells[2].outputs).toMatchObject([
      { output_type: "display_data", data: { "text/plain": ["100 %"] } },
    ]);
    expect(onDisk.cells[3]).toMatchObject({ execution_count: null, outputs: [] });
    expect(onDisk.cells[4].outputs).toMatchObject([
      { output_type: "execute_result", execution_count: 3, data: { "text/plain": ["'eosin'"] } },
    ]);
  });

  test("stops at a failing cell, names it, and writes what there is", async () => {
    const file = write("bad.ipynb", ["1", "throw new Error('here')", "2"]);
    const out = path.join(folder, "bad-out.ipynb");
    const { failed, notebook } = await executeNotebook(file, { out });
    expect(failed).toMatchObject([{ index: 1, id: "c1", status: "error", ename: "Error", evalue: "here" }]);
    expect(notebook.cells[1]).toMatchObject({ outputs: [{ output_type: "error", ename: "Error" }] });
    expect(notebook.cells[2]).toMatchObject({ outputs: [], execution_count: null });
    expect(readNotebook(out).cells).toHaveLength(3);
  });

  test("goes on when told to", async () => {
    const { failed, notebook } = await executeNotebook(write("on.ipynb", ["oops", "2"]), {
      allowErrors: true,
    });
    expect(failed).toHaveLength(1);
    expect(notebook.cells[1]).toMatchObject({ outputs: [{ output_type: "execute_result" }] });
  });

  test("a kernel that dies is the failing cell's error", async () => {
    const { failed } = await executeNotebook(write("dies.ipynb", ["process.exit(5)", "2"]));
    expect(failed).toMatchObject([{ index: 0, evalue: expect.stringContaining("exit code 5") }]);
  });

  test("what is no notebook is named", async () => {
    await expect(executeNotebook(path.join(folder, "none.ipynb"))).rejects.toThrow(
      /cannot be read as a notebook/,
    );
    const old = path.join(folder, "old.ipynb");
    writeFileSync(old, JSON.stringify({ nbformat: 3, worksheets: [] }));
    await expect(executeNotebook(old)).rejects.toThrow(/notebook format 3; expected format 4/);
  });
});

describe("recording outputs", () => {
  const stream = (text: string) => ({ type: "stream", name: "stdout", text }) as const;

  test("clearing waits for the next output when asked to", () => {
    const outputs: NotebookOutput[] = [];
    const recorder = new OutputRecorder(outputs);
    recorder.add(stream("old"));
    recorder.add({ type: "clear_output", wait: true });
    expect(outputs).toHaveLength(1);
    recorder.add(stream("new"));
    expect(outputs).toEqual([{ output_type: "stream", name: "stdout", text: "new" }]);
    recorder.add({ type: "clear_output", wait: false });
    expect(outputs).toEqual([]);
  });

  test("an update reaches every place that shows the display", () => {
    const displays = new Map();
    const [first, second]: [NotebookOutput[], NotebookOutput[]] = [[], []];
    const shown = {
      type: "display_data",
      data: { "text/plain": "0" },
      metadata: {},
      displayId: "d",
    } as const;
    new OutputRecorder(first, displays).add(shown);
    const later = new OutputRecorder(second, displays);
    later.add(shown);
    later.add({ type: "update_display_data", data: { "text/plain": "1" }, metadata: {}, displayId: "d" });
    expect([first, second]).toMatchObject([
      [{ data: { "text/plain": "1" } }],
      [{ data: { "text/plain": "1" } }],
    ]);
  });
});
