// Two notebooks at once in one window: each has its own kernel, its own figures and its own widgets.

import assert from "node:assert/strict";
import path from "node:path";
import { NotebookPage } from "./notebook-page.mjs";
import { until } from "./until.mjs";

/** @param {readonly [string, string]} names two files of the same notebook (`widgets.ipynb`) */
export async function checkTwoNotebooks(lab, names, pictures) {
  const page = await NotebookPage.open(lab, names[0]);
  const tab = page.page;
  try {
    await tab.evaluate(async (second) => {
      const { commands } = window.jupyterapp;
      const panel = await commands.execute("docmanager:open", {
        path: second,
        options: { mode: "split-right" },
      });
      await panel.context.ready;
      await panel.sessionContext.ready;
    }, names[1]);
    // Both run at the same time.
    const [one, other] = await tab.evaluate(async () => {
      const { shell, commands } = window.jupyterapp;
      const panels = [...shell.widgets("main")].filter((widget) => widget.sessionContext);
      const kernels = panels.map(({ sessionContext }) => sessionContext.session.kernel);
      for (const panel of panels) {
        shell.activateById(panel.id);
        while (shell.currentWidget !== panel) await new Promise((resolve) => setTimeout(resolve, 50));
        void commands.execute("notebook:run-all-cells");
      }
      return kernels.map(({ id }) => id);
    });
    assert.notEqual(one, other, "both notebooks talk to one kernel");
    const inNotebook = (i) => tab.locator(".jp-NotebookPanel").nth(i);
    const says = async (i, code, expected) =>
      assert.equal(await until(() => evaluateIn(tab, i, code), expected, 60_000), expected, `${i}: ${code}`);
    for (const i of [0, 1]) await says(i, "typeof clock", "'object'");
    // The same control in both: what is chosen in one stays there.
    for (const [i, choice] of ["lmf", "concat"].entries()) {
      const select = await page.reveal(inNotebook(i).getByLabel("Fusion").first());
      await select.selectOption(choice);
    }
    for (const [i, choice] of ["lmf", "concat"].entries()) {
      await says(i, "fusion.value", `'${choice}'`);
      const figure = inNotebook(i).locator(".oscc-lab-figure").first();
      assert.match(
        await until(() => figure.textContent(), new RegExp(`${choice} at`)),
        new RegExp(`${choice} at`),
      );
    }
    await checkPanelFollows(tab, pictures);
    // One notebook is stopped and restarted; the other goes on.
    await tab.evaluate(async () => {
      const [, second] = [...window.jupyterapp.shell.widgets("main")].filter(
        (widget) => widget.sessionContext,
      );
      await second.sessionContext.session.kernel.restart();
    });
    await inNotebook(1).getByText("Run the cell again to use it.").first().waitFor({ state: "attached" });
    await says(1, "typeof fusion", "'undefined'");
    await (await page.reveal(inNotebook(0).getByLabel("Fusion").first())).selectOption("gated");
    await says(0, "fusion.value", "'gated'");
    assert.deepEqual(page.problems, [], "the page reported problems");
    return "two kernels, their widgets and figures apart, one restarted while the other goes on";
  } finally {
    await page.close();
  }
}

/** The same where a page shows one notebook: two pages, each with its kernel. */
export async function checkTwoPages(lab, names, pictures) {
  const pages = await Promise.all(names.map((name) => NotebookPage.open(lab, name)));
  try {
    await Promise.all(pages.map((page) => page.runAll(120_000)));
    const chosen = ["lmf", "concat"];
    for (const [i, page] of pages.entries()) {
      const select = await page.reveal(page.page.getByLabel("Fusion").first());
      await page.page.waitForFunction(() => !document.querySelector(".oscc-lab-widget fieldset:disabled"));
      await select.selectOption(chosen[i]);
    }
    const says = async (page, expected) =>
      assert.equal(await until(() => page.evaluate("fusion.value"), expected, 30_000), expected);
    for (const [i, page] of pages.entries()) {
      await says(page, `'${chosen[i]}'`);
      const figure = page.page.locator(".oscc-lab-figure").first();
      const title = new RegExp(`${chosen[i]} at`);
      assert.match(await until(() => figure.textContent(), title), title);
    }
    const [one, other] = pages;
    await other.page.evaluate(() =>
      window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(),
    );
    await other.page.getByText("Run the cell again to use it.").first().waitFor({ state: "attached" });
    await one.page.getByLabel("Fusion").first().selectOption("gated");
    await says(one, "'gated'");
    await other.page.screenshot({ path: path.join(pictures, "two-notebooks.png") });
    for (const { problems } of pages) assert.deepEqual(problems, [], "a page reported problems");
    return "two pages and kernels, their widgets and figures apart, one restarted while the other goes on";
  } finally {
    await Promise.all(pages.map((page) => page.close()));
  }
}

/** The panel of patients belongs to the notebook that one looks at: its cell goes in there. */
async function checkPanelFollows(tab, pictures) {
  await tab.evaluate(() => {
    const { commands, shell } = window.jupyterapp;
    const [first] = [...shell.widgets("main")].filter((widget) => widget.sessionContext);
    shell.activateById(first.id);
    return commands.execute("oscc-lab:show-patients");
  });
  const cellsOf = (i) =>
    tab.evaluate(
      (index) =>
        [...window.jupyterapp.shell.widgets("main")].filter((widget) => widget.sessionContext)[index].content
          .widgets.length,
      i,
    );
  const before = [await cellsOf(0), await cellsOf(1)];
  const entry = tab.locator("#oscc-lab-patients li button").first();
  await entry.waitFor({ state: "visible", timeout: 20_000 });
  await tab.screenshot({ path: path.join(pictures, "two-notebooks.png") });
  await entry.click();
  assert.equal(await until(() => cellsOf(0), before[0] + 1), before[0] + 1);
  assert.equal(await cellsOf(1), before[1], "the cell went into the other notebook");
}

/** The value of an expression in the kernel of one of the two notebooks. */
function evaluateIn(tab, index, code) {
  return tab.evaluate(
    async ([i, expression]) => {
      const panels = [...window.jupyterapp.shell.widgets("main")].filter((widget) => widget.sessionContext);
      const { kernel } = panels[i].sessionContext.session;
      const request = kernel.requestExecute({
        code: "",
        silent: true,
        user_expressions: { value: expression },
      });
      const { value } = (await request.done).content.user_expressions;
      return value.status === "ok" ? value.data["text/plain"] : `${value.ename}: ${value.evalue}`;
    },
    [index, code],
  );
}
