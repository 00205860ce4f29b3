// Notebooks in the real JupyterLab, in a real browser: open, run all, look.
//
//   node test/lab/run.mjs                             a review page, the fixtures, then notebooks/06-fusion.ipynb
//   node test/lab/run.mjs notebooks/03-fine-tune.ipynb ...
//
// Each notebook is copied to an empty folder first, because it must run in any. Passes when every cell ran, no output is an
// error, every Plotly output is drawn as an interactive figure, and nothing reached for the network. Pictures
// are left in out/lab/. Needs /usr/bin/python3 with the packages named in scripts/lab-environment.sh, and Chromium.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkFixture } from "./fixture-checks.mjs";
import { ROOT, startLab } from "./jupyterlab.mjs";
import { NotebookPage } from "./notebook-page.mjs";
import { checkPictures } from "./picture-checks.mjs";
import { checkReviewPage } from "./review-page-checks.mjs";
import { checkFusion, checkWidgets } from "./widget-checks.mjs";

const FIXTURE = path.join(ROOT, "test", "lab", "fixture.ipynb");
const WIDGETS = path.join(ROOT, "test", "lab", "widgets.ipynb");
const FUSION = path.join(ROOT, "notebooks", "06-fusion.ipynb");
const PICTURE_FIXTURE = path.join(ROOT, "test", "lab", "pictures.ipynb");
const PICTURES = path.join(ROOT, "out", "lab");
const PLOTLY = "application/vnd.plotly.v1+json";
const TIMEOUT_MS = Number(process.env.OSCC_LAB_TIMEOUT_S ?? 600) * 1000;

async function main(names) {
  const defaults = [FIXTURE, WIDGETS, PICTURE_FIXTURE, FUSION];
  const notebooks = names.length > 0 ? names.map((name) => path.resolve(name)) : defaults;
  for (const notebook of notebooks)
    if (!existsSync(notebook)) throw new Error(`there is no notebook ${path.relative(ROOT, notebook)}`);
  mkdirSync(PICTURES, { recursive: true });
  const pageFailed = names.length === 0 && !(await reviewPage());
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-lab-notebooks-"));
  for (const notebook of notebooks) copyFileSync(notebook, path.join(folder, path.basename(notebook)));
  const lab = await startLab(folder);
  let failed = pageFailed ? 1 : 0;
  try {
    for (const notebook of notebooks) if (!(await check(lab, notebook))) failed++;
  } finally {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

/** The page that pathologists mark needs the browser, not JupyterLab. */
async function reviewPage() {
  try {
    process.stdout.write(`PASS review page: ${await checkReviewPage(PICTURES)}\n`);
    return true;
  } catch (error) {
    process.stdout.write(`FAIL review page: ${error.message}\n`);
    return false;
  }
}

/** Open, run and look at one notebook; says what came of it. */
async function check(lab, notebook) {
  const name = path.basename(notebook, ".ipynb");
  const began = Date.now();
  rmSync(path.join(PICTURES, `${name}-failed.png`), { force: true });
  const page = await NotebookPage.open(lab, path.basename(notebook));
  try {
    const said = await runAndLook(page, name);
    if (notebook === FIXTURE) await checkFixture(page, PICTURES);
    if (notebook === WIDGETS) await checkWidgets(page, PICTURES);
    if (notebook === FUSION) await checkFusion(page, PICTURES);
    if (notebook === PICTURE_FIXTURE) await checkPictures(page, PICTURES);
    assert.deepEqual(page.problems, [], "the page reported problems");
    process.stdout.write(`PASS ${name}: ${said}, ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
    return true;
  } catch (error) {
    await page.screenshot(path.join(PICTURES, `${name}-failed.png`)).catch(() => {});
    process.stdout.write(`FAIL ${name}: ${error.message}\n`);
    return false;
  } finally {
    await page.close();
  }
}

async function runAndLook(page, name) {
  assert.equal(await page.kernelName(), "oscc-lab", "the notebook does not use the oscc-lab kernel");
  await page.runAll(TIMEOUT_MS);
  const cells = (await page.cells()).filter(
    ({ cell_type, source }) => cell_type === "code" && `${source}`.trim(),
  );
  const outputs = cells.flatMap((cell) => cell.outputs);
  const errors = outputs.filter(({ output_type }) => output_type === "error");
  assert.deepEqual(
    errors.map(({ ename, evalue }) => `${ename}: ${evalue}`),
    [],
    "cells ended in errors",
  );
  assert.deepEqual(
    cells.map(({ execution_count }) => execution_count),
    cells.map((_, i) => i + 1),
    "not every cell was run in order",
  );
  const expected = outputs.filter(({ data }) => data?.[PLOTLY]).length;
  assert.ok(expected > 0, "the notebook shows no figure");
  const figures = await page.figures(expected);
  assert.equal(await figures.count(), expected, "figures drawn and figures sent differ in number");
  for (let i = 0; i < expected; i++)
    await figures.nth(i).screenshot({ path: path.join(PICTURES, `${name}-figure-${i + 1}.png`) });
  await page.screenshot(path.join(PICTURES, `${name}.png`));
  return `${cells.length} cells, ${expected} interactive figures`;
}

main(process.argv.slice(2)).catch((error) => {
  process.stdout.write(`FAIL ${error.message}\n`);
  process.exitCode = 1;
});
