// Every widget, operated by mouse and by keyboard in the real JupyterLab; what the kernel then knows is asked of the kernel.

import assert from "node:assert/strict";
import path from "node:path";

export async function checkWidgets(page, pictures) {
  const tab = page.page;
  const widget = (kind) => tab.locator(".oscc-lab-widget").filter({ has: tab.locator(kind) });
  await tab.waitForFunction(() => !document.querySelector(".oscc-lab-widget fieldset:disabled"));
  const says = async (expression, expected) =>
    assert.deepEqual(await until(() => page.evaluate(expression), expected), expected, expression);

  // A select by keyboard; the figure below follows.
  const select = tab.getByLabel("Fusion").first();
  await select.focus();
  await tab.keyboard.press("ArrowDown");
  await says("fusion.value", "'transformer'");
  await figureSays(page, "transformer at 0.50");

  // A slider by keyboard, then by mouse.
  const slider = tab.getByLabel("Threshold").first();
  await slider.focus();
  await tab.keyboard.press("ArrowRight");
  await says("threshold.value", "0.55");
  const track = await slider.boundingBox();
  await tab.mouse.click(track.x + track.width - 3, track.y + track.height / 2);
  await says("threshold.value > 0.9", "true");
  await figureSays(page, /transformer at (0\.95|1\.00)/);

  // The handles of a range do not pass each other.
  const from = tab.getByLabel("Age, from");
  await from.focus();
  await tab.keyboard.press("End");
  await says("age.value", "[ 70, 70 ]");
  await tab.keyboard.press("ArrowLeft");
  await says("age.value", "[ 69, 70 ]");

  const button = tab.getByRole("button", { name: "Another patient" });
  await button.click();
  await button.focus();
  await tab.keyboard.press("Enter");
  await says("presses", "2");

  const box = tab.getByLabel("Show the 95 % band");
  await box.focus();
  await tab.keyboard.press("Space");
  await says("band.value", "true");

  await checkTable(tab, says);
  await checkViewer(tab, says);
  await checkFilePicker(tab, says);
  await checkTraining(page, tab, says);
  await page.screenshot(path.join(pictures, "widgets.png"));
  await page.setTheme("JupyterLab Dark");
  await tab.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
  await page.screenshot(path.join(pictures, "widgets-dark.png"));
  await page.setTheme("JupyterLab Light");
  await checkPatients(page, tab, pictures);
  await checkReload(page, tab, says);
  await checkRestart(tab, widget);
}

/** In the notebook about fusion, another site is asked for by keyboard; all three figures answer. */
export async function checkFusion(page, pictures) {
  const tab = page.page;
  const site = tab.getByLabel("Site").first();
  await site.scrollIntoViewIfNeeded();
  await tab.waitForFunction(() => !document.querySelector(".oscc-lab-widget fieldset:disabled"));
  await site.focus();
  for (let press = 0; press < 2; press++) await tab.keyboard.press("ArrowDown");
  const answers = tab.locator(".oscc-lab-figure").filter({ hasText: "Every choice so far" });
  const text = await until(() => answers.textContent(), /concat, edge, all/, 240_000);
  assert.match(
    text,
    /concat, core and edge, all.*concat, edge, all|concat, edge, all.*concat, core and edge, all/s,
  );
  const contributions = tab.locator(".oscc-lab-figure").filter({ hasText: "Which images move" });
  await until(() => contributions.textContent().then((words) => words.includes("core ×200")), false, 60_000);
  await page.screenshot(path.join(pictures, "06-fusion-asked.png"));
}

async function checkTable(tab, says) {
  const table = tab.getByRole("table", { name: "Patients" });
  await table.getByRole("button", { name: "age" }).click();
  assert.equal(await table.locator("tbody tr").first().locator("td").nth(1).textContent(), "D");
  assert.equal(await table.locator("th[aria-sort='ascending']").textContent(), "age");
  await table.getByLabel("Choose row 4").check();
  await says("chosen.value.map((row) => row.id).join()", "'D'");
  await tab.getByLabel("Search rows").fill("yes");
  assert.equal(await table.locator("tbody tr").count(), 2);
}

async function checkViewer(tab, says) {
  const viewer = tab.locator(".oscc-lab-viewer");
  await viewer.focus();
  await tab.keyboard.press("+");
  await says("Math.round(viewer.value.width)", "128");
  await tab.keyboard.press("ArrowRight");
  await says("viewer.value.x > 16", "true");
  await tab.keyboard.press("0");
  await says("viewer.value.width", "160");
  await tab.getByRole("button", { name: "Zoom in" }).click();
  await says("Math.round(viewer.value.width)", "107");
}

async function checkFilePicker(tab, says) {
  await tab.getByRole("button", { name: "Weights" }).or(tab.getByText("Choose …")).first().click();
  await tab.getByRole("button", { name: "weights /" }).click();
  await tab.getByRole("button", { name: "encoder.safetensors" }).click();
  await says("weights.value?.endsWith('weights/encoder.safetensors')", "true");
}

async function checkTraining(page, tab, says) {
  await page.evaluate(
    "void (async () => { for (let epoch = 1; epoch < 400 && !panel.signal.aborted; epoch++) { told.push({ epoch, trainLoss: 1 / epoch, validLoss: 0.3 + 0.5 / epoch }); await panel.onEpoch(told); await new Promise((resolve) => setTimeout(resolve, 30)); } })()",
  );
  await tab.getByRole("button", { name: "Pause" }).click();
  await says("panel.value", "'paused'");
  await tab.getByRole("button", { name: "Go on" }).click();
  await says("panel.value", "'running'");
  await tab.getByRole("button", { name: "Stop" }).click();
  await says("panel.signal.aborted", "true");
}

/** The panel beside the notebook lists the open cohort, finds, and inserts a cell that runs. */
async function checkPatients(page, tab, pictures) {
  await tab.evaluate(() => window.jupyterapp.commands.execute("oscc-lab:show-patients"));
  const panel = tab.locator("#oscc-lab-patients");
  await panel.locator("li img").first().waitFor({ state: "visible", timeout: 20_000 });
  assert.equal(await panel.locator("li").count(), 8);
  assert.match(await panel.locator("p").textContent(), /8 found.*phantom/i);
  await panel.getByLabel("Search patients").fill("train");
  await until(
    () =>
      panel
        .locator("li")
        .count()
        .then((count) => count < 8),
    true,
  );
  await page.page.screenshot({ path: path.join(pictures, "patients-panel.png") });
  const before = (await page.cells()).length;
  await panel.locator("li button").first().focus();
  await tab.keyboard.press("Enter");
  await until(() => page.cells().then((cells) => cells.length), before + 1);
  const inserted = (await page.cells()).find(({ source }) => /small\.patient\(/.test(`${source}`));
  assert.ok(inserted, "no cell was inserted that shows the patient");
  await tab.evaluate(() => window.jupyterapp.commands.execute("application:toggle-left-area"));
}

/** A page that comes back finds its widgets with their values, and the kernel behind them. */
async function checkReload(page, tab, says) {
  await page.evaluate("clock.update({ 'text/plain': 'tick 1' })");
  await tab.evaluate(() => window.jupyterapp.commands.execute("docmanager:save"));
  await tab.reload({ waitUntil: "load" });
  await tab.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 60_000 });
  await page.settled();
  const select = tab.getByLabel("Fusion").first();
  await select.waitFor({ state: "visible", timeout: 30_000 });
  await tab.waitForFunction(() => document.querySelector(".oscc-lab-widget fieldset:not(:disabled) select"));
  assert.equal(await select.inputValue(), "transformer");
  await select.selectOption("lmf");
  await says("fusion.value", "'lmf'");
  // Progress that goes on is shown where it was.
  await page.evaluate("clock.update({ 'text/plain': 'tick 2' })");
  const ticks = async () =>
    (await page.cells()).flatMap(({ outputs = [] }) => outputs.map(({ data }) => `${data?.["text/plain"]}`));
  assert.ok(
    await until(() => ticks().then((texts) => texts.includes("tick 2")), true),
    "a display stands still after a reload",
  );
}

/** After a restart nothing answers: the widgets say so and cannot be operated. */
async function checkRestart(tab) {
  await tab.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart());
  await tab.waitForFunction(() => document.querySelector(".oscc-lab-widget fieldset:disabled select"));
  assert.ok(await tab.getByText("Run the cell again to use it.").first().isVisible());
}

async function figureSays(page, title) {
  const figure = page.page.locator(".oscc-lab-figure").first();
  const wanted = title instanceof RegExp ? title : new RegExp(title);
  const text = await until(() => figure.textContent(), wanted);
  assert.ok(wanted.test(text), `the figure says "${text}", not "${title}"`);
}

/** Ask until the answer is the wanted one, or patience ends. */
async function until(ask, wanted, patienceMs = 8000) {
  let answer;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
    answer = await ask();
    if (matches(answer, wanted)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  return answer;
}

function matches(answer, wanted) {
  return wanted instanceof RegExp ? wanted.test(answer) : answer === wanted;
}
