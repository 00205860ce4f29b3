// A review page in a real browser: marked by mouse and by keyboard, kept over a reload, saved, read back.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { checkAccessible } from "./accessibility.mjs";
import { chromiumPath, ROOT } from "./jupyterlab.mjs";

const require = createRequire(import.meta.url);

/** Write a page of three cases, review it as a pathologist would, read the marks. */
export async function checkReviewPage(pictures) {
  const { evaluate, plot } = require(ROOT);
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-lab-review-"));
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const file = path.join(folder, "review.html");
    const page = await plot.reviewPage(cases(require(ROOT)), file, {
      title: "Review: TI & <friends>",
      question: "Does muscle lie where the map is bright, as “{class}” says?",
    });
    const context = await browser.newContext({
      acceptDownloads: true,
      viewport: { width: 1280, height: 900 },
    });
    const tab = await context.newPage();
    const problems = [];
    tab.on("pageerror", (error) => problems.push(error.message));
    tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    tab.on(
      "request",
      (request) => /^https?:/.test(request.url()) && problems.push(`request to ${request.url()}`),
    );
    await tab.goto(pathToFileURL(file).href);
    await checkAccessible(tab, ["body"], "review page");
    await tab.screenshot({ path: path.join(pictures, "review-light.png") });

    await byMouse(tab);
    await byKeyboard(tab);
    await pictureIsLarge(tab, pictures);
    await tab.reload();
    assert.equal(
      await tab.locator("#progress").textContent(),
      "3 of 3 marked",
      "the marks did not outlast a reload",
    );
    await inTheDark(tab, pictures);

    const json = await saved(tab, "#save-json", folder);
    const csv = await saved(tab, "#save-csv", folder);
    assert.match(path.basename(json), /^review-marks-A-B-\.json$|^review-marks-A-B\.json$/);
    const review = await evaluate.readReview(json);
    assert.equal(review.id, page.id);
    assert.deepEqual(
      review.rows.map(({ patient, mark, comment }) => [patient, mark, comment]),
      [
        ["=1", "agree", "=SUM(A1), looks “right”,\nindeed"],
        ["2", "disagree", ""],
        ["<b>3</b>", "unsure", "typed: a d u m"],
      ],
    );
    const table = await evaluate.readReview(csv);
    assert.deepEqual(
      table.rows.map(({ mark, comment }) => [mark, comment]),
      review.rows.map(({ mark, comment }) => [mark, comment]),
      "CSV and JSON say different things",
    );
    const { decided, marked } = evaluate.reviewAgreement(review);
    assert.deepEqual([decided.value, marked.value], [1 / 2, 1 / 3]);
    assert.equal(evaluate.reviewKappa(review, table).kappa.value, 1);

    await loadsMarks(context, file, json);
    assert.deepEqual(problems, [], "the page reported problems");
    return "3 cases marked by mouse and keyboard, kept, saved and read back";
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function byMouse(tab) {
  assert.equal(await tab.title(), "Review: TI & <friends>");
  assert.equal(await tab.locator("#heading").textContent(), "Case 1 of 3: patient =1");
  assert.equal(
    await tab.locator("#question").textContent(),
    "Does muscle lie where the map is bright, as “invaded” says?",
  );
  assert.equal(await tab.locator("#views figure").count(), 2);
  await tab.getByLabel("Reviewer").fill("A B!");
  await tab.getByRole("radio", { name: "Disagree" }).click();
  await tab.getByRole("radio", { name: /^Agree/ }).click();
  await tab.getByLabel(/^Comment/).fill("=SUM(A1), looks “right”,\nindeed");
  assert.equal(await tab.locator("#progress").textContent(), "1 of 3 marked");
  await tab.locator("#maps").uncheck();
  assert.equal(await tab.locator("img.map").first().isVisible(), false, "the map is still there");
  await tab.locator("#maps").check();
  await tab.locator("#opacity").fill("0.3");
  assert.equal(
    await tab
      .locator("img.map")
      .first()
      .evaluate((map) => getComputedStyle(map).opacity),
    "0.3",
  );
  await tab.getByRole("button", { name: "Next" }).click();
}

async function byKeyboard(tab) {
  await tab.locator("#heading").focus();
  await tab.keyboard.press("d");
  await tab.keyboard.press("ArrowRight");
  assert.equal(
    await tab.locator("#heading").textContent(),
    "Case 3 of 3: patient <b>3</b>",
    "a name became markup",
  );
  await tab.keyboard.press("u");
  await tab.keyboard.press("c");
  await tab.keyboard.type("typed: a d u m");
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("m");
  assert.equal(await tab.locator("#maps").isChecked(), false);
  await tab.keyboard.press("m");
  assert.equal(await tab.locator("#progress").textContent(), "3 of 3 marked");
  // Everything that can be operated is reached with the tabulator and has a name.
  const unnamed = await tab.evaluate(() =>
    [...document.querySelectorAll("button, input, select, textarea")]
      .filter((node) => !node.textContent.trim() && !node.labels?.length && !node.getAttribute("aria-label"))
      .map((node) => node.outerHTML),
  );
  assert.deepEqual(unnamed, []);
}

async function pictureIsLarge(tab, pictures) {
  await tab.locator("#views .picture").first().click();
  const large = await tab.locator("dialog .picture").boundingBox();
  assert.ok(large.width > 900, `enlarged to ${large.width} px only`);
  await checkAccessible(tab, ["dialog"], "review page, a picture enlarged");
  await tab.screenshot({ path: path.join(pictures, "review-large.png") });
  await tab.keyboard.press("Escape");
  assert.equal(await tab.locator("dialog").isVisible(), false);
}

async function inTheDark(tab, pictures) {
  await tab.getByLabel("Colours").selectOption("dark");
  const paper = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(paper, "rgb(17, 17, 17)");
  await checkAccessible(tab, ["body"], "review page in the dark");
  await tab.screenshot({ path: path.join(pictures, "review-dark.png") });
}

async function saved(tab, button, folder) {
  const [download] = await Promise.all([tab.waitForEvent("download"), tab.locator(button).click()]);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

/** Somebody goes on with saved marks in another browser. */
async function loadsMarks(context, file, json) {
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(file).href);
  await tab.evaluate(() => localStorage.clear());
  await tab.reload();
  assert.equal(await tab.locator("#progress").textContent(), "0 of 3 marked");
  await tab.locator("#load").setInputFiles(json);
  await tab.getByText("3 of 3 marked").waitFor({ timeout: 5000 });
  assert.equal(await tab.getByLabel("Reviewer").inputValue(), "A B!");
}

/** Drawn tissue under drawn maps; names that a careless page would take for markup or formulas. */
function cases({ RgbImage, Rng }) {
  const tissue = (seed) => {
    const rng = new Rng(seed);
    const data = new Uint8Array(480 * 360 * 3).map((_, i) => [222, 170, 205][i % 3] + rng.integer(9));
    return new RgbImage(480, 360, data);
  };
  const grid = (row, column) =>
    Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: 8 }, (_, j) => Math.exp(-((i - row) ** 2 + (j - column) ** 2) / 5)),
    );
  const map = (magnification, values, about = {}) => ({
    image: { site: "edge", magnification, status: "present", load: async () => tissue(magnification) },
    view: { site: "edge", magnification },
    grid: values,
    range: [0, Math.max(...values.flat())],
    isFlat: Math.max(...values.flat()) === 0,
    ...about,
  });
  return ["=1", "2", "<b>3</b>"].map((patient, i) => ({
    method: "gradCamPlusPlus",
    layers: ["blocks.1.norm1"],
    patient,
    task: "TI",
    targetClass: 1,
    className: "invaded",
    score: "logit",
    scoreValue: 1,
    probability: 0.9 + 0.03 * i,
    maps: [
      map("x200", grid(2 + i, 5), { verdict: "0.71 of the energy inside the planted lesion; chance 0.18" }),
      map("x400", i === 1 ? [[0, 0]] : grid(4, 2)),
    ],
    imageFit: "crop",
    inputAspect: 1,
    notes: [],
    provenance: { cohort: "drawn", synthetic: true, notice: "drawn by a test, not patient data" },
  }));
}
