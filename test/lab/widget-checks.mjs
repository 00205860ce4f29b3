// Every widget, operated by mouse and by keyboard in the real JupyterLab; what the kernel then knows is asked of the kernel.

import assert from "node:assert/strict";
import path from "node:path";
import { checkAccessible } from "./accessibility.mjs";
import { until } from "./until.mjs";

/** What an auditor must find there. */
const WIDGETS = [
  ".oscc-lab-widget select",
  ".oscc-lab-widget input[type=range]",
  ".oscc-lab-range",
  ".oscc-lab-widget button",
  ".oscc-lab-widget input[type=checkbox]",
  ".oscc-lab-widget table",
  ".oscc-lab-viewer",
  ".oscc-lab-files",
  ".oscc-lab-curve",
  ".oscc-lab-widget",
  ".oscc-lab-figure",
];

export async function checkWidgets(page, pictures) {
  const tab = page.page;
  await tab.waitForFunction(() => !document.querySelector(".oscc-lab-widget fieldset:disabled"));
  const says = async (expression, expected) =>
    assert.deepEqual(await until(() => page.evaluate(expression), expected), expected, expression);

  await checkWayInAndOut(page, tab);
  await checkSelect(page, tab, says);
  await checkSlider(page, tab, says);
  await checkRange(page, tab, says);
  await checkButton(page, tab, says);
  await checkCheckbox(page, tab, says);
  await checkTable(page, tab, says);
  await checkViewer(page, tab, says);
  await checkFilePicker(page, tab, says);
  await checkTraining(page, tab, says);
  await checkNames(tab);
  await lookAt(page, tab, path.join(pictures, "widgets.png"));
  await page.setTheme("JupyterLab Dark");
  await tab.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
  await lookAt(page, tab, path.join(pictures, "widgets-dark.png"));
  await page.setTheme("JupyterLab Light");
  await checkPatients(page, tab, pictures);
  await checkReload(page, tab, says);
  await checkRestart(tab);
}

/** All of them at once, the list of files open: a picture for people, and what the auditor says. */
async function lookAt(page, tab, picture) {
  await (await page.reveal(tab.getByLabel("Weights"))).click();
  await tab.locator(".oscc-lab-files button").first().waitFor();
  await page.unrolled(async () => {
    await checkAccessible(tab, WIDGETS, path.basename(picture));
    await tab.screenshot({ path: picture });
  });
  await (await page.reveal(tab.getByLabel("Weights"))).click();
}

/** In the notebook about fusion, another site is asked for by keyboard; all three figures answer. */
export async function checkFusion(page, pictures) {
  const tab = page.page;
  const site = await page.reveal(tab.getByLabel("Site").first());
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

/** Without a mouse: from a cell to its controls, from one to the next, and back to the cell. */
async function checkWayInAndOut(page, tab) {
  await page.reveal(tab.getByLabel("Threshold").first());
  await tab.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.findIndex(({ model }) =>
      model.sharedModel.getSource().startsWith("widget.live"),
    );
    content.mode = "command";
    content.activate();
  });
  const focused = () =>
    tab.evaluate(() => {
      const { activeElement } = document;
      return activeElement.closest(".oscc-lab-widget")
        ? activeElement.getAttribute("aria-label")
        : "no widget";
    });
  // A notebook that has just run takes the focus for itself once more.
  await until(async () => {
    await tab.keyboard.press("Control+Shift+Enter");
    await tab.waitForTimeout(300);
    return focused();
  }, "Fusion");
  assert.equal(await focused(), "Fusion", "no way from the cell into its controls");
  await tab.keyboard.press("Tab");
  assert.equal(await focused(), "Threshold");
  await tab.keyboard.press("Escape");
  assert.equal(await focused(), "no widget", "no way out of a widget");
  const active = () => tab.evaluate(() => window.jupyterapp.shell.currentWidget.content.activeCellIndex);
  const before = await active();
  await tab.keyboard.press("ArrowDown");
  assert.equal(await until(active, before + 1), before + 1, "arrows do not belong to the notebook again");
}

/** The figure below follows. The list that a mouse opens is a window of the browser, out of reach: its choice is made for it. */
async function checkSelect(page, tab, says) {
  const select = await page.reveal(tab.getByLabel("Fusion").first());
  // A notebook that has just run takes the focus for itself once more.
  await until(async () => {
    await select.focus();
    await tab.waitForTimeout(300);
    return select.evaluate((node) => node === document.activeElement);
  }, true);
  await tab.keyboard.press("ArrowDown");
  await says("fusion.value", "'transformer'");
  await figureSays(page, "transformer at 0.50");
  await select.selectOption("gated");
  await says("fusion.value", "'gated'");
  await select.selectOption("transformer");
  await says("fusion.value", "'transformer'");
}

async function checkSlider(page, tab, says) {
  const slider = await page.reveal(tab.getByLabel("Threshold").first());
  await slider.focus();
  await tab.keyboard.press("ArrowRight");
  await says("threshold.value", "0.55");
  const track = await slider.boundingBox();
  await tab.mouse.click(track.x + track.width - 3, track.y + track.height / 2);
  await says("threshold.value > 0.9", "true");
  await figureSays(page, /transformer at (0\.95|1\.00)/);
}

/** Its handles do not pass each other, neither by mouse nor by keyboard. */
async function checkRange(page, tab, says) {
  const from = await page.reveal(tab.getByLabel("Age, from"));
  const track = await from.boundingBox();
  const thumb = 16; // the browser's own
  const at = (age) => [
    track.x + thumb / 2 + ((age - 20) / 70) * (track.width - thumb),
    track.y + track.height / 2,
  ];
  await tab.mouse.move(...at(40));
  await tab.mouse.down();
  await tab.mouse.move(...at(60), { steps: 4 });
  await tab.mouse.up();
  await says("age.value[0] > 57 && age.value[0] < 63 && age.value[1]", "70");
  await tab.mouse.move(...at(70));
  await tab.mouse.down();
  await tab.mouse.move(...at(30), { steps: 8 });
  await tab.mouse.up();
  await says("age.value[0] === age.value[1]", "true");
  const to = tab.getByLabel("Age, to");
  await to.focus();
  await tab.keyboard.press("End");
  await says("age.value[1]", "90");
  await from.focus();
  await tab.keyboard.press("End");
  await says("age.value", "[ 90, 90 ]");
  // Both handles lie at the end: the left one must still be there to take.
  await tab.mouse.move(...at(90));
  await tab.mouse.down();
  await tab.mouse.move(...at(50), { steps: 4 });
  await tab.mouse.up();
  await says("age.value[0] > 47 && age.value[0] < 53 && age.value[1]", "90");
}

async function checkButton(page, tab, says) {
  const button = await page.reveal(tab.locator(".oscc-lab-widget button", { hasText: "Another patient" }));
  await button.click();
  await button.focus();
  await tab.keyboard.press("Enter");
  await says("presses", "2");
}

async function checkCheckbox(page, tab, says) {
  const box = await page.reveal(tab.getByLabel("Show the 95 % band"));
  await tab.locator("label", { hasText: "Show the 95 % band" }).click();
  await says("band.value", "true");
  await box.focus();
  await tab.keyboard.press("Space");
  await says("band.value", "false");
  await tab.keyboard.press("Space");
}

async function checkTable(page, tab, says) {
  const table = await page.reveal(tab.locator("table[aria-label='Patients']"));
  const first = () => table.locator("tbody tr").first().locator("td").nth(1).textContent();
  await table.getByRole("button", { name: "age" }).click();
  assert.equal(await first(), "D");
  assert.equal(await table.locator("th[aria-sort='ascending']").textContent(), "age");
  await table.getByLabel("Choose row 4").check();
  await says("chosen.value.map((row) => row.id).join()", "'D'");
  await table.getByRole("button", { name: "id" }).focus();
  await tab.keyboard.press("Enter");
  assert.equal(await first(), "A");
  await table.getByLabel("Choose row 1").focus();
  await tab.keyboard.press("Space");
  await says("chosen.value.map((row) => row.id).join()", "'A,D'");
  await tab.keyboard.press("Space");
  await tab.getByLabel("Search rows").focus();
  await tab.keyboard.type("yes");
  assert.equal(await table.locator("tbody tr").count(), 2);
}

async function checkViewer(page, tab, says) {
  const viewer = await page.reveal(tab.locator(".oscc-lab-viewer"));
  await viewer.focus();
  await tab.keyboard.press("+");
  await says("Math.round(viewer.value.width)", "128");
  await tab.keyboard.press("ArrowRight");
  await says("viewer.value.x > 16", "true");
  await tab.keyboard.press("0");
  await says("viewer.value.width", "160");
  await tab.getByRole("button", { name: "Zoom in" }).click();
  await says("Math.round(viewer.value.width)", "107");
  await page.reveal(viewer);
  const box = await viewer.boundingBox();
  await tab.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await tab.mouse.down();
  await tab.mouse.move(box.x + box.width / 4, box.y + box.height / 2, { steps: 4 });
  await tab.mouse.up();
  await says("viewer.value.x > 45", "true");
  await tab.mouse.wheel(0, 300);
  await says("viewer.value.width > 120", "true");
}

/** By mouse, then by keyboard alone: the list takes the focus when it opens. */
async function checkFilePicker(page, tab, says) {
  const open = await page.reveal(tab.getByLabel("Weights"));
  await open.click();
  await tab.getByRole("button", { name: "weights /" }).click();
  await tab.getByRole("button", { name: "encoder.safetensors" }).click();
  await says("weights.value?.endsWith('weights/encoder.safetensors')", "true");
  await open.focus();
  await tab.keyboard.press("Enter");
  await focusIs(tab, "↑ back");
  await tab.keyboard.press("Tab");
  await focusIs(tab, "encoder.safetensors");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  await says("weights.value?.endsWith('weights/other.safetensors')", "true");
  await focusIs(tab, "Choose …");
  await tab.keyboard.press("Enter");
  await focusIs(tab, "↑ back");
  await tab.keyboard.press("Escape");
  await focusIs(tab, "Choose …");
  assert.equal(await tab.locator(".oscc-lab-browser").isVisible(), false, "Escape leaves the list open");
}

async function focusIs(tab, text) {
  const focused = () => tab.evaluate(() => document.activeElement?.textContent);
  assert.equal(await until(focused, text), text);
}

async function checkTraining(page, tab, says) {
  await page.evaluate(
    "void (async () => { for (let epoch = 1; epoch < 400 && !panel.signal.aborted; epoch++) { told.push({ epoch, trainLoss: 1 / epoch, validLoss: 0.3 + 0.5 / epoch }); await panel.onEpoch(told); await new Promise((resolve) => setTimeout(resolve, 30)); } })()",
  );
  const pause = await page.reveal(tab.locator(".oscc-lab-widget button", { hasText: "Pause" }));
  await pause.click();
  await says("panel.value", "'paused'");
  const goOn = tab.getByRole("button", { name: "Go on" });
  await goOn.focus();
  await tab.keyboard.press("Space");
  await says("panel.value", "'running'");
  await tab.keyboard.press("Space");
  await says("panel.value", "'paused'");
  await tab.getByRole("button", { name: "Stop" }).click();
  await says("panel.signal.aborted", "true");
}

/** What can be operated has a name that a screen reader says. */
async function checkNames(tab) {
  const unnamed = await tab.evaluate(() =>
    [
      ...document.querySelectorAll(
        ".oscc-lab-widget :is(button, input, select, [tabindex]), .oscc-lab-figure, .oscc-lab-browser-panel :is(button, input, select)",
      ),
    ]
      .filter(
        (node) =>
          !node.closest("[hidden]") &&
          !node.textContent.trim() &&
          !node.labels?.length &&
          !node.getAttribute("aria-label"),
      )
      .map((node) => node.outerHTML),
  );
  assert.deepEqual(unnamed, []);
}

/** The panel beside the notebook lists the open cohort, finds, and inserts a cell that runs. */
async function checkPatients(page, tab, pictures) {
  // Found in the palette, by keyboard.
  await tab.evaluate(() => window.jupyterapp.commands.execute("apputils:activate-command-palette"));
  await tab.keyboard.type("patients of the");
  await tab.locator(".lm-CommandPalette-item.lm-mod-active[data-command='oscc-lab:show-patients']").waitFor();
  await tab.keyboard.press("Enter");
  const panel = tab.locator("#oscc-lab-patients");
  await panel.locator("li img").first().waitFor({ state: "visible", timeout: 20_000 });
  assert.equal(await panel.locator("li").count(), 8);
  assert.match(await panel.locator("p").textContent(), /^8 found \(.*phantom.*\)\. /i);
  await panel.getByLabel("Search patients").fill("train");
  await until(
    () =>
      panel
        .locator("li")
        .count()
        .then((count) => count < 8),
    true,
  );
  await checkAccessible(tab, ["#oscc-lab-patients"], "the panel of patients");
  await page.page.screenshot({ path: path.join(pictures, "patients-panel.png") });
  const before = (await page.cells()).length;
  await panel.locator("li button").first().focus();
  await tab.keyboard.press("Enter");
  await until(() => page.cells().then((cells) => cells.length), before + 1);
  const inserted = (await page.cells()).find(({ source }) => /small\.patient\(/.test(`${source}`));
  assert.ok(inserted, "no cell was inserted that shows the patient");
  await page.hideSide();
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
  await checkAccessible(tab, [".oscc-lab-widget"], "widgets without a kernel");
}

async function figureSays(page, title) {
  const figure = page.page.locator(".oscc-lab-figure").first();
  const wanted = title instanceof RegExp ? title : new RegExp(title);
  const text = await until(() => figure.textContent(), wanted);
  assert.ok(wanted.test(text), `the figure says "${text}", not "${title}"`);
}
