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

/** In the page: the notebook goes to the cell of a node that is hidden. */
async function goToCell(node) {
  if (node.checkVisibility({ opacityProperty: true })) return;
  const panel = [...window.jupyterapp.shell.widgets("main")].find((widget) => widget.node.contains(node));
  const cells = panel?.content?.widgets ?? [];
  const index = cells.findIndex((cell) => cell.node.contains(node));
  if (index >= 0) await panel.content.scrollToItem(index, "center");
}

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

  /**
   * Scroll to something in an output, as a reader does. From 4.1 on cells out of sight are taken off the page or hidden, so the browser alone
   * cannot get there: the notebook is asked to go to the cell.
   */
  async reveal(locator) {
    await locator.waitFor({ state: "attached", timeout: 30_000 });
    for (const deadline = Date.now() + 15_000; ; ) {
      await locator.evaluate(goToCell);
      // The notebook may be on its way elsewhere still.
      const isThere = await locator.scrollIntoViewIfNeeded({ timeout: 1000 }).then(
        () => true,
        () => false,
      );
      if (isThere) return locator;
      if (Date.now() > deadline) throw new Error(`${locator} cannot be scrolled to`);
    }
  }

  /** Wait until so many figures are drawn. Figures out of sight are drawn when one scrolls to them. */
  async figures(count) {
    const figures = this.page.locator(".oscc-lab-figure");
    for (let i = 0; i < count; i++) {
      const figure = await this.reveal(figures.nth(i));
      await figure.locator(".main-svg").first().waitFor({ state: "visible", timeout: 30_000 });
    }
    return figures;
  }

  /** The whole notebook in one picture, up to a height that a reader can look at. */
  screenshot(file) {
    return this.unrolled(() => this.page.screenshot({ path: file }));
  }

  /** Do something while a window as high as the notebook, up to 12,000 px, shows all of it at once. */
  async unrolled(work) {
    const toTop = () =>
      this.page.evaluate(async () => {
        const { content } = window.jupyterapp.shell.currentWidget;
        await content.scrollToItem(0, "start").catch(() => {}); // refused while the notebook is on its way elsewhere
        // Lab 4.0 keeps all cells on the page; later ones keep a box as high as all would be.
        const boxes = [...content.node.querySelectorAll(".jp-WindowedPanel-inner, .jp-Cell")].map((node) =>
          node.getBoundingClientRect(),
        );
        return Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
      });
    // Cells that come into view turn out to be higher or lower than the notebook took them to be.
    for (let former = 0, tall = 1; former !== tall; ) {
      former = tall;
      tall = Math.min(12_000, Math.max(VIEWPORT.height, Math.ceil(await toTop()) + 200));
      await this.page.setViewportSize({ width: VIEWPORT.width, height: tall });
      await this.page.waitForTimeout(600);
    }
    await toTop();
    try {
      return await work();
    } finally {
      await this.page.setViewportSize(VIEWPORT);
      await this.page.waitForTimeout(300);
    }
  }

  setTheme(name) {
    return this.page.evaluate(
      (theme) => window.jupyterapp.commands.execute("apputils:change-theme", { theme }),
      name,
    );
  }
}
