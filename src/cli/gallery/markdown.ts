/**
 * Markdown of notebook cells as HTML: headings, paragraphs, emphasis, code, lists, tables, quotes, links, images,
 * rules. HTML inside Markdown is shown as text, so that a page cannot run what a notebook brings.
 */
import { highlight } from "./highlight";
import { escapeHtml, safeUrl } from "./html";

/** A block starts at a line; it gives its HTML and the line after it, or nothing when it is of another kind. */
type Block = (lines: readonly string[], at: number) => { html: string; next: number } | undefined;

/** Render a whole cell. Headings get ids, so that links inside a page work as in JupyterLab. */
export function markdown(source: string): string {
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  const html: string[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.trim() === "") {
      at++;
      continue;
    }
    const block = firstBlock(lines, at);
    html.push(block.html);
    at = block.next;
  }
  return html.join("\n");
}

/** The text of a line of Markdown without its marks. */
export function plainText(source: string): string {
  return source
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`]/g, "")
    .trim();
}

function firstBlock(lines: readonly string[], at: number): { html: string; next: number } {
  for (const block of [fence, heading, rule, table, quote, list]) {
    const found = block(lines, at);
    if (found) return found;
  }
  return paragraph(lines, at);
}

const fence: Block = (lines, at) => {
  const open = /^(\s*)(```+|~~~+)\s*(\w*)/.exec(lines[at]!);
  if (!open) return undefined;
  const close = lines.findIndex((line, i) => i > at && line.trim().startsWith(open[2]!));
  const end = close < 0 ? lines.length : close;
  const code = lines.slice(at + 1, end).join("\n");
  const coloured = /^(ts|typescript|js|javascript)$/.test(open[3]!) ? highlight(code) : escapeHtml(code);
  return { html: `<pre class="source"><code>${coloured}</code></pre>`, next: end + 1 };
};

const heading: Block = (lines, at) => {
  const found = /^(#{1,6})\s+(.*?)\s*#*$/.exec(lines[at]!);
  if (!found) return undefined;
  const level = found[1]!.length;
  return { html: `<h${level} id="${slug(found[2]!)}">${inline(found[2]!)}</h${level}>`, next: at + 1 };
};

const rule: Block = (lines, at) =>
  /^\s*([-*_])(\s*\1){2,}\s*$/.test(lines[at]!) ? { html: "<hr>", next: at + 1 } : undefined;

const quote: Block = (lines, at) => {
  if (!lines[at]!.startsWith(">")) return undefined;
  const next = firstFrom(lines, at, (line) => !line.startsWith(">"));
  const inner = lines.slice(at, next).map((line) => line.replace(/^>\s?/, ""));
  return { html: `<blockquote>${markdown(inner.join("\n"))}</blockquote>`, next };
};

const table: Block = (lines, at) => {
  const ruled = lines[at + 1];
  if (!lines[at]!.includes("|") || !ruled || !/^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(ruled))
    return undefined;
  const next = firstFrom(lines, at + 2, (line) => !line.includes("|"));
  const alignment = cells(ruled).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "",
  );
  const row = (line: string, tag: "th" | "td") =>
    `<tr>${cells(line)
      .map(
        (cell, i) =>
          `<${tag}${alignment[i] ? ` style="text-align:${alignment[i]}"` : ""}>${inline(cell)}</${tag}>`,
      )
      .join("")}</tr>`;
  const body = lines.slice(at + 2, next).map((line) => row(line, "td"));
  return {
    html: `<div class="wide"><table><thead>${row(lines[at]!, "th")}</thead><tbody>${body.join("")}</tbody></table></div>`,
    next,
  };
};

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

const list: Block = (lines, at) => {
  const first = ITEM.exec(lines[at]!);
  if (!first) return undefined;
  const indent = first[1]!.length;
  const ordered = /\d/.test(first[2]!);
  const items: string[][] = [];
  let next = at;
  for (; next < lines.length; next++) {
    const line = lines[next]!;
    const item = ITEM.exec(line);
    if (item && item[1]!.length <= indent) {
      if (item[1]!.length < indent || /\d/.test(item[2]!) !== ordered) break;
      items.push([item[3]!]);
    } else if (line.trim() === "") {
      // A blank line ends the list unless what follows belongs to it.
      const following = lines[next + 1];
      if (following === undefined || !(ITEM.test(following) || /^\s{2,}\S/.test(following))) break;
      items.at(-1)!.push("");
    } else if (/^\s+/.test(line)) items.at(-1)!.push(line.replace(new RegExp(`^\\s{1,${indent + 4}}`), ""));
    else if (items.at(-1)!.at(-1) === "") break;
    else items.at(-1)!.push(line);
  }
  const tag = ordered ? "ol" : "ul";
  return { html: `<${tag}>${items.map((item) => `<li>${itemHtml(item)}</li>`).join("")}</${tag}>`, next };
};

/** An item of one paragraph stands without `<p>`, so that the list is tight. */
function itemHtml(lines: readonly string[]): string {
  const html = markdown(lines.join("\n"));
  return html.replace(/^<p>((?:(?!<p>)[\s\S])*?)<\/p>/, "$1");
}

function paragraph(lines: readonly string[], at: number): { html: string; next: number } {
  let next = at + 1;
  while (next < lines.length && lines[next]!.trim() !== "" && !startsBlock(lines, next)) next++;
  const text = lines
    .slice(at, next)
    .map((line) => line.replace(/(\s{2,}|\\)$/, "\n"))
    .join(" ");
  return { html: `<p>${inline(text.trim()).replace(/\n ?/g, "<br>")}</p>`, next };
}

function startsBlock(lines: readonly string[], at: number): boolean {
  return [fence, heading, rule, table, quote, list].some((block) => block(lines, at) !== undefined);
}

/** Emphasis, code, links and images inside a line. Code is taken out first: nothing in it is a mark. */
function inline(text: string): string {
  const code: string[] = [];
  const held = text.replace(/(`+)(.+?)\1/g, (_, _ticks, inner: string) => {
    code.push(`<code>${escapeHtml(inner.trim())}</code>`);
    return `\u0000${code.length - 1}\u0000`;
  });
  return (
    escapeHtml(held)
      .replace(/!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/g, (whole, alt: string, url: string) =>
        image(whole, alt, url),
      )
      .replace(/\[([^\]]+)\]\(([^)\s]+)[^)]*\)/g, (whole, words: string, url: string) =>
        link(whole, words, url),
      )
      .replace(/(?<![="\w/])(https?:\/\/[^\s<]+[^\s<.,;:)])/g, '<a href="$1">$1</a>')
      .replace(/\*\*(?=\S)(.+?)(?<=\S)\*\*/g, "<strong>$1</strong>")
      .replace(/(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])/g, "<em>$1</em>")
      .replace(/(?<![\w_])_(?=\S)([^_]+?)(?<=\S)_(?![\w_])/g, "<em>$1</em>")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the null character marks where code was taken out
      .replace(/\u0000(\d+)\u0000/g, (_, i: string) => code[Number(i)]!)
  );
}

function image(whole: string, alt: string, url: string): string {
  const target = safeUrl(url);
  return target ? `<img src="${target}" alt="${alt}">` : whole;
}

/** Links from notebook to notebook lead to the pages made of them. */
function link(whole: string, words: string, url: string): string {
  const target = safeUrl(url);
  return target
    ? `<a href="${target.replace(/^(?:\.\/)?([\w-]+)\.ipynb(?=$|#)/, "$1.html")}">${words}</a>`
    : whole;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}

function firstFrom(lines: readonly string[], start: number, test: (line: string) => boolean): number {
  for (let i = start; i < lines.length; i++) if (test(lines[i]!)) return i;
  return lines.length;
}

function slug(text: string): string {
  return plainText(text)
    .replace(/\s+/g, "-")
    .replace(/[^\w-]/g, "");
}
