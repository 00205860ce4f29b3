import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { JSDOM } from "jsdom";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ansiToHtml } from "../../../src/cli/gallery/ansi";
import { saveFigures } from "../../../src/cli/gallery/figures";
import { writeGallery } from "../../../src/cli/gallery/gallery";
import { highlight } from "../../../src/cli/gallery/highlight";
import { markdown } from "../../../src/cli/gallery/markdown";
import { outputHtml } from "../../../src/cli/gallery/outputs";
import { titleAndLead } from "../../../src/cli/gallery/summary";
import type { CodeCell, Notebook, NotebookCell, NotebookOutput } from "../../../src/kernel/notebook";

const text = (source: string): NotebookCell => ({ cell_type: "markdown", metadata: {}, source });
const code = (source: string, outputs: NotebookOutput[] = []): CodeCell => ({
  cell_type: "code",
  metadata: {},
  source,
  outputs,
  execution_count: 1,
});
const notebook = (...cells: NotebookCell[]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells,
});
/** The little of a page's DOM that these tests look at. */
interface Element {
  readonly textContent: string | null;
  readonly innerHTML: string;
  readonly id: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  closest(selector: string): Element | null;
}
interface Page {
  readonly body: Element;
  readonly documentElement: Element;
  querySelector(selector: string): Element | null;
  querySelectorAll(
    selector: string,
  ): Iterable<Element> & { readonly length: number; item(i: number): Element };
}
const dom = (html: string) => new JSDOM(html).window.document as unknown as Page;

/** One transparent pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const figure = (alt: string): NotebookOutput => ({
  output_type: "display_data",
  data: { "image/png": PNG, "text/plain": alt },
  metadata: { "image/png": { width: 640, height: 480 } },
});

describe("Markdown", () => {
  it("has headings, paragraphs, emphasis, code, links", () => {
    const page = dom(
      markdown("# A *title*\n\nSome **bold**, `code *not*` and a [link](04-roc.ipynb#auc).\nSame paragraph."),
    );
    expect(page.querySelector("h1")?.innerHTML).toBe("A <em>title</em>");
    expect(page.querySelector("h1")?.id).toBe("A-title");
    expect(page.querySelector("strong")?.textContent).toBe("bold");
    expect(page.querySelector("code")?.textContent).toBe("code *not*");
    expect(page.querySelector("a")?.getAttribute("href")).toBe("04-roc.html#auc");
    expect(page.querySelectorAll("p")).toHaveLength(1);
  });

  it("has lists in lists, tables with alignment, quotes, rules, fenced code", () => {
    const page = dom(
      markdown(
        "1. one\n2. two\n   - inner\n   - other\n\n| a | n |\n|---|--:|\n| `x|y` | 3 |\n\n> said\n\n---\n\n```ts\nconst a = 1;\n```",
      ),
    );
    expect(page.querySelectorAll("ol > li")).toHaveLength(2);
    expect(page.querySelectorAll("ol > li > ul > li")).toHaveLength(2);
    expect(page.querySelectorAll("th")).toHaveLength(2);
    expect(page.querySelectorAll("th").item(1).getAttribute("style")).toBe("text-align:right");
    expect(page.querySelector("blockquote")?.textContent).toContain("said");
    expect(page.querySelector("hr")).not.toBeNull();
    expect(page.querySelector("pre .keyword")?.textContent).toBe("const");
  });

  it("leaves names with underscores and products alone", () => {
    expect(markdown("OSCC_DATA and my_long_name, 2 * 3 * 4")).toBe(
      "<p>OSCC_DATA and my_long_name, 2 * 3 * 4</p>",
    );
  });

  it.each([
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "![x](data:text/html,<script>alert(1)</script>)",
    '[a](https://x" onmouseover="alert(1))',
    "`<script>`",
  ])("cannot run %s", (source) => {
    const page = dom(markdown(source));
    expect(page.querySelector("script")).toBeNull();
    for (const element of page.querySelectorAll("*"))
      for (const attribute of element.attributes) {
        expect(attribute.name.startsWith("on")).toBe(false);
        expect(attribute.value).not.toMatch(/^\s*(javascript|data):/i);
      }
  });
});

describe("code and text", () => {
  it("colours code without changing it", () => {
    const source =
      "const s = `a $" + '{"b"} <c>`; // note\nif (x < 1e-3) roc({ n: 2_000 }); /* R */ class Tile {}';
    const html = highlight(source);
    expect(dom(html).body.textContent).toBe(source);
    expect(html).toContain('<span class="comment">// note</span>');
    expect(html).toContain('<span class="call">roc</span>');
    expect(html).toContain('<span class="number">1e-3</span>');
    expect(html).toContain('<span class="type">Tile</span>');
  });

  it("turns terminal colours into classes and drops other codes", () => {
    expect(ansiToHtml("\x1b[1;31mError\x1b[39m:\x1b[0m a<b \x1b[2Kend")).toBe(
      '<span class="ansi-bold ansi-red">Error</span><span class="ansi-bold">:</span> a&lt;b end',
    );
    expect(ansiToHtml("10 %\r50 %\r100 %\ndone")).toBe("100 %\ndone");
  });
});

describe("outputs", () => {
  it("show the picture, at its size, with its words, linked to its file", () => {
    const image = dom(outputHtml(figure("A curve & its band"), "figures/04-roc-1.png")).querySelector("img")!;
    expect(image.getAttribute("alt")).toBe("A curve & its band");
    expect(image.getAttribute("width")).toBe("640");
    expect(image.closest("a")?.getAttribute("href")).toBe("figures/04-roc-1.png");
  });

  it("take the size of a figure from its spec where the output does not say", () => {
    const output: NotebookOutput = {
      output_type: "execute_result",
      execution_count: 1,
      metadata: {},
      data: { "image/png": PNG, "application/vnd.plotly.v1+json": { layout: { width: 500, height: 300 } } },
    };
    expect(outputHtml(output)).toContain('width="500" height="300"');
  });

  it("never run what HTML an output brings", () => {
    const output: NotebookOutput = {
      output_type: "display_data",
      metadata: {},
      data: { "text/html": "<script>alert(1)</script>", "text/plain": "a table" },
    };
    expect(outputHtml(output)).toBe('<pre class="text wrap">a table</pre>');
  });

  it("make long text scroll in its box, within reach of the keyboard", () => {
    const html = outputHtml({ output_type: "stream", name: "stdout", text: "line\n".repeat(60) });
    expect(html).toContain('class="text tall" tabindex="0"');
  });
});

describe("the summary of a notebook", () => {
  it("is its first heading and the paragraph under it", () => {
    const cells = [
      text("# Does edge tissue *add* to core?\n\n**You will learn** to ask.\n\n- list"),
      text("## Later"),
    ];
    expect(titleAndLead(notebook(...cells), "06-fusion")).toEqual({
      title: "Does edge tissue add to core?",
      lead: "You will learn to ask.",
    });
  });

  it("takes the line right under the heading too, and passes over lists and tables", () => {
    expect(titleAndLead(notebook(text("# T\nLead line\ngoes on.")), "x").lead).toBe("Lead line goes on.");
    expect(titleAndLead(notebook(text("# T\n\n- a\n- b\n\nWords.")), "x").lead).toBe("Words.");
    expect(titleAndLead(notebook(code("1")), "untitled")).toEqual({ title: "untitled", lead: "" });
  });
});

describe("the gallery", () => {
  let out: string;
  beforeEach(() => {
    out = mkdtempSync(path.join(tmpdir(), "oscc-gallery-"));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  const entry = (name: string, book: Notebook, failedCell?: number) => ({
    name,
    notebook: book,
    figures: saveFigures(book, name, path.join(out, "figures")),
    failed:
      failedCell === undefined
        ? []
        : [
            {
              index: failedCell,
              id: undefined,
              status: "error" as const,
              ename: "RangeError",
              evalue: "x",
              traceback: [],
            },
          ],
    elapsedMs: 1200,
  });

  it("numbers figures in reading order and removes those of an earlier run", async () => {
    const folder = path.join(out, "figures");
    const three = notebook(code("a", [figure("1"), figure("2")]), code("b", [figure("3")]));
    expect(saveFigures(three, "04-roc", folder).map(({ file }) => path.basename(file))).toEqual([
      "04-roc-1.png",
      "04-roc-2.png",
      "04-roc-3.png",
    ]);
    writeFileSync(path.join(folder, "04-roc-curve-1.png"), "another notebook's");
    saveFigures(notebook(code("a", [figure("1")])), "04-roc", folder);
    expect(readdirSync(folder).sort()).toEqual(["04-roc-1.png", "04-roc-curve-1.png"]);
    expect(readFileSync(path.join(folder, "04-roc-1.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("has an index with a card for each notebook, and pages that are complete in themselves", async () => {
    const book = notebook(
      text("# Which patients?\n\nA first look."),
      code("plot()", [figure("Bars. phantom cohort, not patient data")]),
    );
    const index = await writeGallery(out, [
      entry("01-patients", book),
      entry("02-other", notebook(text("# Other"))),
    ]);
    const page = dom(readFileSync(index, "utf8"));
    expect([...page.querySelectorAll(".card a")].map((a) => a.getAttribute("href"))).toEqual([
      "01-patients.html",
      "02-other.html",
    ]);
    expect(page.querySelector(".card strong")?.textContent).toBe("Which patients?");
    expect(page.body.textContent).toContain("Research use only, not for diagnosis.");
    expect(page.body.textContent).toContain("Phantom cohort, not patient data.");

    const first = dom(readFileSync(path.join(out, "01-patients.html"), "utf8"));
    expect(first.querySelector("img")?.getAttribute("src")).toMatch(/^data:image\/png;base64,/);
    expect(first.querySelectorAll("script, link[rel=stylesheet]")).toHaveLength(0);
    expect(first.documentElement.getAttribute("lang")).toBe("en");
    expect(first.querySelector("a.next")?.getAttribute("href")).toBe("02-other.html");
    expect(first.body.textContent).toContain("Phantom cohort, not patient data.");
    const second = dom(readFileSync(path.join(out, "02-other.html"), "utf8"));
    expect(second.body.textContent).not.toContain("Phantom cohort");
  });

  it("keeps the pages of earlier runs on the index, and marks a failure on both", async () => {
    await writeGallery(out, [entry("01-a", notebook(text("# A"))), entry("02-b", notebook(text("# B")))]);
    await writeGallery(out, [entry("02-b", notebook(text("# B"), code("throw 1")), 1)]);
    const index = dom(readFileSync(path.join(out, "index.html"), "utf8"));
    expect([...index.querySelectorAll(".card small")].map((e) => e.textContent)).toEqual(["01-a", "02-b"]);
    expect(index.querySelectorAll(".card.failed")).toHaveLength(1);
    const page = dom(readFileSync(path.join(out, "02-b.html"), "utf8"));
    expect(page.querySelector("[role=alert] a")?.getAttribute("href")).toBe("#cell-2");
    expect(page.querySelector("#cell-2.failed")).not.toBeNull();
  });
});
