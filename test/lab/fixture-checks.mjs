// What the fixture notebook must look like beyond "it ran": order of outputs, updates, themes, hovering, shrinking.

import assert from "node:assert/strict";
import path from "node:path";

export async function checkFixture(page, pictures) {
  const outputs = (await page.cells())
    .filter(({ cell_type }) => cell_type === "code")
    .map((cell) =>
      cell.outputs.map(({ output_type, text, data }) => [output_type, textOf(text ?? data?.["text/plain"])]),
    );
  assert.deepEqual(outputs[1], [
    ["stream", "printed\n"],
    ["execute_result", "'result'"],
  ]);
  assert.deepEqual(outputs[2], [["display_data", "done: 3 of 3"]]);
  assert.equal(
    await page.page.evaluate(() => document.querySelectorAll("script[src*='plotly.min.js']").length),
    1,
  );

  await checkHover(page, page.page);
  await checkNarrow(page.page);
  await page.setTheme("JupyterLab Dark");
  await page.page.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
  await page.page.waitForTimeout(800);
  const ink = await page.page
    .locator(".oscc-lab-figure")
    .first()
    .locator(".xtick text")
    .first()
    .evaluate((text) => getComputedStyle(text).fill);
  const lightness = ink.match(/\d+/g).slice(0, 3).map(Number);
  assert.ok(Math.min(...lightness) > 120, `axis labels can hardly be read in the dark theme: ${ink}`);
  await page.screenshot(path.join(pictures, "fixture-dark.png"));
  await page.setTheme("JupyterLab Light"); // JupyterLab remembers the theme for the notebooks that follow
}

/** The first figure answers the mouse. */
async function checkHover(notebook, page) {
  const figure = page.locator(".oscc-lab-figure").first();
  await notebook.reveal(figure);
  const point = await figure.locator(".scatterlayer .point").nth(1).boundingBox();
  await page.mouse.move(point.x + point.width / 2 - 20, point.y + 20);
  await page.mouse.move(point.x + point.width / 2, point.y + point.height / 2, { steps: 5 });
  await figure.locator(".hoverlayer .hovertext").first().waitFor({ state: "visible", timeout: 5000 });
}

/** A figure of a given width shrinks as a whole where there is less room, and nothing is cut off. */
async function checkNarrow(page) {
  await page.setViewportSize({ width: 700, height: 1100 });
  await page.waitForTimeout(600);
  const figure = page.locator(".oscc-lab-figure").nth(1);
  const overflow = await figure.evaluate((node) => {
    const outside = node.getBoundingClientRect();
    const inside = node.querySelector(".main-svg").getBoundingClientRect();
    return [inside.right - outside.right, inside.bottom - outside.bottom];
  });
  assert.ok(Math.max(...overflow) < 2, `the figure is cut off by ${overflow} px`);
  await page.setViewportSize({ width: 1280, height: 1100 });
  await page.waitForTimeout(600);
}

function textOf(text) {
  return Array.isArray(text) ? text.join("") : text;
}
