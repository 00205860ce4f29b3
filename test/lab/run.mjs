// Notebooks in the real JupyterLab and Notebook, in a real browser: open, run all, operate, look.
//
//   node test/lab/run.mjs                                  everything in all front ends, and notebooks/06-fusion.ipynb in the oldest
//   node test/lab/run.mjs --all                            and all other notebooks there
//   node test/lab/run.mjs notebooks/03-fine-tune.ipynb ... these notebooks, in JupyterLab 4.0
//   node test/lab/run.mjs --front-end notebook-7 test/lab/widgets.ipynb    elsewhere
//   node test/lab/run.mjs --widget-manager                 widgets of others, with ipywidgets' manager
//
// Each notebook is copied to an empty folder first, because it must run in any. It passes when every cell ran, no output is an
// error, every Plotly output is drawn as an interactive figure, and nothing reached for the network. Pictures
// are left in out/lab/. Needs /usr/bin/python3 with the packages named in scripts/lab-environment.sh, and Chromium.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { checkAccessible } from "./accessibility.mjs";
import { checkFixture } from "./fixture-checks.mjs";
import { FRONT_ENDS, ROOT, startLab } from "./jupyterlab.mjs";
import { NotebookPage } from "./notebook-page.mjs";
import { checkPictures } from "./picture-checks.mjs";
import { checkReviewPage } from "./review-page-checks.mjs";
import { checkInterruptedTraining } from "./training-checks.mjs";
import { checkTwoNotebooks, checkTwoPages } from "./two-notebooks-checks.mjs";
import { checkUntrusted, writeUntrusted } from "./untrusted-checks.mjs";
import { checkFusion, checkWidgets } from "./widget-checks.mjs";
import { checkWidgetManager } from "./widget-manager-checks.mjs";

const here = (name) => path.join(ROOT, "test", "lab", name);
const FIXTURE = here("fixture.ipynb");
const WIDGETS = here("widgets.ipynb");
const PICTURE_FIXTURE = here("pictures.ipynb");
const TRAINING = here("training.ipynb");
const MANAGER = here("widget-manager.ipynb");
const NOTEBOOKS = path.join(ROOT, "notebooks");
const FUSION = path.join(NOTEBOOKS, "06-fusion.ipynb");
const PLOTLY = "application/vnd.plotly.v1+json";
const WIDGET = "application/vnd.oscc-lab.widget.v1+json";
const TIMEOUT_MS = Number(process.env.OSCC_LAB_TIMEOUT_S ?? 600) * 1000;

/** What is looked at beyond "it ran". */
const CHECKS = new Map([
  [FIXTURE, checkFixture],
  [WIDGETS, checkWidgets],
  [PICTURE_FIXTURE, checkPictures],
  [FUSION, checkFusion],
]);

/** Front ends that are tested one after the other; the two lanes run at the same time. Most of a test is waiting. */
const LANES = [["jupyterlab-4.0"], ["jupyterlab-4.4", "notebook-7"]];

let failed = 0;

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      "front-end": { type: "string" },
      all: { type: "boolean" },
      "widget-manager": { type: "boolean" },
    },
    allowPositionals: true,
  });
  const chosen = values["front-end"];
  if (chosen && !FRONT_ENDS[chosen])
    throw new Error(`there is no front end ${chosen}. Known: ${Object.keys(FRONT_ENDS).join(", ")}`);
  if (values["widget-manager"]) return withManager(chosen ?? "jupyterlab-4.0");
  if (positionals.length > 0)
    return inFrontEnd(chosen ?? "jupyterlab-4.0", (session) =>
      session.notebooks(positionals.map((name) => path.resolve(name))),
    );
  // The page that pathologists mark needs the browser, not JupyterLab.
  if (!chosen) await attempt("review page", () => checkReviewPage(picturesOf("jupyterlab-4.0")));
  const lanes = chosen ? [[chosen]] : LANES;
  await Promise.all(
    lanes.map(async (names) => {
      for (const name of names)
        await inFrontEnd(name, async (session) => {
          await everyWidgetAndFigure(session);
          if (name === "jupyterlab-4.0") await session.notebooks(readersNotebooks(values.all === true));
        });
    }),
  );
  if (!chosen) await withManager("jupyterlab-4.0");
}

/** ipywidgets' manager is an extension of its own, which most readers do not have. */
function withManager(frontEnd) {
  return inFrontEnd(frontEnd, (session) => session.widgetManager(), { widgetManager: true });
}

/** What is tested in each front end. */
async function everyWidgetAndFigure(session) {
  await session.notebooks([FIXTURE, WIDGETS, PICTURE_FIXTURE]);
  await session.untrusted();
  await session.twoNotebooks();
  await session.interruptedTraining();
}

function readersNotebooks(all) {
  if (!all) return [FUSION];
  const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb"));
  return names.sort().map((name) => path.join(NOTEBOOKS, name));
}

async function inFrontEnd(frontEnd, work, extras = {}) {
  const pictures = picturesOf(frontEnd);
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-lab-notebooks-"));
  const lab = await startLab(folder, frontEnd, extras);
  const place = (file, name = path.basename(file)) => copyFileSync(file, path.join(folder, name));
  const session = {
    async notebooks(files) {
      for (const file of files) {
        if (!existsSync(file)) throw new Error(`there is no notebook ${path.relative(ROOT, file)}`);
        place(file);
        await attempt(`${frontEnd}, ${path.basename(file, ".ipynb")}`, () => check(lab, file, pictures));
      }
    },
    async untrusted() {
      writeUntrusted(path.join(folder, "untrusted.ipynb"));
      await attempt(`${frontEnd}, an untrusted notebook`, () =>
        checkUntrusted(lab, "untrusted.ipynb", pictures),
      );
    },
    async twoNotebooks() {
      for (const name of ["one.ipynb", "other.ipynb"]) place(WIDGETS, name);
      await attempt(`${frontEnd}, two notebooks at once`, () =>
        // Notebook 7 shows one notebook on a page.
        (frontEnd === "notebook-7" ? checkTwoPages : checkTwoNotebooks)(
          lab,
          ["one.ipynb", "other.ipynb"],
          pictures,
        ),
      );
    },
    async widgetManager() {
      place(MANAGER);
      await attempt(`${frontEnd}, widgets of others`, () =>
        checkWidgetManager(lab, path.basename(MANAGER), pictures),
      );
    },
    async interruptedTraining() {
      place(TRAINING);
      await attempt(`${frontEnd}, a training is interrupted`, () =>
        checkInterruptedTraining(lab, path.basename(TRAINING), pictures),
      );
    },
  };
  try {
    await work(session);
  } finally {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Run one check and say what came of it. */
async function attempt(name, check) {
  const began = Date.now();
  try {
    const said = await check();
    process.stdout.write(`PASS ${name}: ${said}, ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`FAIL ${name}: ${error.message}\n`);
  }
}

/** Pictures of the oldest front end lie at the top. */
function picturesOf(frontEnd) {
  const folder = path.join(ROOT, "out", "lab", frontEnd === "jupyterlab-4.0" ? "" : frontEnd);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Open, run and look at one notebook; says what came of it. */
async function check(lab, notebook, pictures) {
  const name = path.basename(notebook, ".ipynb");
  const failure = path.join(pictures, `${name}-failed.png`);
  rmSync(failure, { force: true });
  const page = await NotebookPage.open(lab, path.basename(notebook));
  try {
    const said = await runAndLook(page, name, pictures);
    await CHECKS.get(notebook)?.(page, pictures);
    assert.deepEqual(page.problems, [], "the page reported problems");
    return said;
  } catch (error) {
    await page.screenshot(failure).catch(() => {});
    throw error;
  } finally {
    await page.close();
  }
}

async function runAndLook(page, name, pictures) {
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
    await figures.nth(i).screenshot({ path: path.join(pictures, `${name}-figure-${i + 1}.png`) });
  // Whatever HTML is in the outputs comes from this package.
  const html = outputs.some(({ data }) => data?.["text/html"] && !data[PLOTLY] && !data[WIDGET]);
  await page.unrolled(async () => {
    await page.page.screenshot({ path: path.join(pictures, `${name}.png`) });
    const parts = [".oscc-lab-figure", ...(html ? [".jp-OutputArea-output.jp-RenderedHTML"] : [])];
    await checkAccessible(page.page, parts, name);
  });
  return `${cells.length} cells, ${expected} interactive figures`;
}

main()
  .catch((error) => {
    failed++;
    process.stdout.write(`FAIL ${error.message}\n`);
  })
  .finally(() => {
    process.exitCode = failed > 0 ? 1 : 0;
  });
