// A training in JupyterLab, stopped with the toolbar's square: it ends, what was there stays, the next cell runs.

import assert from "node:assert/strict";
import path from "node:path";
import { checkAccessible } from "./accessibility.mjs";
import { NotebookPage } from "./notebook-page.mjs";
import { until } from "./until.mjs";

export async function checkInterruptedTraining(lab, name, pictures) {
  const page = await NotebookPage.open(lab, name);
  const tab = page.page;
  try {
    await tab.evaluate(() => void window.jupyterapp.commands.execute("notebook:run-all-cells"));
    // In the midst of it: some epochs are done and the panel says so.
    const panel = tab.locator(".jp-OutputArea-output").filter({ hasText: "epoch" }).last();
    await panel.waitFor({ state: "visible", timeout: 120_000 });
    const running = () => panel.textContent();
    const early = await until(running, /epoch\s*[2-9]/, 120_000);
    assert.match(early, /training/);
    const asked = Date.now();
    await tab
      .getByRole("button", { name: /interrupt the kernel/i })
      .or(tab.getByTitle(/interrupt the kernel/i))
      .first()
      .click();
    const cells = async () => (await page.cells()).filter(({ cell_type }) => cell_type === "code");
    const errors = async () =>
      (await cells())
        .map(({ outputs }) => outputs.find(({ output_type }) => output_type === "error")?.ename ?? "")
        .join();
    assert.equal(
      await until(errors, ",Interrupted,", 15_000),
      ",Interrupted,",
      "the training was not interrupted",
    );
    const tookMs = Date.now() - asked;
    const [, , queued] = await cells();
    assert.equal(queued.execution_count, null, "the cell behind the interrupted one ran");
    assert.equal(await page.evaluate("before"), "8", "variables are gone");
    assert.match(await until(running, /stopped/), /stopped/, "the panel goes on saying that it trains");
    // The processor is free again: nothing trains on behind the reader's back.
    const used = async () =>
      Number(await page.evaluate("Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000)"));
    const first = await used();
    await tab.waitForTimeout(1000);
    const busyMs = (await used()) - first;
    assert.ok(busyMs < 800, `the kernel used ${busyMs} ms of processor time in a second after the interrupt`);
    const audit = (theme) =>
      checkAccessible(tab, [".jp-OutputArea-output.jp-RenderedHTML"], `panel, ${theme}`);
    await audit("light");
    await page.screenshot(path.join(pictures, "training-interrupted.png"));
    await page.setTheme("JupyterLab Dark");
    await tab.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
    await audit("dark");
    await page.screenshot(path.join(pictures, "training-interrupted-dark.png"));
    await page.setTheme("JupyterLab Light");
    assert.deepEqual(page.problems, [], "the page reported problems");
    return `stopped ${tookMs} ms after the click, variables kept, the queued cell did not run`;
  } finally {
    await page.close();
  }
}
