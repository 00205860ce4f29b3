// Figures of the package in JupyterLab: the page's theme, their controls, and a kernel that is gone.

import assert from "node:assert/strict";
import path from "node:path";
import { checkAccessible } from "./accessibility.mjs";

export async function checkPictures(notebook, pictures) {
  const { page } = notebook;
  const figures = page.locator(".oscc-lab-figure");
  await checkControls(notebook, figures.nth(0));
  await figures.nth(0).screenshot({ path: path.join(pictures, "pictures-viewer-edge-x1000.png") });
  await checkMapControls(notebook, figures.nth(1));
  await figures.nth(1).screenshot({ path: path.join(pictures, "pictures-map-threshold.png") });
  await checkKeys(page, figures.nth(0), pictures);

  // What a reader has set must be there after a change of the theme and without a kernel.
  await notebook.setTheme("JupyterLab Dark");
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
  await page.waitForTimeout(1000);
  await checkButtons(figures.nth(0));
  for (let i = 0; i < (await figures.count()); i++) await checkDark(figures.nth(i), i);
  await checkAccessible(page, [".oscc-lab-figure"], "figures in the dark");
  assert.deepEqual(
    await seenLabels(figures.nth(0)),
    ["edge ×1000"],
    "the change of the theme moved the slider",
  );
  await notebook.screenshot(path.join(pictures, "pictures-dark.png"));
  for (let i = 0; i < (await figures.count()); i++)
    await figures.nth(i).screenshot({ path: path.join(pictures, `pictures-dark-figure-${i + 1}.png`) });

  await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown());
  await press(page, figures.nth(0), "core");
  assert.deepEqual(
    await seenLabels(figures.nth(0)),
    ["core ×1000"],
    "without a kernel the buttons do nothing",
  );

  await notebook.setTheme("JupyterLab Light");
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === "true");
  await page.waitForTimeout(600);
  assert.equal(await paperOf(figures.nth(2)), "rgb(255, 255, 255)", "the light theme did not come back");
}

/** The viewer: six stops and buttons, one view at a time. */
async function checkControls(notebook, figure) {
  const { page } = notebook;
  await notebook.reveal(figure);
  assert.deepEqual(await seenLabels(figure), ["core ×200"]);
  const first = await shownPicture(figure);
  await slide(page, figure, 0, 1);
  assert.deepEqual(await seenLabels(figure), ["core ×1000"]);
  const core = await shownPicture(figure);
  await press(page, figure, "edge");
  assert.deepEqual(await seenLabels(figure), ["edge ×1000"]);
  assert.equal(new Set([first, core, await shownPicture(figure)]).size, 3, "the same picture is shown again");
}

/** The same by keyboard alone: the twins of sliders and buttons. */
async function checkKeys(page, figure, pictures) {
  const bar = figure.getByRole("group", { name: "Controls of the figure" });
  assert.equal(await bar.evaluate((node) => getComputedStyle(node).opacity), "0", "the bar is seen unasked");
  const range = bar.getByRole("slider", { name: "Magnification" });
  await range.focus();
  assert.equal(
    await range.getAttribute("aria-valuetext"),
    "×1000",
    "the range does not know what the mouse did",
  );
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(600);
  assert.deepEqual(await seenLabels(figure), ["edge ×400"]);
  await checkAccessible(page, [".oscc-lab-figure", ".oscc-lab-figure-keys"], "a figure and its keys");
  await figure.screenshot({ path: path.join(pictures, "pictures-keys.png") });
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowUp");
  await page.waitForTimeout(600);
  assert.deepEqual(await seenLabels(figure), ["core ×400"]);
  await page.keyboard.press("ArrowDown");
  await range.focus();
  await page.keyboard.press("End");
  await page.waitForTimeout(600);
  assert.deepEqual(await seenLabels(figure), ["edge ×1000"]);
  await range.evaluate((node) => node.blur());
}

/** Threshold, opacity and view of a map. */
async function checkMapControls(notebook, figure) {
  const { page } = notebook;
  await notebook.reveal(figure);
  const state = () =>
    figure.locator(".js-plotly-plot").evaluate(({ _fullLayout, _fullData }) => ({
      clear: _fullLayout.coloraxis.colorscale[1][0],
      opacity: _fullData.find(({ name, visible }) => name === "map" && visible).opacity,
    }));
  assert.deepEqual(await state(), { clear: 0.125, opacity: 0.7 });
  await slide(page, figure, 1, 5 / 9);
  await slide(page, figure, 2, 1);
  assert.deepEqual(await state(), { clear: 0.5, opacity: 1 });
  await press(page, figure, "no outlines");
  const outlines = await figure
    .locator(".js-plotly-plot")
    .evaluate(({ _fullData }) =>
      _fullData.filter(({ name, visible }) => name === "outline" && visible).map(({ opacity }) => opacity),
    );
  assert.ok(outlines.length > 0 && outlines.every((opacity) => opacity === 0), "the outlines stay");
}

/** Drag the grip of a slider to a share of its way. */
async function slide(page, figure, index, share) {
  const rail = await figure.locator(".slider-rail-touch-rect").nth(index).boundingBox();
  await page.mouse.click(rail.x + 12 + share * (rail.width - 24), rail.y + rail.height / 2);
  await page.waitForTimeout(500);
}

async function press(page, figure, label) {
  await figure.locator(".updatemenu-button", { hasText: new RegExp(`^${label}$`) }).click();
  await page.waitForTimeout(500);
}

/** The one picture that can be seen. */
async function shownPicture(figure) {
  const sources = await figure
    .locator("image")
    .evaluateAll((images) =>
      images
        .filter((image) => image.getAttribute("opacity") !== "0" && image.getBoundingClientRect().width > 300)
        .map((image) => image.getAttribute("xlink:href") ?? image.getAttribute("href")),
    );
  assert.equal(sources.length, 1, `${sources.length} pictures are shown at once`);
  return sources[0];
}

/** The labels of the views that are shown. */
function seenLabels(figure) {
  return figure
    .locator(".js-plotly-plot")
    .evaluate(({ _fullLayout }) =>
      _fullLayout.annotations
        .filter(({ visible, opacity, text }) => visible && opacity > 0 && /^(core|edge) ×\d+$/.test(text))
        .map(({ text }) => text),
    );
}

function paperOf(figure) {
  return figure
    .locator(".main-svg")
    .first()
    .evaluate((svg) => getComputedStyle(svg).backgroundColor);
}

/** The chosen button is dark too: Plotly's own colour for it is nearly white. */
async function checkButtons(figure) {
  const fills = await figure
    .locator(".updatemenu-item-rect")
    .evaluateAll((buttons) => buttons.map((button) => getComputedStyle(button).fill));
  for (const fill of fills) {
    const channels = fill.match(/\d+/g).slice(0, 3).map(Number);
    assert.ok(Math.max(...channels) < 130, `a button of ${fill} under light letters`);
  }
}

/** Dark paper, and every text outside pictures light. */
async function checkDark(figure, i) {
  assert.equal(await paperOf(figure), "rgb(17, 17, 17)", `figure ${i + 1} keeps its white paper`);
  const inks = await figure
    .locator(".annotation[data-index='0'] text, .xtick text, .xtitle")
    .evaluateAll((texts) => texts.map((text) => getComputedStyle(text).fill));
  for (const ink of inks) {
    const channels = ink.match(/\d+/g).slice(0, 3).map(Number);
    assert.ok(Math.min(...channels) > 120, `figure ${i + 1}: text of ${ink} on dark paper`);
  }
}
