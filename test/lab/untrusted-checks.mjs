// A notebook that comes from elsewhere, with outputs and without trust: figures and widgets are drawn because they are data;
// what would run a script does not.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { NotebookPage } from "./notebook-page.mjs";

const TRAP = "window.ranFromOutput = true";

/** Outputs as somebody else's kernel left them, and two that try to run something. */
export function writeUntrusted(file) {
  const output = (data) => ({ output_type: "display_data", metadata: {}, data });
  const widget = {
    id: "w1",
    kind: "select",
    target: "oscc-lab.widget",
    label: "Fusion",
    choices: ["lmf", "gated"],
    value: "gated",
    disabled: false,
    busy: false,
  };
  const figure = {
    data: [{ type: "bar", x: ["a", "b"], y: [1, 2], hovertext: `<img src=x onerror="${TRAP}">` }],
    layout: {
      height: 300,
      title: { text: `From elsewhere <img src=x onerror="${TRAP}">` },
      meta: { alt: `"><img src=x onerror="${TRAP}">` },
    },
  };
  const cell = (id, ...outputs) => ({
    cell_type: "code",
    id,
    metadata: {},
    execution_count: 1,
    source: "// somebody else's",
    outputs,
  });
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "oscc-lab", display_name: "TypeScript (oscc-lab)", language: "typescript" },
    },
    cells: [
      cell("figure", output({ "application/vnd.plotly.v1+json": figure, "text/plain": "a figure" })),
      cell("widget", output({ "application/vnd.oscc-lab.widget.v1+json": widget, "text/plain": "a widget" })),
      cell(
        "html",
        output({
          "text/html": `<b>seen</b><script>${TRAP}</script><img src=x onerror="${TRAP}">`,
          "text/plain": "html",
        }),
      ),
      cell("script", output({ "application/javascript": TRAP, "text/plain": "script" })),
    ],
  };
  writeFileSync(file, JSON.stringify(notebook));
}

export async function checkUntrusted(lab, name, pictures) {
  const page = await NotebookPage.open(lab, name);
  const tab = page.page;
  try {
    const trusted = await tab.evaluate(() => {
      const { cells } = window.jupyterapp.shell.currentWidget.content.model;
      return [...cells].map((cell) => cell.trusted);
    });
    assert.deepEqual(trusted, [false, false, false, false], "the notebook is trusted");
    const figures = await page.figures(1);
    assert.match(await figures.first().textContent(), /From elsewhere/);
    const select = tab.getByLabel("Fusion");
    await select.waitFor({ state: "visible" });
    assert.equal(await select.inputValue(), "gated");
    assert.ok(await select.isDisabled(), "a widget without a kernel looks alive");
    await tab.getByText("Run the cell again to use it.").waitFor();
    await figures.first().locator(".bars .point").first().hover({ force: true });
    await tab.waitForTimeout(500);
    assert.equal(
      await tab.evaluate(() => window.ranFromOutput),
      undefined,
      "an output of an untrusted notebook ran a script",
    );
    await page.screenshot(path.join(pictures, "untrusted.png"));
    assert.deepEqual(page.problems, [], "the page reported problems");
    return "figure and widget drawn, no script run";
  } finally {
    await page.close();
  }
}
