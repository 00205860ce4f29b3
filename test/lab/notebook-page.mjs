// A notebook in JupyterLab in a real browser: open it, run it, ask what it shows.

import { chromium } from "playwright-core";
import { chromiumPath } from "./jupyterlab.mjs";

/** Nothing of the browser's own reaches for the network. */
export const BROWSER_OPTIONS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const VIEWPORT = { width: 1280, height: 1100 };

export class NotebookPage {
  /** Errors of the page itself, and requests that left this machine. */
  problems = [];

  static async open(lab, name) {
    const browser = await chromium.launch({ executablePath: chromiumPath(), args: BROWSER_OPTIONS });
    const page = await browser.newPage({ viewport: VIEWPORT });
    const notebook = new NotebookPage(browser, page);
    // JupyterLab has errors of its own (4.0.11: while scrolling); ours come from our extension's files.
    page.on("pageerror", (error) => {
      if (/extensions\/oscc-lab\//.test(error.stack ?? ""))
        notebook.problems.push(`page error: ${error.stack}`);
    });
    page.on("request", (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1")
        notebook.problems.push(`request to ${hostname}`);
    });
    await page.goto(lab.notebook(name), { waitUntil: "load" });
    await page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 60_000 });
    await notebook.settled();
    await notebook.hideSide();
    return notebook;
  }

  /** The area on the left takes room from the notebook. */
  hideSide() {
    return this.page.evaluate(async () => {
      const { commands, shell } = window.jupyterapp;
      if (document.querySelector("#jp-left-stack.lm-mod-hidden")) return;
      if (commands.hasCommand("application:toggle-left-area"))
        await commands.execute("application:toggle-left-area");
      else shell.collapseLeft();
    });
  }

  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
  }

  /** Wait until the notebook is loaded and has its kernel. */
  settled() {
    return this.page.evaluate(async () => {
      const panel = window.jupyterapp.shell.currentWidget;
      await panel.context.ready;
      await panel.sessionContext.ready;
    });
  }

  /** The value of an expression in the notebook's kernel, as Node prints it. Leaves no trace in the notebook. */
  evaluate(expression) {
    return this.page.evaluate(async (code) => {
      const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
      const request = kernel.requestExecute({ code: "", silent: true, user_expressions: { value: code } });
      const { content } = await request.done;
      const { value } = content.user_expressions;
      return value.status === "ok" ? value.data["text/plain"] : `${value.ename}: ${value.evalue}`;
    }, expression);
  }

  close() {
    return this.browser.close();
  }

  /** Run all cells, from top to bottom, and wait for the last. */
  async runAll(timeoutMs) {
    const run = this.page.evaluate(async () => {
      const { commands, shell } = window.jupyterapp;
      await commands.execute("notebook:run-all-cells");
      const kernel = shell.currentWidget.sessionContext.session?.kernel;
      // The last outputs follow the last reply.
      await kernel?.requestKernelInfo();
    });
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error(`not finished after ${timeoutMs} ms`)), timeoutMs).unref();
    });
    await Promise.race([run, late]);
  }

  /** The notebook's cells as JupyterLab would save them. */
  cells() {
    return this.page.evaluate(() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells);
  }

  async kernelName() {
    return this.page.evaluate(
      () => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.name ?? "none",
    );
  }

  /** Wait until so many figures are drawn. Figures out of sight are drawn when one scrolls to them. */
  async figures(count) {
    const figures = this.page.locator(".oscc-lab-figure");
    for (let i = 0; i < count; i++) {
      const figure = figures.nth(i);
      await figure.waitFor({ state: "attached", timeout: 30_000 });
      await figure.scrollIntoViewIfNeeded();
      await figure.locator(".main-svg").first().waitFor({ state: "visible", timeout: 30_000 });
    }
    return figures;
  }

  /** The whole notebook in one picture, up to a height that a reader can look at. */
  async screenshot(file) {
    const height = await this.page.evaluate(() => {
      const places = [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map((cell) =>
        cell.getBoundingClientRect(),
      );
      return Math.max(...places.map(({ bottom }) => bottom)) - Math.min(...places.map(({ top }) => top));
    });
    const tall = Math.min(12_000, Math.max(VIEWPORT.height, Math.ceil(height) + 200));
    await this.page.setViewportSize({ width: VIEWPORT.width, height: tall });
    await this.page.locator(".jp-Notebook .jp-Cell").first().scrollIntoViewIfNeeded();
    await this.page.waitForTimeout(600);
    await this.page.screenshot({ path: file });
    await this.page.setViewportSize(VIEWPORT);
  }

  setTheme(name) {
    return this.page.evaluate(
      (theme) => window.jupyterapp.commands.execute("apputils:change-theme", { theme }),
      name,
    );
  }
}
