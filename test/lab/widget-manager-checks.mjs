// Widgets of the standard Jupyter protocol, with ipywidgets' own manager: its controls, and an anywidget module. No Python has
// a part in it but JupyterLab's server.

import assert from "node:assert/strict";
import path from "node:path";
import { NotebookPage } from "./notebook-page.mjs";
import { until } from "./until.mjs";

export async function checkWidgetManager(lab, name, pictures) {
  const page = await NotebookPage.open(lab, name);
  const tab = page.page;
  const says = async (expression, expected) =>
    assert.equal(await until(() => page.evaluate(expression), expected), expected, expression);
  try {
    await page.runAll(120_000);
    const errors = (await page.cells())
      .flatMap(({ outputs = [] }) => outputs)
      .filter(({ output_type }) => output_type === "error");
    assert.deepEqual(
      errors.map(({ evalue }) => evalue),
      [],
    );
    await checkSlider(page, tab, says);
    await checkButton(tab, says);
    await checkModule(page, tab, says);
    await page.screenshot(path.join(pictures, "widget-manager.png"));
    await checkComingBack(page, tab, says);
    await page.evaluate("box.close()");
    await tab.locator(".widget-hbox").waitFor({ state: "detached", timeout: 10_000 });
    assert.deepEqual(page.problems, [], "the page reported problems");
    return "ipywidgets' slider, text and button, an anywidget module in two places, a reload";
  } catch (error) {
    await page.screenshot(path.join(pictures, "widget-manager-failed.png")).catch(() => {});
    throw error;
  } finally {
    await page.close();
  }
}

/** By mouse and by keyboard, and from a cell; a text beside it is linked in the kernel. */
async function checkSlider(page, tab, says) {
  await inView(tab, 1);
  const handle = tab.locator(".widget-slider .noUi-handle").first();
  await handle.waitFor({ state: "visible", timeout: 30_000 });
  await handle.scrollIntoViewIfNeeded();
  const track = await tab.locator(".widget-slider .noUi-base").first().boundingBox();
  const knob = await handle.boundingBox();
  await tab.mouse.move(knob.x + knob.width / 2, knob.y + knob.height / 2);
  await tab.mouse.down();
  await tab.mouse.move(track.x + track.width * 0.8, track.y + track.height / 2, { steps: 6 });
  await tab.mouse.up();
  await says("patients.state.value", "8");
  await says("chosen", "8");
  await says("note.state.value", "'8 patients'");
  const text = tab.locator(".widget-text input").first();
  assert.equal(await until(() => text.inputValue(), "8 patients"), "8 patients");
  await handle.focus();
  await tab.keyboard.press("ArrowLeft");
  await says("patients.state.value", "7");
  await page.evaluate("patients.set({ value: 2 })");
  const readout = tab.locator(".widget-readout").first();
  assert.equal(await until(() => readout.textContent(), "2"), "2", "the slider does not follow the cell");
  await text.fill("typed");
  await text.press("Enter");
  await says("note.state.value", "'typed'");
}

/** A click is a message, no state. */
async function checkButton(tab, says) {
  const button = tab.getByRole("button", { name: "Draw" });
  assert.equal(await button.evaluate((node) => node.style.width), "150px", "the layout is not followed");
  const colour = await button.evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.equal(colour, "rgb(10, 60, 160)", "the style is not followed");
  await button.click();
  await button.focus();
  await tab.keyboard.press("Enter");
  await says("draws", "2");
}

/** State with bytes, messages with bytes, both ways; each place where it is shown follows. */
async function checkModule(page, tab, says) {
  await inView(tab, 3);
  const [first, second] = [tab.locator(".my-sum").first(), tab.locator(".my-sum").last()];
  await first.scrollIntoViewIfNeeded();
  assert.equal(await until(() => first.textContent(), "0.75 of 1"), "0.75 of 1", "bytes did not arrive");
  assert.equal(await first.evaluate((node) => getComputedStyle(node).color), "rgb(150, 0, 90)");
  await first.click();
  await says("[sum.state.count, sum.state.values]", "[ 2, Float32Array(2) [ 2, 0.25 ] ]");
  await says("JSON.stringify(heard)", `'[[{"pressed":2},[[7,8]]]]'`);
  assert.equal(
    await until(() => second.textContent(), "2.25 of 2"),
    "2.25 of 2",
    "the other place stands still",
  );
  assert.equal(await until(() => first.getAttribute("title"), "answer 9"), "answer 9");
  await page.evaluate("sum.set({ values: new Float32Array([1, 2, 3]) })");
  assert.equal(await until(() => second.textContent(), "6 of 2"), "6 of 2");
}

/** A page that is loaded again asks the kernel what there is. */
async function checkComingBack(page, tab, says) {
  await tab.evaluate(() => window.jupyterapp.commands.execute("docmanager:save"));
  await tab.reload({ waitUntil: "load" });
  await tab.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 60_000 });
  await page.settled();
  await inView(tab, 2);
  const module = tab.locator(".my-sum").first();
  await module.waitFor({ state: "visible", timeout: 30_000 });
  assert.equal(await until(() => module.textContent(), "6 of 2"), "6 of 2", "the state is lost");
  await module.click();
  await says("sum.state.count", "3");
  await inView(tab, 1);
  const readout = tab.locator(".widget-readout").first();
  assert.equal(await until(() => readout.textContent(), "2"), "2");
  await tab.locator(".widget-slider .noUi-handle").first().focus();
  await tab.keyboard.press("ArrowRight");
  await says("patients.state.value", "3");
}

/** Newer JupyterLabs hide cells that are out of sight. */
function inView(tab, cell) {
  return tab.evaluate(
    (index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, "start"),
    cell,
  );
}
